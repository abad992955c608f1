package filter

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"sluice/event"
	"sluice/parser"
	"sluice/parser/rubyexp"
)

// LabelRouterConfig is the output label_router, which the logging operator
// writes: every route that fits gets the record.
type LabelRouterConfig struct {
	Route        []LabelRoute `conf:"route"`
	DefaultRoute string       `conf:"default_route"` // the label of what no route takes
	DefaultTag   string       `conf:"default_tag"`
}

// LabelRoute fits if the first of its matches that fits is not negated.
type LabelRoute struct {
	Tag   string       `conf:"tag"` // the new one; empty: it stays
	Match []LabelMatch `conf:"match"`
}

// LabelMatch fits if all that it asks for does. Labels are KEY:VALUE,... or a
// JSON object.
type LabelMatch struct {
	Labels          string   `conf:"labels"`
	Namespaces      []string `conf:"namespaces"`
	NamespacesRegex []string `conf:"namespaces_regex"`
	NamespaceLabels string   `conf:"namespace_labels"`
	Hosts           []string `conf:"hosts"`
	ContainerNames  []string `conf:"container_names"`
	Negate          bool     `conf:"negate"`
}

// LabelRouter implements forwarder.Retagger for one way out of the router: the
// records of one route, or those of none.
type LabelRouter struct {
	routes  [][]labelMatch
	none    bool // takes what none of routes takes
	tag     string
	readers int
	pool    sync.Pool // of *rewriteRun
}

type labelMatch struct {
	fields []labelField
	negate bool
}

// labelField asks that one value, the first of at that a record has, be one of
// several.
type labelField struct {
	at      []accessor
	reader  int // where its accessors' readers begin
	values  []string
	pattern []*rubyexp.Regexp
}

// NewLabelRouter makes a LabelRouter for each route, and at the end one for what
// no route takes. Its errors are setting.Errors, joined.
func NewLabelRouter(cfg LabelRouterConfig) (list []*LabelRouter, err error) {
	var errs []error
	for i := range cfg.Route {
		r, found := newLabelRouter(cfg.Route[i:i+1], i, cfg.Route[i].Tag)
		list, errs = append(list, r), append(errs, found...)
	}
	rest, _ := newLabelRouter(cfg.Route, 0, cfg.DefaultTag) // what is wrong is in errs already
	rest.none = true
	return append(list, rest), errors.Join(errs...)
}

// newLabelRouter compiles routes, the first of which is the config's n-th.
func newLabelRouter(routes []LabelRoute, n int, tag string) (r *LabelRouter, errs []error) {
	r = &LabelRouter{tag: tag}
	r.pool.New = func() any { return new(rewriteRun) }
	for i, route := range routes {
		var matches []labelMatch
		for j, m := range route.Match {
			at := fmt.Sprintf("route[%d].match[%d].", n+i, j)
			compiled, found := r.match(at, m)
			matches, errs = append(matches, compiled), append(errs, found...)
		}
		r.routes = append(r.routes, matches)
	}
	return r, errs
}

// field asks for one of values in the first of paths that a record has.
func (r *LabelRouter) field(values []string, paths ...[]string) labelField {
	f := labelField{reader: r.readers, values: values}
	for _, path := range paths {
		var steps []parser.Step
		for _, name := range path {
			steps = append(steps, parser.Step{Name: name, Index: -1})
		}
		a, _ := newAccessor(steps) // names only: nothing to refuse
		f.at = append(f.at, a)
	}
	r.readers += len(paths)
	return f
}

func (r *LabelRouter) match(at string, m LabelMatch) (made labelMatch, errs []error) {
	made.negate = m.Negate
	for _, list := range []struct {
		name   string
		values []string
	}{{"host", m.Hosts}, {"container_name", m.ContainerNames}, {"namespace_name", m.Namespaces}} {
		values := slices.DeleteFunc(slices.Clone(list.values), func(s string) bool { return s == "" })
		if len(values) > 0 {
			made.fields = append(made.fields, r.field(values, []string{"kubernetes", list.name}))
		}
	}
	if len(m.NamespacesRegex) > 0 {
		f := r.field(nil, []string{"kubernetes", "namespace_name"})
		for i, text := range m.NamespacesRegex {
			re, err := rubyexp.Compile(text, rubyexp.Options{})
			if err != nil {
				errs = append(errs, refuse(fmt.Sprintf("%snamespaces_regex[%d]", at, i), "%w", err))
			}
			f.pattern = append(f.pattern, re)
		}
		made.fields = append(made.fields, f)
	}
	pairs, err := labelPairs(at+"namespace_labels", m.NamespaceLabels)
	errs = append(errs, err)
	for _, p := range pairs { // as the operator's own Fluent Bit writes them, or as kubernetes_metadata does
		made.fields = append(made.fields, r.field([]string{p.Value},
			[]string{"kubernetes_namespace", "labels", p.Name}, []string{"kubernetes", "namespace_labels", p.Name}))
	}
	pairs, err = labelPairs(at+"labels", m.Labels)
	errs = append(errs, err)
	for _, p := range pairs {
		made.fields = append(made.fields, r.field([]string{p.Value}, []string{"kubernetes", "labels", p.Name}))
	}
	return made, errs
}

// labelPairs reads a:b,c:d or {"a":"b"}.
func labelPairs(at, text string) (list []event.Pair, err error) {
	if strings.HasPrefix(text, "{") {
		var object map[string]string
		if json.Unmarshal([]byte(text), &object) != nil {
			return nil, refuse(at, "%s is no JSON object of texts: write KEY:VALUE,KEY:VALUE", text)
		}
		for name, value := range object {
			list = append(list, event.Pair{Name: name, Value: value})
		}
		slices.SortFunc(list, func(a, b event.Pair) int { return cmp.Compare(a.Name, b.Name) })
		return list, nil
	}
	for pair := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(pair), ":")
		if !ok && name != "" {
			return nil, refuse(at, "%q is not KEY:VALUE: write KEY:VALUE,KEY:VALUE", name)
		}
		if ok {
			list = append(list, event.Pair{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
		}
	}
	return list, nil
}
