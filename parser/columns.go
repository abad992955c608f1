package parser

import (
	"bytes"
	"strings"

	"sluice/event"
	"sluice/parser/rubyexp"
)

// ltsv is name:value with tabs between.
type ltsv struct {
	prefix           string
	delimiter, label []byte
	pattern          *rubyexp.Regexp // instead of delimiter
}

func newLTSV(cfg Config) (format, error) {
	f := &ltsv{prefix: cfg.Prefix, delimiter: []byte(or(cfg.Delimiter, "\t")), label: []byte(or(cfg.LabelDelimiter, ":"))}
	if cfg.DelimiterPattern == "" {
		return f, nil
	}
	var err error
	f.pattern, err = expression("delimiter_pattern", cfg.DelimiterPattern, cfg)
	return f, err
}

func (f *ltsv) fields(b *event.Batch, v event.Value, s *scratch) (t event.Time, ok bool) {
	p := bytes.TrimRight(b.Bytes(v), "\r\n")
	for at := 0; at <= len(p); {
		end, next := f.cut(p, at, s)
		if name, _, found := bytes.Cut(p[at:end], f.label); found {
			if b.Full() {
				return t, false
			}
			val := part(v, at+len(name)+len(f.label), end)
			b.Fields = append(b.Fields, event.Field{Key: internKey(b, f.prefix, name), Val: val})
			ok = true
		}
		at = next
	}
	return t, ok
}

// cut returns where the pair at p[at] ends and where the next begins.
func (f *ltsv) cut(p []byte, at int, s *scratch) (end, next int) {
	if f.pattern == nil {
		if n := bytes.Index(p[at:], f.delimiter); n >= 0 {
			return at + n, at + n + len(f.delimiter)
		}
		return len(p), len(p) + 1
	}
	match, ok := f.pattern.Find(s.match[:0], p[at:])
	s.match = match
	if !ok || match[1] == 0 {
		return len(p), len(p) + 1
	}
	return at + match[0], at + match[1]
}

// columns are the values of csv or tsv, named by keys. One that is missing is
// null; those without a name are left out.
type columns struct {
	names     []string
	delimiter []byte
	quoted    bool // csv
}

func newColumns(cfg Config) (format, error) {
	if len(cfg.Keys) == 0 {
		return nil, refuse("keys", "%s needs the columns' names (write keys: [NAME, NAME])", cfg.Type)
	}
	f := &columns{names: prefixed(cfg.Prefix, cfg.Keys), quoted: cfg.Type == "csv", delimiter: []byte(cfg.Delimiter)}
	if len(f.delimiter) == 0 {
		f.delimiter = []byte("\t")
		if f.quoted {
			f.delimiter = []byte(",")
		}
	}
	if f.quoted && strings.Contains(cfg.Delimiter, `"`) {
		return nil, refuse("delimiter", "delimiter cannot hold a quotation mark, which stands around csv's values")
	}
	return f, nil
}

func (f *columns) fields(b *event.Batch, v event.Value, s *scratch) (t event.Time, ok bool) {
	p := bytes.TrimRight(b.Bytes(v), "\r\n")
	if f.quoted && len(p) == 0 {
		return t, false
	}
	at := 0 // beyond the end: no value is left
	for i, name := range f.names {
		val := event.Value{}
		if at > len(p) {
			val = b.PutString("null", event.JSON)
		} else if val, at, ok = f.next(b, v, p, at, i == len(f.names)-1); !ok {
			return t, false
		}
		b.Fields = append(b.Fields, event.Field{Key: s.key(b, i, name), Val: val})
	}
	for f.quoted && at <= len(p) { // what is left must be csv too
		if _, at, ok = f.next(b, v, p, at, false); !ok {
			return t, false
		}
	}
	return t, true
}

// next reads the value at p[at] and returns where the next one begins.
func (f *columns) next(b *event.Batch, v event.Value, p []byte, at int, last bool) (val event.Value, next int, ok bool) {
	if f.quoted && at < len(p) && p[at] == '"' {
		return f.quotedValue(b, v, p, at)
	}
	end := len(p)
	next = end + 1
	if n := bytes.Index(p[at:], f.delimiter); n >= 0 && (f.quoted || !last) { // tsv's last value is all that is left
		end, next = at+n, at+n+len(f.delimiter)
	}
	switch {
	case f.quoted && end == at: // nothing at all is null, "" is not
		return b.PutString("null", event.JSON), next, true
	case f.quoted && bytes.IndexByte(p[at:end], '"') >= 0:
		return val, 0, false
	}
	return part(v, at, end), next, true
}

// quotedValue reads a value in quotes; two within it are one.
func (f *columns) quotedValue(b *event.Batch, v event.Value, p []byte, at int) (val event.Value, next int, ok bool) {
	doubled := false
	i := at + 1
	for {
		n := bytes.IndexByte(p[i:], '"')
		if n < 0 {
			return val, 0, false
		}
		if i += n; i+1 == len(p) || p[i+1] != '"' {
			break
		}
		doubled = true
		i += 2
	}
	val = part(v, at+1, i)
	if doubled {
		from := len(b.Arena)
		for rest := p[at+1 : i]; ; {
			n := bytes.IndexByte(rest, '"')
			if n < 0 {
				b.Arena = append(b.Arena, rest...)
				break
			}
			b.Arena = append(b.Arena, rest[:n+1]...)
			rest = rest[n+2:]
		}
		val = b.Since(from, event.Text)
	}
	switch i++; {
	case i == len(p):
		return val, i + 1, true
	case bytes.HasPrefix(p[i:], f.delimiter):
		return val, i + len(f.delimiter), true
	}
	return val, 0, false
}
