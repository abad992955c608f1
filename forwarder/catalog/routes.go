package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/conf"
	"sluice/forwarder"
	"sluice/forwarder/filter"
)

// stores makes the outputs of e's sections <store>. copied is the copy that e
// is, nil for something else.
func (c *Context) stores(e *conf.Element, copied *output) (list [][]forwarder.Output, problems conf.Problems) {
	for _, s := range e.Children {
		if s.Name != "store" {
			continue
		}
		out, _, found := c.builder.output(s, c.label, c.target+" "+s.Arg)
		problems = append(problems, found...)
		if copied != nil && out.Watches {
			copied.Before, copied.Watches = append(copied.Before, out.Before...), true
			out.Before = nil
		}
		switch {
		case len(out.Before) > 0:
			what, p := s.Type()
			if out.Sink != nil {
				what, p = "flatten_hashes", s.Param("flatten_hashes")
			}
			problems = append(problems, conf.Problem{Pos: p.Pos, What: what + " in a <store> is not supported", Fix: "relabel, and put it into the label's match"})
		case len(out.To) > 0:
			list = append(list, out.To)
		}
	}
	if len(list) == 0 && !problems.Bad() {
		problems = append(problems, conf.Problem{Pos: e.Pos, What: "there is no <store>", Fix: "add <store> with an @type"})
	}
	return list, problems
}

// without is e without its sections of a name.
func without(e *conf.Element, section string) *conf.Element {
	c := *e
	c.Children = nil
	for _, s := range e.Children {
		if s.Name != section {
			c.Children = append(c.Children, s)
		}
	}
	return &c
}

var copyParams = params{unneeded: map[string]string{
	"copy_mode": "each store gets records of its own", "deep_copy": "each store gets records of its own",
}}

// copyTo sends records to all stores.
func copyTo(c *Context, e *conf.Element) (output, conf.Problems, error) {
	known, rest := copyParams.sort(e)
	var none noParams
	problems := append(known, conf.Decode(without(rest, "store"), &none)...)
	for _, s := range e.Children {
		switch {
		case s.Name != "store" || s.Arg == "":
		case strings.Contains(s.Arg, "ignore_if_prev_success"):
			problems = append(problems, conf.Problem{Pos: s.ArgPos, What: "ignore_if_prev_success is not supported: the store before takes every record into its buffer", Fix: "remove this store, or make it the other's <secondary>"})
		case s.Arg == "ignore_error":
			problems = append(problems, conf.Problem{Pos: s.ArgPos, Severity: conf.Warning, What: "ignore_error is not needed: a store's trouble never stops another's delivery", Fix: "remove it"})
		default:
			problems = append(problems, conf.UnknownName(s.ArgPos, "argument of <store>", s.Arg, []string{"ignore_error"}))
		}
	}
	var out output
	stores, found := c.stores(e, &out)
	for _, s := range stores {
		out.To = append(out.To, s...)
	}
	return out, append(problems, found...), nil
}

// roundrobin sends each batch to one of the stores, in turn.
func roundrobin(c *Context, e *conf.Element) (output, conf.Problems, error) {
	var none noParams
	problems := conf.Decode(without(e, "store"), &none)
	bare := *e
	bare.Children = nil
	var weights []int64
	for _, s := range e.Children {
		if s.Name != "store" {
			continue
		}
		weight := int64(1)
		if text, p := s.Text("weight"); p != nil {
			weight, _ = conf.FluentInt(text)
			if weight < 1 || weight > 1000 {
				problems = append(problems, conf.Problem{Pos: p.Pos, What: fmt.Sprintf("weight %s is not from 1 to 1000", text), Fix: "write weight 1"})
				weight = 1
			}
			trimmed := *s
			trimmed.Params = nil
			for _, x := range s.Params {
				if x.Name != "weight" {
					trimmed.Params = append(trimmed.Params, x)
				}
			}
			s = &trimmed
		}
		weights = append(weights, weight)
		bare.Children = append(bare.Children, s)
	}
	stores, found := c.stores(&bare, nil)
	problems = append(problems, found...)
	if problems.Bad() {
		return output{}, problems, nil
	}
	var turn []forwarder.Output
	for round := int64(0); ; round++ {
		more := false
		for i, s := range stores {
			if len(s) > 1 {
				return output{}, append(problems, conf.Problem{Pos: bare.Children[i].Pos, What: "copy in a store of roundrobin is not supported", Fix: "relabel, and copy there"}), nil
			}
			if round < weights[i] {
				turn = append(turn, s...)
				more = true
			}
		}
		if !more {
			return output{To: []forwarder.Output{{Turn: turn}}}, problems, nil
		}
	}
}

// rewriteParams are read by rewriteTag itself, or not needed.
var rewriteParams = params{
	unneeded: map[string]string{
		"emit_mode":        "records of one tag always go on together",
		"hostname_command": "the host's name is asked for from the system",
	},
}

// rewriteTag sends records back to the top of their label, or to that of
// @label, under tags made of them.
func rewriteTag(c *Context, e *conf.Element) (output, conf.Problems, error) {
	label, problems := c.builder.labelOf(e, "")
	e, found := legacyRules(e)
	problems = append(problems, found...)
	for _, rule := range e.Children {
		if text, p := rule.Text("label"); p != nil && rule.Name == "rule" && !c.builder.labels[text] {
			problems = append(problems, conf.UnknownName(p.Pos, "label", text, slices.Sorted(maps.Keys(c.builder.labels))))
		}
	}
	make := func(_ *Context, cfg filter.RewriteTagConfig) (output, error) {
		r, err := filter.NewRewriteTag(cfg)
		return output{To: []forwarder.Output{{Retag: r, Label: label}}}, err
	}
	out, found, err := outputOf(func() (cfg filter.RewriteTagConfig) { return }, make, rewriteParams)(c, e)
	return out, append(problems, found...), err
}

var normaliserParams = params{unneeded: map[string]string{"sticky_tags": "tags are worked out for each batch"}}

// tagNormaliser is rewriteTag with tags made of what Kubernetes knows.
func tagNormaliser(c *Context, e *conf.Element) (output, conf.Problems, error) {
	label, problems := c.builder.labelOf(e, "")
	make := func(_ *Context, cfg filter.TagNormaliserConfig) (output, error) {
		n, err := filter.NewTagNormaliser(cfg)
		return output{To: []forwarder.Output{{Retag: n, Label: label}}}, err
	}
	out, found, err := outputOf(filter.DefaultTagNormaliserConfig, make, normaliserParams)(c, e)
	return out, append(problems, found...), err
}

// legacyRules turns rewriterule1 KEY PATTERN TAG and so on into sections.
func legacyRules(e *conf.Element) (*conf.Element, conf.Problems) {
	var problems conf.Problems
	c := *e
	c.Params = nil
	for _, p := range e.Params {
		if !strings.HasPrefix(p.Name, "rewriterule") {
			c.Params = append(c.Params, p)
			continue
		}
		words := strings.Fields(p.Value)
		if len(words) != 3 {
			problems = append(problems, conf.Problem{Pos: p.Pos, What: p.Name + " is not KEY PATTERN TAG", Fix: "write <rule> with key, pattern and tag"})
			continue
		}
		rule := &conf.Element{Name: "rule", Pos: p.Pos, Dialect: e.Dialect, Params: []conf.Param{
			{Name: "key", Value: words[0], Pos: p.Pos}, {Name: "pattern", Value: strings.TrimPrefix(words[1], "!"), Pos: p.Pos}, {Name: "tag", Value: words[2], Pos: p.Pos},
		}}
		if strings.HasPrefix(words[1], "!") {
			rule.Params = append(rule.Params, conf.Param{Name: "invert", Value: "true", Pos: p.Pos})
		}
		c.Children = append(c.Children, rule)
	}
	return &c, problems
}
