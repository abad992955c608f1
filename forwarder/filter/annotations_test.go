package filter

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"sluice/event"
	"sluice/parser"
	"sluice/setting"
)

// askedFilter applies Annotations for a pod with wishes.
type askedFilter struct {
	*Annotations
	shared *event.Fragment
}

func (f askedFilter) Apply(b *event.Batch) {
	b.Shared = f.shared
	f.Annotations.Apply(b)
}

func asked(t testing.TB, both event.StreamWishes) askedFilter {
	t.Helper()
	a, err := NewAnnotations(AnnotationsConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return askedFilter{a, &event.Fragment{Wishes: event.Wishes{Stdout: both, Stderr: both}}}
}

func TestAnnotations(t *testing.T) {
	type s = event.StreamWishes
	out, log := `{"message":"{\"a\":1}","stream":"stdout","logtag":"F"}`, `{"log":"a=1 b=x","stream":"stderr"}`
	for name, c := range map[string]struct {
		stdout, stderr s
		want           [2]string // empty: dropped
	}{
		"nothing":        {s{}, s{}, [2]string{out, log}},
		"json":           {s{Parser: "json"}, s{Parser: "json"}, [2]string{`{"message":"{\"a\":1}","stream":"stdout","logtag":"F","a":1}`, log}},
		"of one stream":  {s{Parser: "logfmt"}, s{Parser: "json"}, [2]string{out, log}},
		"Fluent Bit's":   {s{Parser: "docker"}, s{}, [2]string{`{"message":"{\"a\":1}","stream":"stdout","logtag":"F","a":1}`, log}},
		"none":           {s{Parser: "none"}, s{}, [2]string{out, log}},
		"unknown":        {s{Parser: "no such"}, s{}, [2]string{out, log}},
		"one excluded":   {s{}, s{Exclude: true}, [2]string{out, ""}},
		"other excluded": {s{Exclude: true}, s{Parser: "logfmt"}, [2]string{"", `{"log":"a=1 b=x","stream":"stderr","a":"1","b":"x"}`}},
	} {
		f := asked(t, s{})
		f.shared.Wishes = event.Wishes{Stdout: c.stdout, Stderr: c.stderr}
		var unknown string
		f.cfg.Unknown = func(name string, _ *event.Fragment) { unknown = name }
		b := batch(t, out, log)
		f.Apply(b)
		for i, want := range c.want {
			if want == "" && b.Recs[i].State == event.Dropped {
				continue
			}
			if got := show(b, i); got != want || b.Recs[i].State != event.Live {
				t.Errorf("%s: record %d is %s, want %s", name, i, got, want)
			}
		}
		if (unknown != "") != (name == "unknown") {
			t.Errorf("%s: told of %q", name, unknown)
		}
		if b.Recs[0].Time != when {
			t.Errorf("%s: the time changed", name)
		}
	}
}

// A parser of the user's is found by its name, and may stand in the place of
// one that is there.
func TestNamedParsers(t *testing.T) {
	number := parser.DefaultConfig()
	number.Type, number.Expression = "regexp", `/^(?<a>\d+)=/`
	a, err := NewAnnotations(AnnotationsConfig{Parsers: []NamedParser{{"shop", number}, {"json", number}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"shop", "json"} {
		s := event.StreamWishes{Parser: name}
		f := askedFilter{a, &event.Fragment{Wishes: event.Wishes{Stdout: s, Stderr: s}}}
		b := batch(t, `{"message":"7=x","stream":"stdout"}`, `{"log":"no number"}`)
		f.Apply(b)
		if got := show(b, 0); got != `{"message":"7=x","stream":"stdout","a":"7"}` {
			t.Errorf("%s: %s", name, got)
		}
		if got := show(b, 1); got != `{"log":"no number"}` || b.Recs[1].State != event.Live {
			t.Errorf("%s: another format became %s", name, got)
		}
	}
	if names := a.Names(); !slices.Contains(names, "shop") || !slices.Contains(names, "nginx") {
		t.Errorf("names %v", names)
	}
}

func TestNamedParsersThatAreRefused(t *testing.T) {
	good, bad, slow := parser.DefaultConfig(), parser.DefaultConfig(), parser.DefaultConfig()
	good.Type, bad.Type, bad.Expression = "ltsv", "regexp", "/(/"
	slow.Type, slow.Expression = "regexp", `/(?<a>x)(?=y)/`
	for field, list := range map[string][]NamedParser{
		"[0].name":       {{"", good}},
		"[1].name":       {{"a", good}, {"a", good}},
		"[0].expression": {{"a", bad}},
		"[2].type":       {{"a", good}, {"b", good}, {"c", parser.DefaultConfig()}},
	} {
		_, err := NewAnnotations(AnnotationsConfig{Parsers: list})
		var at *setting.Error
		if !errors.As(err, &at) || at.Field() != field {
			t.Errorf("want an error at %s, got %v", field, err)
		}
	}
	a, err := NewAnnotations(AnnotationsConfig{Parsers: []NamedParser{{"slow", slow}}})
	if err != nil || len(a.Warnings()) != 1 || !strings.Contains(a.Warnings()[0], "parser slow: ") {
		t.Errorf("%v, warnings %v", err, a.Warnings())
	}
}

func TestAnnotationsOfNobody(t *testing.T) {
	f := asked(t, event.StreamWishes{})
	f.shared = nil
	b := batch(t, `{"message":"m"}`)
	f.Apply(b)
	if show(b, 0) != `{"message":"m"}` {
		t.Error("changed")
	}
}
