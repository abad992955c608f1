package elastic

import (
	"strings"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
)

// What a field says of the time. agent's comparison with Fluentd has the rest.
func TestTheTimeOfAField(t *testing.T) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	key := Dates{OwnDate: true, TimeKey: "ts"}
	local, formed, alone, fixed := key, key, key, key
	local.Zone, alone.NoStamp, fixed.OwnDate = tokyo, true, false
	formed.Zone, formed.Format = tokyo, "%d/%m/%Y %H:%M:%S"
	number := string(msgp.AppendFloat64(nil, 1735700000.25))
	for _, c := range []struct {
		name  string
		dates Dates
		field field
		want  string // the index and @timestamp; testTime is 2026-11-22T09:42:30.686123456Z
	}{
		{"text", key, text("ts", "2025-01-02T03:04:05.5+09:00"), "i-01.01T18 2025-01-01T18:04:05.500000000"},
		{"its own zone", local, text("ts", "2025-01-02T23:04:05-01:00"), "i-01.02T23 2025-01-03T00:04:05.000000000"},
		{"no zone", local, text("ts", "2025-01-02 23:04:05"), "i-01.02T23 2025-01-02T23:04:05.000000000"},
		{"format", formed, text("ts", "02/01/2025 03:04:05"), "i-01.02T03 2025-01-01T18:04:05.000000000"},
		{"not of the format", formed, text("ts", "2025-01-02T03:04:05Z"), "i-11.22T18 2026-11-22T09:42:30.686123456"},
		{"number", local, js("ts", "1735700000"), "i-01.01T11 2025-01-01T02:53:20.000000000"},
		{"msgpack", key, field{"ts", event.Msgp, number}, "i-01.01T02 2025-01-01T02:53:20.250000000"},
		{"too large", key, js("ts", "1735700000000000"), "i-11.22T09 2026-11-22T09:42:30.686123456"},
		{"null", key, js("ts", "null"), "i-11.22T09 2026-11-22T09:42:30.686123456"},
		{"alone", alone, text("ts", "2025-01-02T03:04:05Z"), "i-01.02T03 "},
		{"not there", alone, text("other", "2025-01-02T03:04:05Z"), "i-11.22T09 2026-11-22T09:42:30.686123456"},
		{"a fixed index", fixed, text("ts", "2025-01-02T03:04:05Z"), "i-11.22T09 2025-01-02T03:04:05.000000000"},
		{"its own", key, text("@timestamp", "2025-01-02T03:04:05+00:00"), "i-01.02T03 2025-01-02T03:04:05"},
	} {
		s := newSink(t, "http://127.0.0.1:1", func(cfg *Config) {
			cfg.Schema, cfg.Index, cfg.Like = "fluentd", "i-%m.%dT%H", Like{Timestamp: true, Dates: c.dates}
		})
		b := &event.Batch{}
		add(b, event.Record{}, c.field)
		blk := encode(s, b).List[0]
		_, doc := cutLine(blk.Item(0))
		_, stamp, _ := strings.Cut(string(doc), `"@timestamp":"`)
		stamp, _, _ = strings.Cut(stamp, `+00:00"`)
		if got := blk.Key + " " + stamp; got != strings.Replace(c.want, "T", "t", 1) {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestTheTimeOfAFieldAllocatesNothing(t *testing.T) {
	if race {
		t.Skip("needs a build without the race detector")
	}
	s := newSink(t, "http://127.0.0.1:1", func(cfg *Config) {
		cfg.Schema, cfg.Like = "fluentd", Like{Timestamp: true, Dates: Dates{OwnDate: true, TimeKey: "ts", Zone: time.Local}}
	})
	b := &event.Batch{}
	for range 100 {
		add(b, event.Record{}, text("ts", "2025-01-02T03:04:05.5+09:00"), text("message", "x"))
	}
	w := newWarm()
	if n := testing.AllocsPerRun(50, func() { w.encode(s, b) }); n != 0 {
		t.Errorf("%v allocations for a batch of 100", n)
	}
}
