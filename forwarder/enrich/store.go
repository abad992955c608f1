package enrich

import (
	corev1 "k8s.io/api/core/v1"

	"sluice/event"
)

// The stores are where reflectors put what arrives. Each keeps what records
// need and lets the object go. None is asked for what it holds.

type podStore struct{ *table }

func (s podStore) Add(obj any) error {
	if p, ok := obj.(*corev1.Pod); ok {
		s.setPod(s.cfg.podOf(p))
	}
	return nil
}

func (s podStore) Update(obj any) error { return s.Add(obj) }

func (s podStore) Delete(obj any) error {
	if p, ok := obj.(*corev1.Pod); ok {
		s.dropPod(string(p.UID))
	}
	return nil
}

func (s podStore) Replace(list []any, _ string) error {
	pods := make([]*pod, 0, len(list))
	for _, obj := range list {
		if p, ok := obj.(*corev1.Pod); ok {
			pods = append(pods, s.cfg.podOf(p))
		}
	}
	s.replacePods(pods)
	return nil
}

func (s podStore) Resync() error { return nil }

type nodeStore struct{ *table }

func (s nodeStore) Add(obj any) error {
	if n, ok := obj.(*corev1.Node); ok {
		s.setNode(labelsOf(n.Labels))
	}
	return nil
}

func (s nodeStore) Update(obj any) error { return s.Add(obj) }

func (s nodeStore) Delete(any) error { return nil } // its last logs are still its

func (s nodeStore) Replace(list []any, _ string) error {
	for _, obj := range list {
		if err := s.Add(obj); err != nil {
			return err
		}
	}
	s.noNode()
	return nil
}

func (s nodeStore) Resync() error { return nil }

type spaceStore struct{ *table }

func (s spaceStore) Add(obj any) error {
	if n, ok := obj.(*corev1.Namespace); ok {
		s.setSpace(n.Name, labelsOf(n.Labels))
	}
	return nil
}

func (s spaceStore) Update(obj any) error { return s.Add(obj) }

func (s spaceStore) Delete(obj any) error {
	if n, ok := obj.(*corev1.Namespace); ok {
		s.dropSpace(n.Name)
	}
	return nil
}

func (s spaceStore) Replace(list []any, _ string) error {
	spaces := make(map[string][]event.Pair, len(list))
	for _, obj := range list {
		if n, ok := obj.(*corev1.Namespace); ok {
			spaces[n.Name] = labelsOf(n.Labels)
		}
	}
	s.replaceSpaces(spaces)
	return nil
}

func (s spaceStore) Resync() error { return nil }

// labelsOf is not nil: no labels is something to know.
func labelsOf(m map[string]string) []event.Pair {
	if list := pairs(m, everyName); list != nil {
		return list
	}
	return []event.Pair{}
}
