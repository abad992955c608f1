package timefmt

// iso reads ISO 8601's common form, 2026-01-02T03:04:05.678+09:00, as lenient
// as Ruby: a blank for the T, a comma for the point, no fraction, no zone, the
// zone with or without its colon.
func (r *reading) iso(text []byte) bool {
	r.p = text
	fail := !r.fullYear(&step{}) || !r.literal('-') ||
		!r.number(&r.month, 2, 1, 12, hasMonth) || !r.literal('-') ||
		!r.number(&r.day, 2, 1, 31, hasDay)
	if fail || r.i == len(r.p) {
		return !fail
	}
	if c := r.p[r.i]; c|0x20 != 't' && c != ' ' {
		return false
	}
	r.i++
	if !r.number(&r.hour, 2, 0, 24, hasHour) || !r.literal(':') || !r.number(&r.minute, 2, 0, 59, 0) {
		return false
	}
	if r.i < len(r.p) && r.p[r.i] == ':' {
		r.i++
		if !r.number(&r.second, 2, 0, 60, 0) {
			return false
		}
	}
	if r.i+1 < len(r.p) && (r.p[r.i] == '.' || r.p[r.i] == ',') && r.p[r.i+1]-'0' <= 9 {
		r.i++
		r.fraction(&step{})
	}
	at := r.i
	r.skipSpace()
	if r.i == len(r.p) || !r.zoneName() {
		r.i = at
	}
	return true
}
