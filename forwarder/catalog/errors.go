package catalog

import (
	"regexp"
	"strings"

	"sluice/conf"
)

// fieldError is a parameter that a part cannot take: field as package conf
// names it, below the part's element.
type fieldError struct{ field, what, fix string }

// Error says what is wrong.
func (e fieldError) Error() string { return e.what }

// Field names the parameter.
func (e fieldError) Field() string { return e.field }

// Fix is what to write instead.
func (e fieldError) Fix() string { return e.fix }

var isPattern = regexp.MustCompile(`(?:pattern|expression|regexp)(?:\[\d+\])?: `)

// explain turns the error of a part of e into problems that say what to write
// instead. Where the error does not, it is in the text, or follows from what
// kind of parameter it is about.
func explain(e *conf.Element, err error) conf.Problems {
	problems := e.Explain(err)
	for i := range problems {
		p := &problems[i]
		if p.Fix != "" || strings.HasSuffix(p.What, ")") {
			continue
		}
		if what, fix, ok := strings.Cut(p.What, ": write "); ok {
			p.What, p.Fix = what, "write "+fix
		} else if isPattern.MatchString(p.What) {
			p.Fix = "write a regular expression such as /^a.*z$/"
		} else {
			p.Fix = "see docs/from-fluentd.md"
		}
	}
	return problems
}

// badTag is what is wrong with the tags of a filter or a match.
func badTag(e *conf.Element, err error) conf.Problem {
	return conf.Problem{Pos: e.ArgPos, What: err.Error(), Fix: "write parts with dots, * for one of them, ** for any number, {a,b} for either"}
}
