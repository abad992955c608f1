package format

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
	"sluice/parser"
	"sluice/setting"
)

// batch is one record of that JSON object, at a fixed time.
func batch(t testing.TB, object string, shared *event.Fragment) *event.Batch {
	t.Helper()
	b := &event.Batch{Tag: "app.web", Shared: shared}
	b.Begin(event.Record{Time: event.Time{Sec: 1786071843, Nsec: 120450000}, Weight: 1})
	if !parser.ParseObject(b, 0, b.PutString(object, event.Text), "") {
		t.Fatalf("not an object: %s", object)
	}
	return b
}

func pod() *event.Fragment {
	return &event.Fragment{
		File: "/var/log/containers/x.log", Namespace: "shop", Pod: "web-1", Container: "web", ContainerID: "abc", Node: "n1",
		Labels: []event.Pair{{Name: "app", Value: "web"}}, Cluster: "c1", Fields: []event.Pair{{Name: "env", Value: "prod"}},
	}
}

// enriched is a pod of which the API server told.
func enriched() *event.Fragment {
	f := pod()
	f.Image, f.ImageDigest, f.Partial = "shop/web:1", "sha256:1", true
	f.Owners = []event.Pair{{Name: "ReplicaSet", Value: "web-5d4"}, {Name: "Deployment", Value: "web"}}
	f.SpaceLabels, f.NodeLabels = []event.Pair{{Name: "team", Value: "t"}}, []event.Pair{{Name: "zone", Value: "a"}}
	return f
}

func TestFormats(t *testing.T) {
	const record = `{"message":"a \"b\"\n","n":1.0,"o": {"x" : [1, 2],"y":"a b"},"z":null,"t":"a\tb"}`
	utc := func(c *Config) { c.UTC = true }
	for _, c := range []struct {
		name   string
		kind   string
		change func(*Config)
		inject func(*Inject)
		shared *event.Fragment
		record string
		want   string
	}{
		{"json", "json", nil, nil, nil, record, `{"message":"a \"b\"\n","n":1.0,"o":{"x":[1,2],"y":"a b"},"z":null,"t":"a\tb"}` + "\n"},
		{"json, a pod", "json", nil, nil, pod(), `{"env":"mine"}`, `{"env":"mine","docker":{"container_id":"abc"},"kubernetes":{"container_name":"web","namespace_name":"shop","pod_name":"web-1","host":"n1","labels":{"app":"web"}},"cluster_name":"c1"}` + "\n"},
		{"json, an enriched pod", "json", nil, nil, enriched(), `{}`, `{"docker":{"container_id":"abc"},"kubernetes":{"container_name":"web","namespace_name":"shop","pod_name":"web-1","host":"n1","container_image":"shop/web:1","container_image_id":"sha256:1","owner_kind":"Deployment","owner_name":"web","enrichment":"partial","namespace_labels":{"team":"t"},"node_labels":{"zone":"a"},"labels":{"app":"web"}},"cluster_name":"c1","env":"prod"}` + "\n"},
		{"json, no newline", "json", func(c *Config) { c.AddNewline = false }, nil, nil, `{}`, `{}`},
		{"json, crlf", "json", func(c *Config) { c.Newline = "crlf" }, nil, nil, `{}`, "{}\r\n"},
		{"out_file", "out_file", utc, nil, nil, `{"a":1}`, "2026-08-07T03:04:03Z\tapp.web\t{\"a\":1}\n"},
		{"out_file, only the record", "out_file", func(c *Config) { c.OutputTime, c.OutputTag, c.Delimiter = false, false, "SPACE" }, nil, nil, `{"a":1}`, "{\"a\":1}\n"},
		{"out_file, form and zone", "out_file", func(c *Config) { c.TimeFormat, c.Timezone, c.Delimiter = "%d/%b %H:%M", "Asia/Tokyo", "COMMA" }, nil, nil, `{}`, "07/Aug 12:04,app.web,{}\n"},
		{"stdout", "stdout", utc, nil, nil, `{"a":1}`, "2026-08-07 03:04:03.120450000 +0000 app.web: {\"a\":1}\n"},
		{"stdout, ltsv", "stdout", func(c *Config) { c.UTC, c.OutputType = true, "ltsv" }, nil, nil, `{"a":1}`, "2026-08-07 03:04:03.120450000 +0000 app.web: a:1\n"},
		{"ltsv", "ltsv", nil, nil, nil, record, "message:a \"b\"\n\tn:1.0\to:{\"x\":[1,2],\"y\":\"a b\"}\tz:\tt:a b\n"},
		{"ltsv, delimiters", "ltsv", func(c *Config) { c.Delimiter, c.LabelDelimiter = " ", "=" }, nil, nil, `{"a":"b c","d":1}`, "a=b c d=1\n"},
		{"csv", "csv", func(c *Config) { c.Fields = []string{"message", "none", "n"} }, nil, nil, record, "\"a \"\"b\"\"\n\",\"\",\"1.0\"\n"},
		{"csv, quotes where needed", "csv", func(c *Config) { c.Fields, c.ForceQuotes = []string{"a", "b", "c"}, false }, nil, nil, `{"a":"x","b":"y,z","c":"\""}`, "x,\"y,z\",\"\"\"\"\n"},
		{"tsv", "tsv", func(c *Config) { c.Keys = []string{"n", "none", "kubernetes", "env"} }, nil, pod(), record, "1.0\t\t{\"container_name\":\"web\",\"namespace_name\":\"shop\",\"pod_name\":\"web-1\",\"host\":\"n1\",\"labels\":{\"app\":\"web\"}}\tprod\n"},
		{"single_value", "single_value", nil, nil, nil, record, "a \"b\"\n\n"},
		{"single_value, none", "single_value", func(c *Config) { c.MessageKey = "log" }, nil, nil, record, "\n"},
		{"hash", "hash", nil, nil, nil, record, `{"message"=>"a \"b\"\n", "n"=>1.0, "o"=>{"x"=>[1, 2], "y"=>"a b"}, "z"=>nil, "t"=>"a\tb"}` + "\n"},
		{"hash, escapes", "hash", nil, func(j *Inject) { j.TagKey = "tag" }, nil, `{"m":"#{x} #$y # \\ \u0001\u001b\u007f\u200bé😀"}`, `{"m"=>"\#{x} \#$y # \\ \u0001\e\u007F` + "\u200b" + `é😀", "tag"=>"app.web"}` + "\n"},
		{"msgpack", "msgpack", nil, func(j *Inject) { j.TagKey = "tag" }, nil, `{"m":"a","o":[1,null]}`, "\xdf\x00\x00\x00\x03\xa1m\xa1a\xa1o\xdd\x00\x00\x00\x02\x01\xc0\xa3tag\xa7app.web"},
		{"injected", "json", nil, func(j *Inject) {
			j.HostnameKey, j.Hostname, j.TagKey, j.TimeKey, j.WorkerIDKey = "host", "h1", "tag", "time", "worker"
		}, nil, `{"tag":"own","a":1}`, `{"a":1,"host":"h1","worker":0,"tag":"app.web","time":1786071843.12045}` + "\n"},
		{"injected, a form", "single_value", func(c *Config) { c.MessageKey = "time" }, func(j *Inject) { j.TimeKey, j.TimeType, j.UTC = "time", "string", true }, nil, `{}`, "2026-08-07T03:04:03Z\n"},
		{"injected, milliseconds", "ltsv", nil, func(j *Inject) { j.TimeKey, j.TimeType = "ms", "unixtime_millis" }, nil, `{"a":1}`, "a:1\tms:1786071843120\n"},
		{"injected, nanoseconds", "csv", func(c *Config) { c.Fields = []string{"ns"} }, func(j *Inject) { j.TimeKey, j.TimeType = "ns", "unixtime_nanos" }, nil, `{}`, "\"1786071843120450000\"\n"},
	} {
		cfg, inject := DefaultConfig(c.kind), DefaultInject()
		if c.change != nil {
			c.change(&cfg)
		}
		if c.inject != nil {
			c.inject(&inject)
		}
		f, err := New(cfg, inject)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := string(f.Append([]byte("<"), batch(t, c.record, c.shared), 0)); got != "<"+c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, "<"+c.want)
		}
	}
}

// Values as a Forward client sends them.
func TestMsgpack(t *testing.T) {
	f, err := New(DefaultConfig("json"), DefaultInject())
	if err != nil {
		t.Fatal(err)
	}
	deep := []byte{}
	for range 200 {
		deep = append(deep, 0x91)
	}
	for want, value := range map[string][]byte{
		"null":                 msgp.AppendNil(nil),
		"-7":                   msgp.AppendInt(nil, -7),
		"18446744073709551615": msgp.AppendUint64(nil, math.MaxUint64),
		"1.0":                  msgp.AppendFloat64(nil, 1),
		"1.5":                  msgp.AppendFloat32(nil, 1.5),
		"null ":                msgp.AppendFloat64(nil, math.Inf(1)),
		`"a\u0001\ufffd"`:      msgp.AppendString(nil, "a\x01\xff"),
		`"bin"`:                msgp.AppendBytes(nil, []byte("bin")),
		`[true,{"1":"x"}]`:     append(msgp.AppendBool(msgp.AppendArrayHeader(nil, 2), true), append(msgp.AppendInt(msgp.AppendMapHeader(nil, 1), 1), msgp.AppendString(nil, "x")...)...),
		`1700000000`:           {0xd7, 0x00, 0x65, 0x53, 0xf1, 0x00, 0, 0, 0, 0},
		`"kQ=="`:               {0x91}, // broken
	} {
		b := &event.Batch{}
		b.Begin(event.Record{Time: event.Time{Sec: 1}})
		b.Add(b.KeyString("v"), b.Put(value, event.Msgp))
		got := string(f.Append(nil, b, 0))
		if want = `{"v":` + strings.TrimSpace(want) + "}\n"; strings.ReplaceAll(got, "\ufffd", `\ufffd`) != want {
			t.Errorf("%x: got %s want %s", value, got, want)
		}
	}
	b := &event.Batch{}
	b.Begin(event.Record{})
	b.Add(b.KeyString("v"), b.Put(deep, event.Msgp))
	if got := f.Append(nil, b, 0); !json.Valid(got) {
		t.Errorf("%s", got)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		config       func(*Config)
		inject       func(*Inject)
		field, words string
	}{
		{func(c *Config) { c.Type = "jsom" }, nil, "format.type", "single_value"},
		{func(c *Config) { c.Type = "csv" }, nil, "format.fields", "NAME,NAME"},
		{func(c *Config) { c.Type = "tsv" }, nil, "format.keys", "NAME,NAME"},
		{func(c *Config) { c.Newline = "cr" }, nil, "format.newline", "crlf"},
		{func(c *Config) { c.Type, c.TimeFormat = "out_file", "%!" }, nil, "format.time_format", "directive"},
		{func(c *Config) { c.Type, c.Timezone = "stdout", "JST" }, nil, "format.timezone", "Asia/Tokyo"},
		{func(c *Config) { c.Type, c.OutputType = "stdout", "x" }, nil, "format.type", "no format"},
		{nil, func(j *Inject) { j.TimeKey, j.TimeType = "t", "x" }, "inject.time_type", "unixtime"},
		{nil, func(j *Inject) { j.TimeKey, j.TimeFormat = "t", "%Y" }, "inject.time_format", "time_type string"},
	} {
		cfg, inject := DefaultConfig("json"), DefaultInject()
		if c.config != nil {
			c.config(&cfg)
		}
		if c.inject != nil {
			c.inject(&inject)
		}
		_, err := New(cfg, inject)
		e, ok := err.(*setting.Error)
		if !ok || e.Field() != c.field || !strings.Contains(e.Error(), c.words) {
			t.Errorf("got %v, want one of %s with %q", err, c.field, c.words)
		}
	}
}

func TestAllocatesNothing(t *testing.T) {
	cfg := DefaultConfig("out_file")
	inject := DefaultInject()
	inject.HostnameKey, inject.TimeKey, inject.TagKey = "host", "time", "tag"
	f, err := New(cfg, inject)
	if err != nil {
		t.Fatal(err)
	}
	b := batch(t, `{"message":"x","n":1,"o":{"a": 1}}`, pod())
	dst := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { dst = f.Append(dst[:0], b, 0) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Whatever a value is, a line of JSON is one line of JSON.
func FuzzJSON(f *testing.F) {
	form, err := New(DefaultConfig("json"), DefaultInject())
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("\x82\xa1a\x01\xa1b\xc0"), "name", uint8(2))
	f.Add([]byte(`{"a": [1, "\\\""]}`), "n\xff", uint8(1))
	f.Add([]byte("text\n"), "", uint8(0))
	f.Fuzz(func(t *testing.T, value []byte, name string, kind uint8) {
		b := &event.Batch{}
		b.Begin(event.Record{})
		k := event.Kind(kind % 3)
		if k == event.JSON && !json.Valid(value) {
			return
		}
		b.Add(b.KeyString(name), b.Put(value, k))
		got := form.Append(nil, b, 0)
		if !json.Valid(got) || !utf8.Valid(got) || strings.Count(string(got), "\n") != 1 {
			t.Fatalf("%q", got)
		}
	})
}
