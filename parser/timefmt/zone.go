package timefmt

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // containers often have no zone files
)

// Zone finds a time zone as Fluentd's settings name it: +09:00, +0900, +09, or
// Asia/Tokyo. Abbreviations such as JST are refused, as there: they are not
// unique.
func Zone(name string) (*time.Location, error) {
	if name != "" && (name[0] == '+' || name[0] == '-') {
		r := reading{p: []byte(name)}
		if !r.offsetDigits() || r.i != len(name) {
			return nil, fmt.Errorf("cannot read the time zone %q (write +09:00 or Asia/Tokyo)", name)
		}
		return time.FixedZone(name, r.offset), nil
	}
	if name == "UTC" {
		return time.UTC, nil
	}
	if !strings.Contains(name, "/") {
		return nil, fmt.Errorf("cannot use the time zone %q: abbreviations are not unique (write +09:00 or Asia/Tokyo)", name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("cannot use the time zone %q: it is not in the time zone database (write +09:00 or Asia/Tokyo)", name)
	}
	return loc, nil
}

// abbreviations that Ruby's Date knows and logs use, in hours east.
var abbreviations = [...]struct {
	name    string
	minutes int
}{
	{"z", 0},
	{"utc", 0},
	{"gmt", 0},
	{"ut", 0},
	{"wet", 0},
	{"cet", 60},
	{"cest", 120},
	{"met", 60},
	{"mest", 120},
	{"bst", 60},
	{"west", 60},
	{"eet", 120},
	{"eest", 180},
	{"msk", 180},
	{"msd", 240},
	{"ist", 330},
	{"jst", 540},
	{"kst", 540},
	{"hkt", 480},
	{"sgt", 480},
	{"est", -300},
	{"edt", -240},
	{"cst", -360},
	{"cdt", -300},
	{"mst", -420},
	{"mdt", -360},
	{"pst", -480},
	{"pdt", -420},
	{"akst", -540},
	{"akdt", -480},
	{"hst", -600},
	{"nzst", 720},
	{"nzdt", 780},
	{"aest", 600},
	{"aedt", 660},
	{"awst", 480},
	{"brt", -180},
	{"art", -180},
}

// zoneName reads Z, +09:00, +0900, +09, UTC+9 or an abbreviation. One that is
// not known leaves the zone to the settings, as in Ruby.
func (r *reading) zoneName() bool {
	r.skipSpace()
	from := r.i
	for r.i < len(r.p) && (r.p[r.i]|0x20)-'a' <= 'z'-'a' {
		r.i++
	}
	if r.i == from {
		return r.offsetDigits()
	}
	word := r.p[from:r.i]
	known := false
	for _, a := range abbreviations {
		if len(a.name) != len(word) {
			continue
		}
		if at := (reading{p: word}); at.matched(a.name) == len(word) {
			r.offset, known = a.minutes*60, true
			break
		}
	}
	if !known {
		return true
	}
	r.has |= hasZone
	if r.offset == 0 && r.i < len(r.p) && (r.p[r.i] == '+' || r.p[r.i] == '-') { // UTC+9
		return r.offsetDigits()
	}
	return true
}

// offsetDigits reads a sign and hours, minutes, seconds with colons or without.
func (r *reading) offsetDigits() bool {
	if r.i == len(r.p) || r.p[r.i] != '+' && r.p[r.i] != '-' {
		return false
	}
	negative := r.sign()
	hours, n := r.digits(2)
	if n == 0 || hours > 23 {
		return false
	}
	seconds := int(hours) * 3600
	for _, unit := range [...]int{60, 1} {
		at := r.i
		if r.i < len(r.p) && r.p[r.i] == ':' {
			r.i++
		}
		v, n := r.digits(2)
		if n != 2 || v > 59 {
			r.i = at
			break
		}
		seconds += int(v) * unit
	}
	if negative {
		seconds = -seconds
	}
	r.offset = seconds
	r.has |= hasZone
	return true
}
