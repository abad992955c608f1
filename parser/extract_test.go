package parser

import (
	"testing"

	"sluice/event"
)

func TestExtract(t *testing.T) {
	config := func(change func(*ExtractConfig)) ExtractConfig {
		c := DefaultExtractConfig()
		c.TagKey, c.TimeKey, c.UTC = "t", "at", true
		if change != nil {
			change(&c)
		}
		return c
	}
	for name, c := range map[string]struct {
		cfg    ExtractConfig
		record string
		before event.Time
		tag    string
		time   event.Time
		left   int // fields
	}{
		"both":            {config(nil), `{"t":"a.b","at":1700000000.5,"m":1}`, event.Time{}, "a.b", event.Time{Sec: 1700000000, Nsec: 500000000}, 1},
		"neither":         {config(nil), `{"m":1}`, event.Time{}, "", event.Time{}, 1},
		"kept":            {config(func(c *ExtractConfig) { c.KeepTagKey, c.KeepTimeKey = true, true }), `{"t":7,"at":"12","m":1}`, event.Time{}, "7", event.Time{Sec: 12}, 3},
		"whole seconds":   {config(func(c *ExtractConfig) { c.TimeType = "unixtime" }), `{"at":12.7}`, event.Time{}, "", event.Time{Sec: 12}, 0},
		"a form":          {config(func(c *ExtractConfig) { c.TimeType, c.TimeFormat = "string", "%d/%m/%Y %H" }), `{"at":"02/01/2026 03"}`, event.Time{}, "", event.Time{Sec: 1767322800}, 0},
		"no time":         {config(nil), `{"at":"x"}`, event.Time{}, "", event.Time{}, 1},
		"a time it has":   {config(nil), `{"at":12}`, event.Time{Sec: 5}, "", event.Time{Sec: 5}, 1},
		"the tag alone":   {config(func(c *ExtractConfig) { c.TimeKey = "" }), `{"t":"x","at":12}`, event.Time{}, "x", event.Time{}, 1},
		"nothing is said": {config(func(c *ExtractConfig) { c.TagKey = "no" }), `{"t":"x"}`, event.Time{}, "", event.Time{}, 1},
	} {
		x, err := NewExtract(c.cfg)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		b := &event.Batch{}
		b.Begin(event.Record{Time: c.before})
		if !ParseObject(b, 0, b.PutString(c.record, event.Text), "") {
			t.Fatal(name)
		}
		if tag := x.Apply(b, 0); tag != c.tag || b.Recs[0].Time != c.time || int(b.Recs[0].NField) != c.left {
			t.Errorf("%s: tag %q, time %v, %d fields left", name, tag, b.Recs[0].Time, b.Recs[0].NField)
		}
	}
	if x, err := NewExtract(DefaultExtractConfig()); x != nil || err != nil {
		t.Errorf("%v, %v", x, err)
	}
	if _, err := NewExtract(ExtractConfig{TimeFormat: "%Y"}); err == nil {
		t.Error("time_format alone was accepted")
	}
}
