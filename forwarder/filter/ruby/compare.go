package ruby

import (
	"cmp"
	"strings"
)

// same is Ruby's ==.
func same(a, b value) bool {
	if a.number() && b.number() {
		if a.kind == kInt && b.kind == kInt {
			return a.n == b.n
		}
		return a.float() == b.float()
	}
	a, b = force(a), force(b)
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case kStr, kSym, kClass, kRegexp:
		return a.s == b.s
	case kTime:
		return a.n == b.n && a.nsec == b.nsec
	case kArr, kRange:
		if len(a.o.list) != len(b.o.list) || a.o.open != b.o.open {
			return false
		}
		for i := range a.o.list {
			if !same(a.o.list[i], b.o.list[i]) {
				return false
			}
		}
	case kHash:
		if len(a.o.pairs) != len(b.o.pairs) {
			return false
		}
		for _, p := range a.o.pairs {
			if v, ok := b.o.get(p.k); !ok || !same(p.v, v) {
				return false
			}
		}
	case kMatch:
		return a.o == b.o
	}
	return true
}

// compare is Ruby's <=>; ok is false where that is nil.
func compare(a, b value) (order int, ok bool) {
	switch {
	case a.kind == kInt && b.kind == kInt:
		return cmp.Compare(a.n, b.n), true
	case a.number() && b.number():
		x, y := a.float(), b.float()
		return cmp.Compare(x, y), x == x && y == y
	case a.kind != b.kind:
		return 0, false
	case a.kind == kStr || a.kind == kSym:
		return strings.Compare(a.s, b.s), true
	case a.kind == kTime:
		return cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.nsec, b.nsec)), true
	case a.kind == kArr:
		for i := range min(len(a.o.list), len(b.o.list)) {
			if o, ok := compare(a.o.list[i], b.o.list[i]); o != 0 || !ok {
				return o, ok
			}
		}
		return cmp.Compare(len(a.o.list), len(b.o.list)), true
	}
	return 0, same(a, b)
}

// covers is Ruby's ===, what case and when compare with.
func covers(e *Env, pattern, v value) bool {
	switch pattern.kind {
	case kClass:
		return isA(v, pattern.s)
	case kRegexp:
		return (v.kind == kStr || v.kind == kSym) && e.match(pattern.o.re, v.s).truthy()
	case kRange:
		return inRange(pattern, v)
	}
	return same(pattern, v)
}

func inRange(r, v value) bool {
	lo, hi := r.o.list[0], r.o.list[1]
	if lo.kind != kNil {
		if o, ok := compare(lo, v); !ok || o > 0 {
			return false
		}
	}
	if hi.kind == kNil {
		return true
	}
	o, ok := compare(v, hi)
	return ok && (o < 0 || o == 0 && !r.o.open)
}

// isA reports whether v is of the class or of one below it.
func isA(v value, class string) bool {
	v = force(v)
	switch class {
	case "Object", "BasicObject":
		return true
	case "Numeric":
		return v.number()
	case "Comparable":
		return v.number() || v.kind == kStr || v.kind == kTime
	case "Enumerable":
		return v.kind == kArr || v.kind == kHash || v.kind == kRange
	}
	return kindNames[v.kind] == class
}
