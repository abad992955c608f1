package rubyexp

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// translation turns Ruby's syntax into the one that Go's regexp and
// dlclark/regexp2 have in common.
type translation struct {
	in       string
	i        int
	out      []byte
	extended bool     // flag x: white space and comments do not count
	named    bool     // there are named groups, so plain ones do not capture
	groups   []string // their names, in order; "": a number only
	why      string   // what needs backtracking; empty: nothing
	atom     int      // where the last atom begins in out; -1: none
	open     []group
}

type group struct {
	at       int // where it begins in out
	extended bool
}

// translate returns the expression without its slashes, in the common syntax.
func translate(body string, extended bool) (*translation, error) {
	t := &translation{in: body, extended: extended, named: hasNamedGroup(body), atom: -1}
	for t.i < len(t.in) {
		if err := t.next(); err != nil {
			return nil, err
		}
	}
	if len(t.open) > 0 {
		return nil, fmt.Errorf("a ( is not closed")
	}
	return t, nil
}

func hasNamedGroup(body string) bool {
	for i := 0; i+3 < len(body); i++ {
		switch {
		case body[i] == '\\':
			i++
		case strings.HasPrefix(body[i:], "(?<") && body[i+3] != '=' && body[i+3] != '!', strings.HasPrefix(body[i:], "(?'"):
			return true
		}
	}
	return false
}

func (t *translation) next() error {
	c := t.in[t.i]
	switch {
	case t.extended && (c == ' ' || c-'\t' <= '\r'-'\t'):
		t.i++
	case t.extended && c == '#':
		t.i += strings.IndexByte(t.in[t.i:]+"\n", '\n') + 1
		t.i = min(t.i, len(t.in))
	case c == '\\':
		return t.escape()
	case c == '[':
		return t.class()
	case c == '(':
		return t.group()
	case c == ')':
		if len(t.open) == 0 {
			return fmt.Errorf("a ) was not opened (write \\) for the character)")
		}
		g := t.open[len(t.open)-1]
		t.open = t.open[:len(t.open)-1]
		t.atom, t.extended = g.at, g.extended
		t.out = append(t.out, ')')
		t.i++
	case c == '*' || c == '+' || c == '?' || c == '{':
		return t.repeat()
	default:
		_, n := utf8.DecodeRuneInString(t.in[t.i:])
		t.put(t.in[t.i : t.i+n])
		t.i += n
		if c == '|' || c == '^' || c == '$' {
			t.atom = -1
		}
	}
	return nil
}

// put writes one atom.
func (t *translation) put(s string) {
	t.atom = len(t.out)
	t.out = append(t.out, s...)
}

var counts = regexp.MustCompile(`^\{(\d*)(,?)(\d*)\}`)

// repeat writes what repeats the last atom.
func (t *translation) repeat() error {
	rest := t.in[t.i:]
	mark := rest[:1]
	n := 1
	if rest[0] == '{' {
		m := counts.FindStringSubmatch(rest)
		if m == nil || m[1] == "" && m[3] == "" {
			t.put(`\{`)
			t.i++
			return nil
		}
		n = len(m[0])
		mark = "{" + m[1] + m[2] + m[3] + "}"
		if m[1] == "" {
			mark = "{0" + m[2] + m[3] + "}"
		}
		for _, s := range []string{m[1], m[3]} {
			if v, _ := strconv.Atoi(s); v > 1000 {
				t.why = "a repetition of more than 1,000 times"
			}
		}
	}
	if t.atom < 0 {
		return fmt.Errorf("%s has nothing before it to repeat (write \\%s for the character)", rest[:n], rest[:1])
	}
	t.i += n
	t.out = append(t.out, mark...)
	switch after := t.in[t.i:]; {
	case strings.HasPrefix(after, "?"):
		t.out = append(t.out, '?')
		t.i++
	case strings.HasPrefix(after, "+") && rest[0] != '{':
		t.why = "the possessive quantifier " + mark + "+"
		t.out = append(slices.Insert(t.out, t.atom, []byte("(?>")...), ')')
		t.i++
	case after != "" && strings.IndexByte("*+{", after[0]) >= 0 && !t.literalBrace(after): // repeated again
		t.out = append(slices.Insert(t.out, t.atom, []byte("(?:")...), ')')
	}
	return nil
}

func (t *translation) literalBrace(s string) bool { return s[0] == '{' && !counts.MatchString(s) }

// group writes what an opening parenthesis begins.
func (t *translation) group() error {
	rest := t.in[t.i:]
	open := group{at: len(t.out), extended: t.extended}
	if !strings.HasPrefix(rest, "(?") {
		t.i++
		if t.named {
			t.begin(open, "(?:")
			return nil
		}
		t.groups = append(t.groups, "")
		t.begin(open, "(")
		return nil
	}
	switch {
	case strings.HasPrefix(rest, "(?#"):
		n := strings.IndexByte(rest, ')')
		if n < 0 {
			return fmt.Errorf("the comment (?# is not closed")
		}
		t.i += n + 1
		return nil
	case strings.HasPrefix(rest, "(?:"):
		t.i += 3
		t.begin(open, "(?:")
		return nil
	case strings.HasPrefix(rest, "(?~"), strings.HasPrefix(rest, "(?("):
		return fmt.Errorf("%s is not supported", rest[:3])
	}
	for _, look := range []struct{ mark, what string }{
		{"(?=", "look-ahead"},
		{"(?!", "negative look-ahead"},
		{"(?<=", "look-behind"},
		{"(?<!", "negative look-behind"},
		{"(?>", "an atomic group"},
	} {
		if strings.HasPrefix(rest, look.mark) {
			t.why = look.what + " " + look.mark + "...)"
			t.i += len(look.mark)
			t.begin(open, look.mark)
			return nil
		}
	}
	if strings.HasPrefix(rest, "(?<") || strings.HasPrefix(rest, "(?'") {
		return t.namedGroup(open, rest)
	}
	return t.flags(open, rest)
}

func (t *translation) begin(g group, mark string) {
	t.open = append(t.open, g)
	t.out = append(t.out, mark...)
	t.atom = -1
}

// namedGroup begins (?<name>...), whatever the name: it is kept aside.
func (t *translation) namedGroup(open group, rest string) error {
	closing := byte('>')
	if rest[2] == '\'' {
		closing = '\''
	}
	n := strings.IndexByte(rest[3:], closing)
	if n < 1 {
		return fmt.Errorf("a group's name is missing after %s", rest[:3])
	}
	t.groups = append(t.groups, rest[3:3+n])
	t.i += 3 + n + 1
	t.begin(open, "(")
	return nil
}

// flags reads (?imx-imx) and (?imx-imx:...). Ruby's m is s elsewhere.
func (t *translation) flags(open group, rest string) error {
	end := strings.IndexAny(rest, ":)")
	if end < 0 {
		return fmt.Errorf("(? is not closed")
	}
	var on, off []byte
	extended, minus := t.extended, false
	for _, c := range []byte(rest[2:end]) {
		to := &on
		if minus {
			to = &off
		}
		switch c {
		case '-':
			minus = true
		case 'x':
			extended = !minus
		case 'm':
			*to = append(*to, 's')
		case 'i':
			*to = append(*to, 'i')
		case 'a', 'u', 'd': // which letters count as such: as they do anyway
		default:
			return fmt.Errorf("%s is not supported", rest[:min(end+1, len(rest))])
		}
	}
	mark := "(?" + string(on)
	if len(off) > 0 {
		mark += "-" + string(off)
	}
	t.i += end + 1
	t.extended = extended
	if rest[end] == ':' {
		t.begin(open, mark+":")
	} else if mark != "(?" {
		t.out = append(t.out, mark+")"...)
		t.atom = -1
	}
	return nil
}
