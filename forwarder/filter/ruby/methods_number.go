package ruby

import (
	"math"
	"strconv"
)

// numberMethods are what whole numbers and floats have.
func numberMethods() methods {
	out := orderMethods()
	for name, do := range map[string]func(e *Env, a, b value) value{
		"+": add, "-": subtract, "*": multiply, "/": divide, "%": modulo, "modulo": modulo, "**": power, "pow": power,
		"fdiv": func(_ *Env, a, b value) value { return float(a.float() / b.float()) },
		"div": func(e *Env, a, b value) value {
			return toInteger(e, divide(e, a, b))
		},
	} {
		out[name] = method{min: 1, max: 1, run: func(e *Env, c *call, v value, args []value) value {
			if !args[0].number() {
				return e.failf("TypeError", "%s: %s is no number", c.name, kindNames[args[0].kind])
			}
			return do(e, v, args[0])
		}}
	}
	test := func(f func(x float64) bool) method {
		return method{run: func(_ *Env, _ *call, v value, _ []value) value { return boolean(f(v.float())) }}
	}
	out["zero?"], out["positive?"], out["negative?"] = test(func(x float64) bool { return x == 0 }), test(func(x float64) bool { return x > 0 }), test(func(x float64) bool { return x < 0 })
	out["nan?"], out["infinite?"] = test(math.IsNaN), test(func(x float64) bool { return math.IsInf(x, 0) })
	out["finite?"] = test(func(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) })
	out["nonzero?"] = method{run: func(_ *Env, _ *call, v value, _ []value) value {
		if v.float() == 0 {
			return value{}
		}
		return v
	}}
	out["to_i"] = method{run: func(e *Env, _ *call, v value, _ []value) value { return toInteger(e, v) }}
	out["to_int"], out["truncate"] = out["to_i"], out["to_i"]
	out["to_f"] = method{run: func(_ *Env, _ *call, v value, _ []value) value { return float(v.float()) }}
	out["-@"] = method{run: func(e *Env, _ *call, v value, _ []value) value { return subtract(e, integer(0), v) }}
	out["abs"] = method{run: func(e *Env, _ *call, v value, _ []value) value {
		if v.float() < 0 {
			return subtract(e, integer(0), v)
		}
		return v
	}}
	out["round"], out["floor"], out["ceil"] = rounding(math.Round), rounding(math.Floor), rounding(math.Ceil)
	out["divmod"] = method{min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value {
		if !args[0].number() {
			return e.fail("TypeError", "divmod needs a number")
		}
		return array([]value{toInteger(e, divide(e, v, args[0])), modulo(e, v, args[0])})
	}}
	out["clamp"] = method{min: 2, max: 2, run: func(_ *Env, _ *call, v value, args []value) value {
		if o, ok := compare(v, args[0]); ok && o < 0 {
			return args[0]
		}
		if o, ok := compare(v, args[1]); ok && o > 0 {
			return args[1]
		}
		return v
	}}
	return out
}

func integerMethods() methods {
	bits := func(f func(a, b int64) int64) method {
		return method{min: 1, max: 1, run: func(e *Env, _ *call, v value, args []value) value {
			if args[0].kind != kInt {
				return e.fail("TypeError", "a whole number is needed")
			}
			return integer(f(v.n, args[0].n))
		}}
	}
	return methods{
		"&":     bits(func(a, b int64) int64 { return a & b }),
		"|":     bits(func(a, b int64) int64 { return a | b }),
		"^":     bits(func(a, b int64) int64 { return a ^ b }),
		"<<":    bits(func(a, b int64) int64 { return a << uint(min(max(b, 0), 64)) }),
		">>":    bits(func(a, b int64) int64 { return a >> uint(min(max(b, 0), 63)) }),
		"even?": {run: func(_ *Env, _ *call, v value, _ []value) value { return boolean(v.n%2 == 0) }},
		"odd?":  {run: func(_ *Env, _ *call, v value, _ []value) value { return boolean(v.n%2 != 0) }},
		"succ":  {run: func(e *Env, _ *call, v value, _ []value) value { return add(e, v, integer(1)) }},
		"pred":  {run: func(e *Env, _ *call, v value, _ []value) value { return subtract(e, v, integer(1)) }},
		"to_s": {max: 1, run: func(e *Env, _ *call, v value, args []value) value {
			base := int64(10)
			if len(args) > 0 {
				base = args[0].n
			}
			if base < 2 || base > 36 {
				return e.fail("ArgumentError", "invalid radix")
			}
			from := len(e.scratch)
			e.scratch = strconv.AppendInt(e.scratch, v.n, int(base))
			return e.taken(from)
		}},
		"chr": {max: 1, run: func(e *Env, _ *call, v value, _ []value) value {
			if v.n < 0 || v.n > 0x10ffff {
				return e.fail("RangeError", "out of char range")
			}
			return str(string(rune(v.n)))
		}},
	}
}

// rounding is round, floor or ceil, with a number of digits.
func rounding(f func(float64) float64) method {
	return method{max: 1, run: func(e *Env, _ *call, v value, args []value) value {
		digits := int64(0)
		if len(args) > 0 && args[0].kind == kInt {
			digits = args[0].n
		}
		if digits < -18 || digits > 18 {
			return v
		}
		scale := math.Pow(10, float64(digits))
		switch {
		case v.kind == kInt && digits >= 0:
			return v
		case digits > 0:
			r := f(v.float()*scale) / scale
			if math.IsInf(r, 0) || math.IsNaN(r) {
				return v
			}
			return float(r)
		}
		return toInteger(e, float(f(v.float()*scale)/scale))
	}}
}

func toInteger(e *Env, v value) value {
	if v.kind == kInt || v.kind == kNil {
		return v
	}
	f := v.float()
	if math.IsNaN(f) || math.Abs(f) >= 1<<63 {
		return e.fail("FloatDomainError", "a number too large for an Integer")
	}
	return integer(int64(f))
}

const overflow = "the result does not fit into 64 bits"

func add(e *Env, a, b value) value {
	if a.kind != kInt || b.kind != kInt {
		return float(a.float() + b.float())
	}
	if s := a.n + b.n; (s > a.n) == (b.n > 0) {
		return integer(s)
	}
	return e.fail("RangeError", overflow)
}

func subtract(e *Env, a, b value) value {
	if a.kind != kInt || b.kind != kInt {
		return float(a.float() - b.float())
	}
	if d := a.n - b.n; (d < a.n) == (b.n > 0) {
		return integer(d)
	}
	return e.fail("RangeError", overflow)
}

func multiply(e *Env, a, b value) value {
	if a.kind != kInt || b.kind != kInt {
		return float(a.float() * b.float())
	}
	if m := a.n * b.n; a.n == 0 || b.n == 0 || m/b.n == a.n && !(b.n == -1 && a.n == math.MinInt64) && !(a.n == -1 && b.n == math.MinInt64) {
		return integer(m)
	}
	return e.fail("RangeError", overflow)
}

// divide rounds down, as Ruby does.
func divide(e *Env, a, b value) value {
	if a.kind != kInt || b.kind != kInt {
		return float(a.float() / b.float())
	}
	if b.n == 0 {
		return e.fail("ZeroDivisionError", "divided by 0")
	}
	if b.n == -1 {
		return subtract(e, integer(0), a)
	}
	q := a.n / b.n
	if a.n%b.n != 0 && (a.n < 0) != (b.n < 0) {
		q--
	}
	return integer(q)
}

func modulo(e *Env, a, b value) value {
	if a.kind != kInt || b.kind != kInt {
		m := math.Mod(a.float(), b.float())
		if m != 0 && (m < 0) != (b.float() < 0) {
			m += b.float()
		}
		return float(m)
	}
	if b.n == 0 {
		return e.fail("ZeroDivisionError", "divided by 0")
	}
	if b.n == -1 {
		return integer(0)
	}
	m := a.n % b.n
	if m != 0 && (m < 0) != (b.n < 0) {
		m += b.n
	}
	return integer(m)
}

func power(e *Env, a, b value) value {
	if a.kind != kInt || b.kind != kInt || b.n < 0 {
		return float(math.Pow(a.float(), b.float()))
	}
	out := integer(1)
	for base, n := a, b.n; n > 0 && !e.raised(); n >>= 1 {
		if n&1 == 1 {
			out = multiply(e, out, base)
		}
		if n > 1 {
			base = multiply(e, base, base)
		}
	}
	return out
}
