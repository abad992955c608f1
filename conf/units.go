package conf

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

var units = []struct {
	name  string
	bytes int64
}{
	{"TiB", 1 << 40},
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"TB", 1e12},
	{"GB", 1e9},
	{"MB", 1e6},
	{"kB", 1e3},
	{"B", 1},
}

var errSize = errors.New("not a size")

// ParseSize reads a number of bytes: 5MiB (5 * 2^20), 5MB (5 * 10^6), 5242880.
// The letters' case does not matter; a unit's B must be there.
func ParseSize(s string) (int64, error) {
	number := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || strings.HasPrefix(number, "+") {
		return 0, errSize
	}
	unit := s[len(number):]
	if unit == "" {
		return n, nil
	}
	for _, u := range units {
		if strings.EqualFold(u.name, unit) {
			if n > math.MaxInt64/u.bytes {
				return 0, errSize
			}
			return n * u.bytes, nil
		}
	}
	return 0, errSize
}

// FormatSize writes a number of bytes so that ParseSize reads it back exactly.
func FormatSize(n int64) string {
	for _, u := range units[:4] {
		if n > 0 && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// sizeFix guesses what somebody meant who wrote a size another tool's way.
func sizeFix(s string) string {
	c := strings.ReplaceAll(strings.ReplaceAll(s, " ", ""), "_", "")
	for _, tail := range []string{"", "iB", "B"} { // 5m, 5M: elsewhere nearly always a power of two
		if _, err := ParseSize(c + tail); err == nil {
			return "write " + withUnitCase(c+tail)
		}
	}
	return "write a size such as 5MiB, 5MB or 5242880"
}

func withUnitCase(s string) string {
	for _, u := range units {
		if n, ok := strings.CutSuffix(strings.ToLower(s), strings.ToLower(u.name)); ok {
			return n + u.name
		}
	}
	return s
}

// formatDuration is time.Duration's form without the zero parts at its end.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// durationFix guesses what somebody meant who wrote a duration another way.
func durationFix(s string) string {
	c := strings.ToLower(strings.ReplaceAll(s, " ", ""))
	if n, err := strconv.ParseUint(strings.TrimSuffix(c, "d"), 10, 16); err == nil && strings.HasSuffix(c, "d") {
		return "write " + strconv.FormatUint(n*24, 10) + "h"
	}
	for _, tail := range []string{"", "s"} {
		if d, err := time.ParseDuration(c + tail); err == nil && d >= 0 {
			return "write " + c + tail
		}
	}
	return "write a duration such as 1s, 1m30s or 24h"
}
