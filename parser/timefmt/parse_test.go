package timefmt

import (
	"strings"
	"testing"
	"time"

	"sluice/event"
)

var noon = time.Date(2026, 8, 7, 12, 0, 0, 0, time.UTC)

func at(moment time.Time) func() time.Time { return func() time.Time { return moment } }

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ form, text, want string }{
		{"%Y-%m-%dT%H:%M:%S.%L%z", "2026-01-02T03:04:05.678+0900", "2026-01-01T18:04:05.678Z"},
		{"%Y-%m-%dT%H:%M:%S.%N%:z", "2026-01-02T03:04:05.123456789+09:00", "2026-01-01T18:04:05.123456789Z"},
		{"%Y-%m-%dT%H:%M:%S.%NZ", "2026-01-02T03:04:05.1234567891Z", "2026-01-02T03:04:05.123456789Z"},
		{"%FT%T.%3N%z", "2026-01-02T03:04:05.123Z", "2026-01-02T03:04:05.123Z"},
		{"%F %T,%L", "2026-01-02 03:04:05,5", "2026-01-02T03:04:05.5Z"},
		{"%d/%b/%Y:%H:%M:%S %z", "28/Feb/2013:12:00:00 +0900", "2013-02-28T03:00:00Z"},
		{"%a %b %e %H:%M:%S %Y", "Wed Oct  1 14:32:52 2000", "2000-10-01T14:32:52Z"},
		{"%A, %d %B %Y %I:%M:%S %p", "Friday, 07 August 2026 12:30:00 AM", "2026-08-07T00:30:00Z"},
		{"%d-%B-%y %l:%M %P", "07-aug-69  1:05 pm", "1969-08-07T13:05:00Z"},
		{"%D %R", "08/07/26 23:59", "2026-08-07T23:59:00Z"},
		{"%Y%m%d%H%M%S%3N", "20260807121314567", "2026-08-07T12:13:14.567Z"},
		{"%s", "1700000000", "2023-11-14T22:13:20Z"},
		{"%s.%L", "1700000000.25", "2023-11-14T22:13:20.25Z"},
		{"%Q", "1700000000123", "2023-11-14T22:13:20.123Z"},
		{"%s", "-1", "1969-12-31T23:59:59Z"},
		{"%Y-%j", "2024-366", "2024-12-31T00:00:00Z"},
		{"%G-W%V-%u", "2026-W32-5", "2026-08-07T00:00:00Z"},
		{"%G-W%V-%u", "2021-W01-1", "2021-01-04T00:00:00Z"},
		{"%Y %U %w", "2026 31 5", "2026-08-07T00:00:00Z"},
		{"%Y %W %u", "2026 31 5", "2026-08-07T00:00:00Z"},
		{"%C%y-%m-%d", "1999-01-02", "1999-01-02T00:00:00Z"},
		{"%Y-%m-%d %H:%M:%S %Z", "2026-01-02 03:04:05 EST", "2026-01-02T08:04:05Z"},
		{"%Y-%m-%d %H:%M:%S %Z", "2026-01-02 03:04:05 UTC+2", "2026-01-02T01:04:05Z"},
		{"%Y-%m-%d %H:%M:%S %Z", "2026-01-02 03:04:05 XYZ", "2026-01-02T03:04:05Z"},
		{"%Y-%m-%dT%H:%M:%S", "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05Z"}, // what follows does not matter
		{"%Y-%m-%d%n%H:%M", "2026-01-02   03:04", "2026-01-02T03:04:00Z"},
		{"%Y-%m-%d 24:%M", "2026-01-02 24:00", "2026-01-02T00:00:00Z"},
		{"%Y-%m-%d %H:%M", "2026-01-02 24:00", "2026-01-03T00:00:00Z"},
		{"%-d.%-m.%Y 100%%", "7.8.2026 100%", "2026-08-07T00:00:00Z"},
		{"%EY-%Om-%d", "2026-08-07", "2026-08-07T00:00:00Z"},
		{"%iso8601", "2026-01-02T03:04:05.5+01:00", "2026-01-02T02:04:05.5Z"},
		{"%iso8601", "2026-01-02 03:04:05", "2026-01-02T03:04:05Z"},
		{"%iso8601", "2026-01-02T03:04Z", "2026-01-02T03:04:00Z"},
		{"%iso8601", "2026-01-02", "2026-01-02T00:00:00Z"},
		{"%H:%M:%S", "01:02:03", "2026-08-07T01:02:03Z"},
		{"%d %H:%M", "06 01:02", "2026-08-06T01:02:00Z"},
		{"%Y", "12026", "12026-01-01T00:00:00Z"},

		{"%Y-%m-%d", "2026-02-30", ""},
		{"%Y-%m-%d", "2026-13-01", ""},
		{"%Y-%j", "2026-366", ""},
		{"%H:%M", "25:00", ""},
		{"%Y %H:%M", "2026 24:01", ""},
		{"%b", "Foo", ""},
		{"%Y-%m-%d", "2026-01", ""},
		{"%p", "xm", ""},
		{"%S", "61", ""},
		{"%z", "25:00", ""},
		{"%iso8601", "2026-01-02 x", ""},
		{"%s", "", ""},
		{"%Y-%m-%d", "", ""},
	} {
		p, err := NewParser(c.form, time.UTC, at(noon))
		if err != nil {
			t.Errorf("%s: %v", c.form, err)
			continue
		}
		got, ok := p.Parse([]byte(c.text))
		text := ""
		if ok {
			text = got.Std().Format(time.RFC3339Nano)
		}
		if text != c.want {
			t.Errorf("%s %q: got %q, want %q", c.form, c.text, text, c.want)
		}
	}
}

// Syslog's times have no year.
func TestTheYearIsTheNearest(t *testing.T) {
	for _, c := range []struct{ now, text, want string }{
		{"2026-08-07T12:00:00Z", "Aug  7 11:59:59", "2026-08-07T11:59:59Z"},
		{"2026-08-07T12:00:00Z", "Aug  8 11:59:59", "2026-08-08T11:59:59Z"}, // a clock ahead
		{"2026-08-07T12:00:00Z", "Aug  9 12:00:00", "2025-08-09T12:00:00Z"},
		{"2027-01-01T00:00:05Z", "Dec 31 23:59:58", "2026-12-31T23:59:58Z"},
		{"2026-12-31T23:59:58Z", "Jan  1 00:00:01", "2027-01-01T00:00:01Z"},
		{"2026-03-01T00:00:00Z", "Feb 29 10:00:00", "2024-02-29T10:00:00Z"},
		{"2104-03-01T00:00:00Z", "Feb 29 10:00:00", "2104-02-29T10:00:00Z"},
		{"2103-03-01T00:00:00Z", "Feb 29 10:00:00", "2096-02-29T10:00:00Z"}, // 2100 has none
		{"2026-03-01T00:00:00Z", "Feb 30 10:00:00", ""},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		p, err := NewParser("%b %d %H:%M:%S", time.UTC, at(now))
		if err != nil {
			t.Fatal(err)
		}
		got, ok := p.Parse([]byte(c.text))
		if text := got.Std().Format(time.RFC3339); ok != (c.want != "") || ok && text != c.want {
			t.Errorf("%s at %s: %s, want %s", c.text, c.now, text, c.want)
		}
	}
}

func TestParseInAZone(t *testing.T) {
	for _, c := range []struct{ zone, text, want string }{
		{"Europe/Berlin", "2026-01-02 12:00:00", "2026-01-02T11:00:00Z"},
		{"Europe/Berlin", "2026-07-02 12:00:00", "2026-07-02T10:00:00Z"},
		{"Europe/Berlin", "2026-03-29 01:59:59", "2026-03-29T00:59:59Z"},
		{"Europe/Berlin", "2026-03-29 03:00:00", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "2026-10-25 03:00:00", "2026-10-25T02:00:00Z"},
		{"America/Argentina/Buenos_Aires", "2026-07-02 12:00:00", "2026-07-02T15:00:00Z"},
		{"Asia/Kathmandu", "2026-07-02 12:00:00", "2026-07-02T06:15:00Z"},
		{"+09:00", "2026-07-02 12:00:00", "2026-07-02T03:00:00Z"},
		{"-0330", "2026-07-02 12:00:00", "2026-07-02T15:30:00Z"},
		{"+09", "2026-07-02 12:00:00", "2026-07-02T03:00:00Z"},
	} {
		p, err := NewParser("%Y-%m-%d %H:%M:%S", location(t, c.zone), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := p.Parse([]byte(c.text)); !ok || got.Std().Format(time.RFC3339) != c.want {
			t.Errorf("%s in %s: %v, want %s", c.text, c.zone, got.Std(), c.want)
		}
	}
}

func TestZoneRefuses(t *testing.T) {
	for name, words := range map[string]string{
		"JST": "not unique", "Asia/Tokio": "not in the time zone database", "+9h": "write +09:00", "": "not unique", "+99:00": "cannot read",
	} {
		if _, err := Zone(name); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v, want %q", name, err, words)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for form, words := range map[string]string{
		"%": "stands at its end", "%Y-%": "stands at its end", "%!": "no directive %!", "%:Y": "colons", "%3": "at its end",
	} {
		if _, err := NewParser(form, nil, nil); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v, want %q", form, err, words)
		}
	}
}

func TestGuess(t *testing.T) {
	g := NewGuesser(time.UTC, at(noon))
	for text, want := range map[string]string{
		"2026-01-02T03:04:05.678Z":        "2026-01-02T03:04:05.678Z",
		"2026-01-02 03:04:05,678 +0100":   "2026-01-02T02:04:05.678Z",
		"2026-01-02":                      "2026-01-02T00:00:00Z",
		"28/Feb/2013:12:00:00 +0900":      "2013-02-28T03:00:00Z",
		"Oct 11 14:32:52 2000":            "2000-10-11T14:32:52Z",
		"Oct 11 14:32:52.123456 2000":     "2000-10-11T14:32:52.123456Z",
		"Fri, 07 Aug 2026 10:00:00 GMT":   "2026-08-07T10:00:00Z",
		"Fri Aug  7 10:00:00 2026":        "2026-08-07T10:00:00Z",
		"Fri Aug  7 10:00:00 CEST 2026":   "2026-08-07T08:00:00Z",
		"Aug  7 10:00:00":                 "2026-08-07T10:00:00Z",
		"2026/08/07 10:00:00":             "2026-08-07T10:00:00Z",
		"2026/08/07 10:00:00.25":          "2026-08-07T10:00:00.25Z",
		"07 Aug 2026 10:00:00.5":          "2026-08-07T10:00:00.5Z",
		"20260807T100000Z":                "2026-08-07T10:00:00Z",
		"yesterday":                       "",
		"2026-01-02T03:04:05Z and more":   "",
		"":                                "",
		"12:30 and 2026-01-02T03:04:05Z.": "",
	} {
		got, ok := g.Parse([]byte(text))
		if ok != (want != "") || ok && got.Std().Format(time.RFC3339Nano) != want {
			t.Errorf("%q: %v %v, want %q", text, got.Std(), ok, want)
		}
	}
}

func TestParseAllocatesNothing(t *testing.T) {
	p, err := NewParser("%d/%b/%Y:%H:%M:%S %z", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	berlin, err := NewParser("%b %d %H:%M:%S", location(t, "Europe/Berlin"), nil)
	if err != nil {
		t.Fatal(err)
	}
	g := NewGuesser(nil, nil)
	a, b := []byte("28/Feb/2013:12:00:00 +0900"), []byte("Aug  7 10:00:00")
	var sum event.Time
	if n := testing.AllocsPerRun(100, func() {
		t1, _ := p.Parse(a)
		t2, _ := berlin.Parse(b)
		t3, _ := g.Parse(b)
		sum.Sec += t1.Sec + t2.Sec + t3.Sec
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParse(b *testing.B) {
	p, err := NewParser("%d/%b/%Y:%H:%M:%S %z", nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	text := []byte("28/Feb/2013:12:00:00 +0900")
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(text)
	}
}
