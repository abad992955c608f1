package ruby

import (
	"math"
	"strings"
	"time"

	"sluice/parser/timefmt"
)

// timeOf makes a value of a time; loc nil: local.
func timeOf(t time.Time, loc *time.Location) value {
	v := value{kind: kTime, n: t.Unix(), nsec: uint32(t.Nanosecond())}
	if loc != nil {
		v.o = &object{loc: loc}
	}
	return v
}

func timeMethods() methods {
	number := func(f func(t time.Time) int) method {
		return method{run: func(_ *Env, _ *call, v value, _ []value) value { return integer(int64(f(stdTime(v)))) }}
	}
	out := methods{
		"to_i":  {run: func(_ *Env, _ *call, v value, _ []value) value { return integer(v.n) }},
		"sec":   number(time.Time.Second),
		"min":   number(time.Time.Minute),
		"hour":  number(time.Time.Hour),
		"day":   number(time.Time.Day),
		"month": number(func(t time.Time) int { return int(t.Month()) }),
		"year":  number(time.Time.Year),
		"yday":  number(time.Time.YearDay),
		"wday":  number(func(t time.Time) int { return int(t.Weekday()) }),
		"usec":  number(func(t time.Time) int { return t.Nanosecond() / 1000 }),
		"nsec":  number(time.Time.Nanosecond),
		"utc_offset": number(func(t time.Time) int {
			_, offset := t.Zone()
			return offset
		}),
		"to_f": {run: func(_ *Env, _ *call, v value, _ []value) value { return float(float64(v.n) + float64(v.nsec)/1e9) }},
		"zone": {run: func(_ *Env, _ *call, v value, _ []value) value {
			name, _ := stdTime(v).Zone()
			return str(name)
		}},
		"utc":       {run: func(_ *Env, _ *call, v value, _ []value) value { return timeOf(stdTime(v), time.UTC) }},
		"utc?":      {run: func(_ *Env, _ *call, v value, _ []value) value { return boolean(isUTC(v)) }},
		"localtime": {max: 1, run: localTime},
		"to_time":   {run: returnSelf},
		"strftime": {min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value {
			return e.strftime(stdTime(v), args[0].s)
		}},
		"iso8601": {max: 1, run: iso8601}, "rfc3339": {max: 1, run: rfc3339},
		"+": {min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value { return shift(e, v, args[0], 1) }},
		"-": {min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value {
			if o := args[0]; o.kind == kTime {
				return float(float64(v.n-o.n) + (float64(v.nsec)-float64(o.nsec))/1e9)
			}
			return shift(e, v, args[0], -1)
		}},
	}
	for alias, name := range map[string]string{
		"tv_sec": "to_i", "mon": "month", "mday": "day", "tv_usec": "usec", "tv_nsec": "nsec", "gmt_offset": "utc_offset",
		"gmtime": "utc", "getutc": "utc", "getgm": "utc", "getlocal": "localtime", "xmlschema": "iso8601", "gmt?": "utc?",
	} {
		out[alias] = out[name]
	}
	for i, day := range []string{"sunday?", "monday?", "tuesday?", "wednesday?", "thursday?", "friday?", "saturday?"} {
		out[day] = method{run: func(_ *Env, _ *call, v value, _ []value) value { return boolean(int(stdTime(v).Weekday()) == i) }}
	}
	return out
}

// form names a compiled form of strftime.
type form struct {
	text string
	zone *time.Location
}

// strftime writes t; the forms that programs use are compiled once.
func (e *Env) strftime(t time.Time, text string) value {
	key := form{text, t.Location()}
	f := e.forms[key]
	if f == nil {
		var err error
		if f, err = timefmt.NewFormatter(text, t.Location()); err != nil {
			return e.fail("ArgumentError", "strftime: "+err.Error())
		}
		if e.forms == nil || len(e.forms) > 100 { // forms may be computed, and zones are made anew
			e.forms = map[form]*timefmt.Formatter{}
		}
		e.forms[form{strings.Clone(text), t.Location()}] = f
	}
	from := len(e.scratch)
	e.scratch = f.Append(e.scratch, t)
	return e.taken(from)
}

// localTime is localtime("+09:00"), or the process's own.
func localTime(e *Env, _ *call, v value, args []value) value {
	if len(args) == 0 || args[0].kind == kNil {
		return timeOf(stdTime(v), nil)
	}
	switch a := args[0]; {
	case a.kind == kInt && a.n > -86400 && a.n < 86400:
		return timeOf(stdTime(v), time.FixedZone("", int(a.n)))
	case a.s == "UTC" || a.s == "Z":
		return timeOf(stdTime(v), time.UTC)
	default:
		t, err := time.Parse("-07:00", a.s)
		if err != nil {
			return e.fail("ArgumentError", `"+HH:MM", "-HH:MM" or "UTC" expected for utc_offset`)
		}
		_, offset := t.Zone()
		return timeOf(stdTime(v), time.FixedZone("", offset))
	}
}

func iso8601(e *Env, _ *call, v value, args []value) value { return standardTime(e, v, args, isUTC(v)) }

// rfc3339 is DateTime's, which writes UTC as +00:00.
func rfc3339(e *Env, _ *call, v value, args []value) value { return standardTime(e, v, args, false) }

func standardTime(e *Env, v value, args []value, zulu bool) value {
	digits := 0
	if len(args) > 0 {
		digits = int(min(max(args[0].n, 0), 9))
	}
	layout := "2006-01-02T15:04:05"
	if digits > 0 {
		layout += ".000000000"[:digits+1]
	}
	from := len(e.scratch)
	if zulu {
		layout += "Z"
	} else {
		layout += "-07:00"
	}
	e.scratch = stdTime(v).AppendFormat(e.scratch, layout)
	return e.taken(from)
}

func shift(e *Env, v, by value, sign float64) value {
	if !by.number() || math.IsNaN(by.float()) || math.Abs(by.float()) > 1e15 {
		return e.fail("TypeError", "a time can be moved by a number of seconds")
	}
	whole, part := math.Modf(by.float() * sign)
	t := time.Unix(v.n+int64(whole), int64(v.nsec)+int64(math.Round(part*1e9)))
	out := timeOf(t, nil)
	out.o = v.o
	return out
}
