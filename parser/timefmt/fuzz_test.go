package timefmt

import (
	"testing"
	"time"
)

// Any form on any text: no panic, and what is read is a time that can be
// written.
func FuzzParse(f *testing.F) {
	for _, form := range guesses {
		f.Add(form, "28/Feb/2013:12:00:00 +0900")
	}
	f.Add("%s.%L %Q %U %W %V %G %j", "1700000000.25")
	f.Add("%iso8601", "2026-01-02T03:04:05.678+09:00")
	f.Fuzz(func(t *testing.T, form, text string) {
		w, err := NewFormatter(form, time.UTC)
		if err != nil {
			return
		}
		p, err := NewParser(form, time.UTC, at(noon))
		if err != nil {
			t.Fatalf("%q can be written and not read: %v", form, err)
		}
		got, ok := p.Parse([]byte(text))
		if ok && got.Nsec >= 1e9 {
			t.Fatalf("%q %q: %v", form, text, got)
		}
		w.Append(nil, got.Std())
		NewGuesser(time.UTC, at(noon)).Parse([]byte(text))
	})
}
