package forwarder

import (
	"fmt"
	"regexp"
	"strings"
)

// Pattern is a Fluentd tag pattern: parts separated by dots, `*` one part,
// `**` zero or more parts, `{a,b}` either; several patterns separated by
// blanks match when one of them does; /.../ alone is a regular expression for
// the whole tag.
// Source: docs.fluentd.org/configuration/config-file#how-do-the-match-patterns-work.
type Pattern struct {
	text string
	re   *regexp.Regexp
}

// ParsePattern compiles a pattern. It is matched once per tag, not per record,
// so a regular expression is good enough.
func ParsePattern(text string) (Pattern, error) {
	if n := len(text); n > 2 && text[0] == '/' && text[n-1] == '/' {
		re, err := regexp.Compile(`\A(?:` + text[1:n-1] + `)\z`)
		if err != nil {
			return Pattern{}, fmt.Errorf("cannot use tag pattern %q: %w", text, err)
		}
		return Pattern{text: text, re: re}, nil
	}
	var alts []string
	for _, one := range split(text) {
		alt, err := translate(one)
		if err != nil {
			return Pattern{}, err
		}
		alts = append(alts, alt)
	}
	if len(alts) == 0 {
		return Pattern{}, fmt.Errorf("tag pattern is empty; ** matches every tag")
	}
	re, err := regexp.Compile(`\A(?:` + strings.Join(alts, "|") + `)\z`)
	if err != nil {
		return Pattern{}, fmt.Errorf("cannot use tag pattern %q: %w", text, err)
	}
	return Pattern{text: text, re: re}, nil
}

// split separates patterns: at blanks and, outside of braces, at commas, by
// which Fluentd's YAML joins a list.
func split(text string) []string {
	depth := 0
	return strings.FieldsFunc(text, func(r rune) bool {
		switch r {
		case '{':
			depth++
		case '}':
			depth--
		}
		return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == ',' && depth <= 0
	})
}

func translate(p string) (string, error) {
	var out strings.Builder
	depth := 0
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case strings.HasPrefix(p[i:], ".**") && (i+3 == len(p) || strings.IndexByte(".,}", p[i+3]) >= 0):
			out.WriteString(`(?:\..*)?`) // a.** is also a
			i += 2
		case strings.HasPrefix(p[i:], "**."):
			out.WriteString(`(?:.*\.)?`) // **.a is also a
			i += 2
		case strings.HasPrefix(p[i:], "**"):
			out.WriteString(`.*`)
			i++
		case c == '*':
			out.WriteString(`[^.]*`)
		case c == '{':
			depth++
			out.WriteString(`(?:`)
		case c == '}' && depth > 0:
			depth--
			out.WriteString(`)`)
		case c == ',' && depth > 0:
			out.WriteString(`|`)
		default:
			out.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	if depth != 0 {
		return "", fmt.Errorf("tag pattern %q has a { without }", p)
	}
	return out.String(), nil
}

// Match reports whether the tag matches.
func (p Pattern) Match(tag string) bool { return p.re.MatchString(tag) }

// String is the pattern as it was written.
func (p Pattern) String() string { return p.text }
