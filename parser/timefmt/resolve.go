package timefmt

import (
	"time"

	"sluice/event"
)

// resolve makes an instant of what was read.
func (r *reading) resolve(zone *time.Location, now func() time.Time) (t event.Time, ok bool) {
	t.Nsec = r.nsec
	if r.has&hasEpoch != 0 {
		t.Sec = r.epoch
		return t, true
	}
	switch {
	case r.half == 2 && r.hour < 12:
		r.hour += 12
	case r.half == 1 && r.hour == 12:
		r.hour = 0
	}
	if r.hour == 24 && (r.minute > 0 || r.second > 0) {
		return event.Time{}, false
	}
	r.wholeYear()
	if r.has&hasYear == 0 {
		return r.nearest(zone, now())
	}
	if !r.date() {
		return event.Time{}, false
	}
	t.Sec = r.seconds(zone)
	return t, true
}

// east is how many seconds east of UTC the text says it is, or else zone is at t.
func (r *reading) east(t event.Time, zone *time.Location) int {
	if r.has&hasZone != 0 || zone == time.UTC {
		return r.offset
	}
	_, offset := time.Unix(t.Sec, 0).In(zone).Zone()
	return offset
}

// wholeYear joins century and year.
func (r *reading) wholeYear() {
	switch {
	case !r.short:
	case r.has&hasCentury != 0:
		r.year += 100 * r.century
	case r.year < 69: // POSIX
		r.year += 2000
	default:
		r.year += 1900
	}
}

// date finds month and day of the year and checks them; what was not said is
// the first.
func (r *reading) date() bool {
	switch {
	case r.has&hasYearDay != 0:
		if r.yearDay == 366 && !leap(r.year) {
			return false
		}
		r.month, r.day = 1, r.yearDay // seconds counts on from January
		return true
	case r.has&hasWeek != 0 && r.has&(hasMonth|hasDay) == 0:
		return r.dateOfWeek()
	}
	if r.has&hasMonth == 0 {
		r.month = 1
	}
	if r.has&hasDay == 0 {
		r.day = 1
	}
	return r.day <= daysIn(r.year, r.month)
}

// dateOfWeek finds the date of a week's day: ISO 8601's weeks (G, V), those
// that begin on Sunday (U) or Monday (W).
func (r *reading) dateOfWeek() bool {
	first := days(r.year, 1, 1)
	weekday := int((first%7 + 11) % 7) // of January 1; 1970-01-01 was a Thursday
	var day int64
	switch r.weekKind {
	case 'V':
		monday := first - int64((weekday+6)%7)
		if (weekday+6)%7 > 3 { // January 1 lies in the last week of the year before
			monday += 7
		}
		if r.has&hasWeekday == 0 {
			r.weekday = 1
		}
		day = monday + int64(7*(r.week-1)+(r.weekday+6)%7)
	case 'U':
		day = first + int64((7-weekday)%7) + int64(7*(r.week-1)+r.weekday)
	case 'W':
		if r.has&hasWeekday == 0 {
			r.weekday = 1
		}
		day = first + int64((8-weekday)%7) + int64(7*(r.week-1)+(r.weekday+6)%7)
	default:
		r.month, r.day = 1, 1
		return true
	}
	r.month, r.day = 1, int(day-first)+1
	return true
}

// seconds since 1970 of the date and time, in the zone said or in zone.
func (r *reading) seconds(zone *time.Location) int64 {
	if r.has&hasZone == 0 && zone != time.UTC {
		return time.Date(r.year, time.Month(r.month), r.day, r.hour, r.minute, r.second, 0, zone).Unix()
	}
	return days(r.year, r.month, 1)*86400 + int64(r.day-1)*86400 +
		int64(r.hour*3600+r.minute*60+r.second-r.offset)
}

// nearest completes a time without a year, as syslog writes it: it is the last
// such moment that is not more than a day ahead of now. So a line of
// December 31 that is read in January is last year's, and a clock that runs
// somewhat ahead may write January 1 in December. Without any date it is
// today's.
func (r *reading) nearest(zone *time.Location, now time.Time) (t event.Time, ok bool) {
	local := now.In(zone)
	if r.has&hasZone != 0 {
		local = now.UTC().Add(time.Duration(r.offset) * time.Second)
	}
	t.Nsec = r.nsec
	if r.has&(hasMonth|hasDay|hasYearDay|hasWeek) == 0 {
		y, m, d := local.Date()
		r.year, r.month, r.day = y, int(m), d
		t.Sec = r.seconds(zone)
		return t, true
	}
	if r.has&(hasMonth|hasYearDay|hasWeek) == 0 { // a day of this month
		r.month, r.has = int(local.Month()), r.has|hasMonth
	}
	month, day := r.month, r.day
	for year := local.Year() + 1; year > local.Year()-9; year-- { // nine years: one has a February 29
		r.year, r.month, r.day = year, month, day
		if !r.date() {
			continue
		}
		if t.Sec = r.seconds(zone); t.Sec <= now.Unix()+86400 {
			return t, true
		}
	}
	return event.Time{}, false
}

// days is the number of days from 1970-01-01 to a date of the Gregorian
// calendar; years begin in March so that the leap day comes last.
func days(year, month, day int) int64 {
	y, m := int64(year), int64(month)
	if m < 3 {
		y--
		m += 12
	}
	return 365*y + floorDiv(y, 4) - floorDiv(y, 100) + floorDiv(y, 400) + (153*(m-3)+2)/5 + int64(day) - 1 - 719468
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysIn(year, month int) int {
	switch month {
	case 2:
		return 28 + b2i(leap(year))
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
