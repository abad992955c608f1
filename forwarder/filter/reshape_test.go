package filter

import (
	"strings"
	"testing"

	"sluice/event"
)

func TestRemoveNested(t *testing.T) {
	f, err := NewRecordTransformer(RecordTransformerConfig{RemoveKeys: []string{"$.a.b", "$.l[1].x", "$.a.c.d", "$.s.x", "$.nope.x", "$['k.8s']['y']", "plain"}})
	if err != nil {
		t.Fatal(err)
	}
	const record = `{"a":{"b":1,"c":{"d":[1],"e":"x\"y"},"b":2},"l":[0,{"x":1,"y":2},3],"s":"text","k.8s":{"y":null},"plain":1}`
	const want = `{"a":{"c":{"e":"x\"y"}},"l":[0,{"y":2},3],"s":"text","k.8s":{}}`
	for _, make := range []func(testing.TB, ...string) *event.Batch{batch, packed} {
		if got := show(apply(t, f, make, record), 1); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

func TestDedot(t *testing.T) {
	const record = `{"a.b.c":1,"plain":{"x.y":[{"z.w":"v.v"}]},"a_b_c":2}`
	for _, c := range []struct {
		cfg  DedotConfig
		want string
	}{
		{DedotConfig{DeDot: true, Separator: "-"}, `{"a-b-c":1,"plain":{"x.y":[{"z.w":"v.v"}]},"a_b_c":2}`},
		{DefaultDedotConfig(), `{"plain":{"x.y":[{"z.w":"v.v"}]},"a_b_c":2}`}, // of two the last counts
		{DedotConfig{DeDot: true, Nested: true, Separator: "-"}, `{"a-b-c":1,"plain":{"x-y":[{"z-w":"v.v"}]},"a_b_c":2}`},
		{DedotConfig{Separator: "-"}, record},
	} {
		f, err := NewDedot(c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got := show(apply(t, f, batch, record), 1); got != c.want {
			t.Errorf("%+v\n got %s\nwant %s", c.cfg, got, c.want)
		}
		together(t, f, record)
	}
	_, err := NewDedot(DedotConfig{Separator: "a.b"})
	refused(t, err, "de_dot_separator", "holds a dot")
	f, _ := NewDedot(DedotConfig{DeDot: true, Nested: true, Separator: "-"})
	if got := show(apply(t, f, packed, `{"p":{"x.y":{"z.w":1}}}`), 1); got != `{"p":{"x-y":{"z-w":1}}}` {
		t.Error(got)
	}
}

func TestFlatten(t *testing.T) {
	const record = `{"a":{"b":{"c":"x\ny"},"d":[1,["two"],{"e":null}]},"z":"top","o":{},"l":[]}`
	for _, c := range []struct {
		cfg  FlattenConfig
		want string
	}{
		{DefaultFlattenConfig(), `{"a.b.c":"x\ny","a.d.0":1,"a.d.1.0":"two","a.d.2.e":null,"z":"top","o":{},"l":[]}`},
		{FlattenConfig{Separator: "_"}, `{"a_b_c":"x\ny","a_d":[1,["two"],{"e":null}],"z":"top","o":{},"l":[]}`},
	} {
		f, err := NewFlatten(c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got := show(apply(t, f, batch, record), 1); got != c.want {
			t.Errorf("%+v\n got %s\nwant %s", c.cfg, got, c.want)
		}
		together(t, f, record)
	}
}

func TestFlattenMsgpack(t *testing.T) {
	f, _ := NewFlatten(DefaultFlattenConfig())
	if got := show(apply(t, f, packed, `{"a":{"b":["x",{"c":1}]}}`), 1); got != `{"a.b.0":"x","a.b.1.c":1}` {
		t.Error(got)
	}
}

func TestStdout(t *testing.T) {
	var out strings.Builder
	cfg := DefaultStdoutConfig()
	cfg.Out = &out
	f, err := NewStdout(cfg)
	if err != nil {
		t.Fatal(err)
	}
	f.Apply(packed(t, `{"a":"x\n","o":{"n":1}}`, `{"n":1.5}`))
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 3 || !strings.HasSuffix(lines[0], ` kubernetes.var.log.app: {"a":"x\n","o":{"n":1}}`) || !strings.HasPrefix(lines[0], when.Std().Local().Format("2006-01-02 15:04:05.000000000")) {
		t.Errorf("%q", lines)
	}
	out.Reset()
	cfg.Format.Type = "json"
	f, _ = NewStdout(cfg)
	if f.Apply(batch(t, `{"n":1.5}`)); out.String() != "{\"n\":1.5}\n" {
		t.Errorf("%q", out.String())
	}
	_, err = NewStdout(StdoutConfig{})
	refused(t, err, "format", "nowhere")
}
