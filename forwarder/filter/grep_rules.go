package filter

import (
	"errors"
	"fmt"
)

// Group is what stands in an <and> or <or> section: regexps, or excludes.
type Group struct {
	Regexp  []Match `conf:"regexp"`
	Exclude []Match `conf:"exclude"`
}

// rule is matchers that decide together. A record passes if all match (any is
// false) or one does (any); of an exclude it must not be so.
type rule struct {
	matchers []matcher
	any      bool
	exclude  bool
	first    int // of the filter's readers: this rule's first
}

// rules reads the settings as Fluentd does: <regexp> and <and><regexp> must all
// match; of <or><regexp> one; a record goes if one <exclude> or <or><exclude>
// matches, or all of <and><exclude>.
func (g *Grep) rules(cfg GrepConfig) error {
	var errs []error
	read := func(section string, ms []Match) (list []matcher) {
		for i, m := range ms {
			one, err := newMatcher(fmt.Sprintf("%s[%d]", section, i), m)
			errs = append(errs, err)
			list = append(list, one)
		}
		return list
	}
	add := func(r rule) {
		if len(r.matchers) > 0 {
			g.list = append(g.list, r)
		}
	}
	add(rule{matchers: read("regexp", cfg.Regexp)})
	add(rule{matchers: read("exclude", cfg.Exclude), any: true, exclude: true})
	if len(cfg.And) > 0 && len(cfg.Or) > 0 {
		errs = append(errs, refuse("or", "<and> and <or> do not go together; write two filters, one after the other"))
	}
	for _, kind := range []struct {
		name   string
		groups []Group
		any    bool
	}{{"and", cfg.And, false}, {"or", cfg.Or, true}} {
		var regexp, exclude []matcher
		for i, group := range kind.groups {
			at := fmt.Sprintf("%s[%d]", kind.name, i)
			if len(group.Regexp) > 0 && len(group.Exclude) > 0 {
				errs = append(errs, refuse(at, "<regexp> and <exclude> do not go together in one <%s>; write one section for each", kind.name))
			}
			regexp = append(regexp, read(at+".regexp", group.Regexp)...)
			exclude = append(exclude, read(at+".exclude", group.Exclude)...)
		}
		add(rule{matchers: regexp, any: kind.any})
		add(rule{matchers: exclude, any: kind.any, exclude: true})
	}
	n := 0
	for i := range g.list {
		g.list[i].first = n
		n += len(g.list[i].matchers)
	}
	return errors.Join(errs...)
}

func newMatcher(at string, m Match) (matcher, error) {
	a, err := parseAccessor(m.Key)
	if err != nil {
		err = refuse(at+".key", "%w", err)
	}
	re, literal, patternErr := compile(m.Pattern)
	if patternErr != nil {
		patternErr = refuse(at+".pattern", "%w", patternErr)
	}
	if err == nil {
		err = patternErr
	}
	return matcher{a, literal, re}, err
}
