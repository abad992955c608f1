package enrich

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sluice/event"
)

func TestWhatARecordShowsOfItsPod(t *testing.T) {
	a := newAPI(t)
	a.Add(aNode(), aSpace("shop"), aPod(uid1, "web-1"))
	e, _ := start(t, a, t.TempDir(), nil)
	path := pathOf(uid1, "web-1")
	l := e.Follow(path)
	defer l.Close()
	await(t, l)
	got := l.Fragment()
	want := path.Clone()
	want.Runtime, want.Image, want.ImageDigest = "containerd", "registry.example/shop/web:1", "sha256:abc"
	want.Labels = []event.Pair{{Name: "app", Value: "web"}, {Name: "pod-template-hash", Value: "5d4f8c7b9"}}
	want.Annotations = []event.Pair{{Name: "note", Value: "kept"}}
	want.Owners = []event.Pair{{Name: "ReplicaSet", Value: "web-5d4f8c7b9"}, {Name: "Deployment", Value: "web"}}
	want.NodeLabels, want.SpaceLabels = []event.Pair{{Name: "zone", Value: "a"}}, []event.Pair{{Name: "team", Value: "t-shop"}}
	want.Wishes.Dataset = "shop.web"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if l.Fragment() != got {
		t.Error("another fragment although nothing changed")
	}
}

func TestChangesArriveAsANewFragment(t *testing.T) {
	a := newAPI(t)
	node, space, pod := aNode(), aSpace("shop"), aPod(uid1, "web-1")
	a.Add(node, space, pod)
	e, _ := start(t, a, t.TempDir(), nil)
	l := e.Follow(pathOf(uid1, "web-1"))
	defer l.Close()
	await(t, l)
	first := l.Fragment()
	pod.Labels = map[string]string{"app": "new"}
	node.Labels = map[string]string{"zone": "b"}
	space.Labels = nil
	a.Update(pod, node, space)
	until(t, "all changes arrived", func() bool {
		f := l.Fragment()
		return len(f.Labels) == 1 && f.Labels[0].Value == "new" && f.NodeLabels[0].Value == "b" && len(f.SpaceLabels) == 0
	})
	if first.Labels[0].Value != "web" || first.NodeLabels[0].Value != "a" || l.Fragment().Partial {
		t.Error("a fragment that was handed out changed, or no labels count as unknown")
	}
}

func TestAStaticPodIsItsMirror(t *testing.T) {
	const hash = "0123456789abcdef0123456789abcdef"
	a := newAPI(t)
	mirror := aPod(uid2, "etcd-node-1")
	mirror.Annotations = map[string]string{hashAnnotation: hash, "kubernetes.io/config.mirror": hash}
	yes := true
	mirror.OwnerReferences = []metav1.OwnerReference{{Kind: "Node", Name: "node-1", Controller: &yes}}
	a.Add(aNode(), aSpace("shop"))
	e, _ := start(t, a, t.TempDir(), nil)
	early := e.Follow(pathOf(hash, "etcd-node-1")) // its files are there before its mirror
	defer early.Close()
	a.Add(mirror)
	await(t, early)
	late := e.Follow(pathOf(hash, "etcd-node-1"))
	defer late.Close()
	for _, l := range []*Log{early, late} {
		if f := l.Fragment(); f.PodUID != uid2 || len(f.Labels) != 2 || f.Owners != nil || f.Partial {
			t.Errorf("fragment %+v", f)
		}
	}
}

func TestALogWhosePathHasNoUID(t *testing.T) {
	a := newAPI(t)
	a.Add(aNode(), aSpace("shop"), aPod(uid1, "db-0"))
	e, _ := start(t, a, t.TempDir(), nil)
	l := e.Follow(pathOf("", "db-0"))
	defer l.Close()
	await(t, l)
	if f := l.Fragment(); f.PodUID != uid1 {
		t.Errorf("fragment %+v", f)
	}
	a.Remove(aPod(uid1, "db-0"))
	a.Add(aPod(uid2, "db-0")) // a StatefulSet's next one has the same name
	next := e.Follow(pathOf(uid2, "db-0"))
	defer next.Close()
	await(t, next)
	if f := l.Fragment(); f.PodUID != uid1 {
		t.Errorf("the log became another pod's: %+v", f)
	}
}

func TestALogThatIsNoPodsDoesNotWait(t *testing.T) {
	a := newAPI(t)
	e, _ := start(t, a, t.TempDir(), nil)
	path := &event.Fragment{File: "/var/log/x.log"}
	l := e.Follow(path)
	defer l.Close()
	if l.Wait() != nil || l.Fragment() != path {
		t.Error("it waits, or became a pod's")
	}
}

func TestADeletedPodIsKnownWhileItsLogIsRead(t *testing.T) {
	a := newAPI(t)
	a.Add(aNode(), aSpace("shop"), aPod(uid1, "web-1"))
	e, _ := start(t, a, t.TempDir(), func(c *Config) { c.Retain = 0 })
	l := e.Follow(pathOf(uid1, "web-1"))
	await(t, l)
	a.Remove(aPod(uid1, "web-1"), aSpace("shop"))
	a.Add(aPod(uid2, "web-2")) // arrives after the removal
	until(t, "the next pod arrived", func() bool { return e.table.knows(uid2) })
	e.table.sweep(later())
	if f := l.Fragment(); f.Partial || len(f.Labels) != 2 || len(f.SpaceLabels) != 1 || !e.table.knows(uid1) {
		t.Errorf("fragment %+v", f)
	}
	l.Close()
	e.table.sweep(later())
	if e.table.knows(uid1) {
		t.Error("it is known for ever")
	}
}

func TestWhatIsWrongWithSettings(t *testing.T) {
	for name, edit := range map[string]func(*Config){
		"wait":        func(c *Config) { c.Wait = -1 },
		"node":        func(c *Config) { c.Enabled = "true" },
		"labels":      func(c *Config) { c.Labels = []string{"app", "all"} },
		"annotations": func(c *Config) { c.Annotations = []string{"all"} },
	} {
		c := DefaultConfig()
		edit(&c)
		if c.Check() == nil {
			t.Errorf("%s: not refused", name)
		}
	}
}

func TestOwners(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		ref  metav1.OwnerReference
		hash string
		want []event.Pair
	}{
		{metav1.OwnerReference{Kind: "ReplicaSet", Name: "web-abc", Controller: &yes}, "abc", []event.Pair{{Name: "ReplicaSet", Value: "web-abc"}, {Name: "Deployment", Value: "web"}}},
		{metav1.OwnerReference{Kind: "ReplicaSet", Name: "own", Controller: &yes}, "", []event.Pair{{Name: "ReplicaSet", Value: "own"}}},
		{metav1.OwnerReference{Kind: "ReplicaSet", Name: "a-b", Controller: &yes}, "c", []event.Pair{{Name: "ReplicaSet", Value: "a-b"}}},
		{metav1.OwnerReference{Kind: "Job", Name: "nightly-29384720", Controller: &yes}, "", []event.Pair{{Name: "Job", Value: "nightly-29384720"}, {Name: "CronJob", Value: "nightly"}}},
		{metav1.OwnerReference{Kind: "Job", Name: "import-7", Controller: &yes}, "", []event.Pair{{Name: "Job", Value: "import-7"}}},
		{metav1.OwnerReference{Kind: "StatefulSet", Name: "db", Controller: &yes}, "", []event.Pair{{Name: "StatefulSet", Value: "db"}}},
		{metav1.OwnerReference{Kind: "Node", Name: "node-1", Controller: &yes}, "", nil},
		{metav1.OwnerReference{Kind: "Backup", Name: "b", Controller: &no}, "", nil},
		{metav1.OwnerReference{Kind: "Backup", Name: "b"}, "", nil},
	} {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{c.ref}, Labels: map[string]string{"pod-template-hash": c.hash}}}
		if c.hash == "" {
			p.Labels = nil
		}
		if got := ownersOf(p); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s %s: %v, want %v", c.ref.Kind, c.ref.Name, got, c.want)
		}
	}
}
