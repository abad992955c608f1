package parser

import "sluice/event"

// RFC3339 reads an instant as RFC 3339 writes it, with any number of fraction
// digits (those beyond nine are cut) and any offset; it returns how many bytes
// the instant takes. Container runtimes trim trailing zeros: seven to nine
// digits are all common. A leap second is taken as the second after it.
func RFC3339(p []byte) (t event.Time, n int, ok bool) {
	const shape = "2006-01-02T15:04:05"
	if len(p) < len(shape)+1 || p[4] != '-' || p[7] != '-' || p[10]|0x20 != 't' || p[13] != ':' || p[16] != ':' {
		return t, 0, false
	}
	year := two(p, 0)*100 + two(p, 2)
	month, day := two(p, 5), two(p, 8)
	hour, minute, second := two(p, 11), two(p, 14), two(p, 17)
	if year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return t, 0, false
	}
	t.Sec = days(year, month, day)*86400 + int64(hour*3600+minute*60+second)
	i := len(shape)
	if p[i] == '.' {
		if t.Nsec, i = fraction(p, i+1); i < 0 {
			return event.Time{}, 0, false
		}
	}
	offset, i := zone(p, i)
	if i < 0 {
		return event.Time{}, 0, false
	}
	t.Sec -= int64(offset)
	return t, i, true
}

// two reads two digits; far below zero if they are none.
func two(p []byte, i int) int {
	a, b := p[i]-'0', p[i+1]-'0'
	if a > 9 || b > 9 {
		return -1 << 20
	}
	return int(a)*10 + int(b)
}

// fraction reads one or more digits as nanoseconds and returns where they
// end, -1 if there is none.
func fraction(p []byte, i int) (nsec uint32, end int) {
	from, unit := i, uint32(100_000_000)
	for i < len(p) && p[i]-'0' <= 9 {
		nsec += uint32(p[i]-'0') * unit
		unit /= 10
		i++
	}
	if i == from {
		return 0, -1
	}
	return nsec, i
}

// zone reads Z or an offset such as +02:00, in seconds east of Greenwich, and
// returns where it ends, -1 if there is none.
func zone(p []byte, i int) (offset, end int) {
	if i >= len(p) {
		return 0, -1
	}
	if p[i]|0x20 == 'z' {
		return 0, i + 1
	}
	if (p[i] != '+' && p[i] != '-') || len(p) < i+6 || p[i+3] != ':' {
		return 0, -1
	}
	hour, minute := two(p, i+1), two(p, i+4)
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return 0, -1
	}
	offset = hour*3600 + minute*60
	if p[i] == '-' {
		offset = -offset
	}
	return offset, i + 6
}

// days is the number of days from 1970-01-01 to a date of the Gregorian
// calendar; years begin in March so that the leap day comes last.
func days(year, month, day int) int64 {
	if month < 3 {
		year--
		month += 12
	}
	return int64(365*year+floorDiv(year, 4)-floorDiv(year, 100)+floorDiv(year, 400)) +
		int64((153*(month-3)+2)/5+day-1) - 719468
}

func floorDiv(a, b int) int {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
