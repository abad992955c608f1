package filter

import (
	"testing"

	"sluice/event"
	"sluice/wire/quote"
)

// config is the default, to parse the field log, with a change.
func config(change func(*ParserConfig)) ParserConfig {
	c := DefaultParserConfig()
	c.KeyName, c.Parse.Type = "log", "json"
	if change != nil {
		change(&c)
	}
	return c
}

func TestParser(t *testing.T) {
	const record = `{"log":"{\"a\":1,\"b\":\"x\\ny\",\"log\":{\"c\":[]}}","s":"stdout"}`
	for name, c := range map[string]struct {
		change func(*ParserConfig)
		in     string
		want   string
		state  event.State
	}{
		"alone":   {nil, record, `{"a":1,"b":"x\ny","log":{"c":[]}}`, event.Live},
		"reserve": {func(c *ParserConfig) { c.ReserveData = true }, record, `{"s":"stdout","a":1,"b":"x\ny","log":{"c":[]}}`, event.Live},
		"remove": {
			func(c *ParserConfig) { c.ReserveData, c.RemoveKeyNameField = true, true },
			`{"log":" {\"a\":1} ","s":"stdout"}`, `{"s":"stdout","a":1}`, event.Live,
		},
		"prefix": {
			func(c *ParserConfig) { c.ReserveData, c.InjectKeyPrefix = true, "p." },
			`{"log":"{\"log\":1,\"\\u0061\":2}"}`, `{"log":"{\"log\":1,\"\\u0061\":2}","p.log":1,"p.a":2}`, event.Live,
		},
		"hash": {func(c *ParserConfig) { c.HashValueField = "parsed" }, `{"log":" {\"a\": 1} ","s":"x"}`, `{"parsed":{"a":1}}`, event.Live},
		"hash and reserve": {
			func(c *ParserConfig) { c.HashValueField, c.ReserveData = "s", true },
			`{"s":"x","log":"{}"}`, `{"log":"{}","s":{}}`, event.Live,
		},
		"nested key": {func(c *ParserConfig) { c.KeyName = "$.o.l" }, `{"o":{"l":"{\"a\":\"b\"}"}}`, `{"a":"b"}`, event.Live},
		"nested key removed": {
			func(c *ParserConfig) { c.KeyName, c.ReserveData, c.RemoveKeyNameField = "$.o.l", true, true },
			`{"o":{"l":"{\"a\":\"b\"}","m":[1]},"x":1}`, `{"o":{"m":[1]},"x":1,"a":"b"}`, event.Live,
		},
		"nested key kept": {
			func(c *ParserConfig) { c.KeyName, c.ReserveData, c.RemoveKeyNameField = "$.o.l", true, true },
			`{"o":{"l":"plain","m":[1]}}`, `{"o":{"l":"plain","m":[1]}}`, event.Failed,
		},
		"nested array removed": {
			func(c *ParserConfig) { c.KeyName, c.ReserveData, c.RemoveKeyNameField = "$.o.l", true, true },
			`{"o":{"l":"[{\"a\":1}]","m":[1]}}`, `{"o":{"m":[1]},"a":1}`, event.Live,
		},
		"parsed over it": {
			func(c *ParserConfig) { c.KeyName, c.ReserveData, c.RemoveKeyNameField = "$.o.l", true, true },
			`{"o":{"l":"{\"o\":{\"l\":2}}"}}`, `{"o":{"l":2}}`, event.Live,
		},
		"empty": {nil, `{"log":"{}"}`, `{}`, event.Live},

		"no JSON":    {nil, `{"log":"plain"}`, `{"log":"plain"}`, event.Failed},
		"cut":        {nil, `{"log":"{\"a\":1,"}`, `{"log":"{\"a\":1,"}`, event.Failed},
		"an array":   {nil, `{"log":"[]"}`, `{"log":"[]"}`, event.Failed},
		"a number":   {nil, `{"log":1}`, `{"log":1}`, event.Failed},
		"an object":  {nil, `{"log":{"a":1}}`, `{"log":{"a":1}}`, event.Failed},
		"no such":    {nil, `{"a":1}`, `{"a":1}`, event.Failed},
		"reserved":   {func(c *ParserConfig) { c.ReserveData, c.RemoveKeyNameField = true, true }, `{"log":"x"}`, `{"log":"x"}`, event.Failed},
		"as Fluentd": {func(c *ParserConfig) { c.EmitInvalidRecordToError = false }, `{"log":"x"}`, `{"log":"x"}`, event.Dropped},
		"kept": {
			func(c *ParserConfig) { c.EmitInvalidRecordToError, c.ReserveData = false, true },
			`{"log":"x"}`, `{"log":"x"}`, event.Live,
		},
	} {
		p, err := NewParser(config(c.change))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for kind, source := range map[string]func(testing.TB, ...string) *event.Batch{"JSON": batch, "msgpack": packed} {
			b := apply(t, p, source, c.in)
			if got := show(b, 1); got != c.want || b.Recs[1].State != c.state || b.Recs[1].Time != when {
				t.Errorf("%s (%s):\n got %s, state %d\nwant %s, state %d", name, kind, got, b.Recs[1].State, c.want, c.state)
			}
		}
	}
}

func TestParserTime(t *testing.T) {
	type change = func(*ParserConfig)
	kind := func(k string) change { return func(c *ParserConfig) { c.Parse.TimeType = k } }
	for _, c := range []struct {
		change change
		time   string // within the JSON
		want   event.Time
		left   string // of the parsed fields
		state  event.State
	}{
		{nil, `"2026-01-02T03:04:05.25+01:00"`, event.Time{Sec: 1767319445, Nsec: 25e7}, `{}`, event.Live},
		{nil, `1767319445`, event.Time{Sec: 1767319445}, `{}`, event.Live},
		{nil, `1767319445.123456789123`, event.Time{Sec: 1767319445, Nsec: 123456789}, `{}`, event.Live},
		{nil, `1767319445123`, event.Time{Sec: 1767319445, Nsec: 123e6}, `{}`, event.Live},
		{nil, `1767319445123.5`, event.Time{Sec: 1767319445, Nsec: 1235e5}, `{}`, event.Live},
		{nil, `1767319445123456`, event.Time{Sec: 1767319445, Nsec: 123456e3}, `{}`, event.Live},
		{nil, `1767319445123456789`, event.Time{Sec: 1767319445, Nsec: 123456789}, `{}`, event.Live},
		{nil, `-1.5`, event.Time{Sec: -2, Nsec: 5e8}, `{}`, event.Live},
		{nil, `-2`, event.Time{Sec: -2}, `{}`, event.Live},
		{nil, `"12:30"`, when, `{"time":"12:30"}`, event.Live},
		{nil, `"2026-01-02T03:04:05Z and more"`, when, `{"time":"2026-01-02T03:04:05Z and more"}`, event.Live},
		{nil, `null`, when, `{"time":null}`, event.Live},
		{nil, `1e9`, when, `{"time":1e9}`, event.Live},
		{nil, `99999999999999999999`, when, `{"time":99999999999999999999}`, event.Live},
		{kind("float"), `"1767319445.5"`, event.Time{Sec: 1767319445, Nsec: 5e8}, `{}`, event.Live},
		{kind("float"), `200000000000`, event.Time{Sec: 2e11}, `{}`, event.Live},
		{kind("unixtime"), `12`, event.Time{Sec: 12}, `{}`, event.Live},
		{kind("float"), `"x"`, when, ``, event.Failed},
		{kind("string"), `"x"`, when, ``, event.Failed},
		{kind("string"), `12`, when, ``, event.Failed},
		{func(c *ParserConfig) { c.Parse.TimeFormat = "%iso8601" }, `"2026-01-02T03:04:05Z"`, event.Time{Sec: 1767323045}, `{}`, event.Live},
		{func(c *ParserConfig) { c.Parse.KeepTimeKey = true }, `12`, event.Time{Sec: 12}, `{"time":12}`, event.Live},
		{func(c *ParserConfig) { c.ReserveTime = true }, `12`, when, `{}`, event.Live},
		{func(c *ParserConfig) { c.Parse.TimeKey = "ts" }, `12`, when, `{"time":12}`, event.Live},
		{func(c *ParserConfig) { c.InjectKeyPrefix = "p" }, `12`, event.Time{Sec: 12}, `{}`, event.Live},
		{func(c *ParserConfig) { c.HashValueField = "h" }, `12`, event.Time{Sec: 12}, `{"h":{}}`, event.Live},
	} {
		p, err := NewParser(config(c.change))
		if err != nil {
			t.Errorf("%s: %v", c.time, err)
			continue
		}
		in := `{"log":` + string(quote.Append(nil, []byte(`{"time":1,"time":`+c.time+`}`))) + `}`
		if c.left == "" {
			c.left = in
		}
		b := apply(t, p, batch, in)
		if r := b.Recs[1]; show(b, 1) != c.left || r.Time != c.want || r.State != c.state {
			t.Errorf("%s: got %s at %v, state %d; want %s at %v", c.time, show(b, 1), r.Time, r.State, c.left, c.want)
		}
	}
}

// The time is looked for among what was parsed, not among what was there.
func TestParserTimeOfOldRecord(t *testing.T) {
	p, err := NewParser(config(func(c *ParserConfig) { c.ReserveData, c.RemoveKeyNameField = true, true }))
	if err != nil {
		t.Fatal(err)
	}
	if b := apply(t, p, batch, `{"time":12,"log":"{\"a\":1}"}`); show(b, 1) != `{"time":12,"a":1}` || b.Recs[1].Time != when {
		t.Errorf("%s at %v", show(b, 1), b.Recs[1].Time)
	}
}

func TestParserRefuses(t *testing.T) {
	for _, c := range []struct {
		change       func(*ParserConfig)
		field, words string
	}{
		{func(c *ParserConfig) { c.KeyName = "" }, "key_name", "missing"},
		{func(c *ParserConfig) { c.KeyName = "$.a[" }, "key_name", "record accessor"},
		{func(c *ParserConfig) { c.Parse.Type = "jsom" }, "parse.type", "write json"},
		{func(c *ParserConfig) { c.Parse.Type = "regexp" }, "parse.expression", "(?<NAME>"},
		{func(c *ParserConfig) { c.Parse.TimeType = "clock" }, "parse.time_type", "write auto"},
		{func(c *ParserConfig) { c.Parse.TimeType = "mixed" }, "parse.time_type", "time_format_fallbacks are empty"},
		{func(c *ParserConfig) { c.Parse.TimeFormat = "%d/%!" }, "parse.time_format", "directive"},
	} {
		_, err := NewParser(config(c.change))
		refused(t, err, c.field, c.words)
	}
}

const structuredLine = `{"stream":"stdout","log":"{\"time\":\"2026-01-02T03:04:05.123456789Z\",\"level\":\"info\",\"msg\":\"request served\",\"status\":200,\"took\":0.031,\"peer\":{\"ip\":\"10.1.2.3\"}}"}`

func jsonParser(t testing.TB) *Parser {
	p, err := NewParser(config(func(c *ParserConfig) { c.ReserveData = true }))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParserConcurrent(t *testing.T) { together(t, jsonParser(t), structuredLine) }

func BenchmarkParser(b *testing.B) { bench(b, jsonParser(b), structuredLine) }
