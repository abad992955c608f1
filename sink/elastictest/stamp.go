package elastictest

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

const dateFormats = "strict_date_optional_time_nanos||epoch_millis"

// timestamp judges what the document last read has at @timestamp as a field of
// type date_nanos of a data stream, which every document must have just once.
func (s *scanner) timestamp() (time.Time, *apiError) {
	st := &s.rules.stamp
	field := func(cause *apiError) *apiError {
		shown := string(st.val)
		if st.kind == object {
			shown = "{}"
		}
		return &apiError{status: 400, typ: docError, cause: cause, reason: fmt.Sprintf(
			"[1:%d] failed to parse field [@timestamp] of type [date_nanos] in document with id '%s'. Preview of field's value: '%s'", st.at+1, s.id, shown)}
	}
	switch {
	case st.values == 0:
		const words = "data stream timestamp field [@timestamp] is missing"
		return time.Time{}, &apiError{
			status: 400, typ: docError, reason: fmt.Sprintf("[1:%d] failed to parse: %s", s.rules.end, words),
			cause: &apiError{typ: "illegal_argument_exception", reason: words},
		}
	case st.kind == object:
		return time.Time{}, field(&apiError{typ: "illegal_argument_exception", reason: fmt.Sprintf("Expected text at 1:%d but found START_OBJECT", st.at)})
	case len(st.val) == 0:
		return time.Time{}, field(&apiError{typ: "illegal_argument_exception", reason: "cannot parse empty datetime"})
	}
	sec, nsec, ok := parseTime(st.val)
	if !ok && noSuchDay(st.val) {
		return time.Time{}, field(&apiError{typ: "date_time_exception", reason: "Invalid date"})
	}
	if !ok {
		return time.Time{}, field(&apiError{
			typ: "illegal_argument_exception", reason: fmt.Sprintf("failed to parse date field [%s] with format [%s]", st.val, dateFormats),
			cause: &apiError{typ: "date_time_parse_exception", reason: "Failed to parse with all enclosed parsers"},
		})
	}
	t := time.Unix(sec, int64(nsec)).UTC()
	const last, second int64 = math.MaxInt64, 1e9
	switch {
	case sec < 0:
		return t, field(&apiError{typ: "illegal_argument_exception", reason: fmt.Sprintf("date[%s] is before the epoch in 1970 and cannot be stored in nanosecond resolution", isoTime(t))})
	case sec > last/second || sec == last/second && int64(nsec) > last%second:
		return t, field(&apiError{typ: "illegal_argument_exception", reason: fmt.Sprintf("date[%s] is after 2262-04-11T23:47:16.854775807 and cannot be stored in nanosecond resolution", isoTime(t))})
	case st.values > 1:
		return t, field(&apiError{typ: "illegal_argument_exception", reason: "data stream timestamp field [@timestamp] encountered multiple values"})
	}
	return t, nil
}

// isoTime writes t as Java's Instant does: no, 3, 6 or 9 digits of fraction.
func isoTime(t time.Time) string {
	year := ""
	if t.Year() > 9999 {
		year = "+"
	}
	switch n := t.Nanosecond(); {
	case n == 0:
		return year + t.Format("2006-01-02T15:04:05Z")
	case n%1e6 == 0:
		return year + t.Format("2006-01-02T15:04:05.000Z")
	case n%1e3 == 0:
		return year + t.Format("2006-01-02T15:04:05.000000Z")
	}
	return year + t.Format("2006-01-02T15:04:05.000000000Z")
}

// parseTime reads strict_date_optional_time_nanos, else epoch_millis. Where the
// zone is missing it is UTC. A name of a zone is taken for UTC alone.
func parseTime(b []byte) (sec int64, nsec int, ok bool) {
	if sec, nsec, ok = parseDate(b); ok {
		return sec, nsec, ok
	}
	return parseMillis(b)
}

func parseDate(b []byte) (sec int64, nsec int, ok bool) {
	year, ok := fixed(b, 0, 4)
	if !ok {
		return 0, 0, false
	}
	month, day, rest := 1, 1, b[4:]
	if len(rest) > 0 {
		if month, ok = after(rest, '-', 12); !ok || month < 1 {
			return 0, 0, false
		}
		if rest = rest[3:]; len(rest) > 0 {
			if day, ok = after(rest, '-', 31); !ok || day < 1 {
				return 0, 0, false
			}
			rest = rest[3:]
		}
	}
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if date.Day() != day { // the 30th of February
		return 0, 0, false
	}
	sec = date.Unix()
	if len(rest) == 0 {
		return sec, 0, true
	}
	hour, ok1 := after(rest, 'T', 23)
	if len(rest) < 9 || !ok1 {
		return 0, 0, false
	}
	minute, ok2 := after(rest[3:], ':', 59)
	second, ok3 := after(rest[6:], ':', 59)
	if !ok2 || !ok3 {
		return 0, 0, false
	}
	rest = rest[9:]
	if len(rest) > 0 && (rest[0] == '.' || rest[0] == ',') {
		n := digits(rest[1:])
		if n < 1 || n > 9 {
			return 0, 0, false
		}
		nsec, _ = fixed(rest, 1, n)
		for i := n; i < 9; i++ {
			nsec *= 10
		}
		rest = rest[1+n:]
	}
	zone, ok := parseZone(rest)
	return sec + int64(hour*3600+minute*60+second-zone), nsec, ok
}

// noSuchDay: the date has the right form, but its month has not so many days.
func noSuchDay(b []byte) bool {
	if len(b) < 10 {
		return false
	}
	first := append([]byte(nil), b...)
	copy(first[8:], "01")
	_, _, ok := parseDate(first)
	day, digits := fixed(b, 8, 2)
	return ok && digits && day >= 1 && day <= 31
}

// parseZone returns a zone's seconds east of UTC.
func parseZone(b []byte) (int, bool) {
	switch string(b) {
	case "", "Z", "UTC", "GMT":
		return 0, true
	}
	if b[0] != '+' && b[0] != '-' {
		return 0, false
	}
	hour, ok := fixed(b, 1, 2)
	minute, rest := 0, b[min(3, len(b)):]
	if len(rest) > 0 && rest[0] == ':' {
		rest = rest[1:]
	}
	if len(rest) > 0 {
		m, ok2 := fixed(rest, 0, 2)
		ok, minute = ok && ok2 && len(rest) == 2, m
	}
	zone := hour*3600 + minute*60
	if !ok || minute > 59 || zone > 18*3600 {
		return 0, false
	}
	if b[0] == '-' {
		zone = -zone
	}
	return zone, true
}

// parseMillis reads epoch_millis: a decimal number with at most six digits of
// fraction.
func parseMillis(b []byte) (sec int64, nsec int, ok bool) {
	i := 0
	if len(b) > 0 && b[0] == '-' {
		i = 1
	}
	n := digits(b[i:])
	ms, err := strconv.ParseInt(string(b[:i+n]), 10, 64)
	if err != nil {
		return 0, 0, false
	}
	if rest := b[i+n:]; len(rest) > 0 {
		f := digits(rest[1:])
		if rest[0] != '.' || f < 1 || f > 6 || len(rest) != 1+f {
			return 0, 0, false
		}
		nsec, _ = fixed(rest, 1, f)
		for ; f < 6; f++ {
			nsec *= 10
		}
		if i == 1 {
			nsec = -nsec
		}
	}
	t := time.UnixMilli(ms).Add(time.Duration(nsec))
	return t.Unix(), t.Nanosecond(), true
}

// fixed reads n digits at b[at:].
func fixed(b []byte, at, n int) (v int, ok bool) {
	if len(b) < at+n {
		return 0, false
	}
	for _, c := range b[at : at+n] {
		if c-'0' > 9 {
			return 0, false
		}
		v = v*10 + int(c-'0')
	}
	return v, true
}

// after reads the byte c and two digits that are at most most.
func after(b []byte, c byte, most int) (v int, ok bool) {
	if len(b) < 3 || b[0] != c {
		return 0, false
	}
	v, ok = fixed(b, 1, 2)
	return v, ok && v <= most
}
