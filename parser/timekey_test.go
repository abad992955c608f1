package parser

import (
	"testing"
	"time"

	"sluice/event"
)

// A time is read as if it were the first, whatever was read before it, and
// whenever.
func TestTimesInARow(t *testing.T) {
	for form, texts := range map[string][]string{
		"%d/%b/%Y:%H:%M:%S %z":    {"02/Jan/2026:03:04:05 +0000", "02/Jan/2026:03:04:06 +0000", "02/Jan/2026:03:04:05 +0100", "02/Jan/2026:03:04"},
		"%s":                      {"1700000000", "170000000", "17000000001", "x", ""},
		"%b %d %H:%M:%S":          {"Jan  2 03:04:05", "Jan  2 03:04:06"},
		"%Y-%m-%dT%H:%M:%S.%N %Z": {"2026-01-02T03:04:05.123456789 UTC", "2026-01-02T03:04:05.123456789 a zone of a very long name"},
		"%H:%M":                   {"12:00", "12:01"},
	} {
		now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
		cfg := DefaultConfig()
		cfg.Type, cfg.Expression, cfg.TimeFormat, cfg.UTC = "regexp", "/^(?<time>.*)$/", form, true
		cfg.Now = func() time.Time { return now }
		row, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 60 {
			text := texts[i*i%7%len(texts)]
			fresh, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			b := &event.Batch{}
			v := b.PutString(text, event.Text)
			got, gotOK := row.Parse(b, v)
			want, wantOK := fresh.Parse(b, v)
			if got != want || gotOK != wantOK {
				t.Errorf("%s: %q is %v %v in a row, %v %v alone", form, text, got, gotOK, want, wantOK)
			}
			if i%20 == 19 {
				now = now.AddDate(1, 0, 1)
			}
		}
	}
}
