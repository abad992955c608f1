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
