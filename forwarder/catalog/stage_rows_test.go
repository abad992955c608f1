package catalog

import (
	"slices"
	"strings"
	"testing"

	"sluice/conf"
	"sluice/event"
)

func TestStagesInATree(t *testing.T) {
	s := Default()
	s.Tree = el("", "", []*conf.Element{
		el("filter", "app.**", nil, "@type", "concat", "key", "message", "multiline_start_regexp", "/^\\d/", "flush_interval", "5", "timeout_label", "@LATE"),
		el("match", "raw.**", nil, "@type", "detect_exceptions", "remove_tag_prefix", "raw", "languages", "java, python", "multiline_flush_interval", "0.5", "max_lines", "500"),
		el("match", "**", nil, "@type", "null"),
		el("label", "@LATE", []*conf.Element{el("match", "", nil, "@type", "null")}),
	})
	p, problems := trial(&conf.Tree{Root: s.Tree}, s)
	defer p.Close()
	if len(problems) != 0 {
		t.Fatalf("%v", problems)
	}
	root := p.Config.Pipeline.Root
	if len(root) != 4 || root[0].Stage == nil || root[0].Late != "@LATE" || root[1].Stage == nil || root[2].Outputs[0].Retag == nil {
		t.Fatalf("%+v", root)
	}
	tags := make([]string, 1)
	for tag, want := range map[string]string{"raw.a.b": "a.b", "rawa": "rawa", "raw": "raw"} {
		if root[2].Outputs[0].Retag.Retag(&event.Batch{Tag: tag, Recs: make([]event.Record, 1)}, tags); tags[0] != want {
			t.Errorf("%s becomes %s", tag, tags[0])
		}
	}
}

func TestStagesRefuse(t *testing.T) {
	s := Default()
	s.Tree = el("", "", []*conf.Element{
		el("filter", "", nil, "@type", "concat", "key", "m", "n_lines", "2", "timeout_label", "@NOPE"),
		el("filter", "", nil, "@type", "concat", "key", "m"),
		el("match", "", nil, "@type", "detect_exceptions"),
		el("filter", "", nil, "@type", "grep", "regexp1", "message"),
	})
	p, problems := trial(&conf.Tree{Root: s.Tree}, s)
	p.Close()
	text := problems.String()
	for _, want := range []string{"there is no label @NOPE", "does not know which records belong together", "without remove_tag_prefix or @label", "regexp1 is not a field and a pattern"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestGrepsOlderParameters(t *testing.T) {
	s := Default()
	s.Tree = el("", "", []*conf.Element{
		el("filter", "", nil, "@type", "grep", "regexp1", "message a|b", "exclude12", "level ^debug$"),
		el("match", "", nil, "@type", "null"),
	})
	p, problems := trial(&conf.Tree{Root: s.Tree}, s)
	defer p.Close()
	if len(problems) != 0 {
		t.Fatal(problems)
	}
	var live []string
	for _, c := range []string{"a info", "x info", "b debug"} {
		b := &event.Batch{}
		b.Begin(event.Record{})
		message, level, _ := strings.Cut(c, " ")
		b.Add(b.KeyString("message"), b.PutString(message, event.Text))
		b.Add(b.KeyString("level"), b.PutString(level, event.Text))
		if p.Config.Pipeline.Root[0].Filter.Apply(b); b.Recs[0].State == event.Live {
			live = append(live, c)
		}
	}
	if !slices.Equal(live, []string{"a info"}) {
		t.Errorf("%q stay", live)
	}
}
