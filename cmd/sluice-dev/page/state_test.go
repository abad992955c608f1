package page

import (
	"net/url"
	"testing"
	"time"
)

// A URL that the page makes means the state that it was made of.
func FuzzState(f *testing.F) {
	for _, s := range []string{
		"", "q=a+b&range=5m&live=1", "from=2026-11-22T12:00:00Z&to=2026-11-22+13:00", "range=abs&from=2026-11-22", "range=all&before=1795348800.000000001.7&doc=i/x",
		"before=-1.5.2", "range=x&from=y", "q=%ff%00&from=0000-01-01", "from=2026-11-22T12:00:00.123456789%2B02:00",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		v, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		s, err := parseState(v, time.UTC)
		if err != nil {
			return
		}
		again, err := parseState(s.values(), time.UTC)
		if err != nil {
			t.Fatalf("%q became %q: %v", raw, s.url("/"), err)
		}
		if got, want := again.url("/"), s.url("/"); got != want || !again.From.Equal(s.From) || !again.To.Equal(s.To) || again.Before.String() != s.Before.String() {
			t.Fatalf("%q became %q, then %q", raw, want, got)
		}
	})
}
