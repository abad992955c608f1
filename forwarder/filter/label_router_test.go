package filter

import (
	"strings"
	"testing"

	"sluice/event"
)

// routed are the records that each way of a router takes, by number.
func routed(t *testing.T, cfg LabelRouterConfig, records ...string) (ways []string) {
	t.Helper()
	list, err := NewLabelRouter(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b := &event.Batch{Tag: "t"}
	for _, fields := range records {
		b.Begin(event.Record{Weight: 1})
		for field := range strings.SplitSeq(fields, " ") {
			name, value, _ := strings.Cut(field, "=")
			b.Add(b.KeyString(name), b.PutString(value, event.JSON))
		}
	}
	for _, r := range list {
		tags := make([]string, len(b.Recs))
		r.Retag(b, tags)
		way := ""
		for i, tag := range tags {
			if tag != "" {
				way += string(rune('0'+i)) + tag
			}
		}
		ways = append(ways, way)
	}
	return ways
}

// TestLabelRouter follows the plug-in's comments: matches in order, the first
// that fits decides, and negate turns it round.
func TestLabelRouter(t *testing.T) {
	records := []string{
		`kubernetes={"namespace_name":"shop","host":"n1","container_name":"web","labels":{"app.kubernetes.io/name":"cart","tier":"a"}}`,
		`kubernetes={"namespace_name":"bank","host":"n2","container_name":"db","labels":{"tier":"a"},"namespace_labels":{"team":"x"}}`,
		`kubernetes={"namespace_name":"bank","labels":{}} kubernetes_namespace={"labels":{"team":"x"}}`,
		`message="m"`,
	}
	one := func(m ...LabelMatch) LabelRoute { return LabelRoute{Match: m} }
	for _, c := range []struct {
		what  string
		route LabelRoute
		want  string
	}{
		{"nothing asked", one(LabelMatch{}), "0t1t2t3t"},
		{"no match", one(), ""},
		{"labels", one(LabelMatch{Labels: "tier:a"}), "0t1t"},
		{"all labels", one(LabelMatch{Labels: "tier:a, app.kubernetes.io/name:cart"}), "0t"},
		{"labels as JSON", one(LabelMatch{Labels: `{"tier":"a","app.kubernetes.io/name":"cart"}`}), "0t"},
		{"another value", one(LabelMatch{Labels: "tier:b"}), ""},
		{"namespaces", one(LabelMatch{Namespaces: []string{"x", "bank"}}), "1t2t"},
		{"an empty list", one(LabelMatch{Namespaces: []string{""}, Labels: "tier:a"}), "0t1t"},
		{"namespaces by expression", one(LabelMatch{NamespacesRegex: []string{"^x", "^sh.p$"}}), "0t"},
		{"namespace labels", one(LabelMatch{NamespaceLabels: "team:x"}), "1t2t"},
		{"host and container", one(LabelMatch{Hosts: []string{"n1", "n2"}, ContainerNames: []string{"db"}}), "1t"},
		{"all but", one(LabelMatch{Negate: true, Namespaces: []string{"shop"}}, LabelMatch{Labels: "tier:a"}), "1t"},
		{"the first that fits", one(LabelMatch{Labels: "tier:a"}, LabelMatch{Negate: true}), "0t1t"},
		{"a new tag", LabelRoute{Tag: "new", Match: []LabelMatch{{Hosts: []string{"n1"}}}}, "0new"},
	} {
		if got := routed(t, LabelRouterConfig{Route: []LabelRoute{c.route}}, records...); got[0] != c.want {
			t.Errorf("%s: took %s, want %s", c.what, got[0], c.want)
		}
	}
	all := LabelRouterConfig{DefaultTag: "rest", Route: []LabelRoute{
		one(LabelMatch{Namespaces: []string{"bank"}}), one(LabelMatch{Labels: "tier:a"}), one(LabelMatch{Negate: true}),
	}}
	if got := strings.Join(routed(t, all, records...), " "); got != "1t2t 0t1t  3rest" {
		t.Errorf("several routes: %s", got)
	}
	for field, bad := range map[string]LabelMatch{
		"route[1].match[0].labels":              {Labels: "tier"},
		"route[1].match[0].namespace_labels":    {NamespaceLabels: `{"a":1}`},
		"route[1].match[0].namespaces_regex[0]": {NamespacesRegex: []string{"("}},
	} {
		_, err := NewLabelRouter(LabelRouterConfig{DefaultTag: "x", Route: []LabelRoute{one(), one(bad)}})
		refused(t, err, field, "")
	}
}
