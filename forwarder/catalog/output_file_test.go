package catalog

import (
	"strings"
	"testing"

	"sluice/conf"
	"sluice/event"
)

// keyOf is the key of the block that a match makes of one record, and what is
// wrong with the match.
func keyOf(match *conf.Element) (key string, problems conf.Problems) {
	s := Default()
	s.Tree = el("", "", []*conf.Element{match})
	p, problems := trial(&conf.Tree{Root: s.Tree}, s)
	defer p.Close()
	if len(p.Config.Lanes) == 0 {
		return "", problems
	}
	b := &event.Batch{Tag: "app.web"}
	b.Begin(event.Record{Time: event.Time{Sec: 1786071843}, Weight: 1})
	bs := event.Blocks{New: func() *event.Block { return &event.Block{} }}
	p.Config.Lanes[0].Sink().Encode(&bs, b)
	return bs.List[0].Key, problems
}

// What stands in <format> and <inject> reaches the lines.
func TestFormatAndInject(t *testing.T) {
	s := Default()
	s.Tree = el("", "", []*conf.Element{el("match", "**", []*conf.Element{
		el("format", "", nil, "@type", "out_file", "time_format", "%H:%M", "utc", "true", "delimiter", "COMMA"),
		el("inject", "", nil, "time_key", "t", "time_type", "string", "timezone", "Asia/Tokyo", "time_format", "%d %H"),
	}, "@type", "file", "path", "/x/a")})
	p, problems := trial(&conf.Tree{Root: s.Tree}, s)
	defer p.Close()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	b := &event.Batch{Tag: "app.web"}
	b.Begin(event.Record{Time: event.Time{Sec: 1786071843}, Weight: 1})
	bs := event.Blocks{New: func() *event.Block { return &event.Block{} }}
	p.Config.Lanes[0].Sink().Encode(&bs, b)
	if got := string(bs.List[0].Body); got != "03:04,app.web,{\"t\":\"07 12\"}\n" {
		t.Errorf("%q", got)
	}
}

// The patterns of multi_format are written with format, as ever, or @type.
func TestPatterns(t *testing.T) {
	for _, name := range []string{"format", "@type"} {
		s := Default()
		s.Tree = el("", "", []*conf.Element{
			el("filter", "**", []*conf.Element{el("parse", "", []*conf.Element{
				el("pattern", "", nil, name, "json", "time_key", "ts"), el("pattern", "", nil, name, "none"),
			}, "@type", "multi_format")}, "@type", "parser", "key_name", "log"),
			el("match", "**", nil, "@type", "null"),
		})
		p, problems := trial(&conf.Tree{Root: s.Tree}, s)
		p.Close()
		if len(problems) > 0 {
			t.Fatalf("%s: %v", name, problems)
		}
		b := &event.Batch{}
		b.Begin(event.Record{Weight: 1})
		b.Add(b.KeyString("log"), b.PutString(`{"ts":1700000000,"a":1}`, event.Text))
		p.Config.Pipeline.Root[0].Filter.Apply(b)
		if b.Recs[0].Time.Sec != 1700000000 || b.Recs[0].NField != 1 {
			t.Errorf("%s: %+v", name, b.Recs[0])
		}
	}
}

func TestFluentdsFileOutput(t *testing.T) {
	for _, c := range []struct {
		path   string
		buffer *conf.Element
		key    string
	}{
		{"/x/a", el("buffer", "", nil, "timekey_use_utc", "true"), "/x/a.20260807_**.log"},
		{"/x/a", el("buffer", "time,tag", nil, "timekey", "1h", "timekey_zone", "Asia/Tokyo"), "/x/a.2026080712_**.log"},
		{"/x/${tag}", el("buffer", "tag", nil), "/x/app.web_**.log"},
		{"/x/a", el("buffer", "[]", nil), "/x/a_**.log"},
	} {
		match := el("match", "**", []*conf.Element{el("format", "", nil, "@type", "json"), c.buffer}, "@type", "file", "path", c.path)
		if key, problems := keyOf(match); problems.Bad() || key != c.key {
			t.Errorf("%s %s: %q %v, want %s", c.path, c.buffer.Arg, key, problems, c.key)
		}
	}
	for _, c := range []struct {
		match *conf.Element
		words string
	}{
		{el("match", "**", nil, "@type", "file"), "path is required"},
		{el("match", "**", []*conf.Element{el("buffer", "time", nil, "timekey", "0.5")}, "@type", "file", "path", "/x"), "timekey"},
		{el("match", "**", []*conf.Element{el("buffer", "time", nil, "timekey_zone", "JST")}, "@type", "file", "path", "/x"), "Asia/Tokyo"},
		{el("match", "**", []*conf.Element{el("format", "", nil, "@type", "csv")}, "@type", "stdout"), "NAME,NAME"},
	} {
		if _, problems := keyOf(c.match); !problems.Bad() || !strings.Contains(problems.String(), c.words) {
			t.Errorf("%v, want %q", problems, c.words)
		}
	}
	if _, problems := keyOf(el("match", "**", nil, "@type", "stdout", "use_logger", "true")); problems.Bad() || len(problems) != 1 {
		t.Errorf("stdout: %v", problems)
	}
}

// An expression that is slow is named, at its filter.
func TestASlowExpressionIsAWarning(t *testing.T) {
	s := Default()
	s.Tree = el("", "", []*conf.Element{
		el("filter", "**", []*conf.Element{el("parse", "", nil, "@type", "regexp", "expression", "/(?<a>x)(?=y)/")}, "@type", "parser", "key_name", "log"),
		el("match", "**", nil, "@type", "null"),
	})
	p, problems := trial(&conf.Tree{Root: s.Tree}, s)
	defer p.Close()
	if problems.Bad() || len(problems) != 1 || !strings.Contains(problems[0].What, "look-ahead") {
		t.Errorf("%v", problems)
	}
}
