package parser

// Elements calls visit with where each element of the JSON array p stands, or
// with p itself where it is no array, until visit returns false. It returns
// false, then or where p is not JSON; visit may have been called before that
// was seen.
func Elements(p []byte, visit func(lo, hi int) bool) bool {
	at := skipSpace(p, 0)
	if at == len(p) || p[at] != '[' {
		end, _ := skipValue(p, at, 1)
		return end >= 0 && skipSpace(p, end) == len(p) && visit(at, end)
	}
	m := openJSON(p, at, 1)
	for m.next() {
		if !visit(m.val.lo, m.val.hi) {
			return false
		}
	}
	return !m.bad && skipSpace(p, m.i) == len(p)
}
