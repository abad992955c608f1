package parser

import (
	"strings"

	"sluice/event"
)

// jsonFormat is one JSON object.
type jsonFormat struct{ prefix string }

func (f jsonFormat) fields(b *event.Batch, v event.Value, _ *scratch) (t event.Time, ok bool) {
	return t, AppendMembers(b, v, f.prefix)
}

// none makes the whole text a field.
type none struct{ name string }

func (f none) fields(b *event.Batch, v event.Value, s *scratch) (t event.Time, ok bool) {
	v.Kind = event.Text
	b.Fields = append(b.Fields, event.Field{Key: s.key(b, 0, f.name), Val: v})
	return t, true
}

// internKey interns a name that the text holds. The arena's end serves as
// scratch.
func internKey(b *event.Batch, prefix string, name []byte) uint16 {
	if prefix == "" {
		return b.Key(name)
	}
	end := len(b.Arena)
	b.Arena = append(append(b.Arena, prefix...), name...)
	key := b.Key(b.Arena[end:])
	b.Arena = b.Arena[:end]
	return key
}

// logfmt is name=value with blanks between; a value may stand in quotes, with
// escapes, and a name without a value is true.
type logfmt struct{ prefix string }

func (f logfmt) fields(b *event.Batch, v event.Value, _ *scratch) (t event.Time, ok bool) {
	p := b.Bytes(v)
	found := false
	for i := 0; ; {
		for i < len(p) && p[i] <= ' ' {
			i++
		}
		from := i
		for i < len(p) && p[i] > ' ' && p[i] != '=' {
			i++
		}
		switch {
		case b.Full():
			return t, false
		case i == from && i == len(p):
			return t, found
		case i == from:
			return t, false // a value without a name
		}
		key := internKey(b, f.prefix, p[from:i])
		val := event.Value{}
		if i < len(p) && p[i] == '=' {
			if val, i = logfmtValue(b, v, p, i+1); i < 0 {
				return t, false
			}
			found = true
		} else {
			val = b.PutString("true", event.JSON)
		}
		b.Fields = append(b.Fields, event.Field{Key: key, Val: val})
	}
}

// logfmtValue reads the value at p[i] and returns where it ends, -1 if its
// quotes do not.
func logfmtValue(b *event.Batch, v event.Value, p []byte, i int) (val event.Value, end int) {
	from := i
	if i == len(p) || p[i] != '"' {
		for i < len(p) && p[i] > ' ' {
			i++
		}
		return part(v, from, i), i
	}
	escaped := false
	for i++; i < len(p) && p[i] != '"'; i++ {
		if p[i] == '\\' {
			escaped = true
			i++
		}
	}
	if i >= len(p) {
		return val, -1
	}
	if !escaped {
		return part(v, from+1, i), i + 1
	}
	at := len(b.Arena)
	if n, plain := skipString(p, from+1); n == i+1 && plain {
		b.Arena = appendUnescaped(b.Arena, p[from+1:i])
	} else { // escapes that JSON does not have: what follows the backslash
		b.Arena = appendLoose(b.Arena, p[from+1:i])
	}
	return b.Since(at, event.Text), i + 1
}

func appendLoose(dst, s []byte) []byte {
	const letters, stand = "nrt", "\n\r\t"
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' && i+1 < len(s) {
			i++
			c = s[i]
			if n := strings.IndexByte(letters, c); n >= 0 {
				c = stand[n]
			}
		}
		dst = append(dst, c)
	}
	return dst
}
