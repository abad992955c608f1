package conf

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// The values are what Fluentd 1.19.3's own types made of the texts.
func TestFluentdsValues(t *testing.T) {
	for s, want := range map[string]struct {
		n   int64
		odd bool
	}{"8MB": {8 << 20, false}, "8MiB": {8 << 20, false}, "8m": {8 << 20, false}, "1.5g": {5 << 30, true}, "1g500m": {500 << 20, true}, "512 MB": {512, true}, "abc": {0, true}, "1024": {1024, false}, "-1": {-1, false}, "2T": {2 << 40, false}} {
		if n, why := FluentSize(s); n != want.n || (why != "") != want.odd {
			t.Errorf("size %q: %d %q", s, n, why)
		}
	}
	for s, want := range map[string]struct {
		seconds float64
		odd     bool
	}{"10min": {600, false}, "1h30m": {1800, true}, "500ms": {30000, true}, "1.5h": {18000, true}, "1w": {1, true}, "5S": {5, true}, "90sec": {90, false}, "5s": {5, false}, "1d": {86400, false}, "0.5": {0.5, false}, "60": {60, false}} {
		if d, why := FluentTime(s); d != time.Duration(want.seconds*float64(time.Second)) || (why != "") != want.odd {
			t.Errorf("time %q: %v %q", s, d, why)
		}
	}
	for s, want := range map[string]struct {
		n   int64
		odd bool
	}{"10abc": {10, true}, "abc": {0, true}, "3.9": {3, true}, "-7": {-7, false}, "1_000": {1000, false}} {
		if n, why := FluentInt(s); n != want.n || (why != "") != want.odd {
			t.Errorf("integer %q: %d %q", s, n, why)
		}
	}
	for s, want := range map[string]struct{ b, odd bool }{"true": {true, false}, "yes": {true, false}, "": {true, false}, "#x": {true, false}, "false": {false, false}, "no": {false, false}, "True": {false, true}, "1": {false, true}, "on": {false, true}} {
		if b, why := FluentBool(s); b != want.b || (why != "") != want.odd {
			t.Errorf("bool %q: %v %q", s, b, why)
		}
	}
	if f, why := FluentFloat("2.5x"); f != 2.5 || why == "" {
		t.Error(f, why)
	}
	for s, want := range map[string]string{"a,b , c": "a|b|c", "a b": "a b", "": "", `["a",1,{"b":2}]`: `a|1|{"b":2}`} {
		if list, why := FluentArray(s); strings.Join(list, "|") != want || why != "" {
			t.Errorf("array %q: %q %q", s, list, why)
		}
	}
	for s, want := range map[string]string{"a:b:c,d:e": "a=b:c|d=e", `{"z":"1","a":{"b":2}}`: `z=1|a={"b":2}`} {
		pairs, why := FluentHash(s)
		var got []string
		for _, p := range pairs {
			got = append(got, p.Name+"="+p.Value)
		}
		if strings.Join(got, "|") != want || why != "" {
			t.Errorf("hash %q: %q %q", s, got, why)
		}
	}
	for _, bad := range []string{"[a", `[1,`} {
		if _, why := FluentArray(bad); why == "" {
			t.Errorf("array %q was taken", bad)
		}
	}
	if _, why := FluentHash("{a"); why == "" {
		t.Error("a hash that is none was taken")
	}
}

func TestFluentdsElements(t *testing.T) {
	type store struct {
		How  string `conf:"how,arg"`
		Type string `conf:"type"`
	}
	var cfg struct {
		Size  int64                          `conf:"size,size,alias=old_size"`
		Wait  time.Duration                  `conf:"wait"`
		On    bool                           `conf:"on"`
		Names []string                       `conf:"names"`
		Pairs []struct{ Name, Value string } `conf:"pairs,map"`
		Store []store                        `conf:"store"`
		Keep  string                         `conf:"keep"`
	}
	cfg.Keep = "default"
	e := &Element{Name: "match", Dialect: Fluentd, Params: []Param{
		{Name: "@type", Value: "x"},
		{Name: "@id", Value: "y"},
		{Name: "old_size", Value: "2k"},
		{Name: "wait", Value: "500ms"},
		{Name: "on", Value: ""},
		{Name: "names", Value: "a, b"},
		{Name: "pairs", Value: "k:v"},
		{Name: "keep", Null: true},
		{Name: "nmes", Value: "z"},
	}, Children: []*Element{
		{Name: "store", Arg: "ignore_error", Dialect: Fluentd, Params: []Param{{Name: "@type", Value: "s"}}},
		{Name: "stroe", Dialect: Fluentd},
	}}
	problems := Decode(e, &cfg)
	if problems.Bad() || len(problems) != 3 {
		t.Errorf("%v", problems)
	}
	if cfg.Size != 2048 || cfg.Wait != 30000*time.Second || !cfg.On || !slices.Equal(cfg.Names, []string{"a", "b"}) || cfg.Keep != "default" ||
		len(cfg.Pairs) != 1 || cfg.Pairs[0].Value != "v" || len(cfg.Store) != 1 || cfg.Store[0] != (store{"ignore_error", "s"}) {
		t.Errorf("%+v", cfg)
	}
}
