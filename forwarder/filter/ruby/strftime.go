package ruby

import (
	"bytes"
	"strconv"
	"time"
)

// appendStrftime writes t as Ruby's strftime does.
// Source: docs.ruby-lang.org/en/master/strftime_formatting_rdoc.html.
func appendStrftime(dst []byte, format string, t time.Time) []byte {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			dst = append(dst, format[i])
			continue
		}
		start := i
		var d directive
		i = d.parse(format, i+1)
		if i >= len(format) {
			return append(dst, format[start:]...)
		}
		var ok bool
		if dst, ok = d.append(dst, format[i], t); !ok {
			dst = append(dst, format[start:i+1]...)
		}
	}
	return dst
}

// directive is %-05d: its flags, its width and the colons before z.
type directive struct {
	flags  [128]bool
	width  int
	colons int
}

func (d *directive) parse(format string, i int) int {
	for ; i < len(format); i++ {
		switch c := format[i]; {
		case c == '-' || c == '0' && d.width == 0 || c == '^' || c == '_' || c == '#':
			d.flags[c] = true
		case c >= '0' && c <= '9':
			d.width = min(d.width*10+int(c-'0'), 1024)
		case c == ':':
			d.colons++
		default:
			return i
		}
	}
	return i
}

// layouts are those that the standard library writes as they should be.
var layouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'h': "Jan", 'B': "January", 'p': "PM", 'P': "pm", 'Z': "MST",
	'F': "2006-01-02", 'T': "15:04:05", 'X': "15:04:05", 'R': "15:04", 'D': "01/02/06", 'x': "01/02/06", 'r': "03:04:05 PM",
	'c': "Mon Jan _2 15:04:05 2006", 'v': "_2-JAN-2006", '+': "Mon Jan _2 15:04:05 MST 2006",
}

func (d *directive) append(dst []byte, c byte, t time.Time) ([]byte, bool) {
	from := len(dst)
	if layout, ok := layouts[c]; ok {
		dst = t.AppendFormat(dst, layout)
		if d.flags['^'] || d.flags['#'] && c != 'p' {
			copy(dst[from:], bytes.ToUpper(dst[from:]))
		} else if d.flags['#'] {
			copy(dst[from:], bytes.ToLower(dst[from:]))
		}
		return d.pad(dst, from, 0, ' '), true
	}
	switch c {
	case '%':
		return append(dst, '%'), true
	case 'n':
		return append(dst, '\n'), true
	case 't':
		return append(dst, '\t'), true
	case 'z':
		return append(dst, t.Format([]string{"-0700", "-07:00", "-07:00:00"}[min(d.colons, 2)])...), true
	case 'N', 'L':
		return d.fraction(dst, c, t), true
	}
	n, width, fill, ok := number(c, t)
	if !ok {
		return dst, false
	}
	return d.pad(strconv.AppendInt(dst, n, 10), from, width, fill), true
}

// number is a directive's number with its usual width and filling.
func number(c byte, t time.Time) (n int64, width int, fill byte, ok bool) {
	isoYear, isoWeek := t.ISOWeek()
	hour12 := (t.Hour()+11)%12 + 1
	switch c {
	case 'Y':
		return int64(t.Year()), 4, '0', true
	case 'C':
		return int64(t.Year() / 100), 2, '0', true
	case 'y':
		return int64(t.Year() % 100), 2, '0', true
	case 'm':
		return int64(t.Month()), 2, '0', true
	case 'd':
		return int64(t.Day()), 2, '0', true
	case 'e':
		return int64(t.Day()), 2, ' ', true
	case 'j':
		return int64(t.YearDay()), 3, '0', true
	case 'H':
		return int64(t.Hour()), 2, '0', true
	case 'k':
		return int64(t.Hour()), 2, ' ', true
	case 'I':
		return int64(hour12), 2, '0', true
	case 'l':
		return int64(hour12), 2, ' ', true
	case 'M':
		return int64(t.Minute()), 2, '0', true
	case 'S':
		return int64(t.Second()), 2, '0', true
	case 's':
		return t.Unix(), 1, '0', true
	case 'Q':
		return t.UnixMilli(), 1, '0', true
	case 'u':
		return int64((t.Weekday()+6)%7 + 1), 1, '0', true
	case 'w':
		return int64(t.Weekday()), 1, '0', true
	case 'G':
		return int64(isoYear), 4, '0', true
	case 'g':
		return int64(isoYear % 100), 2, '0', true
	case 'V':
		return int64(isoWeek), 2, '0', true
	case 'U':
		return int64((t.YearDay() + 6 - int(t.Weekday())) / 7), 2, '0', true
	case 'W':
		return int64((t.YearDay() + 6 - int(t.Weekday()+6)%7) / 7), 2, '0', true
	}
	return 0, 0, 0, false
}

// pad fills what was appended since from up to the width.
func (d *directive) pad(dst []byte, from, width int, fill byte) []byte {
	switch {
	case d.flags['-']:
		return dst
	case d.flags['_']:
		fill = ' '
	case d.flags['0']:
		fill = '0'
	}
	if d.width > 0 {
		width = d.width
	}
	if missing := width - (len(dst) - from); missing > 0 {
		text := string(dst[from:])
		dst = append(dst[:from], bytes.Repeat([]byte{fill}, missing)...)
		dst = append(dst, text...)
	}
	return dst
}

// fraction writes %N (nanoseconds) and %L (milliseconds); the width is the
// number of digits.
func (d *directive) fraction(dst []byte, c byte, t time.Time) []byte {
	digits := 9
	if c == 'L' {
		digits = 3
	}
	if d.width > 0 {
		digits = d.width
	}
	text := strconv.Itoa(1e9 + t.Nanosecond())[1:]
	for len(text) < digits {
		text += "0"
	}
	return append(dst, text[:digits]...)
}
