package timefmt

import (
	"testing"
	"time"
)

func TestWrite(t *testing.T) {
	moment := time.Date(2026, 8, 7, 5, 4, 3, 120_450_000, location(t, "Europe/Berlin"))
	for form, want := range map[string]string{
		"%Y-%m-%dT%H:%M:%S%z":       "2026-08-07T05:04:03+0200",
		"%Y-%m-%d %H:%M:%S.%N %:z":  "2026-08-07 05:04:03.120450000 +02:00",
		"%H:%M:%S.%L %3N %6N %12N":  "05:04:03.120 120 120450 120450000000",
		"%a %A %b %B %h":            "Fri Friday Aug August Aug",
		"%e %-d %_d %3d %k %l %I":   " 7 7  7 007  5  5 05",
		"%p %P %#p %^a %10b|":       "AM am am FRI        Aug|",
		"%j %U %W %V %G %g %u %w":   "219 31 31 32 2026 26 5 5",
		"%s %y %C %% %n|%t|":        "1786071843 26 20 % \n|\t|",
		"%D %F %T %R %r %c %v %x%X": "08/07/26 2026-08-07 05:04:03 05:04 05:04:03 AM Fri Aug  7 05:04:03 2026  7-Aug-2026 08/07/2605:04:03",
		"%Z %::z":                   "CEST +02:00:00",
		"%Y%m%d.*.log":              "20260807.*.log",
		"%iso8601":                  "2026-08-07T05:04:03+02:00",
		"":                          "2026-08-07T05:04:03+02:00",
	} {
		f, err := NewFormatter(form, moment.Location())
		if err != nil {
			t.Errorf("%s: %v", form, err)
			continue
		}
		if got := string(f.Append(nil, moment)); got != want {
			t.Errorf("%s:\n got %q\nwant %q", form, got, want)
		}
	}
}

// Weeks and days of the year, over years that begin on every weekday: what is
// written is read back as the same day.
func TestWeeksThereAndBack(t *testing.T) {
	for _, form := range []string{"%G-%V-%u", "%Y-%U-%w", "%Y-%W-%u", "%Y-%j", "%c", "%D", "%v"} {
		f, err := NewFormatter(form, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		p, err := NewParser(form, time.UTC, nil)
		if err != nil {
			t.Fatal(err)
		}
		for day := time.Date(1995, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2029; day = day.AddDate(0, 0, 1) {
			text := f.Append(nil, day)
			if got, ok := p.Parse(text); !ok || !got.Std().Equal(day) {
				t.Fatalf("%s %s: %v, want %v", form, text, got.Std(), day)
			}
		}
	}
}
