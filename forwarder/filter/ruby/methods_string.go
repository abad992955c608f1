package ruby

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sluice/wire/quote"
)

// textMethod makes a method of one that appends.
func textMethod(f func(dst []byte, s string) []byte) method {
	return method{max: 1, run: func(e *Env, _ *call, v value, _ []value) value {
		from := len(e.scratch)
		e.scratch = f(e.scratch, v.s)
		return e.taken(from)
	}}
}

// partMethod makes a method of one that returns a part of the text.
func partMethod(f func(s string) string) method {
	return method{run: func(_ *Env, _ *call, v value, _ []value) value { return str(f(v.s)) }}
}

const blanks = " \t\n\v\f\r\x00"

func stringMethods() methods {
	return methods{
		"replace":           {min: 1, max: 1, run: func(_ *Env, _ *call, _ value, args []value) value { return args[0] }},
		"upcase":            textMethod(func(dst []byte, s string) []byte { return appendUpper(dst, s) }),
		"downcase":          textMethod(func(dst []byte, s string) []byte { return appendMapped(dst, s, unicode.ToLower) }),
		"swapcase":          textMethod(func(dst []byte, s string) []byte { return appendMapped(dst, s, swapCase) }),
		"capitalize":        textMethod(appendCapitalized),
		"reverse":           textMethod(appendReversed),
		"dump":              textMethod(func(dst []byte, s string) []byte { return quote.Append(dst, bytesOf(s)) }),
		"strip":             partMethod(func(s string) string { return strings.TrimLeft(strings.TrimRight(s, blanks), blanks[:6]) }),
		"lstrip":            partMethod(func(s string) string { return strings.TrimLeft(s, blanks[:6]) }),
		"rstrip":            partMethod(func(s string) string { return strings.TrimRight(s, blanks) }),
		"chop":              partMethod(chop),
		"chr":               partMethod(func(s string) string { _, n := utf8.DecodeRuneInString(s); return s[:n] }),
		"scrub":             {max: 1, run: scrub},
		"encode":            {max: -1, run: scrub},
		"unicode_normalize": {max: 1, run: returnSelf},
		"force_encoding":    {max: 1, run: returnSelf},
		"b":                 {run: returnSelf},
		"to_str":            {run: returnSelf},
		"valid_encoding?":   {run: func(_ *Env, _ *call, v value, _ []value) value { return boolean(utf8.ValidString(v.s)) }},
		"chomp": {max: 1, run: func(_ *Env, _ *call, v value, args []value) value {
			if len(args) > 0 {
				return str(strings.TrimSuffix(v.s, args[0].s))
			}
			return str(chomp(v.s))
		}},
		"length":   {run: length},
		"size":     {run: length},
		"bytesize": {run: func(_ *Env, _ *call, v value, _ []value) value { return integer(int64(len(v.s))) }},
		"empty?":   {run: func(_ *Env, _ *call, v value, _ []value) value { return boolean(v.s == "") }},
		"to_i":     {max: 1, run: stringToInt},
		"to_f":     {run: func(_ *Env, _ *call, v value, _ []value) value { return float(leadingFloat(v.s)) }},
		"to_sym":   {run: func(_ *Env, _ *call, v value, _ []value) value { return value{kind: kSym, s: v.s} }},
		"hex": {run: func(_ *Env, _ *call, v value, _ []value) value {
			n, _ := strconv.ParseInt(strings.TrimPrefix(v.s, "0x"), 16, 64)
			return integer(n)
		}},
		"ord": {run: func(e *Env, _ *call, v value, _ []value) value {
			if v.s == "" {
				return e.fail("ArgumentError", "empty string")
			}
			r, _ := utf8.DecodeRuneInString(v.s)
			return integer(int64(r))
		}},
		"+":      {min: 1, max: 1, run: concat},
		"concat": {min: 1, max: 1, run: concat},
		"<<":     {min: 1, max: 1, run: concat},
		"prepend": {min: 1, max: 1, run: func(e *Env, c *call, v value, args []value) value {
			return concat(e, c, args[0], []value{v})
		}},
		"*":      {min: 1, max: 1, run: repeat},
		"%":      {min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value { return e.format(v.s, formatArgs(args[0])) }},
		"center": {min: 1, max: 2, run: justify(1, 1)},
		"ljust":  {min: 1, max: 2, run: justify(0, 1)},
		"rjust":  {min: 1, max: 2, run: justify(1, 0)},
		"casecmp": {min: 1, max: 1, run: func(_ *Env, _ *call, v value, args []value) value {
			return integer(int64(strings.Compare(strings.ToLower(v.s), strings.ToLower(args[0].s))))
		}},
		"casecmp?": {min: 1, max: 1, run: func(_ *Env, _ *call, v value, args []value) value {
			return boolean(args[0].kind == kStr && strings.EqualFold(v.s, args[0].s))
		}},
	}
}

func returnSelf(_ *Env, _ *call, v value, _ []value) value { return v }

func length(_ *Env, _ *call, v value, _ []value) value {
	return integer(int64(utf8.RuneCountInString(v.s)))
}

func scrub(e *Env, _ *call, v value, args []value) value {
	with := "\ufffd"
	if len(args) > 0 && args[0].kind == kStr && !strings.EqualFold(args[0].s, "utf-8") {
		with = args[0].s
	}
	return str(strings.ToValidUTF8(v.s, with))
}

func appendMapped(dst []byte, s string, f func(rune) rune) []byte {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, s[i])
		} else {
			dst = utf8.AppendRune(dst, f(r))
		}
		i += n
	}
	return dst
}

// appendUpper knows that the sharp s is written SS in capitals.
func appendUpper(dst []byte, s string) []byte {
	for {
		head, rest, found := strings.Cut(s, "ß")
		dst = appendMapped(dst, head, unicode.ToUpper)
		if !found {
			return dst
		}
		dst, s = append(dst, "SS"...), rest
	}
}

func swapCase(r rune) rune {
	if unicode.IsUpper(r) {
		return unicode.ToLower(r)
	}
	return unicode.ToUpper(r)
}

func appendCapitalized(dst []byte, s string) []byte {
	_, n := utf8.DecodeRuneInString(s)
	return appendMapped(appendMapped(dst, s[:n], unicode.ToUpper), s[n:], unicode.ToLower)
}

func appendReversed(dst []byte, s string) []byte {
	for len(s) > 0 {
		_, n := utf8.DecodeLastRuneInString(s)
		dst = append(dst, s[len(s)-n:]...)
		s = s[:len(s)-n]
	}
	return dst
}

func chomp(s string) string {
	if strings.HasSuffix(s, "\r\n") {
		return s[:len(s)-2]
	}
	if n := len(s); n > 0 && (s[n-1] == '\n' || s[n-1] == '\r') {
		return s[:n-1]
	}
	return s
}

func chop(s string) string {
	if strings.HasSuffix(s, "\r\n") {
		return s[:len(s)-2]
	}
	_, n := utf8.DecodeLastRuneInString(s)
	return s[:len(s)-n]
}

func concat(e *Env, c *call, v value, args []value) value {
	if args[0].kind != kStr {
		return e.failf("TypeError", "%s: no implicit conversion of %s into String (write .to_s)", c.name, kindNames[args[0].kind])
	}
	from := len(e.scratch)
	e.scratch = append(append(e.scratch, v.s...), args[0].s...)
	return e.taken(from)
}

func repeat(e *Env, _ *call, v value, args []value) value {
	if args[0].kind != kInt || args[0].n < 0 || args[0].n > 0 && int64(len(v.s)) > maxScratch/args[0].n {
		return e.fail("ArgumentError", "argument is no number, negative or too big")
	}
	from := len(e.scratch)
	if v.s != "" {
		for range args[0].n {
			e.scratch = append(e.scratch, v.s...)
		}
	}
	return e.taken(from)
}

// justify pads to a width: left and right are the shares of the padding.
func justify(left, right int) func(*Env, *call, value, []value) value {
	return func(e *Env, _ *call, v value, args []value) value {
		pad := " "
		if len(args) > 1 {
			pad = args[1].s
		}
		missing := int(min(args[0].n, maxScratch)) - utf8.RuneCountInString(v.s)
		if args[0].kind != kInt || pad == "" {
			return e.fail("ArgumentError", "a width is needed, and something to pad with")
		}
		if missing <= 0 {
			return v
		}
		before := missing * left / (left + right)
		from := len(e.scratch)
		e.scratch = appendPadding(e.scratch, pad, before)
		e.scratch = append(e.scratch, v.s...)
		e.scratch = appendPadding(e.scratch, pad, missing-before)
		return e.taken(from)
	}
}

func appendPadding(dst []byte, pad string, n int) []byte {
	for n > 0 {
		for _, r := range pad {
			if n == 0 {
				break
			}
			dst = utf8.AppendRune(dst, r)
			n--
		}
	}
	return dst
}

func stringToInt(e *Env, _ *call, v value, args []value) value {
	base := 10
	if len(args) > 0 && args[0].kind == kInt {
		base = int(args[0].n)
	}
	if base < 2 || base > 36 {
		return e.fail("ArgumentError", "invalid radix")
	}
	s := strings.TrimLeft(v.s, blanks)
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimLeft(s, "+-")
	if base == 16 {
		s = strings.TrimPrefix(strings.TrimPrefix(s, "0x"), "0X")
	}
	var n int64
	for i := 0; i < len(s); i++ {
		if s[i] == '_' {
			continue
		}
		d, ok := digit(s[i])
		if !ok || d >= base {
			break
		}
		if n > (1<<63-1-int64(d))/int64(base) {
			return e.fail("RangeError", overflow)
		}
		n = n*int64(base) + int64(d)
	}
	if negative {
		n = -n
	}
	return integer(n)
}

func digit(c byte) (int, bool) {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0'), true
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return int(c|0x20-'a') + 10, true
	}
	return 0, false
}

// leadingFloat reads the number at the beginning of s, 0 if there is none.
func leadingFloat(s string) float64 {
	s = strings.TrimLeft(s, blanks)
	end, digits := 0, false
	for end < len(s) {
		c := s[end]
		switch {
		case c >= '0' && c <= '9':
			digits = true
		case (c == '-' || c == '+') && (end == 0 || s[end-1]|0x20 == 'e'):
		case c == '.' && !strings.Contains(s[:end], "."):
		case c|0x20 == 'e' && digits && !strings.ContainsAny(s[:end], "eE"):
		default:
			goto done
		}
		end++
	}
done:
	for ; end > 0; end-- {
		if f, err := strconv.ParseFloat(s[:end], 64); err == nil {
			return f
		}
	}
	return 0
}
