package filter

// A detector finds one kind of what must not be seen.
type detector uint8

const (
	noDetector detector = iota
	card
	iban
	ssn
	aba
	phone
	email
	builtin // the first of the patterns that settings give
)

var detectorNames = [builtin]string{"", "card", "iban", "ssn", "aba", "phone", "email"}

// detectors is a set of the built-in ones.
type detectors uint16

func (d detectors) has(one detector) bool { return d&(1<<one) != 0 }

// hit is a place in a text.
type hit struct {
	lo, hi int
	by     detector
}

// classes say at which bytes something may begin.
const (
	isDigit  = 1 << iota
	isAlpha  // of a word
	isUpper  // may begin an IBAN
	isSignal // +, ( or @
)

var classes = makeClasses()

func makeClasses() (c [256]uint8) {
	for i := range 256 {
		switch b := byte(i); {
		case b >= '0' && b <= '9':
			c[i] = isDigit
		case b >= 'A' && b <= 'Z':
			c[i] = isAlpha | isUpper
		case b >= 'a' && b <= 'z', b == '_', b >= 0x80:
			c[i] = isAlpha
		case b == '+' || b == '(' || b == '@':
			c[i] = isSignal
		}
	}
	return c
}

// next finds the first hit in p from an index on.
func (d detectors) next(p []byte, from int) (hit, bool) {
	inWord := from > 0 && classes[p[from-1]]&(isDigit|isAlpha) != 0
	for i := from; i < len(p); i++ {
		c := classes[p[i]]
		if c&(isDigit|isUpper|isSignal) != 0 {
			if h, ok := d.at(p, i, from, inWord); ok {
				return h, true
			}
		}
		inWord = c&(isDigit|isAlpha) != 0
	}
	return hit{}, false
}

// at looks whether something begins at p[i], or for an address lies around it.
func (d detectors) at(p []byte, i, from int, inWord bool) (hit, bool) {
	switch c := p[i]; {
	case c == '@':
		if d.has(email) {
			return emailAround(p, i, from)
		}
		return hit{}, false
	case inWord:
		return hit{}, false
	case classes[c]&isUpper != 0:
		if d.has(iban) {
			if hi := ibanEnd(p, i); hi > 0 {
				return hit{i, hi, iban}, true
			}
		}
		return hit{}, false
	}
	return d.number(p, i)
}

// number looks for what consists of digits.
func (d detectors) number(p []byte, i int) (hit, bool) {
	if p[i] != '+' && p[i] != '(' {
		if d.has(card) && p[i] >= '2' && p[i] <= '6' { // as every network's numbers begin
			if hi := cardEnd(p, i); hi > 0 {
				return hit{i, hi, card}, true
			}
		}
		if d.has(ssn) {
			if hi := ssnEnd(p, i); hi > 0 {
				return hit{i, hi, ssn}, true
			}
		}
		if d.has(aba) {
			if hi := abaEnd(p, i); hi > 0 {
				return hit{i, hi, aba}, true
			}
		}
	}
	if d.has(phone) {
		if hi := phoneEnd(p, i); hi > 0 {
			return hit{i, hi, phone}, true
		}
	}
	return hit{}, false
}

// wordEnds reports whether no word goes on at p[i].
func wordEnds(p []byte, i int) bool { return i >= len(p) || classes[p[i]]&(isDigit|isAlpha) == 0 }

func localByte(c byte) bool {
	return classes[c]&(isDigit|isAlpha) != 0 && c < 0x80 || c == '.' || c == '%' || c == '+' || c == '-'
}

// emailAround finds the address around the @ at p[i]; it begins at from or
// behind it.
func emailAround(p []byte, i, from int) (hit, bool) {
	lo := i
	for lo > from && i-lo < 64 && localByte(p[lo-1]) {
		lo--
	}
	for lo < i && p[lo] == '.' {
		lo++
	}
	end := domainEnd(p, i+1)
	if lo == i || end == 0 {
		return hit{}, false
	}
	return hit{lo, end, email}, true
}

// domainEnd finds the end of the domain that begins at p[i]: labels with dots
// between them, the last of letters. 0: there is none.
func domainEnd(p []byte, i int) (end int) {
	label, dots := 0, 0
	for at := i; ; at++ {
		inside := at < len(p) && at-i < 255
		if inside && (p[at] < 0x80 && p[at] != '_' && classes[p[at]]&(isDigit|isAlpha) != 0 || p[at] == '-' && label > 0) {
			label++
			continue
		}
		if dots > 0 && topLevel2(p, at, label) {
			end = at
		}
		if !inside || p[at] != '.' || label == 0 {
			return end
		}
		dots++
		label = 0
	}
}

// topLevel2 reports whether the n bytes before p[hi] are two letters or more.
func topLevel2(p []byte, hi, n int) bool {
	if n < 2 {
		return false
	}
	for _, c := range p[hi-n : hi] {
		if classes[c]&isAlpha == 0 {
			return false
		}
	}
	return true
}
