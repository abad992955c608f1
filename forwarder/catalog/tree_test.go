package catalog

import (
	"testing"

	"sluice/conf"
)

// el makes an element of Fluentd's language: params are names and values.
func el(name, arg string, children []*conf.Element, params ...string) *conf.Element {
	e := &conf.Element{Name: name, Arg: arg, Children: children, Dialect: conf.Fluentd}
	for i := 0; i < len(params); i += 2 {
		e.Params = append(e.Params, conf.Param{Name: params[i], Value: params[i+1]})
	}
	return e
}

func TestATreeBecomesAPipeline(t *testing.T) {
	s := Default()
	s.Tree = el("", "", []*conf.Element{
		el("filter", "", []*conf.Element{el("regexp", "", nil, "key", "a", "pattern", "x", "key_nme", "b")}, "@type", "grep"),
		el("match", "a.**", nil, "@type", "relabel", "@label", "@X"),
		el("label", "@X", []*conf.Element{el("match", "", nil, "@type", "null", "never_flush", "true")}),
	})
	p, problems := trial(&conf.Tree{Root: s.Tree}, s)
	defer p.Close()
	if problems.Bad() || len(problems) != 2 {
		t.Fatalf("%v", problems)
	}
	pipe := p.Config.Pipeline
	if len(pipe.Root) != 2 || pipe.Root[0].Filter == nil || pipe.Root[1].Outputs[0].Label != "@X" || !pipe.Labels["@X"][0].Outputs[0].Null {
		t.Fatalf("%+v", pipe)
	}
}
