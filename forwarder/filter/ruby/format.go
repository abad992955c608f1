package ruby

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// formatArgs are the arguments of a text's %.
func formatArgs(v value) []value {
	if v = forceArray(v); v.kind == kArr {
		return v.o.list
	}
	return []value{v}
}

// verb is one %-05.2f of a format.
type verb struct {
	minus, zero, plus, space bool
	width, precision         int // precision -1: none
	name                     string
	braces                   bool
}

// format is Kernel#format with the verbs d i u f e g s p x X o b c and %.
func (e *Env) format(f string, args []value) value {
	from := len(e.scratch)
	next := 0
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			e.scratch = append(e.scratch, f[i])
			continue
		}
		var w verb
		i = w.parse(f, i+1)
		if w.braces {
			e.scratch = appendText(e.scratch, named(args, w.name))
			continue
		}
		if i >= len(f) {
			return e.fail("ArgumentError", "incomplete format specifier; use %% (double %) instead")
		}
		if f[i] == '%' {
			e.scratch = append(e.scratch, '%')
			continue
		}
		var v value
		switch {
		case w.name != "":
			v = named(args, w.name)
		case next >= len(args):
			return e.fail("ArgumentError", "too few arguments")
		default:
			v = args[next]
			next++
		}
		if !e.appendVerb(&w, f[i], v) {
			return e.failf("ArgumentError", "cannot format %s with %%%c", kindNames[v.kind], f[i])
		}
		if len(e.scratch) > maxScratch {
			return e.fail("RangeError", "the text is too large")
		}
	}
	return e.taken(from)
}

func (w *verb) parse(f string, i int) int {
	w.precision = -1
	dot := false
	for ; i < len(f); i++ {
		switch c := f[i]; {
		case c == '-':
			w.minus = true
		case c == '+':
			w.plus = true
		case c == ' ':
			w.space = true
		case c == '0' && w.width == 0 && !dot:
			w.zero = true
		case c >= '0' && c <= '9' && dot:
			w.precision = min(w.precision*10+int(c-'0'), 100)
		case c >= '0' && c <= '9':
			w.width = min(w.width*10+int(c-'0'), 1<<16)
		case c == '.':
			dot, w.precision = true, 0
		case (c == '<' || c == '{') && strings.IndexByte(f[i:], c+2) > 0 && w.name == "": // <> and {} are two apart
			end := i + strings.IndexByte(f[i:], c+2)
			w.name, w.braces = f[i+1:end], c == '{'
			if i = end; w.braces {
				return i
			}
		default:
			return i
		}
	}
	return i
}

func named(args []value, name string) value {
	if len(args) == 0 {
		return value{}
	}
	h := force(args[0])
	if h.kind != kHash {
		return value{}
	}
	if v, ok := h.o.get(value{kind: kSym, s: name}); ok {
		return v
	}
	v, _ := h.o.get(str(name))
	return v
}

func (e *Env) appendVerb(w *verb, c byte, v value) bool {
	var text []byte
	switch c {
	case 's', 'p':
		if text = appendText(nil, v); c == 'p' {
			text = []byte(inspect(v))
		}
		if w.precision >= 0 && utf8.RuneCount(text) > w.precision {
			text = text[:byteOf(string(text), w.precision)]
		}
		w.zero = false
	case 'c':
		if v.kind == kInt {
			text = utf8.AppendRune(nil, rune(v.n))
		} else {
			text = []byte(firstRune(v.s))
		}
	case 'd', 'i', 'u', 'x', 'X', 'o', 'b':
		n, ok := wholeNumber(e, v)
		if !ok {
			return false
		}
		base := map[byte]int{'x': 16, 'X': 16, 'o': 8, 'b': 2}[c]
		if base == 0 {
			base = 10
		}
		if text = strconv.AppendInt(nil, n, base); c == 'X' {
			text = bytes.ToUpper(text)
		}
	case 'f', 'e', 'g', 'E', 'G':
		x, ok := realNumber(v)
		if !ok {
			return false
		}
		precision := w.precision
		if precision < 0 && c|0x20 != 'g' {
			precision = 6
		}
		text = strconv.AppendFloat(nil, x, c, precision, 64)
	default:
		return false
	}
	e.scratch = w.append(e.scratch, text, c != 's' && c != 'p' && c != 'c')
	return true
}

// append pads and signs.
func (w *verb) append(dst, text []byte, numeric bool) []byte {
	if numeric && text[0] != '-' {
		if w.plus {
			text = append([]byte{'+'}, text...)
		} else if w.space {
			text = append([]byte{' '}, text...)
		}
	}
	missing := max(w.width-utf8.RuneCount(text), 0)
	switch {
	case w.minus:
		return append(append(dst, text...), bytes.Repeat([]byte{' '}, missing)...)
	case w.zero && numeric:
		sign := 0
		if text[0] == '-' || text[0] == '+' || text[0] == ' ' {
			sign = 1
		}
		dst = append(append(dst, text[:sign]...), bytes.Repeat([]byte{'0'}, missing)...)
		return append(dst, text[sign:]...)
	}
	return append(append(dst, bytes.Repeat([]byte{' '}, missing)...), text...)
}

func firstRune(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}

func wholeNumber(e *Env, v value) (int64, bool) {
	switch v.kind {
	case kInt:
		return v.n, true
	case kFloat:
		n := toInteger(e, v)
		return n.n, n.kind == kInt
	case kStr:
		n, err := strconv.ParseInt(strings.TrimSpace(v.s), 0, 64)
		return n, err == nil
	}
	return 0, v.kind == kNil
}

func realNumber(v value) (float64, bool) {
	if v.kind == kStr {
		f, err := strconv.ParseFloat(strings.TrimSpace(v.s), 64)
		return f, err == nil
	}
	return v.float(), v.number()
}
