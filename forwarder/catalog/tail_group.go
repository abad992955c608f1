package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/event"
	"sluice/forwarder/tail"
	"sluice/parser/rubyexp"
)

// tailGroup is tail's <group>: logs whose paths have something in common share a
// number of lines in a period.
type tailGroup struct {
	Pattern string        `conf:"pattern"` // its names are those of the rules
	Period  time.Duration `conf:"rate_period"`
	Rule    []tailRule    `conf:"rule"`
}

// tailRule is what a path must have, and what it may then. A limit that is not
// there, or -1, is none.
type tailRule struct {
	Match []event.Pair `conf:"match,map"`
	Limit string       `conf:"limit"`
}

// defaultTailGroup takes the names that container logs have in their paths.
func defaultTailGroup() tailGroup {
	return tailGroup{
		Pattern: `/^\/var\/log\/containers\/(?<podname>[^_\/]+)_(?<namespace>[^_]+)_(?<container>.+)-(?<docker_id>[a-z0-9]{64})\.log$/`,
		Period:  5 * time.Second,
	}
}

// quotaRule is a rule, compiled.
type quotaRule struct {
	names  []int // of the pattern
	values []*rubyexp.Regexp
	quota  *tail.Quota // nil: no limit
}

// quota returns what tells which quota a path has: that of the first rule that it
// matches, those with more conditions first. nil: there are no rules.
func (g *tailGroup) quota() (func(path string) *tail.Quota, error) {
	if len(g.Rule) == 0 {
		return nil, nil
	}
	if g.Period <= 0 {
		return nil, fieldError{"group.rate_period", "rate_period must be positive", "write for example 5s"}
	}
	pattern, err := rubyexp.Compile(g.Pattern, rubyexp.Options{})
	if err != nil {
		return nil, fieldError{"group.pattern", err.Error(), "write /PATTERN/ with (?<NAME>...)"}
	}
	rules := make([]quotaRule, len(g.Rule))
	sorted := slices.Clone(g.Rule)
	slices.SortStableFunc(sorted, func(a, b tailRule) int { return len(b.Match) - len(a.Match) })
	for i, r := range sorted {
		if rules[i], err = r.compile(pattern, g.Period); err != nil {
			return nil, err
		}
	}
	return func(path string) *tail.Quota {
		match, ok := pattern.Find(nil, []byte(path))
		for _, r := range rules {
			if ok && r.matches(pattern, match, path) {
				return r.quota
			}
		}
		return nil
	}, nil
}

func (t *tailRule) compile(pattern *rubyexp.Regexp, per time.Duration) (r quotaRule, err error) {
	for _, m := range t.Match {
		name := slices.Index(pattern.Names(), m.Name)
		if name < 0 {
			return r, fieldError{"group.rule.match", fmt.Sprintf("the group's pattern has no name %s", m.Name), "write one of " + strings.Join(pattern.Names(), ", ")}
		}
		re, err := rubyexp.Compile(m.Value, rubyexp.Options{})
		if err != nil {
			return r, fieldError{"group.rule.match", fmt.Sprintf("%s: %s", m.Name, err), "write /PATTERN/"}
		}
		r.names, r.values = append(r.names, name), append(r.values, re)
	}
	limit := int64(-1)
	if t.Limit != "" {
		if limit, err = strconv.ParseInt(t.Limit, 10, 64); err != nil || limit < -1 {
			return r, fieldError{"group.rule.limit", fmt.Sprintf("limit %q is no number of lines", t.Limit), "write a number, or -1 for no limit"}
		}
	}
	if limit >= 0 {
		r.quota = &tail.Quota{Lines: limit, Per: per}
	}
	return r, nil
}

// matches reports whether what the pattern found in a path is what the rule wants.
func (r *quotaRule) matches(pattern *rubyexp.Regexp, match []int, path string) bool {
	for i, name := range r.names {
		lo, hi := pattern.Group(match, name)
		if lo < 0 || !r.values[i].Match([]byte(path[lo:hi])) {
			return false
		}
	}
	return true
}
