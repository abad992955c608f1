package page

import (
	"strconv"
	"time"
)

// count writes a number with its thousands apart.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// duration writes how long a search took.
func duration(d time.Duration) string {
	if d < 10*time.Millisecond {
		return strconv.FormatFloat(d.Seconds()*1000, 'f', 1, 64) + " ms"
	}
	return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
}

// spanText names a time range.
func spanText(from, to time.Time) string {
	const layout = "Jan 2 15:04:05"
	switch {
	case from.IsZero() && to.IsZero():
		return "all documents"
	case from.IsZero():
		return "until " + to.Format(layout)
	case to.IsZero():
		return "since " + from.Format(layout)
	case from.YearDay() == to.YearDay() && from.Year() == to.Year():
		return from.Format(layout) + " – " + to.Format("15:04:05")
	}
	return from.Format(layout) + " – " + to.Format(layout)
}
