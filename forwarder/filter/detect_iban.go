package filter

import "strings"

// ibanLengths holds each country's length of an IBAN.
// Source: the IBAN registry of SWIFT (ISO 13616).
const ibanLengths = "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18" +
	"GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29" +
	"PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30"

// ibanEnd finds the end of the IBAN that begins at p[i], written together or in
// groups of four, whose check digits are right (ISO 7064, MOD 97-10). 0: there
// is none.
func ibanEnd(p []byte, i int) int {
	if len(p)-i < 15 || classes[p[i+1]]&isUpper == 0 || classes[p[i+2]]&classes[p[i+3]]&isDigit == 0 {
		return 0
	}
	country := string(p[i : i+2])
	want := 0
	for at := 0; at < len(ibanLengths); at += 4 {
		if ibanLengths[at:at+2] == country {
			want = int(ibanLengths[at+2]-'0')*10 + int(ibanLengths[at+3]-'0')
		}
	}
	if want == 0 {
		return 0
	}
	var s [34]byte
	n, at := 0, i
	for ; at < len(p) && n < want; at++ {
		c := p[at]
		if c == ' ' && n%4 == 0 && n > 0 && p[at-1] != ' ' {
			continue
		}
		if classes[c]&(isDigit|isUpper) == 0 {
			return 0
		}
		s[n] = c
		n++
	}
	if n < want || !wordEnds(p, at) || mod97(s[:n]) != 1 {
		return 0
	}
	return at
}

// mod97 is the remainder of the number that an IBAN stands for: its first four
// characters come last, and a letter is two digits.
func mod97(iban []byte) (r int) {
	for k := range iban {
		if c := iban[(k+4)%len(iban)]; c >= 'A' {
			r = (r*100 + int(c-'A') + 10) % 97
		} else {
			r = (r*10 + int(c-'0')) % 97
		}
	}
	return r
}

// compact is a hit without what only separates, in small letters: two ways of
// writing one number or address are the same.
func compact(p []byte, by detector) string {
	var out strings.Builder
	for _, c := range p {
		switch {
		case by == email || by >= builtin:
			if c >= 'A' && c <= 'Z' && by == email {
				c += 'a' - 'A'
			}
		case classes[c]&(isDigit|isUpper) == 0:
			continue
		}
		out.WriteByte(c)
	}
	return out.String()
}
