package parser

import (
	"slices"
	"strings"
	"sync"

	"sluice/event"
	"sluice/parser/rubyexp"
	"sluice/setting"
)

// Parser turns a text of one format into fields. It may be used from many
// goroutines at once.
type Parser struct {
	format      format
	patterns    []*Parser // of multi; then nothing else counts
	timeKey     string    // with the prefix
	keepTime    bool
	time        timeReader
	conversions []conversion
	null        *rubyexp.Regexp
	nullEmpty   bool
	warnings    []string
	pool        sync.Pool // of *scratch
}

// format reads the fields of a text of one kind. It appends them to b.Fields,
// where they belong to no record yet; a name may repeat, then the last counts.
// Where it knows the time itself it returns it. Where it returns false, what
// it appended does not count.
type format interface {
	fields(b *event.Batch, v event.Value, s *scratch) (t event.Time, ok bool)
}

// scratch is what one call of Parse needs.
type scratch struct {
	match []int
	keys  []uint16 // of names asked for before, to be tried first
	last  lastTime
}

// key interns the i-th of a format's names. Batch after batch names have the
// same numbers, so the last answer is tried first.
func (s *scratch) key(b *event.Batch, i int, name string) uint16 {
	for len(s.keys) <= i {
		s.keys = append(s.keys, 0)
	}
	if k := s.keys[i]; int(k) < len(b.Keys) && b.Keys[k] == name {
		return k
	}
	s.keys[i] = b.KeyString(name)
	return s.keys[i]
}

// New makes the parser that cfg describes. Its error is a setting.Error.
func New(cfg Config) (*Parser, error) {
	cfg.Type = strings.TrimPrefix(or(cfg.Type, cfg.Format), "@")
	if cfg.Type == "multi" || cfg.Type == "multi_format" {
		return newMulti(cfg)
	}
	p := &Parser{keepTime: cfg.KeepTimeKey, nullEmpty: cfg.NullEmptyString}
	p.pool.New = func() any { return &scratch{} }
	name := cfg.TimeKey
	if name == "" && cfg.Type != "csv" && cfg.Type != "tsv" {
		name = "time"
	}
	if name != "" {
		p.timeKey = cfg.Prefix + name
	}
	defaultTimes(&cfg)
	var err error
	if p.format, err = build(cfg); err != nil {
		return nil, err
	}
	if p.time, err = newTimeReader(cfg); err != nil {
		return nil, err
	}
	if p.conversions, err = conversions(cfg); err != nil {
		return nil, err
	}
	if cfg.NullValuePattern != "" {
		if p.null, err = expression("null_value_pattern", cfg.NullValuePattern, cfg); err != nil {
			return nil, err
		}
	}
	p.collectWarnings()
	return p, nil
}

// defaultTimes sets the form in which a format always writes its time.
func defaultTimes(cfg *Config) {
	if cfg.TimeFormat != "" {
		return
	}
	switch cfg.Type {
	case "apache", "apache2", "nginx":
		cfg.TimeFormat = "%d/%b/%Y:%H:%M:%S %z"
	case "klog":
		cfg.TimeFormat = "%m%d %H:%M:%S.%N"
	}
}

func newMulti(cfg Config) (*Parser, error) {
	if len(cfg.Pattern) == 0 {
		return nil, refuse("pattern", "multi has no pattern (write pattern: [{ type: ... }])")
	}
	p := &Parser{}
	for i, sub := range cfg.Pattern {
		sub.Prefix, sub.Now = cfg.Prefix, cfg.Now
		one, err := New(complete(sub))
		if err != nil {
			return nil, setting.Below("pattern["+string(appendUint(nil, i))+"]", err)
		}
		p.patterns = append(p.patterns, one)
		p.warnings = append(p.warnings, one.warnings...)
	}
	return p, nil
}

// complete gives a Config that nobody gave defaults those that are not a
// field's zero value.
func complete(c Config) Config {
	if c.TimeType == "" {
		c.TimeType, c.MessageFormat, c.Localtime = "auto", or(c.MessageFormat, "rfc3164"), !c.UTC
	}
	return c
}

// Warnings says what a user should know of the settings: an expression that
// is slow.
func (p *Parser) Warnings() []string { return p.warnings }

func (p *Parser) collectWarnings() {
	if f, ok := p.format.(interface{ warnings() []string }); ok {
		p.warnings = append(p.warnings, f.warnings()...)
	}
	if p.null != nil && p.null.Warning() != "" {
		p.warnings = append(p.warnings, p.null.Warning())
	}
}

// Parse appends the fields that v holds to b.Fields, where they belong to no
// record yet, and returns the time that v says, zero if it says none. Values
// are spans of v or of the arena's end. Where it returns false v is not in the
// format, and b is as before.
func (p *Parser) Parse(b *event.Batch, v event.Value) (t event.Time, ok bool) {
	for _, one := range p.patterns {
		if t, ok = one.Parse(b, v); ok {
			return t, true
		}
	}
	if p.patterns != nil {
		return event.Time{}, false
	}
	s := p.pool.Get().(*scratch)
	from, arena := len(b.Fields), len(b.Arena)
	t, ok = p.format.fields(b, v, s)
	if ok {
		b.Fields = b.Fields[:from+LastWins(b.Fields[from:])]
		t, ok = p.finish(b, from, t, s)
	}
	if !ok {
		b.Fields, b.Arena = b.Fields[:from], b.Arena[:arena]
	}
	p.pool.Put(s)
	return t, ok
}

// Into parses v into record i of b: its fields become those of v, and its time
// the one that v says, if it says one. Where it returns false the record is as
// before.
func (p *Parser) Into(b *event.Batch, i int, v event.Value) bool {
	from := len(b.Fields)
	t, ok := p.Parse(b, v)
	if !ok {
		return false
	}
	r := &b.Recs[i]
	r.Field0, r.NField = uint32(from), uint16(len(b.Fields)-from)
	if !t.IsZero() {
		r.Time = t
	}
	return true
}

// finish takes the time out of the fields from b.Fields[from] on and gives the
// others their types.
func (p *Parser) finish(b *event.Batch, from int, t event.Time, s *scratch) (event.Time, bool) {
	if t.IsZero() && p.timeKey != "" {
		at := slices.IndexFunc(b.Fields[from:], func(f event.Field) bool { return b.Keys[f.Key] == p.timeKey })
		if at >= 0 {
			found, fate := p.time.readAfter(&s.last, b, b.Fields[from+at].Val)
			if fate == timeInvalid {
				return t, false
			}
			t = found
			if fate == timeRead && !p.keepTime {
				b.Fields = slices.Delete(b.Fields, from+at, from+at+1)
			}
		}
	}
	if p.null == nil && !p.nullEmpty && len(p.conversions) == 0 {
		return t, true
	}
	for i := from; i < len(b.Fields); i++ {
		f := &b.Fields[i]
		if f.Val.Kind == event.Text && p.isNull(b.Bytes(f.Val)) {
			f.Val = b.PutString("null", event.JSON)
			continue
		}
		for j := range p.conversions {
			if c := &p.conversions[j]; c.name == b.Keys[f.Key] {
				f.Val = c.convert(b, f.Val)
			}
		}
	}
	return t, true
}

func (p *Parser) isNull(text []byte) bool {
	return p.nullEmpty && len(text) == 0 || p.null != nil && p.null.Match(text)
}
