package filter

import (
	"sync"
	"unicode/utf8"

	"sluice/event"
	"sluice/parser"
	"sluice/setting"
	"sluice/wire/quote"
)

// ParserConfig is Fluentd's filter parser: a field's text becomes the record,
// or part of it.
type ParserConfig struct {
	KeyName                  string        `conf:"key_name,required"`            // what to parse: a field, or $.a.b
	ReserveData              bool          `conf:"reserve_data"`                 // keep the record's fields beside those parsed
	ReserveTime              bool          `conf:"reserve_time"`                 // keep the record's time
	RemoveKeyNameField       bool          `conf:"remove_key_name_field"`        // with reserve_data: all but what key_name names
	InjectKeyPrefix          string        `conf:"inject_key_prefix"`            // before each parsed name
	HashValueField           string        `conf:"hash_value_field"`             // put what was parsed, as an object, into this field
	ReplaceInvalidSequence   bool          `conf:"replace_invalid_sequence"`     // bytes that are no UTF-8 become ? before parsing
	EmitInvalidRecordToError bool          `conf:"emit_invalid_record_to_error"` // what cannot be parsed is Failed
	Parse                    parser.Config `conf:"parse"`
}

// DefaultParserConfig is Fluentd's, with parser.DefaultConfig.
func DefaultParserConfig() ParserConfig {
	return ParserConfig{EmitInvalidRecordToError: true, Parse: parser.DefaultConfig()}
}

// Parser parses a field's text into fields.
type Parser struct {
	cfg   ParserConfig
	key   accessor
	parse *parser.Parser
	pool  sync.Pool // of *parserRun
}

// parserRun is what one call of Apply needs.
type parserRun struct {
	text      reader
	key, hash uint16
	parts     []event.Value // of a JSON array
}

// NewParser checks the settings. Its error is a setting.Error.
func NewParser(cfg ParserConfig) (*Parser, error) {
	key, err := parseAccessor(cfg.KeyName)
	if err != nil {
		return nil, refuse("key_name", "%w", err)
	}
	cfg.Parse.Prefix = cfg.InjectKeyPrefix
	p := &Parser{cfg: cfg, key: key}
	p.pool.New = func() any { return &parserRun{} }
	if p.parse, err = parser.New(cfg.Parse); err != nil {
		return nil, setting.Below("parse", err)
	}
	return p, nil
}

// Warnings says what a user should know of the settings: an expression that is
// slow.
func (p *Parser) Warnings() []string { return p.parse.Warnings() }

// Apply parses every live record. What cannot be parsed, because the field is
// missing, no text, or not in the format, is Failed under
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
	if p.cfg.HashValueField != "" {
		run.hash = b.KeyString(p.cfg.HashValueField)
	}
	for i := range b.Recs { // those that are there now: more may come
		switch {
		case b.Recs[i].State != event.Live || p.record(b, i, run):
		case p.cfg.EmitInvalidRecordToError:
			b.Recs[i].State = event.Failed
		case !p.cfg.ReserveData:
			b.Recs[i].State = event.Dropped
		}
	}
}

// record gives record i its new fields, built at the end of b.Fields. Where it
// returns false the record is as before.
func (p *Parser) record(b *event.Batch, i int, run *parserRun) bool {
	v, ok := run.text.get(b, i)
	if ok {
		v, ok = textOf(b, v)
	}
	if !ok {
		return false
	}
	if p.cfg.ReplaceInvalidSequence {
		v = scrub(b, v)
	}
	if v.Len > 0 && p.cfg.Parse.Type == "json" && b.Arena[v.Off] == '[' {
		return p.array(b, i, v, run)
	}
	return p.into(b, i, v, run)
}

// into parses v into record i; false as record.
func (p *Parser) into(b *event.Batch, i int, v event.Value, run *parserRun) bool {
	r, from := &b.Recs[i], len(b.Fields)
	if p.cfg.ReserveData {
		b.Fields = append(b.Fields, b.FieldsOf(i)...)
		if p.cfg.RemoveKeyNameField && len(p.key.below) == 0 {
			b.Fields = without(b.Fields, from, run.key)
		}
	}
	parsed := len(b.Fields)
	t, ok := p.parse.Parse(b, v)
	if !ok {
		b.Fields = b.Fields[:from]
		return false
	}
	if p.cfg.RemoveKeyNameField {
		p.prune(b, b.Fields[from:parsed], run.key)
	}
	if p.cfg.HashValueField != "" {
		object := hash(b, b.Fields[parsed:])
		b.Fields = append(b.Fields[:parsed], event.Field{Key: run.hash, Val: object})
	}
	if !t.IsZero() && !p.cfg.ReserveTime {
		r.Time = t
	}
	n := parser.LastWins(b.Fields[from:])
	b.Fields = b.Fields[:from+n]
	r.Field0, r.NField = uint32(from), uint16(n)
	return true
}

// prune takes what was parsed out of the object of fields in which it lay.
func (p *Parser) prune(b *event.Batch, fields []event.Field, key uint16) {
	for i := range fields {
		if f := &fields[i]; f.Key == key && len(p.key.below) > 0 {
			f.Val, _ = pruned(b, f.Val, p.key.below)
		}
	}
}

// hash writes fields as one JSON object to the arena's end.
func hash(b *event.Batch, fields []event.Field) event.Value {
	at := len(b.Arena)
	b.Arena = append(b.Arena, '{')
	for i, f := range fields {
		if i > 0 {
			b.Arena = append(b.Arena, ',')
		}
		b.Arena = append(quote.Append(b.Arena, []byte(b.Keys[f.Key])), ':')
		if f.Val.Kind == event.Text {
			b.Arena = quote.Append(b.Arena, b.Bytes(f.Val))
		} else {
			b.Arena = append(b.Arena, b.Bytes(f.Val)...)
		}
	}
	b.Arena = append(b.Arena, '}')
	return b.Since(at, event.JSON)
}

// scrub is v with a question mark for each byte that is no UTF-8.
func scrub(b *event.Batch, v event.Value) event.Value {
	p := b.Bytes(v)
	if utf8.Valid(p) {
		return v
	}
	at := len(b.Arena)
	for len(p) > 0 {
		r, n := utf8.DecodeRune(p)
		if r == utf8.RuneError && n == 1 {
			b.Arena = append(b.Arena, '?')
		} else {
			b.Arena = append(b.Arena, p[:n]...)
		}
		p = p[n:]
	}
	return b.Since(at, event.Text)
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
