package filter

import (
	"cmp"
	"slices"

	"sluice/event"
)

// Retag gives the records that go this way their tags.
func (r *LabelRouter) Retag(b *event.Batch, tags []string) {
	run := r.pool.Get().(*rewriteRun)
	defer r.pool.Put(run)
	run.readers = run.readers[:0]
	for _, matches := range r.routes {
		for i := range matches {
			for j := range matches[i].fields {
				f := &matches[i].fields[j]
				for k := range f.at {
					run.readers = append(run.readers, f.at[k].on(b))
				}
			}
		}
	}
	tag := cmp.Or(r.tag, b.Tag)
	for i := range b.Recs {
		if b.Recs[i].State == event.Live && r.takes(b, i, run) {
			tags[i] = tag
		}
	}
}

func (r *LabelRouter) takes(b *event.Batch, i int, run *rewriteRun) bool {
	for _, matches := range r.routes {
		for m := range matches {
			if !matches[m].fits(b, i, run) {
				continue
			}
			if !matches[m].negate {
				return !r.none
			}
			break
		}
	}
	return r.none
}

func (m *labelMatch) fits(b *event.Batch, i int, run *rewriteRun) bool {
	for n := range m.fields {
		f := &m.fields[n]
		run.text = run.text[:0]
		for k := range f.at {
			if v, ok := run.readers[f.reader+k].get(b, i); ok {
				run.text = appendText(run.text, b.Bytes(v), v.Kind)
				break
			}
		}
		fits := slices.ContainsFunc(f.values, func(s string) bool { return s == string(run.text) })
		for _, re := range f.pattern {
			if !fits {
				run.found, fits = re.Find(run.found[:0], run.text)
			}
		}
		if !fits {
			return false
		}
	}
	return true
}
