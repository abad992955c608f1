package filter

import (
	"slices"
	"sync"

	"sluice/event"
	"sluice/parser"
)

// ParserConfig is Fluentd's filter parser: a field's text becomes the record,
// or part of it.
type ParserConfig struct {
	KeyName                  string      `conf:"key_name,required"`            // what to parse: a field, or $.a.b
	ReserveData              bool        `conf:"reserve_data"`                 // keep the record's fields beside those parsed
	ReserveTime              bool        `conf:"reserve_time"`                 // keep the record's time
	RemoveKeyNameField       bool        `conf:"remove_key_name_field"`        // with reserve_data: all but key_name
	InjectKeyPrefix          string      `conf:"inject_key_prefix"`            // before each parsed name
	HashValueField           string      `conf:"hash_value_field"`             // put the parsed object, whole, into this field
	EmitInvalidRecordToError bool        `conf:"emit_invalid_record_to_error"` // what cannot be parsed is Failed
	Parse                    ParseConfig `conf:"parse"`
}

// ParseConfig says what the text is.
type ParseConfig struct {
	Type        string `conf:"type,required,oneof=json"`
	TimeKey     string `conf:"time_key"`      // the parsed field with the time; empty: none
	KeepTimeKey bool   `conf:"keep_time_key"` // else it is removed, once it was read
	// auto: RFC 3339 if it is a text; a number is Unix seconds, or from 1e11 on
	// milli-, micro- or nanoseconds. What cannot be read stays a field, while
	// under the other types, as in Fluentd, such a record is invalid.
	TimeType   string `conf:"time_type,oneof=auto|float|unixtime|string"`
	TimeFormat string `conf:"time_format"` // of string: %iso8601, or a form of it
}

// DefaultParserConfig is Fluentd's but for the time's type, which there is
// float and reads 2026-01-02 as 2,026 seconds.
func DefaultParserConfig() ParserConfig {
	return ParserConfig{EmitInvalidRecordToError: true, Parse: ParseConfig{TimeKey: "time", TimeType: "auto"}}
}

// Parser parses a field's text into fields.
type Parser struct {
	cfg      ParserConfig
	key      accessor
	timeName string        // with its prefix
	time     []parser.Step // the way to the time within the object
	pool     sync.Pool     // of *parserRun
}

// parserRun is what one call of Apply needs.
type parserRun struct {
	text            reader
	key, time, hash uint16
}

// NewParser checks the settings. Its error is a FieldError.
func NewParser(cfg ParserConfig) (*Parser, error) {
	key, err := parseAccessor(cfg.KeyName)
	switch {
	case err != nil:
		return nil, refuse("key_name", "%w", err)
	case cfg.RemoveKeyNameField && len(key.below) > 0:
		return nil, refuse("remove_key_name_field", "cannot remove %s, which lies within the field %s; parse a field of its own, or leave it", cfg.KeyName, key.top)
	case cfg.HashValueField != "" && cfg.InjectKeyPrefix != "":
		return nil, refuse("inject_key_prefix", "cannot put a prefix before names within hash_value_field; leave out one of the two")
	case cfg.Parse.Type != "json":
		return nil, refuse("parse.type", "type %q is not supported; write json", cfg.Parse.Type)
	}
	switch cfg.Parse.TimeType {
	case "auto", "float", "unixtime", "string":
	default:
		return nil, refuse("parse.time_type", "type %q is not supported; write auto, float, unixtime or string", cfg.Parse.TimeType)
	}
	switch cfg.Parse.TimeFormat {
	case "":
	case "%iso8601", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%:z", "%Y-%m-%dT%H:%M:%SZ",
		"%Y-%m-%dT%H:%M:%S.%N%z", "%Y-%m-%dT%H:%M:%S.%L%z", "%Y-%m-%dT%H:%M:%S.%NZ", "%Y-%m-%dT%H:%M:%S.%LZ":
		cfg.Parse.TimeType = "string" // as in Fluentd: a format makes it one
	default:
		return nil, refuse("parse.time_format", "format %q is not supported; write %%iso8601, which is RFC 3339", cfg.Parse.TimeFormat)
	}
	p := &Parser{cfg: cfg, key: key, timeName: cfg.InjectKeyPrefix + cfg.Parse.TimeKey, time: []parser.Step{{Name: cfg.Parse.TimeKey, Index: -1}}}
	p.pool.New = func() any { return &parserRun{} }
	return p, nil
}

// Apply parses every live record. What cannot be parsed, because the field is
// missing, no text, or not one JSON object, is Failed under
// emit_invalid_record_to_error; else it stays as it is under reserve_data, and
// is Dropped without, as in Fluentd.
func (p *Parser) Apply(b *event.Batch) {
	if !anyLive(b) {
		return
	}
	run := p.pool.Get().(*parserRun)
	defer p.pool.Put(run)
	run.text = p.key.on(b)
	run.key = run.text.key
	run.time = b.KeyString(p.timeName)
	run.hash = run.key
	if p.cfg.HashValueField != "" {
		run.hash = b.KeyString(p.cfg.HashValueField)
	}
	for i := range b.Recs {
		switch r := &b.Recs[i]; {
		case r.State != event.Live || p.parse(b, i, run):
		case p.cfg.EmitInvalidRecordToError:
			r.State = event.Failed
		case !p.cfg.ReserveData:
			r.State = event.Dropped
		}
	}
}

// parse gives record i its new fields, built at the end of b.Fields. Where it
// returns false the record is as before.
func (p *Parser) parse(b *event.Batch, i int, run *parserRun) bool {
	v, ok := run.text.get(b, i)
	if ok {
		v, ok = textOf(b, v)
	}
	if !ok {
		return false
	}
	r, from := &b.Recs[i], len(b.Fields)
	if p.cfg.ReserveData {
		b.Fields = append(b.Fields, b.FieldsOf(i)...)
		if p.cfg.RemoveKeyNameField {
			b.Fields = without(b.Fields, from, run.key)
		}
	}
	t, ok := p.members(b, v, run)
	if !ok {
		b.Fields = b.Fields[:from]
		return false
	}
	if !t.IsZero() && !p.cfg.ReserveTime {
		r.Time = t
	}
	n := parser.LastWins(b.Fields[from:])
	b.Fields = b.Fields[:from+n]
	r.Field0, r.NField = uint32(from), uint16(n)
	return true
}

// members appends the fields that the text v holds and returns the time among
// them, zero if there is none.
func (p *Parser) members(b *event.Batch, v event.Value, run *parserRun) (t event.Time, ok bool) {
	if p.cfg.HashValueField != "" {
		lo, hi, ok := parser.ObjectSpan(b.Bytes(v))
		if !ok {
			return t, false
		}
		v = event.Value{Off: v.Off + uint32(lo), Len: uint32(hi - lo), Kind: event.JSON}
		b.Fields = append(b.Fields, event.Field{Key: run.hash, Val: v})
		if v, ok = parser.Lookup(b, v, p.time); ok && p.cfg.Parse.TimeKey != "" {
			return p.readTime(b, v)
		}
		return t, true
	}
	from := len(b.Fields)
	if !parser.AppendMembers(b, v, p.cfg.InjectKeyPrefix) {
		return t, false
	}
	for _, f := range slices.Backward(b.Fields[from:]) { // of two the last counts
		if f.Key == run.time && p.cfg.Parse.TimeKey != "" {
			if t, ok = p.readTime(b, f.Val); ok && !t.IsZero() && !p.cfg.Parse.KeepTimeKey {
				b.Fields = without(b.Fields, from, run.time)
			}
			return t, ok
		}
	}
	return t, true
}

// readTime reads a time as settings say. Under auto what is none is no
// mistake: the time is zero.
func (p *Parser) readTime(b *event.Batch, v event.Value) (t event.Time, ok bool) {
	text, kind := b.Bytes(v), p.cfg.Parse.TimeType
	if kind == "string" || kind == "auto" && v.Kind == event.Text {
		var n int
		t, n, ok = parser.RFC3339(text)
		ok = ok && n == len(text)
	} else {
		t, ok = unixTime(text, kind == "auto")
	}
	if !ok {
		return event.Time{}, kind == "auto"
	}
	return t, true
}

// without removes the fields of that key from fs[from:].
func without(fs []event.Field, from int, key uint16) []event.Field {
	kept := fs[:from]
	for _, f := range fs[from:] {
		if f.Key != key {
			kept = append(kept, f)
		}
	}
	return kept
}
