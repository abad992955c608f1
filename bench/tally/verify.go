package tally

import "fmt"

// Verdict compares what arrived with what was made.
type Verdict struct {
	Lost    int64    // made, not there
	Doubled int64    // copies beyond the first
	Strange int64    // there, but nobody made it
	Details []string // a line for each stream that is not as it should be
}

// Verify compares what arrived with the number of records made in each stream,
// made[i] of stream i.
func (t *Tally) Verify(made []int64) (v Verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if v.Strange = t.totals.Unmarked; v.Strange > 0 {
		v.detail("%d documents without a mark", v.Strange)
	}
	for i := range max(len(made), len(t.streams)) {
		var s stream
		if i < len(t.streams) {
			s = t.streams[i]
		}
		n := int64(0)
		if i < len(made) {
			n = made[i]
		}
		v.stream(i, &s, n)
	}
	return v
}

func (v *Verdict) stream(i int, s *stream, made int64) {
	lost, first := int64(0), int64(0)
	for seq := int64(1); seq <= made; seq++ {
		if !s.has(seq) {
			if lost++; lost == 1 {
				first = seq
			}
		}
	}
	strange := int64(0)
	for seq := made + 1; seq <= s.max; seq++ {
		if s.has(seq) {
			strange++
		}
	}
	if lost > 0 {
		v.detail("stream %d: %d of %d lost, the first is %d", i, lost, made, first)
	}
	if s.doubled > 0 {
		v.detail("stream %d: %d doubled", i, s.doubled)
	}
	if strange > 0 {
		v.detail("stream %d: %d beyond the %d made, up to %d", i, strange, made, s.max)
	}
	v.Lost, v.Doubled, v.Strange = v.Lost+lost, v.Doubled+s.doubled, v.Strange+strange
}

func (v *Verdict) detail(format string, args ...any) {
	v.Details = append(v.Details, fmt.Sprintf(format, args...))
}

// Whole reports that every record is there once and nothing else is.
func (v Verdict) Whole() bool { return v.Lost == 0 && v.Doubled == 0 && v.Strange == 0 }

// String is the verdict in one line.
func (v Verdict) String() string {
	s := fmt.Sprintf("lost %d doubled %d", v.Lost, v.Doubled)
	if v.Strange != 0 {
		s += fmt.Sprintf(" strange %d", v.Strange)
	}
	return s
}
