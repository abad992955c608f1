package rubyexp

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// sets are the contents of classes that both libraries understand the same.
var sets = map[string]string{
	"d": "0-9", "w": "0-9A-Za-z_", "s": `\t-\r `, "h": "0-9A-Fa-f",
	"alpha": `\p{L}\p{M}`, "digit": `\p{Nd}`, "alnum": `\p{L}\p{M}\p{Nd}`, "upper": `\p{Lu}`, "lower": `\p{Ll}`,
	"space": `\t-\r \p{Z}`, "blank": `\t\p{Zs}`, "punct": `\p{P}$+<=>^` + "`" + `|~`, "cntrl": `\p{Cc}`,
	"xdigit": "0-9A-Fa-f", "word": `\p{L}\p{M}\p{Nd}\p{Pc}`, "graph": `\p{L}\p{M}\p{N}\p{P}\p{S}`, "print": `\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}`,
	"ascii": `\x00-\x7f`,
}

// escape writes one backslash and what follows, outside a class.
func (t *translation) escape() error {
	if t.i+1 == len(t.in) {
		return fmt.Errorf(`a \ stands at its end`)
	}
	c := t.in[t.i+1]
	rest := t.in[t.i+2:]
	switch {
	case strings.IndexByte("dwsh", c) >= 0:
		t.put("[" + sets[string(c)] + "]")
	case strings.IndexByte("DWSH", c) >= 0:
		t.put("[^" + sets[strings.ToLower(string(c))] + "]")
	case c == 'A' || c == 'z' || c == 'b' || c == 'B':
		t.out = append(t.out, '\\', c)
		t.atom = -1
	case c == 'Z':
		t.out = append(t.out, `(?:\n?\z)`...)
		t.atom = -1
	case c == 'G':
		t.why = `\G`
		t.out = append(t.out, `\G`...)
	case c == 'R':
		t.put("(?:\\r\\n|[\\n-\\r\u0085\u2028\u2029])")
	case c >= '1' && c <= '9' || c == 'k':
		return t.reference(c, rest)
	case c == 'g' && strings.HasPrefix(rest, "<"), c == 'K', c == 'X':
		return fmt.Errorf(`\%c is not supported`, c)
	case c == 'p' || c == 'P':
		set, n, err := property(t.in[t.i:])
		if err != nil {
			return err
		}
		t.put(set)
		t.i += n
		return nil
	default:
		char, n, err := character(t.in[t.i:])
		if err != nil {
			return err
		}
		t.put(char)
		t.i += n
		return nil
	}
	t.i += 2
	return nil
}

// reference writes a back-reference: \1 or \k<name>.
func (t *translation) reference(c byte, rest string) error {
	n := 2
	number := 0
	if c == 'k' {
		end := strings.IndexAny(rest, ">'")
		if end < 2 {
			return fmt.Errorf(`a group's name is missing after \k`)
		}
		name := rest[1:end]
		n += end + 1
		number = slices.Index(t.groups, name) + 1
		if v, err := strconv.Atoi(name); err == nil {
			number = v
		}
		if number < 1 {
			return fmt.Errorf(`\k<%s> stands before that group, or there is none`, name)
		}
	} else {
		number = int(c - '0')
	}
	if number > len(t.groups) {
		return fmt.Errorf(`\%d refers to a group that is not there yet`, number)
	}
	t.why = "a back-reference"
	t.put(`(?:\` + strconv.Itoa(number) + ")")
	t.i += n
	return nil
}

// property reads \p{Name}, \p{^Name} or \P{Name}.
func property(s string) (set string, n int, err error) {
	end := strings.IndexByte(s, '}')
	if !strings.HasPrefix(s[2:], "{") || end < 0 {
		return "", 0, fmt.Errorf(`%s needs a name in braces`, s[:2])
	}
	name, not := strings.CutPrefix(s[3:end], "^")
	not = not != (s[1] == 'P')
	if inside := sets[strings.ToLower(name)]; inside != "" && len(name) > 1 {
		if not {
			return "[^" + inside + "]", end + 1, nil
		}
		return "[" + inside + "]", end + 1, nil
	}
	mark := `\p{`
	if not {
		mark = `\P{`
	}
	set = mark + name + "}"
	if _, err := regexp.Compile(set); err != nil {
		return "", 0, fmt.Errorf(`there is no property %s`, s[:end+1])
	}
	return set, end + 1, nil
}

// character reads an escape that stands for one character and returns it ready
// for either place, in a class or outside.
func character(s string) (char string, n int, err error) {
	r, n := rune(s[1]), 2
	switch s[1] {
	case 'n', 't', 'r', 'f', 'v', 'a', 'e':
		r = rune("\n\t\r\f\v\a\x1b"[strings.IndexByte("ntrfvae", s[1])])
	case 'x', 'u':
		digits := 4
		if s[1] == 'x' {
			digits = 2
		}
		hex := s[2:]
		if len(hex) > 0 && hex[0] == '{' {
			end := strings.IndexByte(hex, '}')
			hex, n = hex[1:max(end, 1)], 2+end+1
		} else {
			k := 0
			for k < len(hex) && k < digits && strings.IndexByte("0123456789abcdefABCDEF", hex[k]) >= 0 {
				k++
			}
			hex, n = hex[:k], 2+k
		}
		v, err := strconv.ParseUint(hex, 16, 32)
		if err != nil || v > utf8.MaxRune {
			return "", 0, fmt.Errorf(`\%c is not followed by a character's number`, s[1])
		}
		r = rune(v)
	case '0':
		for n < len(s) && n < 4 && s[n]-'0' <= 7 {
			r = (r-'0')*8 + rune(s[n]-'0') + '0'
			n++
		}
		r -= '0'
	case 'c', 'C', 'M':
		return "", 0, fmt.Errorf(`\%c is not supported (write \xHH)`, s[1])
	default:
		r, n = utf8.DecodeRuneInString(s[1:])
		n++
	}
	return quoted(r), n, nil
}

// quoted is one character that stands for itself.
func quoted(r rune) string {
	switch {
	case r < ' ' || r == 0x7f:
		return fmt.Sprintf(`\x%02x`, r)
	case r < utf8.RuneSelf && strings.IndexByte(` "#%&',/:;<=>@_~!`+"`", byte(r)) < 0 && !alnum(byte(r)):
		return `\` + string(r)
	}
	return string(r)
}

func alnum(c byte) bool { return c-'0' <= 9 || c|0x20-'a' <= 'z'-'a' }

// class writes [...]. Ruby lets brackets stand within brackets: what such a
// class adds is added.
func (t *translation) class() error {
	inside, not, n, err := class(t.in[t.i:])
	if err != nil {
		return err
	}
	t.i += n
	if not {
		inside = "^" + inside
	}
	t.put("[" + inside + "]")
	return nil
}

// class reads the class at the start of s.
func class(s string) (inside string, not bool, n int, err error) {
	i := 1
	if i < len(s) && s[i] == '^' {
		not = true
		i++
	}
	first := i
	// A hyphen makes a range after a single character that does not end one.
	single, hyphen := false, false
	var out strings.Builder
	for ; ; first = -1 {
		part, k, one := "", 1, false
		switch {
		case i >= len(s):
			return "", false, 0, fmt.Errorf(`a [ is not closed (write \[ for the character)`)
		case s[i] == ']' && i != first:
			return out.String(), not, i + 1, nil
		case s[i] == '-':
			hyphen = single && i+1 < len(s) && s[i+1] != ']' && !setFollows(s[i+1:])
			part, single = `\-`, false
			if hyphen {
				part = "-"
			}
			out.WriteString(part)
			i++
			continue
		case s[i] == '[':
			part, k, err = inner(s[i:])
		case strings.HasPrefix(s[i:], "&&"):
			err = fmt.Errorf("&& within [...] is not supported (write the characters that are left)")
		case s[i] == '\\':
			part, k, one, err = classEscape(s[i:])
		default:
			var r rune
			r, k = utf8.DecodeRuneInString(s[i:])
			part, one = quoted(r), true
		}
		if err != nil {
			return "", false, 0, err
		}
		out.WriteString(part)
		i += k
		single, hyphen = one && !hyphen, false
	}
}

// inner reads what begins with a bracket within a class: [:alpha:], or a class.
func inner(s string) (set string, n int, err error) {
	if strings.HasPrefix(s, "[:") && strings.Contains(s[2:], ":]") {
		return posix(s)
	}
	set, not, n, err := class(s)
	if not {
		err = fmt.Errorf("[^...] within [...] is not supported")
	}
	return set, n, err
}

// setFollows reports whether s begins with a set, before which a hyphen
// stands for itself.
func setFollows(s string) bool {
	return s[0] == '[' || len(s) > 1 && s[0] == '\\' && strings.IndexByte("dwshDWSHpP", s[1]) >= 0
}

func posix(s string) (set string, n int, err error) {
	end := 2 + strings.Index(s[2:], ":]")
	name, not := strings.CutPrefix(s[2:end], "^")
	set = sets[name]
	if set == "" || len(name) == 1 {
		return "", 0, fmt.Errorf("there is no class %s", s[:end+2])
	}
	if not {
		return "", 0, fmt.Errorf("%s is not supported", s[:end+2])
	}
	return set, end + 2, nil
}

// classEscape reads an escape within a class; single: it stands for one
// character.
func classEscape(s string) (part string, n int, single bool, err error) {
	if len(s) < 2 {
		return "", 0, false, fmt.Errorf(`a \ stands at its end`)
	}
	switch c := s[1]; {
	case strings.IndexByte("dwsh", c) >= 0:
		return sets[string(c)], 2, false, nil
	case c == 'D' || c == 'W' || c == 'S':
		return s[:2], 2, false, nil
	case c == 'H' || c == 'R' || c == 'X':
		return "", 0, false, fmt.Errorf(`\%c within [...] is not supported`, c)
	case c == 'b':
		return `\x08`, 2, true, nil
	case c == 'p' || c == 'P':
		set, n, err := property(s)
		if strings.HasPrefix(set, "[^") {
			return "", 0, false, fmt.Errorf("%s within [...] is not supported", s[:n])
		}
		return strings.Trim(set, "[]"), n, false, err
	}
	char, n, err := character(s)
	return char, n, true, err
}
