package timefmt

import (
	"strconv"
	"strings"
	"time"
)

// Formatter writes times in one form of strftime.
type Formatter struct {
	steps []step
	iso   bool
	zone  *time.Location
}

// NewFormatter compiles a form: strftime's directives, or %iso8601. zone nil
// is local time.
func NewFormatter(form string, zone *time.Location) (*Formatter, error) {
	if zone == nil {
		zone = time.Local
	}
	if form == "%iso8601" || form == "" {
		return &Formatter{iso: true, zone: zone}, nil
	}
	steps, err := compile(form)
	return &Formatter{steps: steps, zone: zone}, err
}

// Append writes t behind dst.
func (f *Formatter) Append(dst []byte, t time.Time) []byte {
	t = t.In(f.zone)
	if f.iso {
		return t.AppendFormat(dst, time.RFC3339)
	}
	for i := range f.steps {
		if s := &f.steps[i]; s.verb == 0 {
			dst = append(dst, s.lit)
		} else {
			dst = s.write(dst, t)
		}
	}
	return dst
}

func (s *step) write(dst []byte, t time.Time) []byte {
	switch s.verb {
	case 'Y':
		return s.number(dst, t.Year(), 1+3*b2i(t.Year() >= 0), '0')
	case 'm':
		return s.number(dst, int(t.Month()), 2, '0')
	case 'd':
		return s.number(dst, t.Day(), 2, '0')
	case 'e':
		return s.number(dst, t.Day(), 2, ' ')
	case 'H':
		return s.number(dst, t.Hour(), 2, '0')
	case 'k':
		return s.number(dst, t.Hour(), 2, ' ')
	case 'I':
		return s.number(dst, (t.Hour()+11)%12+1, 2, '0')
	case 'l':
		return s.number(dst, (t.Hour()+11)%12+1, 2, ' ')
	case 'M':
		return s.number(dst, t.Minute(), 2, '0')
	case 'S':
		return s.number(dst, t.Second(), 2, '0')
	case 'L':
		return s.fraction(dst, t.Nanosecond(), 3)
	case 'N':
		return s.fraction(dst, t.Nanosecond(), 9)
	case 'z':
		return s.offset(dst, t)
	default:
		return s.writeName(dst, t)
	}
}

func (s *step) writeName(dst []byte, t time.Time) []byte {
	switch s.verb {
	case 'B':
		return s.text(dst, t.Month().String())
	case 'b', 'h':
		return s.text(dst, t.Month().String()[:3])
	case 'A':
		return s.text(dst, t.Weekday().String())
	case 'a':
		return s.text(dst, t.Weekday().String()[:3])
	case 'p', 'P':
		half := "AM"
		if t.Hour() >= 12 {
			half = "PM"
		}
		if (s.verb == 'P') != strings.Contains(s.flags, "#") {
			half = strings.ToLower(half)
		}
		return s.text(dst, half)
	case 'Z':
		name, _ := t.Zone()
		return s.text(dst, name)
	default:
		return s.writeRare(dst, t)
	}
}

func (s *step) writeRare(dst []byte, t time.Time) []byte {
	isoYear, isoWeek := t.ISOWeek()
	switch s.verb {
	case 'j':
		return s.number(dst, t.YearDay(), 3, '0')
	case 's':
		return strconv.AppendInt(dst, t.Unix(), 10)
	case 'Q':
		return strconv.AppendInt(dst, t.UnixMilli(), 10)
	case 'y':
		return s.number(dst, (t.Year()%100+100)%100, 2, '0')
	case 'C':
		return s.number(dst, int(floorDiv(int64(t.Year()), 100)), 2, '0')
	case 'G':
		return s.number(dst, isoYear, 4, '0')
	case 'g':
		return s.number(dst, (isoYear%100+100)%100, 2, '0')
	case 'V':
		return s.number(dst, isoWeek, 2, '0')
	case 'u':
		return s.number(dst, (int(t.Weekday())+6)%7+1, 1, '0')
	case 'w':
		return s.number(dst, int(t.Weekday()), 1, '0')
	case 'U':
		return s.number(dst, (t.YearDay()+6-int(t.Weekday()))/7, 2, '0')
	default: // W
		return s.number(dst, (t.YearDay()+6-(int(t.Weekday())+6)%7)/7, 2, '0')
	}
}

// number writes n at least width wide; flags and a width of the form's own
// change that, as in Ruby: %-d without padding, %_d with blanks, %3d.
func (s *step) number(dst []byte, n, width int, pad byte) []byte {
	if s.width > 0 {
		width = int(s.width)
	}
	for _, f := range []byte(s.flags) {
		switch f {
		case '-':
			width = 0
		case '_':
			pad = ' '
		case '0':
			pad = '0'
		}
	}
	if n < 0 {
		dst, n, width = append(dst, '-'), -n, width-1
	}
	var room [20]byte
	digits := strconv.AppendInt(room[:0], int64(n), 10)
	for range width - len(digits) {
		dst = append(dst, pad)
	}
	return append(dst, digits...)
}

func (s *step) text(dst []byte, word string) []byte {
	from := len(dst)
	for range int(s.width) - len(word) {
		dst = append(dst, ' ')
	}
	dst = append(dst, word...)
	if strings.Contains(s.flags, "^") {
		for i, c := range dst[from:] {
			if c-'a' <= 'z'-'a' {
				dst[from+i] = c - 0x20
			}
		}
	}
	return dst
}

// fraction writes the first digits of the second's fraction.
func (s *step) fraction(dst []byte, nsec, width int) []byte {
	if s.width > 0 {
		width = int(s.width)
	}
	unit := 100_000_000
	for range width {
		digit := 0
		if unit > 0 {
			digit = nsec / unit % 10
		}
		dst = append(dst, '0'+byte(digit))
		unit /= 10
	}
	return dst
}

// offset writes +0900, +09:00 or +09:00:00.
func (s *step) offset(dst []byte, t time.Time) []byte {
	_, offset := t.Zone()
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = append(dst, sign)
	two := step{}
	dst = two.number(dst, offset/3600, 2, '0')
	if s.colons > 0 {
		dst = append(dst, ':')
	}
	dst = two.number(dst, offset/60%60, 2, '0')
	if s.colons > 1 {
		dst = two.number(append(dst, ':'), offset%60, 2, '0')
	}
	return dst
}
