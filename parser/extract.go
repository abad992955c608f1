package parser

import (
	"sluice/event"
)

// ExtractConfig is Fluentd's <extract>: a record says its own tag or time.
type ExtractConfig struct {
	TagKey      string `conf:"tag_key"`
	KeepTagKey  bool   `conf:"keep_tag_key"`
	TimeKey     string `conf:"time_key"` // the time where <parse> found none
	KeepTimeKey bool   `conf:"keep_time_key"`
	TimeType    string `conf:"time_type,oneof=float|unixtime|string"`
	TimeFormat  string `conf:"time_format"`
	Localtime   bool   `conf:"localtime"`
	UTC         bool   `conf:"utc"`
	Timezone    string `conf:"timezone"`
}

// DefaultExtractConfig is Fluentd's.
func DefaultExtractConfig() ExtractConfig { return ExtractConfig{TimeType: "float", Localtime: true} }

// Extract takes tags and times out of records. It may be used from many
// goroutines at once.
type Extract struct {
	cfg  ExtractConfig
	time timeReader
}

// NewExtract checks the settings; nil: they ask for nothing.
func NewExtract(cfg ExtractConfig) (*Extract, error) {
	switch {
	case cfg.TimeKey == "" && cfg.TimeFormat != "":
		return nil, refuse("time_format", "time_format without time_key says nothing (add time_key NAME)")
	case cfg.TimeKey == "" && cfg.TagKey == "":
		return nil, nil
	}
	x := &Extract{cfg: cfg}
	var err error
	x.time, err = newTimeReader(Config{TimeType: cfg.TimeType, TimeFormat: cfg.TimeFormat, Localtime: cfg.Localtime, UTC: cfg.UTC, Timezone: cfg.Timezone})
	return x, err
}

// Apply gives record i the time that it says, if it has none, and returns the
// tag that it says; empty: none.
func (x *Extract) Apply(b *event.Batch, i int) (tag string) {
	if v, ok := x.field(b, i, x.cfg.TagKey, x.cfg.KeepTagKey); ok {
		tag = string(b.Bytes(v))
	}
	if !b.Recs[i].Time.IsZero() {
		return tag
	}
	if v, ok := x.field(b, i, x.cfg.TimeKey, x.cfg.KeepTimeKey); ok {
		if t, f := x.time.read(b, v); f == timeRead {
			b.Recs[i].Time = t
		} else if !x.cfg.KeepTimeKey { // what is no time stays in the record
			b.Set(i, b.KeyString(x.cfg.TimeKey), v)
		}
	}
	return tag
}

// field takes a field off the record, or reads it.
func (x *Extract) field(b *event.Batch, i int, name string, keep bool) (v event.Value, ok bool) {
	if name == "" {
		return v, false
	}
	key := b.KeyString(name)
	if v, ok = b.Get(i, key); ok && !keep {
		b.Unset(i, key)
	}
	return v, ok
}
