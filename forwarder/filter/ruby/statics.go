package ruby

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"sluice/parser"
	"sluice/parser/timefmt"
)

// kernel are the functions without a receiver.
func kernel() map[string]static {
	return map[string]static{
		"Integer": {1, 2, toIntegerStrict, false},
		"Float": {1, 1, func(e *Env, args []value) value {
			if f, ok := realNumber(args[0]); ok {
				return float(f)
			}
			return e.fail("ArgumentError", "invalid value for Float()")
		}, false},
		"String": {1, 1, func(e *Env, args []value) value { return e.text(args[0]) }, false},
		"Array": {1, 1, func(e *Env, args []value) value {
			switch v := force(args[0]); v.kind {
			case kArr:
				return v
			case kNil:
				return array(nil)
			case kHash, kRange:
				return array(elements(e, v))
			default:
				return array([]value{v})
			}
		}, false},
		"format": {1, -1, func(e *Env, args []value) value { return e.format(args[0].s, args[1:]) }, false},
	}
}

func toIntegerStrict(e *Env, args []value) value {
	v, base := args[0], 0
	if len(args) > 1 && args[1].kind == kInt && args[1].n >= 2 && args[1].n <= 36 {
		base = int(args[1].n)
	}
	if v.number() {
		return toInteger(e, v)
	}
	if v.kind == kStr {
		if n, err := strconv.ParseInt(strings.TrimSpace(v.s), base, 64); err == nil {
			return integer(n)
		}
		return e.fail("ArgumentError", "invalid value for Integer()")
	}
	return e.failf("TypeError", "can't convert %s into Integer", kindNames[v.kind])
}

func jsonStatics() map[string]static {
	return map[string]static{
		"parse": {1, 2, parseJSON, false}, "load": {1, 1, parseJSON, false}, "parse!": {1, 2, parseJSON, false},
		"generate": {1, 1, generateJSON, false}, "dump": {1, 1, generateJSON, false},
	}
}

func parseJSON(e *Env, args []value) value {
	if args[0].kind != kStr {
		return e.failf("TypeError", "no implicit conversion of %s into String", kindNames[args[0].kind])
	}
	p := []byte(strings.TrimSpace(args[0].s)) // its own: what is found in it is looked at
	if _, _, ok := parser.ObjectSpan(p); !ok && (!json.Valid(p) || tooDeep(p)) {
		return e.fail("JSON::ParserError", "unexpected token")
	}
	if e.c.changes {
		return thaw(fromJSON(p), nil)
	}
	return fromJSON(p)
}

// tooDeep reports whether brackets nest deeper than the parser goes.
func tooDeep(p []byte) bool {
	depth, deepest := 0, 0
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '"':
			end, _ := parser.ScanString(p, i)
			i = end - 1
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth--
		}
	}
	return deepest > maxNesting
}

func generateJSON(e *Env, args []value) value {
	from := len(e.scratch)
	e.scratch = appendJSON(e.scratch, args[0])
	return e.taken(from)
}

// envStatics read the environment's variables.
func envStatics() map[string]static {
	get := func(e *Env, args []value) value {
		if s, ok := e.c.opts.Getenv(args[0].s); ok {
			return str(s)
		}
		return value{}
	}
	has := func(e *Env, args []value) value { return boolean(get(e, args).kind == kStr) }
	return map[string]static{
		"[]": {1, 1, get, false},
		"fetch": {1, 2, func(e *Env, args []value) value {
			v := get(e, args)
			if v.kind == kNil && len(args) > 1 {
				return args[1]
			}
			if v.kind == kNil {
				return e.failf("KeyError", "key not found: %s", inspect(args[0]))
			}
			return v
		}, false},
		"key?": {1, 1, has, false}, "has_key?": {1, 1, has, false}, "include?": {1, 1, has, false},
	}
}

// timeAt is Time.at(seconds), with a fraction of it in microseconds or in the
// unit that is named.
func timeAt(e *Env, args []value) value {
	v := args[0]
	if v.kind == kTime {
		return timeOf(stdTime(v), nil)
	}
	if !v.number() || math.IsNaN(v.float()) || math.Abs(v.float()) > 1e15 {
		return e.failf("TypeError", "can't convert %s into an exact number", kindNames[v.kind])
	}
	t := timeOf(time.Unix(v.n, 0), nil)
	if v.kind == kFloat {
		whole, part := math.Modf(v.float())
		t = timeOf(time.Unix(int64(whole), int64(math.Round(part*1e9))), nil)
	}
	if len(args) > 1 && args[1].number() {
		unit := 1e-6
		if len(args) > 2 {
			unit = map[string]float64{"millisecond": 1e-3, "usec": 1e-6, "microsecond": 1e-6, "nsec": 1e-9, "nanosecond": 1e-9}[args[2].s]
		}
		return shift(e, t, float(args[1].float()*unit), 1)
	}
	return t
}

func civil(e *Env, args []value, loc *time.Location) value {
	n := [7]int{1970, 1, 1}
	for i, a := range args {
		whole, ok := wholeNumber(e, a)
		if !ok || whole < -100000 || whole > 1000000 {
			return e.fail("ArgumentError", "argument out of range")
		}
		n[i] = int(whole)
	}
	in := time.Local
	if loc != nil {
		in = loc
	}
	return timeOf(time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], n[6]*1000, in), loc)
}

// strptime is Time.strptime(text, form).
func strptime(e *Env, args []value) value {
	if args[0].kind != kStr || args[1].kind != kStr {
		return e.fail("TypeError", "strptime needs a text and a form")
	}
	p, err := timefmt.NewParser(args[1].s, nil, time.Now)
	if err != nil {
		return e.fail("ArgumentError", err.Error())
	}
	t, ok := p.Parse(bytesOf(args[0].s))
	if !ok {
		return e.fail("ArgumentError", "invalid date or strptime format")
	}
	return value{kind: kTime, n: t.Sec, nsec: t.Nsec}
}

// timeForms are what Time.parse reads.
var timeForms = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05.999999999 -0700", "2006-01-02 15:04:05.999999999 MST", "2006-01-02T15:04:05.999999999-0700",
	time.RFC1123Z, time.RFC1123, time.RFC850, time.ANSIC, "02/Jan/2006:15:04:05 -0700", "2006/01/02 15:04:05", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02",
}

func parseTime(e *Env, args []value) value {
	if args[0].kind != kStr {
		return e.failf("TypeError", "no implicit conversion of %s into String", kindNames[args[0].kind])
	}
	for _, form := range timeForms {
		if t, err := time.ParseInLocation(form, strings.TrimSpace(args[0].s), time.Local); err == nil {
			if t.Location() == time.Local {
				return timeOf(t, nil)
			}
			return timeOf(t, t.Location())
		}
	}
	return e.fail("ArgumentError", "no time information")
}
