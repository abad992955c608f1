package tail

import "sluice/event"

// Pod knows what the path of one container's log does not tell. Fragment and
// Wait are called by the log's reader, Close by another goroutine.
type Pod interface {
	// Fragment is what is known now: the same pointer for as long as nothing
	// changes. It is asked for each batch.
	Fragment() *event.Fragment
	// Wait returns nil, or a channel that is closed when the file has waited
	// for its pod long enough, or need not any more.
	Wait() <-chan struct{}
	// Close says that the log is read to its end.
	Close()
}

// pathOnly is a Pod of which nothing is known beside the path.
type pathOnly struct{ path *event.Fragment }

func (p pathOnly) Fragment() *event.Fragment { return p.path }

func (p pathOnly) Wait() <-chan struct{} { return nil }

func (p pathOnly) Close() {}

func (c *Config) pod(path *event.Fragment) Pod {
	if c.Pods == nil {
		return pathOnly{path}
	}
	return c.Pods(path)
}

// excluded reports whether the pod's annotation excludes the whole log.
func (g *group) excluded() bool {
	w := &g.pod.Fragment().Wishes
	return w.Stdout.Exclude && w.Stderr.Exclude
}

// skip passes over what a file has: the position moves behind its last whole
// line, nothing is read.
func (r *reader) skip(g *group, f *file, i *identity, size int64) outcome {
	end := size
	if f.packed == nil {
		end = lastLine(f.fd, size)
	}
	if end > f.off {
		r.t.m.excluded.Add(float64(end - f.off))
		f.long, f.off = nil, end
		f.at.Store(end)
		i.stream.Open(g.hold(f), 0).Settled(event.Drops{})
	}
	f.seen.Store(size)
	r.t.m.setLag(f, 0)
	return atEnd
}

// heed takes up what the pod's annotation says of stack traces, when it says
// something else than before. What cannot be meant leaves the settings'.
func (r *reader) heed(g *group, f *event.Fragment) {
	wish := f.Wishes.Multiline
	if wish == g.wished {
		return
	}
	g.wished, g.rules = wish, r.t.rules
	if wish == "" {
		return
	}
	rules, err := rulesOf(wish)
	if err != nil {
		r.t.complain("heed the annotation multiline of the pod of", g.real, err)
		return
	}
	g.rules = rules
}
