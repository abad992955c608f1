package parser

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sluice/event"
	"sluice/parser/timefmt"
	"sluice/setting"
	"sluice/wire/quote"
)

// conversion gives one field its type.
type conversion struct {
	name      string // with the prefix
	kind      string
	delimiter string     // of array
	time      timeReader // of time
}

// conversions reads the setting types: a:integer,b:time:%d/%b/%Y or a JSON
// object.
func conversions(cfg Config) (list []conversion, err error) {
	pairs := map[string]string{}
	switch text := strings.TrimSpace(cfg.Types); {
	case text == "":
		return nil, nil
	case text[0] == '{':
		if err := json.Unmarshal([]byte(text), &pairs); err != nil {
			return nil, refuse("types", "cannot read types as a JSON object of texts: %w", err)
		}
	default:
		for pair := range strings.SplitSeq(text, ",") {
			name, kind, ok := strings.Cut(strings.TrimSpace(pair), ":")
			if !ok {
				return nil, refuse("types", "cannot read %q in types (write NAME:TYPE,NAME:TYPE)", pair)
			}
			pairs[name] = kind
		}
	}
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		c := conversion{name: cfg.Prefix + name}
		kind, option, _ := strings.Cut(pairs[name], ":")
		c.kind = kind
		switch kind {
		case "string", "integer", "float", "bool":
		case "array":
			c.delimiter = or(option, ",")
		case "time":
			if c.time, err = timeType(option, cfg); err != nil {
				return nil, err
			}
		default:
			return nil, refuse("types", "there is no type %q, which the field %s should have (write string, integer, float, bool, time or array)", kind, name)
		}
		list = append(list, c)
	}
	return list, nil
}

// timeType reads [TIMEZONE:]FORM, where FORM may be unixtime or float.
func timeType(option string, cfg Config) (timeReader, error) {
	sub := Config{TimeType: "string", Localtime: cfg.Localtime, UTC: cfg.UTC, Timezone: cfg.Timezone, Now: cfg.Now}
	zone, form, two := strings.Cut(option, ":")
	if _, err := timefmt.Zone(zone); err == nil && two {
		sub.Timezone, option = zone, form
	}
	if option == "unixtime" || option == "float" {
		sub.TimeType = option
	} else {
		sub.TimeFormat = option
	}
	r, err := newTimeReader(sub)
	if err != nil {
		return r, setting.Because("types", err)
	}
	return r, nil
}

// convert gives v the type, as Ruby's to_i, to_f and the like: what is no
// number is 0. null stays null.
func (c *conversion) convert(b *event.Batch, v event.Value) event.Value {
	p := b.Bytes(v)
	if v.Kind == event.JSON && string(p) == "null" {
		return v
	}
	switch c.kind {
	case "string":
		v.Kind = event.Text
		return v
	case "integer":
		return toInteger(b, v, p)
	case "float":
		return toFloat(b, v, p)
	case "bool":
		if string(p) == "1" || equalFold(p, "true") || equalFold(p, "yes") {
			return b.PutString("true", event.JSON)
		}
		return b.PutString("false", event.JSON)
	case "time": // in a record Fluentd writes a time as whole seconds
		t, fate := c.time.read(b, v)
		if fate != timeRead {
			return b.PutString("null", event.JSON)
		}
		at := len(b.Arena)
		b.Arena = strconv.AppendInt(b.Arena, t.Sec, 10)
		return b.Since(at, event.JSON)
	}
	return c.split(b, v, p)
}

// toInteger is the number at the start of p: a span of it, without a plus sign
// and leading zeros, which JSON does not allow.
func toInteger(b *event.Batch, v event.Value, p []byte) event.Value {
	i := skipSpace(p, 0)
	negative := i < len(p) && p[i] == '-'
	if i < len(p) && (negative || p[i] == '+') {
		i++
	}
	for i+1 < len(p) && p[i] == '0' && p[i+1]-'0' <= 9 {
		i++
	}
	end := i
	for end < len(p) && p[end]-'0' <= 9 {
		end++
	}
	if end == i {
		return b.PutString("0", event.JSON)
	}
	if v.Kind == event.JSON && end < len(p) && p[end]|0x20 == 'e' {
		if f, err := strconv.ParseFloat(string(p), 64); err == nil && f < 1e18 && f > -1e18 {
			at := len(b.Arena)
			b.Arena = strconv.AppendInt(b.Arena, int64(f), 10)
			return b.Since(at, event.JSON)
		}
	}
	if negative && p[i-1] != '-' { // zeros stand between
		at := len(b.Arena)
		b.Arena = append(append(b.Arena, '-'), p[i:end]...)
		return b.Since(at, event.JSON)
	}
	if negative {
		i--
	}
	return event.Value{Off: v.Off + uint32(i), Len: uint32(end - i), Kind: event.JSON}
}

// toFloat is the number at the start of p, with a point, as Ruby writes it.
func toFloat(b *event.Batch, v event.Value, p []byte) event.Value {
	i := skipSpace(p, 0)
	if i < len(p) && p[i] == '+' {
		i++
	}
	end, point := floatEnd(p, i)
	if _, err := strconv.ParseFloat(string(p[i:end]), 64); err != nil || end == i {
		return b.PutString("0.0", event.JSON)
	}
	if skipNumber(p[:end], i) == end && point {
		return event.Value{Off: v.Off + uint32(i), Len: uint32(end - i), Kind: event.JSON}
	}
	f, _ := strconv.ParseFloat(string(p[i:end]), 64)
	at := len(b.Arena)
	b.Arena = strconv.AppendFloat(b.Arena, f, 'g', -1, 64)
	if !bytes.ContainsAny(b.Arena[at:], ".e") {
		b.Arena = append(b.Arena, ".0"...)
	}
	return b.Since(at, event.JSON)
}

// floatEnd is where the number at p[i] ends, and whether it has a point or an
// exponent.
func floatEnd(p []byte, i int) (end int, point bool) {
	end = i
	if end < len(p) && p[end] == '-' {
		end++
	}
	digits := end
	for end < len(p) && p[end]-'0' <= 9 {
		end++
	}
	if end == digits && !(end < len(p) && p[end] == '.') {
		return i, false
	}
	if end+1 < len(p) && p[end] == '.' && p[end+1]-'0' <= 9 {
		end++
		point = true
		for end < len(p) && p[end]-'0' <= 9 {
			end++
		}
	}
	if e := end; e < len(p) && p[e]|0x20 == 'e' {
		e++
		if e < len(p) && (p[e] == '-' || p[e] == '+') {
			e++
		}
		if n := skipDigits(p, e); n > 0 {
			return n, true
		}
	}
	return end, point
}

// split writes the parts between delimiters as a JSON array of texts; empty
// ones at the end are left out, as in Ruby.
func (c *conversion) split(b *event.Batch, v event.Value, p []byte) event.Value {
	if v.Kind == event.JSON && len(p) > 0 && p[0] == '[' {
		return v
	}
	for bytes.HasSuffix(p, []byte(c.delimiter)) {
		p = p[:len(p)-len(c.delimiter)]
	}
	at := len(b.Arena)
	b.Arena = append(b.Arena, '[')
	for first := true; len(p) > 0 || !first && p != nil; first = false {
		if !first {
			b.Arena = append(b.Arena, ',')
		}
		part, rest, more := bytes.Cut(p, []byte(c.delimiter))
		b.Arena = quote.Append(b.Arena, part)
		p = rest
		if !more {
			break
		}
	}
	b.Arena = append(b.Arena, ']')
	return b.Since(at, event.JSON)
}

func equalFold(p []byte, lower string) bool {
	if len(p) != len(lower) {
		return false
	}
	for i, c := range p {
		if c|0x20 != lower[i] {
			return false
		}
	}
	return true
}

func appendUint(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }
