package filter

// digits collects up to 20 digits.
type digits struct {
	d [20]byte
	n int
}

func (d *digits) add(c byte) bool {
	if d.n == len(d.d) {
		return false
	}
	d.d[d.n] = c - '0'
	d.n++
	return true
}

// cardEnd finds the end of the card number that begins at p[i]: 13 to 19 digits,
// in groups with a blank or a dash between them, that a card network gives out
// and whose last digit is right (Luhn, ISO/IEC 7812-1). 0: there is none.
func cardEnd(p []byte, i int) (end int) {
	var d digits
	for at := i; at < len(p); at++ {
		switch c := p[at]; {
		case classes[c]&isDigit != 0:
			if !d.add(c) {
				return end
			}
		case (c == ' ' || c == '-') && at > i && classes[p[at-1]]&isDigit != 0:
			continue
		default:
			return end
		}
		if d.n >= 13 && d.n <= 19 && wordEnds(p, at+1) && issued(&d) && luhn(&d) {
			end = at + 1
		}
	}
	return end
}

func luhn(d *digits) bool {
	sum := 0
	for i := range d.n {
		x := int(d.d[d.n-1-i])
		if i%2 == 1 {
			if x *= 2; x > 9 {
				x -= 9
			}
		}
		sum += x
	}
	return sum%10 == 0
}

// issued reports whether a network gives out numbers that begin and are as long
// as this one.
// Source: the ranges that Visa, Mastercard, American Express, Discover, JCB,
// UnionPay and Diners Club publish.
func issued(d *digits) bool {
	two := int(d.d[0])*10 + int(d.d[1])
	four := two*100 + int(d.d[2])*10 + int(d.d[3])
	switch {
	case d.d[0] == 4:
		return d.n == 13 || d.n == 16 || d.n == 19
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720:
		return d.n == 16
	case two == 34 || two == 37:
		return d.n == 15
	case four == 6011, two == 62, two == 64, two == 65, four >= 3528 && four <= 3589:
		return d.n >= 16
	case two == 30 || two == 36 || two == 38 || two == 39:
		return d.n >= 14
	}
	return false
}

// ssnEnd finds a US social security number, ddd-dd-dddd with dashes or blanks:
// not 000, 666 or from 900 on, no group of only zeros.
func ssnEnd(p []byte, i int) int {
	if len(p)-i < 11 || !wordEnds(p, i+11) || p[i+3] != p[i+6] || p[i+3] != '-' && p[i+3] != ' ' {
		return 0
	}
	area, ok1 := value(p[i : i+3])
	group, ok2 := value(p[i+4 : i+6])
	serial, ok3 := value(p[i+7 : i+11])
	if !ok1 || !ok2 || !ok3 || area == 0 || area == 666 || area >= 900 || group == 0 || serial == 0 {
		return 0
	}
	return i + 11
}

func value(p []byte) (n int, ok bool) {
	for _, c := range p {
		if classes[c]&isDigit == 0 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// abaEnd finds a US routing number: nine digits whose first two are given out
// and whose weighted sum (3, 7, 1) is a multiple of ten.
func abaEnd(p []byte, i int) int {
	if len(p)-i < 9 || !wordEnds(p, i+9) {
		return 0
	}
	n, ok := value(p[i : i+9])
	if !ok || n == 0 {
		return 0
	}
	switch two := n / 1e7; {
	case two <= 12, two >= 21 && two <= 32, two >= 61 && two <= 72, two == 80:
	default:
		return 0
	}
	sum := 0
	for k, w := range [9]int{3, 7, 1, 3, 7, 1, 3, 7, 1} {
		sum += w * int(p[i+k]-'0')
	}
	if sum%10 != 0 {
		return 0
	}
	return i + 9
}

// phoneEnd finds a telephone number: international, + and 8 to 15 digits (ITU-T
// E.164) with blanks, dots, dashes, slashes or brackets between them; or North
// American with separators, (ddd) ddd-dddd or ddd-ddd-dddd.
func phoneEnd(p []byte, i int) int {
	if p[i] == '+' {
		return internationalEnd(p, i)
	}
	at := i
	if p[at] == '(' {
		at++
	}
	if len(p)-at < 12 || !threeDigits(p[at:]) || p[at] < '2' {
		return 0
	}
	at += 3
	if p[i] == '(' {
		if p[at] != ')' {
			return 0
		}
		if at++; p[at] == ' ' {
			at++
		}
	} else if p[at] == '-' || p[at] == '.' || p[at] == ' ' {
		at++
	} else {
		return 0
	}
	if len(p)-at < 8 || !threeDigits(p[at:]) || p[at] < '2' || p[at+3] != '-' && p[at+3] != '.' && p[at+3] != ' ' {
		return 0
	}
	if _, ok := value(p[at+4 : at+8]); !ok || !wordEnds(p, at+8) {
		return 0
	}
	return at + 8
}

func threeDigits(p []byte) bool {
	_, ok := value(p[:3])
	return ok
}

func internationalEnd(p []byte, i int) (end int) {
	n, gap := 0, 0
	for at := i + 1; at < len(p); at++ {
		switch c := p[at]; {
		case classes[c]&isDigit != 0:
			if n == 0 && (c == '0' || at != i+1) {
				return 0
			}
			if n++; n > 15 {
				return 0
			}
			if gap = 0; n >= 8 && wordEnds(p, at+1) {
				end = at + 1
			}
		case (c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')') && n > 0 && gap < 2:
			gap++
		default:
			return end
		}
	}
	return end
}
