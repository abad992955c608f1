package catalog

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/japanese"

	"sluice/conf"
	"sluice/event"
)

func TestParametersOfTail(t *testing.T) {
	s := Default()
	s.Tree = el("", "", []*conf.Element{
		el("source", "", []*conf.Element{
			el("parse", "", nil, "@type", "none"),
			el("group", "", []*conf.Element{el("rule", "", nil, "match", `{"namespace": "/^shop/", "podname": "/cart/"}`, "limit", "1000")}, "rate_period", "30s"),
		}, "@type", "tail", "path", "/var/log/x|/var/log/a,b", "path_delimiter", "|", "tag", "x",
			"from_encoding", "Shift_JIS", "encoding", "utf-8", "read_bytes_limit_per_second", "32k", "limit_recently_modified", "1d",
			"offset_key", "offset", "path_key", "path"),
		el("match", "**", nil, "@type", "null"),
	})
	p, problems := trial(&conf.Tree{Root: s.Tree}, s)
	defer p.Close()
	if len(problems) != 0 {
		t.Fatalf("%v", problems)
	}

	cfg := defaultTailSource()
	cfg.From, cfg.Encoding, cfg.BytesLimit, cfg.Recent = "Shift_JIS", "utf-8", 100, 24*time.Hour
	own, err := cfg.config()
	if err != nil || own.Encoding != japanese.ShiftJIS || own.BytesPerSecond != 8192 || own.ReadSize != 8192 || own.Recent != cfg.Recent {
		t.Errorf("%+v, %v", own, err)
	}
	cfg.From, cfg.Encoding, cfg.BytesLimit = "", "Windows-31J", -1
	if own, err = cfg.config(); err != nil || own.Encoding != japanese.ShiftJIS || own.BytesPerSecond != 0 {
		t.Errorf("%+v, %v", own, err)
	}
}

// What the source puts on a record comes behind <parse>, which replaces the record.
func TestTheSourcesOwnFieldsStayOnParsedRecords(t *testing.T) {
	p := defaultTailSource()
	p.Parse.Type, p.PathKey, p.OffsetKey = "json", "path", "at"
	steps, err := p.steps()
	if err != nil {
		t.Fatal(err)
	}
	b := &event.Batch{}
	b.Reset(nil)
	b.Shared = &event.Fragment{File: "/var/log/x"}
	for _, line := range []string{`{"a":1}`, `{"path":"own"}`} {
		b.Begin(event.Record{Pos: 5})
		b.Add(b.KeyString("message"), b.PutString(line, event.Text))
	}
	for _, s := range steps {
		s.Filter.Apply(b)
	}
	for i, want := range []string{"/var/log/x", "own"} {
		path, _ := b.Get(i, b.KeyString("path"))
		at, _ := b.Get(i, b.KeyString("at"))
		if got := string(b.Bytes(path)); strings.Trim(got, `"`) != want || string(b.Bytes(at)) != "5" {
			t.Errorf("record %d: path %s at %s", i, got, b.Bytes(at))
		}
	}
}

func TestOffsetKey(t *testing.T) {
	b := &event.Batch{}
	b.Reset(nil)
	for _, r := range []event.Record{{Pos: 0}, {Pos: 7, State: event.Dropped}, {Pos: 1 << 40}} {
		b.Begin(r)
	}
	offsetKey("at").Apply(b)
	for i, want := range []string{"0", "", "1099511627776"} {
		v, ok := b.Get(i, b.KeyString("at"))
		if ok != (want != "") || ok && (string(b.Bytes(v)) != want || v.Kind != event.JSON) {
			t.Errorf("record %d: %q", i, b.Bytes(v))
		}
	}
}
