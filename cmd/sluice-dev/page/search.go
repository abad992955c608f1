package page

import (
	"context"
	"slices"
	"time"

	"sluice/cmd/sluice-dev/page/query"
)

// result is what a search found.
type result struct {
	Hits, Errors int
	Rows         []Doc // newest first, at most the limit
	More         bool  // there are older ones
	Histogram    histogram
	Took         time.Duration
	Last         int64 // everything that arrived up to this Seq was searched
}

// search looks at every document of the time range: all hits are counted, the
// newest below the cursor kept. It ends early, without error, with ctx.
func search(ctx context.Context, store Store, q *query.Query, s *state, now time.Time, limit int) result {
	start := time.Now()
	res := result{Last: last(store)}
	from, to := s.span(now)
	m := q.Matcher()
	var times []hit
	seen := 0
	store.Scan(from, to, func(d Doc) bool {
		if seen++; seen%4096 == 0 && ctx.Err() != nil {
			return false
		}
		if d.Seq > res.Last || !m.Match(d.Index, d.ID, d.Source) {
			return true
		}
		h := hit{ms: d.Timestamp.UnixMilli(), bad: isBad(m.Level(d.Source))}
		times = append(times, h)
		if h.bad {
			res.Errors++
		}
		res.keep(d, s.Before, limit)
		return true
	})
	res.Hits = len(times)
	res.Histogram = newHistogram(times, from, to)
	res.Took = time.Since(start)
	return res
}

func isBad(level string) bool { return level == "error" || level == "fatal" }

// keep puts the document into the rows if it belongs to the page.
func (r *result) keep(d Doc, before cursor, limit int) {
	if !before.isZero() && !before.older(&d) {
		return
	}
	full := len(r.Rows) == limit
	if full {
		r.More = true
		if cursorOf(&r.Rows[limit-1]).older(&d) {
			return
		}
	}
	i, _ := slices.BinarySearchFunc(r.Rows, cursorOf(&d), func(e Doc, c cursor) int {
		if c.older(&e) {
			return 1
		}
		return -1
	})
	if full {
		r.Rows = r.Rows[:limit-1]
	}
	r.Rows = slices.Insert(r.Rows, i, d)
}

// find returns the document of a name index/id.
func find(store Store, name string) (doc Doc, ok bool) {
	store.Scan(time.Time{}, time.Time{}, func(d Doc) bool {
		if len(name) == len(d.Index)+1+len(d.ID) && name[:len(d.Index)] == d.Index && name[len(d.Index)+1:] == string(d.ID) {
			doc, ok = d, true
		}
		return !ok
	})
	return doc, ok
}
