package timefmt

// has marks what a text said.
type has uint16

const (
	hasYear has = 1 << iota
	hasMonth
	hasDay
	hasYearDay
	hasHour
	hasZone
	hasEpoch
	hasCentury
	hasWeek
	hasWeekday
)

// reading is what was found in one text.
type reading struct {
	has                       has
	year, month, day, yearDay int
	hour, minute, second      int
	nsec                      uint32
	half                      int // 12-hour clock: 1 AM, 2 PM
	offset                    int // seconds east of Greenwich
	epoch                     int64
	century, week, weekday    int
	weekKind                  byte // U, W or V (with year being %G)
	p                         []byte
	i                         int
	short                     bool // the year had two digits
}

func (r *reading) read(steps []step, text []byte) bool {
	r.p = text
	for n := range steps {
		s := &steps[n]
		if s.verb == 0 {
			if !r.literal(s.lit) {
				return false
			}
			continue
		}
		if !r.directive(s) {
			return false
		}
	}
	return true
}

func space(c byte) bool { return c == ' ' || c-'\t' <= '\r'-'\t' }

func (r *reading) literal(c byte) bool {
	if space(c) {
		r.skipSpace()
		return true
	}
	if r.i == len(r.p) || r.p[r.i] != c {
		return false
	}
	r.i++
	return true
}

func (r *reading) skipSpace() {
	for r.i < len(r.p) && space(r.p[r.i]) {
		r.i++
	}
}

func (r *reading) directive(s *step) (ok bool) {
	switch s.verb {
	case 'Y', 'G':
		r.has |= hasWeek * has(b2i(s.verb == 'G'))
		return r.fullYear(s)
	case 'm':
		return r.number(&r.month, 2, 1, 12, hasMonth)
	case 'd', 'e':
		return r.number(&r.day, 2, 1, 31, hasDay)
	case 'H', 'k':
		return r.number(&r.hour, 2, 0, 24, hasHour)
	case 'I', 'l':
		return r.number(&r.hour, 2, 1, 12, hasHour)
	case 'M':
		return r.number(&r.minute, 2, 0, 59, 0)
	case 'S':
		return r.number(&r.second, 2, 0, 60, 0)
	case 'j':
		return r.number(&r.yearDay, 3, 1, 366, hasYearDay)
	case 'L', 'N':
		return r.fraction(s)
	case 'b', 'B', 'h':
		return r.name(months[:], &r.month, 1, hasMonth)
	case 'a', 'A':
		return r.name(weekdays[:], &r.weekday, 0, hasWeekday)
	case 'z', 'Z':
		return r.zoneName()
	default:
		return r.rare(s)
	}
}

func (r *reading) rare(s *step) (ok bool) {
	switch s.verb {
	case 'p', 'P':
		return r.halfDay()
	case 's', 'Q':
		return r.unix(s)
	case 'y', 'g':
		r.short = true
		r.has |= hasWeek * has(b2i(s.verb == 'g'))
		return r.number(&r.year, 2, 0, 99, hasYear)
	case 'C':
		return r.number(&r.century, 2, 0, 99, hasCentury)
	case 'u':
		ok = r.number(&r.weekday, 1, 1, 7, hasWeekday)
		r.weekday %= 7
		return ok
	case 'w':
		return r.number(&r.weekday, 1, 0, 6, hasWeekday)
	default: // U, V, W
		r.weekKind = s.verb
		return r.number(&r.week, 2, 0, 53, hasWeek)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// digits reads up to n of them.
func (r *reading) digits(n int) (v int64, count int) {
	for count < n && r.i < len(r.p) && r.p[r.i]-'0' <= 9 {
		v = v*10 + int64(r.p[r.i]-'0')
		r.i++
		count++
	}
	return v, count
}

// number reads up to width digits, or a blank and one less, within limits.
func (r *reading) number(to *int, width, lo, hi int, mark has) bool {
	if p := r.p[r.i:]; width == 2 && len(p) > 1 && p[0]-'0' <= 9 && p[1]-'0' <= 9 { // the usual one
		*to = int(p[0]-'0')*10 + int(p[1]-'0')
		r.i += 2
		r.has |= mark
		return *to >= lo && *to <= hi
	}
	if width == 2 && r.i+1 < len(r.p) && r.p[r.i] == ' ' {
		r.i++
		width = 1
	}
	v, n := r.digits(width)
	*to = int(v)
	r.has |= mark
	return n > 0 && *to >= lo && *to <= hi
}

func (r *reading) fullYear(s *step) bool {
	negative := r.sign()
	width := 9
	if s.tight {
		width = 4
	}
	v, n := r.digits(width)
	r.year = int(v)
	if negative {
		r.year = -r.year
	}
	r.has |= hasYear
	return n > 0
}

// sign takes a sign, if there is one.
func (r *reading) sign() (negative bool) {
	if r.i < len(r.p) && (r.p[r.i] == '-' || r.p[r.i] == '+') {
		negative = r.p[r.i] == '-'
		r.i++
	}
	return negative
}

// fraction reads digits of a second; those beyond nine are cut.
func (r *reading) fraction(s *step) bool {
	width := len(r.p)
	if s.tight || s.width > 0 {
		width = 9
		if s.verb == 'L' {
			width = 3
		}
		if s.width > 0 {
			width = int(s.width)
		}
	}
	from, unit := r.i, uint32(100_000_000)
	r.nsec = 0
	for r.i < len(r.p) && r.i-from < width && r.p[r.i]-'0' <= 9 {
		r.nsec += uint32(r.p[r.i]-'0') * unit
		unit /= 10
		r.i++
	}
	return r.i > from
}

func (r *reading) unix(s *step) bool {
	negative := r.sign()
	v, n := r.digits(18)
	if n == 0 {
		return false
	}
	if negative {
		v = -v
	}
	r.epoch = v
	if s.verb == 'Q' {
		r.epoch = floorDiv(v, 1000)
		r.nsec = uint32(v-r.epoch*1000) * 1e6
	}
	r.has |= hasEpoch
	return true
}

func (r *reading) halfDay() bool {
	p := r.p[r.i:]
	n := 2
	if len(p) > 3 && p[1] == '.' && p[3] == '.' { // a.m.
		p = []byte{p[0], p[2]}
		n = 4
	}
	if len(p) < 2 || p[1]|0x20 != 'm' {
		return false
	}
	switch p[0] | 0x20 {
	case 'a':
		r.half = 1
	case 'p':
		r.half = 2
	default:
		return false
	}
	r.i += n
	return true
}

var (
	months = [...]string{
		"january", "february", "march", "april", "may", "june",
		"july", "august", "september", "october", "november", "december",
	}
	weekdays = [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
)

// name reads a name in full or its first three letters, in any case; "Sept",
// which some write, counts too.
func (r *reading) name(list []string, to *int, base int, mark has) bool {
	for i, full := range list {
		if r.i == len(r.p) || r.p[r.i]|0x20 != full[0] {
			continue
		}
		n := r.matched(full)
		if n < 3 {
			continue
		}
		if n < len(full) && full != "september" {
			n = 3
		} else if n < len(full) {
			n = min(n, 4)
		}
		*to, r.i = i+base, r.i+n
		r.has |= mark
		return true
	}
	return false
}

// matched is how many letters of a lower-case word stand here.
func (r *reading) matched(word string) (n int) {
	p := r.p[r.i:]
	for n < len(word) && n < len(p) && p[n]|0x20 == word[n] {
		n++
	}
	return n
}
