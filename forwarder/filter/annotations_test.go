package filter

import (
	"testing"

	"sluice/event"
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

func TestAnnotationsOfNobody(t *testing.T) {
	f := asked(t, event.StreamWishes{})
	f.shared = nil
	b := batch(t, `{"message":"m"}`)
	f.Apply(b)
	if show(b, 0) != `{"message":"m"}` {
		t.Error("changed")
	}
}
