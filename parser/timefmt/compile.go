package timefmt

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sluice/event"
)

// step is one part of a compiled form: a directive, or a literal byte.
type step struct {
	verb   byte   // the directive's letter; 0: a literal
	lit    byte   // of a literal; space stands for any white space, also none
	colons uint8  // of %:z
	width  uint8  // of %3N; 0: none
	flags  string // of a written form: -0^#_
	tight  bool   // a number follows at once, so this one ends at its usual width
}

// shorthands are directives that stand for others.
var shorthands = map[byte]string{
	'c': "%a %b %e %H:%M:%S %Y", 'D': "%m/%d/%y", 'x': "%m/%d/%y", 'F': "%Y-%m-%d",
	'T': "%H:%M:%S", 'X': "%H:%M:%S", 'R': "%H:%M", 'r': "%I:%M:%S %p", 'v': "%e-%b-%Y",
	'+': "%a %b %e %H:%M:%S %Z %Y", 'n': "\n", 't': "\t", '%': "\x00",
}

const verbs = "aAbBhCdejHkIlLNMmPpQSsUuVWwYyGgZz"

// compile cuts a form into steps.
func compile(form string) (steps []step, err error) {
	for i := 0; i < len(form); i++ {
		if form[i] != '%' {
			steps = append(steps, step{lit: form[i]})
			continue
		}
		s, rest, err := directive(form[i+1:])
		if err != nil {
			return nil, fmt.Errorf("cannot read the time format %q: %w", form, err)
		}
		i = len(form) - len(rest) - 1
		long, short := shorthands[s.verb]
		switch {
		case s.verb == '%':
			steps = append(steps, step{lit: '%'})
		case short:
			more, err := compile(long)
			if err != nil {
				return nil, err
			}
			steps = append(steps, more...)
		default:
			steps = append(steps, s)
		}
	}
	for i := range steps[:max(0, len(steps)-1)] {
		steps[i].tight = steps[i+1].digit()
	}
	return steps, nil
}

// digit reports whether the step begins with a digit.
func (s *step) digit() bool {
	if s.verb == 0 {
		return s.lit-'0' <= 9
	}
	return strings.IndexByte("CdejHkIlLNMmQSsUuVWwYyGg", s.verb) >= 0
}

// directive reads what follows a percent sign.
func directive(rest string) (s step, after string, err error) {
	n := len(rest) - len(strings.TrimLeft(rest, "-0^#_"))
	s.flags, rest = rest[:n], rest[n:]
	for len(rest) > 0 && rest[0]-'0' <= 9 {
		s.width, rest = min(s.width*10%100+rest[0]-'0', 64), rest[1:]
	}
	for len(rest) > 0 && rest[0] == ':' {
		s.colons, rest = min(s.colons+1, 3), rest[1:]
	}
	if len(rest) > 1 && (rest[0] == 'E' || rest[0] == 'O') { // POSIX alternatives, which Ruby passes over
		rest = rest[1:]
	}
	if rest == "" {
		return s, "", fmt.Errorf("a %% stands at its end (write %%%% for the sign itself)")
	}
	s.verb = rest[0]
	if shorthands[s.verb] == "" && strings.IndexByte(verbs, s.verb) < 0 {
		return s, "", fmt.Errorf("there is no directive %%%c", s.verb)
	}
	if s.colons > 0 && s.verb != 'z' {
		return s, "", fmt.Errorf("colons belong before z only, not before %c", s.verb)
	}
	return s, rest[1:], nil
}

// Parser reads times of one form.
type Parser struct {
	steps []step
	iso   bool
	zone  *time.Location
	now   func() time.Time
}

// NewParser compiles a form. zone holds where the text names none; nil: local
// time. now completes what the text leaves out; nil: the clock.
func NewParser(form string, zone *time.Location, now func() time.Time) (*Parser, error) {
	if zone == nil {
		zone = time.Local
	}
	if now == nil {
		now = time.Now
	}
	p := &Parser{zone: zone, now: now, iso: form == "%iso8601"}
	if p.iso {
		return p, nil
	}
	steps, err := compile(form)
	p.steps = steps
	return p, err
}

// Complete reports whether the form has the year, so that a text means the same
// time whenever it is read.
func (p *Parser) Complete() bool {
	return p.iso || slices.ContainsFunc(p.steps, func(s step) bool { return strings.IndexByte("YyGgsQ", s.verb) >= 0 })
}

// Parse reads the time at the start of text; what follows it does not matter,
// as in Ruby. ok is false where text is not in the form.
func (p *Parser) Parse(text []byte) (t event.Time, ok bool) {
	var r reading
	return p.parse(&r, text)
}

// ParseOffset is Parse that also tells how many seconds east of UTC the text
// says it is, or else the zone is.
func (p *Parser) ParseOffset(text []byte) (t event.Time, offset int, ok bool) {
	var r reading
	t, ok = p.parse(&r, text)
	return t, r.east(t, p.zone), ok
}

func (p *Parser) parse(r *reading, text []byte) (t event.Time, ok bool) {
	if p.iso {
		if !r.iso(text) {
			return t, false
		}
		return r.resolve(p.zone, p.now)
	}
	if !r.read(p.steps, text) {
		return t, false
	}
	return r.resolve(p.zone, p.now)
}
