package rubyexp

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Regexp is a compiled expression, safe for use from many goroutines.
type Regexp struct {
	source  string
	names   []string // each once
	caps    [][]int  // of each name: its groups, the last first
	groups  int
	program *program       // nil: not of the usual kind
	linear  *regexp.Regexp // nil: it needs backtracking
	back    *backtracker
	why     string
}

// Options are what stands beside an expression.
type Options struct {
	IgnoreCase bool          // as the flag i
	Multiline  bool          // as the flag m, Ruby's: a dot matches a newline
	Timeout    time.Duration // of one match that backtracks; 0: a second
}

// Compile reads an expression as Fluentd's settings have it: /.../ with the
// flags i, m and x, or bare.
func Compile(source string, o Options) (*Regexp, error) {
	body, flags := source, ""
	if end := strings.LastIndexByte(source, '/'); end > 0 && source[0] == '/' && strings.Trim(source[end+1:], "imxounse") == "" {
		body, flags = source[1:end], source[end+1:]
	}
	t, err := translate(body, strings.Contains(flags, "x"))
	if err != nil {
		return nil, fmt.Errorf("cannot use the expression %s: %w", source, err)
	}
	mode := "(?m" // ^ and $ are always a line's
	if o.IgnoreCase || strings.Contains(flags, "i") {
		mode += "i"
	}
	if o.Multiline || strings.Contains(flags, "m") {
		mode += "s"
	}
	r := &Regexp{source: source, groups: len(t.groups), why: t.why}
	r.number(t.groups)
	expression := mode + ")" + string(t.out)
	if t.why == "" {
		if r.linear, err = regexp.Compile(expression); err == nil {
			r.program = compile(expression)
			return r, nil
		}
		r.why = "what Go's regexp refuses (" + err.Error() + ")"
	}
	if r.back, err = newBacktracker(expression, o.Timeout); err != nil {
		return nil, fmt.Errorf("cannot use the expression %s: %w", source, err)
	}
	return r, nil
}

// number notes which groups have which name. Without names none counts.
func (r *Regexp) number(groups []string) {
	for i, name := range groups {
		if name == "" {
			continue
		}
		at := slices.Index(r.names, name)
		if at < 0 {
			at = len(r.names)
			r.names, r.caps = append(r.names, name), append(r.caps, nil)
		}
		r.caps[at] = slices.Insert(r.caps[at], 0, i+1)
	}
}

// Names are the groups' names, in the order in which they first stand.
func (r *Regexp) Names() []string { return r.names }

// NumGroups is the number of groups, named or not, without the whole match.
func (r *Regexp) NumGroups() int { return r.groups }

// String is the expression as it was written.
func (r *Regexp) String() string { return r.source }

// Warning says what makes the expression slow; empty: nothing does.
func (r *Regexp) Warning() string {
	if r.back == nil {
		return ""
	}
	return fmt.Sprintf("the expression %s needs backtracking for %s: it is matched by a slower engine, at most %v a text", r.source, r.why, r.back.limit)
}

// Group returns where in match, which Find returned, the name's text is; of
// several groups with that name the last that matched counts. lo is -1 where
// none did.
func (r *Regexp) Group(match []int, name int) (lo, hi int) {
	for _, g := range r.caps[name] {
		if match[2*g] >= 0 {
			return match[2*g], match[2*g+1]
		}
	}
	return -1, -1
}

// Find appends to dst, which may be nil, where the leftmost match in p begins
// and ends, then the same for each group, as regexp.FindSubmatchIndex; false:
// there is none, or the time limit was reached.
func (r *Regexp) Find(dst []int, p []byte) ([]int, bool) {
	if r.back != nil {
		return r.back.find(dst, p, r.groups)
	}
	if r.program != nil {
		if dst, found, done := r.program.find(dst, p); done {
			return dst, found
		}
	}
	m := r.linear.FindSubmatchIndex(p)
	return append(dst, m...), m != nil
}

// Match reports whether there is a match in p.
func (r *Regexp) Match(p []byte) bool {
	if r.back != nil {
		return r.back.match(p)
	}
	if r.program != nil {
		if found, done := r.program.match(p); done {
			return found
		}
	}
	return r.linear.Match(p)
}
