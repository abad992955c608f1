package enrich

import "sluice/event"

// Log is one container's log. Fragment and Wait are called by one goroutine,
// Close by any.
type Log struct {
	table *table
	entry *entry
	path  *event.Fragment
	seen  *metadata       // what made was made of
	made  *event.Fragment //
	ready bool
}

// Follow begins with a log. path holds what its path tells.
func (e *Enricher) Follow(path *event.Fragment) *Log {
	k := key(path.PodUID)
	if k == "" && path.Pod != "" {
		k = nameKey(path.Namespace, path.Pod)
	}
	l := &Log{table: e.table, path: path, made: path}
	if k != "" { // else it is no container's
		l.entry = e.table.enter(k)
	}
	return l
}

// Close says that the log is read to its end. It is called once.
func (l *Log) Close() {
	if l.entry != nil {
		l.table.leave(l.entry)
	}
}

// Wait returns nil, or a channel that is closed when the log has waited for
// its pod long enough, or need not any more.
func (l *Log) Wait() <-chan struct{} {
	if l.ready || l.entry == nil {
		return nil
	}
	select {
	case <-l.entry.ready:
		l.ready = true
		return nil
	default:
		return l.entry.ready
	}
}

// Fragment is what is known now: the same pointer for as long as nothing
// changes.
func (l *Log) Fragment() *event.Fragment {
	if l.entry == nil {
		return l.path
	}
	if m := l.entry.now.Load(); m != l.seen {
		l.seen, l.made = m, l.make(m)
	}
	return l.made
}

func (l *Log) make(m *metadata) *event.Fragment {
	f := l.path.Clone()
	f.NodeLabels, f.SpaceLabels, f.Partial = m.node, m.space, m.partial
	if m.pod == nil {
		return f
	}
	f.PodUID, f.Namespace, f.Pod = m.pod.UID, m.pod.Namespace, m.pod.Name
	f.Labels, f.Owners = m.pod.Labels, m.pod.Owners
	for _, a := range m.pod.Annotations {
		if l.table.cfg.showsAnnotation(a.Name) {
			f.Annotations = append(f.Annotations, a)
		}
	}
	f.Wishes = wishesOf(m.pod.Annotations, f.Container)
	if c := m.pod.container(f.Container); c != nil {
		f.Image, f.ImageDigest = c.Image, c.Digest
		if c.Runtime != "" {
			f.Runtime = c.Runtime
		}
	}
	return f
}
