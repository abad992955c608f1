package filter

import (
	"slices"
	"testing"

	"sluice/event"
)

func TestGrep(t *testing.T) {
	const record = `{"message":"GET /healthz ok\nsecond","status":200,"f":1.5,"none":null,"on":true,"a":{"b":"x\"y","l":[1,"two"]},"$x":"dollar","e":""}`
	one := func(key, pattern string) []Match { return []Match{{key, pattern}} }
	for _, c := range []struct {
		key, pattern string
		matches      bool
	}{
		{"message", "healthz", true},
		{"message", "healthy", false},
		{"message", "HEALTHZ", false},
		{"message", "/HEALTHZ/i", true},
		{"message", "/healthz/", true},
		{"message", "^second$", true}, // ^ and $ are Ruby's
		{"message", `\Asecond`, false},
		{"message", "ok.second", false},
		{"message", "/ok.second/m", true},
		{"message", `GET (/\w+)+ ok`, true},
		{"message", `//healthz/`, true},
		{"message", `\/healthz`, true},
		{"message", `/(?i) HEALTHZ # ruby's x/x`, true},
		{"message", `^(?!.*healthz)`, true}, // of the second line
		{"message", `\A(?!.*healthz)`, false},
		{"message", ``, true},
		{"status", `^2\d\d$`, true},
		{"status", `200`, true},
		{"f", `^1\.5$`, true},
		{"on", `^true$`, true},
		{"none", `.`, false},
		{"none", `^$`, true},
		{"missing", `.`, false},
		{"missing", `^$`, true}, // as Fluentd: what is missing is the empty text
		{"e", `^$`, true},
		{"$.a.b", `^x"y$`, true},
		{"$['a']['b']", `x"y`, true},
		{`$["a"].l[1]`, `^two$`, true},
		{"$.a.l[0]", `^1$`, true},
		{"$.a.l[2]", `.`, false},
		{"$.a.l", `^\[1,"two"\]$`, true},
		{"$.a", `"l":\[1`, true},
		{"$.message.b", `.`, false},
		{"$.status.b", `.`, false},
		{"$x", `^dollar$`, true},
		{"a.b", `.`, false},
	} {
		for kind, source := range map[string]func(testing.TB, ...string) *event.Batch{"JSON": batch, "msgpack": packed} {
			keep, err := NewGrep(GrepConfig{Regexp: one(c.key, c.pattern)})
			if err != nil {
				t.Fatal(err)
			}
			if got := apply(t, keep, source, record).Recs[1].State == event.Live; got != c.matches {
				t.Errorf("%s: regexp %s %s: kept %v", kind, c.key, c.pattern, got)
			}
			drop, err := NewGrep(GrepConfig{Exclude: one(c.key, c.pattern)})
			if err != nil {
				t.Fatal(err)
			}
			if got := apply(t, drop, source, record).Recs[1].State == event.Dropped; got != c.matches {
				t.Errorf("%s: exclude %s %s: dropped %v", kind, c.key, c.pattern, got)
			}
		}
	}
}

func TestGrepManyConditions(t *testing.T) {
	g, err := NewGrep(GrepConfig{
		Regexp:  []Match{{"a", "1"}, {"b", "2"}},
		Exclude: []Match{{"c", "3"}, {"d", "4"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for record, want := range map[string]event.State{
		`{"a":1,"b":2}`:         event.Live,
		`{"a":1}`:               event.Dropped,
		`{"b":2}`:               event.Dropped,
		`{"a":1,"b":2,"c":3}`:   event.Dropped,
		`{"a":1,"b":2,"d":"4"}`: event.Dropped,
		`{"a":1,"b":2,"d":5}`:   event.Live,
	} {
		if got := apply(t, g, batch, record).Recs[1].State; got != want {
			t.Errorf("%s: state %d, want %d", record, got, want)
		}
	}
}

func TestGrepAndOr(t *testing.T) {
	m := func(keys ...string) (list []Match) {
		for _, k := range keys {
			list = append(list, Match{k, "x"})
		}
		return list
	}
	for name, c := range map[string]struct {
		cfg  GrepConfig
		live []string // of the records {}, {a}, {b} and {a,b}
	}{
		"and regexp":         {GrepConfig{And: []Group{{Regexp: m("a", "b")}}}, []string{"ab"}},
		"or regexp":          {GrepConfig{Or: []Group{{Regexp: m("a", "b")}}}, []string{"a", "b", "ab"}},
		"and exclude":        {GrepConfig{And: []Group{{Exclude: m("a", "b")}}}, []string{"", "a", "b"}},
		"or exclude":         {GrepConfig{Or: []Group{{Exclude: m("a", "b")}}}, []string{""}},
		"plain exclude":      {GrepConfig{Exclude: m("a", "b")}, []string{""}},
		"two or sections":    {GrepConfig{Or: []Group{{Regexp: m("a")}, {Regexp: m("b")}}}, []string{"a", "b", "ab"}},
		"or and plain":       {GrepConfig{Regexp: m("a"), Or: []Group{{Exclude: m("b")}}}, []string{"a"}},
		"one section of two": {GrepConfig{And: []Group{{Regexp: m("a")}, {Exclude: m("b")}}}, []string{"a"}},
	} {
		g, err := NewGrep(c.cfg)
		if err != nil {
			t.Fatal(name, err)
		}
		var live []string
		for _, r := range []struct{ name, record string }{{"", `{}`}, {"a", `{"a":"x"}`}, {"b", `{"b":"x"}`}, {"ab", `{"a":"x","b":"x"}`}} {
			if apply(t, g, batch, r.record).Recs[1].State == event.Live {
				live = append(live, r.name)
			}
		}
		if !slices.Equal(live, c.live) {
			t.Errorf("%s: %q stay, want %q", name, live, c.live)
		}
	}
	_, err := NewGrep(GrepConfig{And: []Group{{Regexp: m("a"), Exclude: m("b")}}, Or: []Group{{Regexp: []Match{{"a", "("}}}}})
	refused(t, err, "or", "two filters")
	refused(t, err, "and[0]", "one section for each")
	refused(t, err, "or[0].regexp[0].pattern", "cannot use the expression")
}

// What a batch says of all its records is found under Fluentd's names and
// ECS's, unless the record has such a field itself.
func TestGrepShared(t *testing.T) {
	shared := &event.Fragment{
		Namespace: "prod", Pod: "web-1", Container: "web", Labels: []event.Pair{{Name: "app.kubernetes.io/name", Value: "shop"}},
		SpaceLabels: []event.Pair{{Name: "stage", Value: "prod"}}, NodeLabels: []event.Pair{{Name: "pool", Value: "shop"}},
		Owners: []event.Pair{{Name: "ReplicaSet", Value: "shop-1"}, {Name: "Deployment", Value: "shop"}}, Image: "shop", ImageDigest: "prod",
	}
	for _, c := range []struct {
		key, record string
		live        bool
	}{
		{"$.kubernetes.namespace_name", `{}`, true},
		{"$.kubernetes.namespace", `{}`, true},
		{"$['kubernetes']['labels']['app.kubernetes.io/name']", `{}`, true},
		{"$.kubernetes.labels.app.kubernetes.io/name", `{}`, true},
		{"$.kubernetes.labels.other", `{}`, false},
		{"$.kubernetes.namespace_labels.stage", `{}`, true},
		{"$.kubernetes.node_labels.pool", `{}`, true},
		{"$.kubernetes.owner_name", `{}`, true},
		{"$.kubernetes.owner_kind", `{}`, false},
		{"$.kubernetes.container_image", `{}`, true},
		{"$.container.image.hash.all", `{}`, true},
		{"$.kubernetes.enrichment", `{}`, false},
		{"$.kubernetes.host", `{}`, false},
		{"$.kubernetes.namespace_name", `{"kubernetes":{"namespace_name":"dev"}}`, false},
	} {
		g, err := NewGrep(GrepConfig{Regexp: []Match{{c.key, "^(prod|shop)$"}}})
		if err != nil {
			t.Fatal(err)
		}
		b := batch(t, c.record)
		b.Shared = shared
		if g.Apply(b); (b.Recs[0].State == event.Live) != c.live {
			t.Errorf("%s of %s: state %d", c.key, c.record, b.Recs[0].State)
		}
	}
}

func TestGrepRefuses(t *testing.T) {
	for _, c := range []struct{ key, pattern, field, words string }{
		{"a", "(", "exclude[1].pattern", `cannot use the expression (`},
		{"a", "/api/v1", "exclude[1].pattern", `"//api/v1/"`},
		{"a", "/", "exclude[1].pattern", "begins with a slash"},
		{"a", "/a/q", "exclude[1].pattern", "flags i, m or x"},
		{"", "a", "exclude[1].key", "name is missing"},
		{"$.", "a", "exclude[1].key", "name is missing"},
		{"$.a..b", "a", "exclude[1].key", "name is missing"},
		{"$['a'", "a", "exclude[1].key", "no ']"},
		{"$[0]", "a", "exclude[1].key", "names, not numbers"},
		{"$.a[-1]", "a", "exclude[1].key", "neither a quoted name nor a number"},
		{"$.a[", "a", "exclude[1].key", "neither a quoted name nor a number"},
		{"$['a']b", "a", "exclude[1].key", "after ]"},
	} {
		_, err := NewGrep(GrepConfig{Exclude: []Match{{"x", "y"}, {c.key, c.pattern}}})
		refused(t, err, c.field, c.words)
	}
}

const grepRecord = `{"message":"GET /","status":200,"a":{"b":"x\n"}}`

func grepAll(t testing.TB) *Grep {
	g, err := NewGrep(GrepConfig{
		Regexp:  []Match{{"message", "GET|POST"}, {"$.a.b", "x"}, {"status", `^\d+$`}, {"a", "{"}},
		Exclude: []Match{{"message", "healthz"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestGrepConcurrent(t *testing.T) { together(t, grepAll(t), grepRecord) }

const accessLine = `{"message":"10.1.2.3 - - [02/Jan/2026:03:04:05 +0000] \"GET /api/v1/things/4711 HTTP/1.1\" 200 5120 \"-\" \"curl/8.5.0\"","stream":"stdout"}`

func BenchmarkGrepLiteral(b *testing.B) {
	g, err := NewGrep(GrepConfig{Exclude: []Match{{"message", "healthz"}}})
	if err != nil {
		b.Fatal(err)
	}
	bench(b, g, accessLine)
}

func BenchmarkGrepRegexp(b *testing.B) {
	g, err := NewGrep(GrepConfig{Regexp: []Match{{"message", `"(GET|POST) [^"]*" [245]\d\d`}}})
	if err != nil {
		b.Fatal(err)
	}
	bench(b, g, accessLine)
}
