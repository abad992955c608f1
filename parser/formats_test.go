package parser

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/event"
	"sluice/setting"
	"sluice/wire/quote"
)

var update = flag.Bool("update", false, "write the golden files")

func clock() time.Time { return time.Date(2026, 8, 7, 12, 0, 0, 0, time.UTC) }

// config is the default in UTC, at a fixed time, with a change.
func config(kind string, change func(*Config)) Config {
	c := DefaultConfig()
	c.Type, c.UTC, c.Now = kind, true, clock
	if change != nil {
		change(&c)
	}
	return c
}

type change = func(*Config)

// formats are settings and texts; testdata/formats.golden holds what comes of
// them.
var formats = []struct {
	name   string
	kind   string
	change change
	texts  []string
}{
	{"json", "json", nil, []string{
		`{"time":"2026-01-02T03:04:05.678Z","a":1,"b":"x\ny","o":{"c":[null]}}`, `{"time":1700000000.5}`, `{}`, `{"a":}`, `[{"a":1}]`, `x`, ``,
	}},
	{"json, typed", "json", func(c *Config) { c.Types = "a:integer,b:string,c:bool,d:array,e:float" }, []string{
		`{"a":"12x","b":7,"c":"Yes","d":"p,q,,","e":"1"}`, `{"a":1.9,"b":null,"c":false,"d":[1],"e":2}`, `{"a":1e3,"b":true,"c":1,"d":"","e":"x"}`, `{"a":"-007","e":"1.50"}`, `{"a":true,"e":"-.5"}`,
	}},
	{"json, mixed times", "json", func(c *Config) {
		c.TimeType, c.TimeFormat, c.TimeFormatFallbacks = "mixed", "%Y-%m-%d %H:%M:%S", []string{"%iso8601", "unixtime"}
	}, []string{`{"time":"2026-01-02 03:04:05"}`, `{"time":"2026-01-02T03:04:05+01:00"}`, `{"time":1700000000}`, `{"time":"noon"}`}},
	{"regexp", "regexp", func(c *Config) { c.Expression = `/^(?<level>[A-Z]+) (?<n>\d+)?(?<rest>.*)$/` }, []string{
		"INFO 12 rest", "WARN ", "info 1", "", "INFO \xff",
	}},
	{"regexp, time", "regexp", func(c *Config) {
		c.Expression, c.TimeFormat, c.Types = `/^\[(?<time>[^\]]*)\] (?<m>.*)$/`, "%d/%m/%Y %H:%M", "m:integer"
	}, []string{"[02/01/2026 03:04] 42", "[2026] 42"}},
	{"regexp, own time key, kept", "regexp", func(c *Config) {
		c.Expression, c.TimeKey, c.KeepTimeKey = `/^(?<ts>\S+) (?<time>.*)$/`, "ts", true
	}, []string{"2026-01-02T03:04:05Z noon"}},
	{"regexp, look-ahead", "regexp", func(c *Config) { c.Expression = `/(?<a>\w+)(?=;)/` }, []string{"x é ab;", "ab"}},
	{"regexp, null", "regexp", func(c *Config) {
		c.Expression, c.NullValuePattern, c.NullEmptyString = `/^(?<a>\S*) (?<b>\S*)$/`, `/^(-|null)$/`, true
	}, []string{"- x", "null ", "nullx --"}},
	{"logfmt", "logfmt", nil, []string{
		`time=2026-01-02T03:04:05Z level=info msg="hello \"you\"\n" n=1 ok empty= q=""`, `plain words`, `=x`, `a="open`, `a="\x"`, ``, `a=b=c`,
	}},
	{"ltsv", "ltsv", nil, []string{"time:2026-01-02T03:04:05Z\thost:127.0.0.1\treq:GET / HTTP/1.1\tempty:\tnone\n", "none", ""}},
	{"ltsv, other delimiters", "ltsv", func(c *Config) { c.DelimiterPattern, c.LabelDelimiter = `/\s+/`, "=" }, []string{"a=1  b=2 \t c=3=4"}},
	{"csv", "csv", func(c *Config) { c.Keys = []string{"a", "b", "c"} }, []string{
		`1,two,3`, `"x, ""y""",,""`, `1`, `1,2,3,4`, `1,"open`, `1,a"b`, `"a"b,c`, ``, "a,b,c\r\n",
	}},
	{"csv, time and types", "csv", func(c *Config) {
		c.Keys, c.TimeKey, c.TimeFormat, c.Types, c.Delimiter = []string{"t", "n"}, "t", "%s", "n:integer", ";"
	}, []string{"1700000000;7", ";7"}},
	{"tsv", "tsv", func(c *Config) { c.Keys = []string{"a", "time", "c"} }, []string{"1\t12:00\tx\ty", "1", "\t\t", ""}},
	{"apache", "apache", nil, []string{`127.0.0.1 - frank [28/Feb/2013:12:00:00 +0900] "GET /a.gif HTTP/1.0" 200 2326 "-" "Mozilla/4.08"`, `127.0.0.1 - - [28/Feb/2013:12:00:00 +0900] "GET / HTTP/1.1" 404 -`}},
	{"apache2", "apache2", nil, []string{
		`192.168.0.1 - - [28/Feb/2013:12:00:00 +0900] "GET / HTTP/1.1" 200 777 "-" "Opera/12.0"`,
		`192.168.0.1 - joe [28/Feb/2013:12:00:00 +0900] "-" 408 -`,
		`192.168.0.1 - - [28/Feb/2013:12:00:00 +0900] "GET /a b\"c HTTP/1.1" - 0`,
		`192.168.0.1 - - [31/Feb/2013:12:00:00 +0900] "GET / HTTP/1.1" 200 777`, `x`,
	}},
	{"apache_error", "apache_error", nil, []string{
		`[Wed Oct 11 14:32:52 2000] [error] [client 127.0.0.1] client denied by server configuration`,
		`[Wed Oct 11 14:32:52.123456 2000] [notice] [pid 7] started`,
	}},
	{"nginx", "nginx", nil, []string{
		`127.0.0.1 192.168.0.1 - [28/Feb/2013:12:00:00 +0900] "GET /index.html?q=1 HTTP/1.1" 200 777 "-" "Opera/12.0"`,
		`127.0.0.1 - joe [28/Feb/2013:12:00:00 +0900] "POST / HTTP/1.1" 500 0 "-" "x" "10.0.0.1"`,
		`127.0.0.1 - - [28/Feb/2013:12:00:00 +0900] "\x16\x03" 400 150`, `bad`,
	}},
	{"syslog", "syslog", nil, []string{
		"Feb 28 12:00:00 192.168.0.1 fluentd[11111]: [error] Syslog test", "Aug  7 11:59:59 host su: x\n", "Dec 31 23:59:59 h a[1] no colon", "Aug  7 11:59:59 host two\nlines",
		"2026-01-02T03:04:05.5+01:00 host app: text", "Aug  7 host", "x", "",
	}},
	{"syslog, priority", "syslog", func(c *Config) { c.WithPriority, c.KeepTimeKey = true, true }, []string{
		"<6>Feb 28 12:00:00 192.168.0.1 fluentd[11111]: [error] Syslog test", "<006>Feb 28 12:00:00 h a: b", "Feb 28 12:00:00 h a: b", "<>Feb 28 12:00:00 h a: b", "<9999>Feb 28 12:00:00 h a: b",
	}},
	{"syslog, rfc5424", "syslog", func(c *Config) { c.MessageFormat, c.WithPriority = "rfc5424", true }, []string{
		`<16>1 2017-02-06T13:14:15.003Z 192.168.0.1 fluentd - - - Hi, from Fluentd!`,
		`<16>1 2017-02-06T13:14:15+09:00 h a 11 ID24224 [ex@1 k="a ] b" q="\"x\]"][y z="1"] ` + "\xef\xbb\xbfHi\n",
		`<16>1 - h a - - -`, `<16>1 2017-02-06T13:14:15Z h a - - [open`, `<16>2017-02-06T13:14:15Z h a - - - x`, `<16>1 2017-02-06T13:14:15Z h`,
	}},
	{"syslog, auto", "syslog", func(c *Config) { c.MessageFormat, c.WithPriority = "auto", true }, []string{
		"<6>Feb 28 12:00:00 192.168.0.1 fluentd[11111]: old", `<16>1 2017-02-06T13:14:15.003Z 192.168.0.1 fluentd - - - new`,
	}},
	{"klog", "klog", nil, []string{"I0807 11:22:33.444555   12345 file.go:123] a message", "E0101 00:00:00.000001 1 x.go:1] two\nlines", "X0807 11:22:33.4 1 f:1] m"}},
	{"cri", "cri", nil, []string{"2026-01-02T03:04:05.678901234Z stdout F hello", "2026-01-02T03:04:05Z stderr P", "x stdout F y"}},
	{"cri, parsed", "cri", func(c *Config) { c.MergeCRIFields, c.Parse = true, []Config{{Type: "json"}} }, []string{
		`2026-01-02T03:04:05Z stdout F {"a":1}`, `2026-01-02T03:04:05Z stdout F {"time":1700000000}`, `2026-01-02T03:04:05Z stdout F x`,
	}},
	{"none", "none", nil, []string{"anything", ""}},
	{"multi", "multi", func(c *Config) {
		c.Pattern = []Config{{Type: "json"}, {Format: "regexp", Expression: `/^(?<level>[A-Z]+) /`}, {Format: "none", MessageKey: "text"}}
	}, []string{`{"a":1}`, "INFO x", "x"}},
	{"types of time", "csv", func(c *Config) {
		c.Keys, c.Types = []string{"a", "b", "c"}, `{"a":"time:unixtime","b":"time:+0900:%Y-%m-%d %H","c":"time"}`
	}, []string{"1700000000.9,2026-01-02 03,2026-01-02", "x,y,z"}},
	{"a prefix", "logfmt", func(c *Config) { c.Prefix, c.Types = "p.", "n:integer" }, []string{"time=1700000000 n=1"}},
	{"a zone", "regexp", func(c *Config) {
		c.Timezone, c.TimeFormat, c.Expression = "Europe/Berlin", "%Y-%m-%d %H:%M:%S", `/^(?<time>.*)$/`
	}, []string{"2026-07-01 12:00:00", "2026-01-01 12:00:00"}},
}

// parsed parses a text and writes what became of it.
func parsed(p *Parser, text string) string {
	b := &event.Batch{}
	b.Begin(event.Record{})
	v := b.PutString("<"+text+">", event.Text)
	v.Off, v.Len = v.Off+1, v.Len-2
	if !p.Into(b, 0, v) {
		return "  not in the format\n"
	}
	out := []byte("  ")
	if t := b.Recs[0].Time; !t.IsZero() {
		out = t.Std().AppendFormat(out, time.RFC3339Nano+" ")
	}
	out = append(out, '{')
	for i, f := range b.FieldsOf(0) {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = append(quote.Append(out, []byte(b.Keys[f.Key])), ": "...)
		if f.Val.Kind == event.Text {
			out = quote.Append(out, b.Bytes(f.Val))
		} else {
			out = append(out, b.Bytes(f.Val)...)
		}
	}
	return string(append(out, "}\n"...))
}

func TestFormats(t *testing.T) {
	var out strings.Builder
	for _, f := range formats {
		p, err := New(config(f.kind, f.change))
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		out.WriteString("\n" + f.name + "\n")
		for _, text := range f.texts {
			out.Write(append(quote.Append(nil, []byte(text)), '\n'))
			out.WriteString(parsed(p, text))
		}
	}
	file := filepath.Join("testdata", "formats.golden")
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != string(want) {
		g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
		for i := range g {
			if i >= len(w) || g[i] != w[i] {
				t.Fatalf("line %d:\n got %s\nwant %s (go test -update writes it)", i+1, g[i], strings.Join(w[min(i, len(w)-1):min(i+1, len(w))], ""))
			}
		}
		t.Fatal("lines are missing")
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		kind         string
		change       change
		field, words string
	}{
		{"", nil, "type", "write type: json|regexp"},
		{"jsom", nil, "type", "json, regexp"},
		{"regexp", nil, "expression", "(?<NAME>"},
		{"regexp", func(c *Config) { c.Expression = "/abc/" }, "expression", "no named group"},
		{"regexp", func(c *Config) { c.Expression = "/(?<a>x/" }, "expression", "not closed"},
		{"csv", nil, "keys", "write keys"},
		{"csv", func(c *Config) { c.Keys, c.Delimiter = []string{"a"}, `"` }, "delimiter", "quotation"},
		{"ltsv", func(c *Config) { c.DelimiterPattern = "(" }, "delimiter_pattern", "not closed"},
		{"json", func(c *Config) { c.Types = "a" }, "types", "NAME:TYPE"},
		{"json", func(c *Config) { c.Types = "a:int" }, "types", "integer"},
		{"json", func(c *Config) { c.Types = `{"a":1}` }, "types", "JSON"},
		{"json", func(c *Config) { c.Types = "a:time:%!" }, "types", "directive"},
		{"json", func(c *Config) { c.TimeFormat = "%" }, "time_format", "at its end"},
		{"json", func(c *Config) { c.TimeType = "mixed" }, "time_type", "fallbacks are empty"},
		{"json", func(c *Config) { c.TimeType = "x" }, "time_type", "unixtime"},
		{"json", func(c *Config) { c.TimeFormatFallbacks = []string{"%s"} }, "time_format_fallbacks", "mixed"},
		{"json", func(c *Config) { c.TimeType, c.TimeFormatFallbacks = "mixed", []string{"%!"} }, "time_format_fallbacks", "directive"},
		{"json", func(c *Config) { c.Timezone = "JST" }, "timezone", "Asia/Tokyo"},
		{"json", func(c *Config) { c.NullValuePattern = "[" }, "null_value_pattern", "not closed"},
		{"syslog", func(c *Config) { c.MessageFormat = "rfc1" }, "message_format", "rfc5424"},
		{"syslog", func(c *Config) { c.RFC5424TimeFormat = "%!" }, "rfc5424_time_format", "directive"},
		{"multi", nil, "pattern", "no pattern"},
		{"multi", func(c *Config) { c.Pattern = []Config{{Type: "json"}, {Type: "csv"}} }, "pattern[1].keys", "csv needs"},
		{"cri", func(c *Config) { c.Parse = []Config{{Type: "x"}} }, "parse.type", "no type"},
		{"cri", func(c *Config) { c.Parse = make([]Config, 2) }, "parse", "one type"},
	} {
		_, err := New(config(c.kind, c.change))
		e, ok := err.(*setting.Error)
		if !ok || e.Field() != c.field || !strings.Contains(e.Error(), c.words) {
			t.Errorf("%s: got %v, want one of %s with %q", c.kind, err, c.field, c.words)
		}
	}
}

func TestWarningsNameTheExpression(t *testing.T) {
	for _, cfg := range []Config{
		config("regexp", func(c *Config) { c.Expression = "/(?<a>x)(?=y)/" }),
		config("json", func(c *Config) { c.NullValuePattern = "/(?<a>x)(?=y)/" }),
		config("multi", func(c *Config) { c.Pattern = []Config{{Type: "regexp", Expression: "/(?<a>x)(?=y)/"}} }),
		config("cri", func(c *Config) { c.Parse = []Config{{Type: "regexp", Expression: "/(?<a>x)(?=y)/"}} }),
	} {
		p, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if w := p.Warnings(); len(w) != 1 || !strings.Contains(w[0], "(?<a>x)(?=y)") || !strings.Contains(w[0], "look-ahead") {
			t.Errorf("%s: %q", cfg.Type, w)
		}
	}
}

// What is not in the format leaves the batch as it was.
func TestFailureLeavesNothing(t *testing.T) {
	for _, f := range formats {
		p, err := New(config(f.kind, f.change))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range f.texts {
			b := &event.Batch{}
			b.Begin(event.Record{})
			v := b.PutString(text, event.Text)
			b.Add(b.KeyString("before"), v)
			arena := len(b.Arena)
			if !p.Into(b, 0, v) && (len(b.Fields) != 1 || len(b.Arena) != arena || b.Recs[0].NField != 1) {
				t.Errorf("%s on %q: %d fields, %d bytes more", f.name, text, len(b.Fields), len(b.Arena)-arena)
			}
		}
	}
}

func FuzzFormats(f *testing.F) {
	var parsers []*Parser
	for i, format := range formats {
		p, err := New(config(format.kind, format.change))
		if err != nil {
			f.Fatal(err)
		}
		parsers = append(parsers, p)
		for _, text := range format.texts {
			f.Add(i, text)
		}
	}
	f.Fuzz(func(t *testing.T, i int, text string) {
		if i < 0 || i >= len(parsers) || len(text) > 4096 {
			return
		}
		b := &event.Batch{}
		b.Begin(event.Record{})
		v := b.PutString(text, event.Text)
		ok := parsers[i].Into(b, 0, v)
		if !ok && (len(b.Fields) != 0 || len(b.Arena) != len(text)) {
			t.Fatalf("%d fields left", len(b.Fields))
		}
		for _, field := range b.FieldsOf(0) {
			p := b.Bytes(field.Val) // panics outside the arena
			if field.Val.Kind == event.JSON {
				if end, _ := skipValue(p, 0, 1); end != len(p) {
					t.Fatalf("%s on %q: %s is not JSON", formats[i].name, text, p)
				}
			}
		}
	})
}
