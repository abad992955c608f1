package catalog

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	"sluice/conf"
	"sluice/forwarder"
)

// tree makes the pipeline of a tree in Fluentd's language: sources, and
// filters and matches in their order, at the root and in labels.
func (b *builder) tree(root *conf.Element) (problems conf.Problems) {
	b.labels = map[string]bool{forwarder.RootLabel: true}
	sections := flat(root)
	problems = sameIDs(sections, map[string]conf.Pos{})
	for _, e := range sections {
		if e.Name == "label" {
			b.labels[e.Arg] = true
		}
	}
	b.metadata = has(sections, "filter", "kubernetes_metadata")
	p := &b.parts.Config.Pipeline
	p.Labels = map[string][]forwarder.Step{}
	for _, e := range sections {
		switch e.Name {
		case "source":
			problems = append(problems, b.source(e)...)
		case "filter", "match":
			steps, found := b.step(e, forwarder.RootLabel)
			p.Root, problems = append(p.Root, steps...), append(problems, found...)
		case "label":
			steps, found := b.labelSteps(e)
			p.Labels[e.Arg], problems = append(p.Labels[e.Arg], steps...), append(problems, found...)
		case "system":
		default:
			problems = append(problems, conf.UnknownName(e.Pos, "section", "<"+e.Name+">", []string{"<source>", "<match>", "<filter>", "<label>", "<system>", "<worker>"}))
		}
	}
	problems.Sort()
	return problems
}

// has reports whether a section of that name and type is there.
func has(sections []*conf.Element, name, kind string) bool {
	return slices.ContainsFunc(sections, func(e *conf.Element) bool {
		own, _ := e.Type()
		return e.Name == name && own == kind || e.Name == "label" && has(e.Children, name, kind)
	})
}

// sameIDs reports ids that two parts have.
func sameIDs(sections []*conf.Element, seen map[string]conf.Pos) (problems conf.Problems) {
	for _, e := range sections {
		if id := e.ID(); id != "" {
			if first, twice := seen[id]; twice {
				problems = append(problems, conf.Problem{Pos: e.Pos, What: fmt.Sprintf("@id %s is that of %s, too", id, first.Short()), Fix: "give each its own"})
			}
			seen[id] = e.Pos
		}
		switch e.Name {
		case "label", "match", "store":
			problems = append(problems, sameIDs(e.Children, seen)...)
		}
	}
	return problems
}

// flat lists the root's sections; what stands in a worker's stands at the
// root: there is one process.
func flat(root *conf.Element) (list []*conf.Element) {
	for _, e := range root.Children {
		if e.Name == "worker" {
			list = append(list, flat(e)...)
			continue
		}
		list = append(list, e)
	}
	return list
}

func (b *builder) labelSteps(e *conf.Element) (steps []forwarder.Step, problems conf.Problems) {
	if !strings.HasPrefix(e.Arg, "@") {
		problems = append(problems, conf.Problem{Pos: e.Pos, Severity: conf.Warning, What: fmt.Sprintf("label %q does not begin with @", e.Arg), Fix: "write <label @NAME>"})
	}
	for _, s := range e.Children {
		if s.Name != "filter" && s.Name != "match" {
			problems = append(problems, conf.UnknownName(s.Pos, "section in a label", "<"+s.Name+">", []string{"<match>", "<filter>"}))
			continue
		}
		more, found := b.step(s, e.Arg)
		steps, problems = append(steps, more...), append(problems, found...)
	}
	return steps, problems
}

// labelOf reads @label; otherwise is what holds where none is written.
func (b *builder) labelOf(e *conf.Element, otherwise string) (string, conf.Problems) {
	label, p := e.Text("@label")
	if p == nil {
		return otherwise, nil
	}
	if !b.labels[label] {
		problem := conf.UnknownName(p.Pos, "label", label, slices.Sorted(maps.Keys(b.labels)))
		return label, conf.Problems{problem}
	}
	return label, nil
}

// source makes a source.
func (b *builder) source(e *conf.Element) conf.Problems {
	construct, kind, problems := find(e, sources())
	label, found := b.labelOf(e, forwarder.RootLabel)
	problems = append(problems, found...)
	if construct == nil {
		return problems
	}
	path, _ := e.Text("path")
	c := b.context(b.name(e, kind, path), "input", label)
	c.positions = c.Name + "|"
	in, found, err := construct(c, modern(e))
	problems = append(append(problems, found...), explain(e, err)...)
	for _, text := range in.Warnings {
		problems = append(problems, conf.Problem{Pos: e.Pos, Severity: conf.Warning, What: text})
	}
	if problems.Bad() || in.Source == nil {
		return problems
	}
	b.parts.note("input", kind, c.Name)
	if b.parts.forward == nil && kind == "forward" {
		b.parts.forward = in.Addrs
	}
	if len(in.Steps) > 0 {
		label = b.private(c.Name, label, in.Steps)
	}
	b.parts.add(c.Name, label, in)
	return problems
}

// private makes a label with the steps of one source, which leads to where the
// source's records would have begun.
func (b *builder) private(name, label string, steps []forwarder.Step) string {
	every, err := forwarder.ParsePattern("**")
	if err != nil {
		panic("BUG: ** is no pattern: " + err.Error())
	}
	for i := range steps {
		steps[i].Match, steps[i].Name = every, name
	}
	own := "source " + name // no label that can be written: those begin with @
	b.parts.Config.Pipeline.Labels[own] = append(steps, forwarder.Step{Match: every, Name: name, Outputs: []forwarder.Output{{Label: label}}})
	return own
}

// step makes a filter or a match. Without an argument it is for every tag.
func (b *builder) step(e *conf.Element, label string) ([]forwarder.Step, conf.Problems) {
	var problems conf.Problems
	tag := e.Arg
	if tag == "" {
		tag = "**"
	}
	pattern, err := forwarder.ParsePattern(tag)
	if err != nil {
		problems = append(problems, badTag(e, err))
	}
	if e.Name == "filter" {
		construct, kind, found := find(e, filters())
		problems = append(problems, found...)
		if construct == nil {
			return nil, problems
		}
		c := b.context(b.name(e, kind, ""), "filter", label)
		step, found, err := construct(c, modern(e))
		problems = append(append(problems, found...), explain(e, err)...)
		step.Match, step.Name = pattern, c.Name
		b.parts.stands(c.Name, e.Pos)
		b.parts.note("filter", kind, c.Name)
		return []forwarder.Step{step}, problems
	}
	out, name, found := b.output(e, label, tag)
	problems = append(problems, found...)
	b.parts.stands(name, e.Pos)
	var steps []forwarder.Step
	for _, s := range out.Before {
		s.Match = pattern
		steps = append(steps, s)
	}
	return append(steps, forwarder.Step{Match: pattern, Name: name, Outputs: out.To}), problems
}

// output makes the output of a match or of a store in it; where is what the
// match is for. A sink has got its lane: out.To says where records go.
func (b *builder) output(e *conf.Element, label, where string) (out output, name string, problems conf.Problems) {
	construct, kind, problems := find(e, outputs())
	if construct == nil {
		return out, "", problems
	}
	name = b.name(e, kind, where+targetOf(e))
	c := b.context(name, "sink", label)
	c.target = where
	buf, rest := splitBuffer(modernOutput(kind, e))
	c.Buffer, problems = readBuffer(buf)
	out, found, err := construct(c, rest)
	problems = append(append(problems, found...), explain(e, err)...)
	b.parts.note("output", kind, name)
	if problems.Bad() || out.Sink == nil {
		return out, name, problems
	}
	settings, cfg := c.Buffer.into(b.s.Buffer, b.d.Lane)
	cfg.Second, found = b.secondary(e, c, kind, out.Sink)
	problems = append(problems, found...)
	cfg.RetryLimit, found = c.Buffer.limit(buf, cfg.Second)
	problems = append(problems, found...)
	if problems.Bad() {
		return out, name, problems
	}
	lane, err := b.lane(c, kind, out, settings, cfg)
	if err != nil {
		return out, name, append(problems, explain(e, err)...)
	}
	b.parts.places = append(b.parts.places, e.Pos)
	out.To = []forwarder.Output{{Lane: lane}}
	return out, name, problems
}

// targetOf is what of an output's parameters says where it sends: that, and
// nothing else, may give its lane another name.
func targetOf(e *conf.Element) (target string) {
	for _, name := range []string{"host", "hosts", "port", "path", "index_name", "logstash_prefix", "cloud_id", "bind"} {
		if text, p := e.Text(name); p != nil {
			target += " " + name + "=" + text
		}
	}
	for i := 0; e.Child("server", i) != nil; i++ {
		target += targetOf(e.Child("server", i))
	}
	return target
}

// name is the part's @id, or one made of its kind and, so that it stays the
// same when others come and go, of what it is for.
func (b *builder) name(e *conf.Element, kind, what string) string {
	name := e.ID()
	if name == "" {
		name = kind
		if what != "" {
			h := fnv.New32a()
			h.Write([]byte(what))
			name = fmt.Sprintf("%s-%08x", kind, h.Sum32())
		}
	}
	if b.used[name]++; b.used[name] > 1 {
		return fmt.Sprintf("%s-%d", name, b.used[name])
	}
	return name
}

// find looks up the row of an element's type. A nil row comes with the reason,
// which is only a warning for what does not touch records.
func find[P any](e *conf.Element, rows map[string]row[P]) (row[P], string, conf.Problems) {
	kind, p := e.Type()
	if p == nil {
		return nil, "", conf.Problems{{Pos: e.Pos, What: "<" + e.Name + "> has no @type", Fix: "add @type NAME"}}
	}
	if r := rows[kind]; r != nil {
		return r, kind, nil
	}
	return nil, kind, conf.Problems{unknownType(e.Name, kind, p.Pos, slices.Sorted(maps.Keys(rows)))}
}
