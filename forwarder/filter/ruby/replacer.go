package ruby

import "sluice/parser/rubyexp"

// Replacer does what gsub does.
type Replacer struct {
	re   *rubyexp.Regexp
	with string
}

// NewReplacer reads a pattern, bare or between slashes, and what stands for
// each match: \1, \0 and \k<name> in it are the match's groups.
func NewReplacer(pattern, with string) (*Replacer, error) {
	re, err := rubyexp.Compile(pattern, rubyexp.Options{})
	return &Replacer{re, with}, err
}

// Warning says what makes the pattern slow; empty: nothing does.
func (r *Replacer) Warning() string { return r.re.Warning() }

// Append appends p with each match replaced; false, and nothing is appended, if
// there is none.
func (r *Replacer) Append(dst, p []byte) ([]byte, bool) {
	if !r.re.Match(p) {
		return dst, false
	}
	from := 0
	for _, loc := range r.re.All(p, -1) {
		dst = append(dst, p[from:loc[0]]...)
		dst = appendTemplate(dst, r.with, r.re, matchOf(r.re, view(p), loc))
		from = loc[1]
	}
	return append(dst, p[from:]...), true
}
