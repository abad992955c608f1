package ruby

import (
	"encoding/binary"
	"math"
	"strconv"

	"sluice/event"
	"sluice/parser"
	"sluice/wire"
)

// load makes a value of one in the batch; an object or array stays as it is.
func load(b *event.Batch, v event.Value) value {
	p := b.Bytes(v)
	var out value
	switch v.Kind {
	case event.Text:
		out = str(view(p))
	case event.JSON:
		out = fromJSON(p)
	default:
		out, _ = fromMsgp(p)
	}
	switch {
	case out.kind == kRaw:
		out.span, out.n = true, int64(v.Off)
	case out.kind == kStr && v.Kind == event.Text:
		out.span, out.n = true, int64(v.Off)
	}
	return out
}

// fromJSON reads one valid JSON value.
func fromJSON(p []byte) value {
	if len(p) == 0 {
		return value{}
	}
	switch p[0] {
	case '"':
		if end, escaped := parser.ScanString(p, 0); end == len(p) && !escaped {
			return str(view(p[1 : len(p)-1]))
		}
		text, _ := parser.AppendUnquoted(nil, p)
		return str(string(text))
	case '{', '[':
		return value{kind: kRaw, enc: event.JSON, s: view(p)}
	case 't':
		return value{kind: kTrue}
	case 'f':
		return value{kind: kFalse}
	case 'n':
		return value{}
	}
	if n, ok := wholeJSON(p); ok {
		return integer(n)
	}
	f, _ := strconv.ParseFloat(view(p), 64) // out of range: infinite
	return float(f)
}

// wholeJSON reads a number without a fraction; unlike strconv's it makes no
// error where there is one.
func wholeJSON(p []byte) (n int64, ok bool) {
	digits := p
	if p[0] == '-' {
		digits = p[1:]
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) > 18 { // it may not fit
		n, err := strconv.ParseInt(view(p), 10, 64)
		return n, err == nil
	}
	if p[0] == '-' {
		n = -n
	}
	return n, true
}

// fromMsgp reads one valid msgpack value and returns its length.
func fromMsgp(p []byte) (v value, n int) {
	h, err := wire.Head(p)
	if err != nil || h.Head+h.Body > len(p) {
		return value{}, len(p)
	}
	n = h.Head + h.Body
	body := p[h.Head:n]
	switch h.Type {
	case wire.Bool:
		return boolean(p[0] == 0xc3), n
	case wire.Int:
		return integer(msgpInt(p[:n])), n
	case wire.Float:
		if len(body) == 4 {
			return float(float64(math.Float32frombits(binary.BigEndian.Uint32(body)))), n
		}
		return float(math.Float64frombits(binary.BigEndian.Uint64(body))), n
	case wire.Str, wire.Bin:
		return str(view(body)), n
	case wire.Array, wire.Map:
		if n, err = wire.Skip(p); err != nil {
			n = len(p)
		}
		return value{kind: kRaw, enc: event.Msgp, s: view(p[:n])}, n
	}
	return value{}, n
}

func msgpInt(p []byte) int64 {
	switch {
	case len(p) == 1:
		return int64(int8(p[0]))
	case p[0] <= 0xcf: // unsigned
		var n uint64
		for _, c := range p[1:] {
			n = n<<8 | uint64(c)
		}
		return int64(min(n, math.MaxInt64))
	}
	n := int64(int8(p[1]))
	for _, c := range p[2:] {
		n = n<<8 | int64(c)
	}
	return n
}

// isMap reports whether a raw value is an object.
func (v value) isMap() bool {
	if v.enc == event.JSON {
		return v.s[0] == '{'
	}
	h, err := wire.Head(bytesOf(v.s))
	return err == nil && h.Type == wire.Map
}

// each visits the members of a raw value, names empty in an array.
func (v value) each(visit func(name, x value)) {
	p := bytesOf(v.s)
	if v.enc == event.JSON {
		m, _ := parser.OpenMembers(p)
		for m.Next() {
			var name value
			if m.Object() {
				if name = str(view(m.Name())); containsByte(name.s, '\\') {
					name.s = string(m.AppendName(nil))
				}
			}
			visit(name, fromJSON(m.Value()))
		}
		return
	}
	h, err := wire.Head(p)
	if err != nil {
		return
	}
	at := h.Head
	for range h.Count {
		var name, x value
		var n int
		if h.Type == wire.Map {
			name, n = fromMsgp(p[at:])
			at += n
		}
		if at >= len(p) {
			return
		}
		x, n = fromMsgp(p[at:])
		at += n
		visit(name, x)
	}
}

func containsByte(s string, c byte) bool {
	for i := range len(s) {
		if s[i] == c {
			return true
		}
	}
	return false
}

// force makes a hash or an array of a raw value, one level deep.
func force(v value) value {
	if v.kind != kRaw {
		return v
	}
	out := value{kind: kArr, o: &object{}}
	if v.isMap() {
		out.kind = kHash
		v.each(func(name, x value) { out.o.set(name, x) })
		return out
	}
	v.each(func(_, x value) { out.o.list = append(out.o.list, x) })
	return out
}

// member finds a raw object's member; of two with one name the last counts.
func (v value) member(name string) (found value, ok bool) {
	p := bytesOf(v.s)
	if v.enc == event.JSON {
		m, _ := parser.OpenMembers(p)
		for m.Next() {
			if m.Named(name) {
				found, ok = fromJSON(m.Value()), true
				if found.kind == kRaw {
					lo, _ := m.Span()
					found.span, found.n = v.span, v.n+int64(lo)
				}
			}
		}
		return found, ok
	}
	v.each(func(k, x value) {
		if (k.kind == kStr) && k.s == name {
			found, ok = x, true
		}
	})
	return found, ok
}
