package tail

import "time"

// pace reports whether the group may be read now. What was read pays for itself
// in time: so many bytes, so long until the next read.
func (r *reader) pace(g *group) bool { return !r.now.Before(g.paced) && r.within(g) }

// spend notes that n bytes were read, and lines.
func (r *reader) spend(g *group, n int64) {
	if g.lines == 0 {
		g.since = r.now
	}
	g.lines += r.taken
	limit := r.t.cfg.BytesPerSecond
	if limit <= 0 {
		return
	}
	if g.paced.Before(r.now) {
		g.paced = r.now
	}
	g.paced = g.paced.Add(time.Duration(float64(n) / float64(limit) * float64(time.Second)))
}
