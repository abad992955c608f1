package tail

import (
	"sync/atomic"
	"time"
)

// Quota is how many lines of several logs are read in a period; each log gets an
// equal part, at least one. It is kept to within one read. Of 0 lines nothing is
// read at all. As in Fluentd a period begins with the first line after the one
// before has ended.
type Quota struct {
	Lines int64
	Per   time.Duration

	logs atomic.Int64 // that share it: the finder's to count
}

func (q *Quota) join() {
	if q != nil {
		q.logs.Add(1)
	}
}

func (q *Quota) leave() {
	if q != nil {
		q.logs.Add(-1)
	}
}

// part is what one log gets.
func (q *Quota) part() int64 { return max(1, q.Lines/max(1, q.logs.Load())) }

// quota asks which of the quotas is that of a path; nil: none.
func (c *Config) quota(path string) *Quota {
	if c.Quota == nil {
		return nil
	}
	return c.Quota(path)
}

// within reports whether the group's quota lets it be read; else it is paced.
func (r *reader) within(g *group) bool {
	q := g.quota
	switch {
	case q == nil || q.Lines > 0 && g.lines < q.part():
		return true
	case q.Lines > 0 && r.now.Sub(g.since) >= q.Per:
		g.lines = 0
		return true
	case q.Lines > 0:
		g.paced = g.since.Add(q.Per)
	default:
		g.paced = r.now.Add(q.Per)
	}
	return false
}
