package format

import (
	"bytes"
	"unsafe"

	"sluice/event"
	"sluice/wire/quote"
)

// appendObject writes the record as one JSON object.
func appendObject(dst []byte, r *record) []byte {
	dst = append(dst, '{')
	from := len(dst)
	for _, f := range r.fields {
		if name := r.b.Keys[f.Key]; !r.overridden(name) {
			dst = append(quote.Append(dst, bytesOf(name)), ':')
			dst = append(appendValue(dst, r.b.Bytes(f.Val), f.Val.Kind), ',')
		}
	}
	for i := range r.shared {
		if m := &r.shared[i]; !r.overridden(m.name) && !r.own(m.name) {
			dst = append(quote.Append(dst, bytesOf(m.name)), ':')
			dst = append(append(dst, m.json...), ',')
		}
	}
	for i := range r.injected {
		dst = append(quote.Append(dst, bytesOf(r.injected[i].name)), ':')
		dst = append(r.injected[i].append(dst, r), ',')
	}
	if len(dst) > from {
		dst = dst[:len(dst)-1]
	}
	return append(dst, '}')
}

// bytesOf reads a string as bytes, which must not be written to.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// text writes the value of the record's field of that name as a text; nothing
// where there is none.
func (r *record) text(dst []byte, name string) []byte {
	for i := range r.injected {
		if j := &r.injected[i]; j.name == name {
			from := len(dst)
			dst = j.append(dst, r)
			if dst[from] == '"' { // its content
				text := append([]byte(nil), dst[from:]...)
				return appendText(dst[:from], text, event.JSON)
			}
			return dst
		}
	}
	for _, f := range r.fields {
		if r.b.Keys[f.Key] == name {
			return appendText(dst, r.b.Bytes(f.Val), f.Val.Kind)
		}
	}
	for i := range r.shared {
		if r.shared[i].name == name {
			return appendText(dst, r.shared[i].json, event.JSON)
		}
	}
	return dst
}

// single is one field's text.
type single struct{ key string }

func (s *single) append(dst []byte, r *record) []byte { return r.text(dst, s.key) }

// columns are csv and tsv.
type columns struct {
	keys           []string
	delimiter      string
	quotes, always bool // a value may, or does, stand in quotes
}

func (c *columns) append(dst []byte, r *record) []byte {
	for i, key := range c.keys {
		if i > 0 {
			dst = append(dst, c.delimiter...)
		}
		from := len(dst)
		dst = r.text(dst, key)
		if c.quotes && (c.always || c.special(dst[from:])) {
			dst = enclose(dst, from)
		}
	}
	return dst
}

func (c *columns) special(p []byte) bool {
	return bytes.ContainsAny(p, "\"\r\n") || bytes.Contains(p, bytesOf(c.delimiter))
}

// enclose puts dst[from:] in quotes, those within it doubled.
func enclose(dst []byte, from int) []byte {
	n := bytes.Count(dst[from:], []byte{'"'})
	end := len(dst)
	for range n + 2 {
		dst = append(dst, '"')
	}
	at := len(dst) - 2
	for i := end - 1; i >= from; i-- { // from the end, so that nothing is written over before it is read
		dst[at] = dst[i]
		at--
		if dst[i] == '"' {
			dst[at] = '"'
			at--
		}
	}
	dst[from] = '"'
	return dst
}

// ltsv is name:value with tabs between.
type ltsv struct{ delimiter, label, replacement string }

func (l *ltsv) append(dst []byte, r *record) []byte {
	start := len(dst)
	add := func(name string) {
		if len(dst) > start {
			dst = append(dst, l.delimiter...)
		}
		dst = append(append(dst, name...), l.label...)
		from := len(dst)
		dst = r.text(dst, name)
		if bytes.Contains(dst[from:], bytesOf(l.delimiter)) {
			dst = append(dst[:from], bytes.ReplaceAll(dst[from:], bytesOf(l.delimiter), bytesOf(l.replacement))...)
		}
	}
	for _, f := range r.fields {
		if name := r.b.Keys[f.Key]; !r.overridden(name) {
			add(name)
		}
	}
	for i := range r.shared {
		if name := r.shared[i].name; !r.overridden(name) && !r.own(name) {
			add(name)
		}
	}
	for i := range r.injected {
		add(r.injected[i].name)
	}
	return dst
}
