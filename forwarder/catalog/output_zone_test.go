package catalog

import (
	"strings"
	"testing"
	"time"

	"sluice/conf"
	"sluice/event"
)

// With the chunk key time an index's date is that of the time slice, in the zone
// of the <buffer>; without it, as the plug-in's own parameters say.
func TestZoneOfAnIndexDate(t *testing.T) {
	defer func(zone *time.Location) { time.Local = zone }(time.Local)
	time.Local = time.FixedZone("", -20*3600) // the day before, for the record below
	for _, c := range []struct{ keys, buffer, match, want string }{
		{"tag", "", "index_name a-%Y.%m.%d", "a-2026.11.22"},
		{"tag, time", "timekey 1d timekey_zone +09:00", "index_name a-%Y.%m.%d", "a-2026.11.23"},
		{"tag, time", "timekey 1d timekey_zone Asia/Tokyo", "index_name a-%Y.%m.%d", "a-2026.11.23"},
		{"tag, time", "timekey 1d timekey_use_utc true", "index_name a-%Y.%m.%d", "a-2026.11.22"},
		{"tag, time", "timekey 1d", "index_name a-%Y.%m.%d", "a-2026.11.21"},
		{"tag, time", "timekey 1d timekey_zone +09:00", "logstash_format true", "logstash-2026.11.23"},
		{"tag", "timekey_zone +09:00", "logstash_format true", "logstash-2020.01.01"}, // of its own @timestamp
	} {
		s := Default()
		s.Tree = el("", "", []*conf.Element{el("match", "**", []*conf.Element{el("buffer", c.keys, nil, strings.Fields(c.buffer)...)},
			strings.Fields("@type elasticsearch "+c.match)...)})
		p, problems := trial(&conf.Tree{Root: s.Tree}, s)
		if problems.Bad() {
			t.Fatal(problems)
		}
		b := &event.Batch{Tag: "app"}
		b.Begin(event.Record{Time: event.Time{Sec: 1795374816}, Weight: 1}) // 2026-11-22T19:13:36Z
		b.Add(b.KeyString("@timestamp"), b.PutString("2020-01-01T00:00:00Z", event.Text))
		blocks := event.Blocks{New: func() *event.Block { return &event.Block{} }}
		p.sinks[0].Encode(&blocks, b)
		if got := blocks.List[0].Key; got != c.want {
			t.Errorf("%s, %s, %s: %s, want %s", c.keys, c.buffer, c.match, got, c.want)
		}
		p.Close()
	}
	got := checkFluent("<match **>\n@type elasticsearch\n<buffer time>\ntimekey 1d\ntimekey_zone Mars\n</buffer>\n</match>\n").String()
	if !strings.Contains(got, "fluent.conf:5:1: error: buffer.timekey_zone:") {
		t.Error(got)
	}
}
