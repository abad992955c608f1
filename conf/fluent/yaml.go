package fluent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/conf"
)

// yamlReader reads one file of Fluentd's YAML.
type yamlReader struct {
	*build
	file string
	via  []string
	seen int // nodes read: aliases may multiply them
	deep int
}

// maxNodes bounds what one file's aliases may come to.
const maxNodes = 200000

// enter counts a node; false: that is one too many. leave must follow.
func (y *yamlReader) enter(n *yaml.Node) bool {
	y.seen++
	y.deep++
	if y.seen == maxNodes || y.deep == maxDepth {
		y.wrong(n, "too many sections, or they nest too deep", "write less, with fewer aliases")
	}
	return y.seen < maxNodes && y.deep < maxDepth
}

func (y *yamlReader) leave() { y.deep-- }

// yamlFile reads the file that Parse was given.
func (b *build) yamlFile(file string, data []byte) {
	y := &yamlReader{build: b, file: file, via: []string{file}}
	top := y.document(data)
	if top == nil {
		return
	}
	if top.Kind != yaml.MappingNode {
		y.wrong(top, "the file must be names with values", "write system: and config:")
		return
	}
	var config *yaml.Node
	y.pairs(top, func(key, value *yaml.Node) {
		switch key.Value {
		case "system":
			y.section(y.root, key, value)
		case "config":
			config = value
		default:
			p := conf.UnknownName(y.pos(key), "name", key.Value, []string{"system", "config"})
			y.add(p.Pos, conf.Error, p.What, p.Fix)
		}
	})
	if config != nil {
		y.items(y.root, config)
	}
}

func (y *yamlReader) pos(n *yaml.Node) conf.Pos {
	return conf.Pos{Origin: conf.FromFile, Name: y.file, Line: n.Line, Col: n.Column}
}

func (y *yamlReader) wrong(n *yaml.Node, what, fix string) { y.add(y.pos(n), conf.Error, what, fix) }

// document is the file's only document; nil: there is none.
func (y *yamlReader) document(data []byte) *yaml.Node {
	var doc yaml.Node
	err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&doc)
	if errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0 {
		return nil
	}
	if err != nil {
		line := 1
		_, _ = fmt.Sscanf(strings.TrimPrefix(err.Error(), "yaml: "), "line %d:", &line)
		y.add(conf.Pos{Origin: conf.FromFile, Name: y.file, Line: line, Col: 1}, conf.Error, strings.TrimPrefix(err.Error(), "yaml: "), "write valid YAML")
		return nil
	}
	return doc.Content[0]
}

// plain follows aliases.
func plain(n *yaml.Node) *yaml.Node {
	for range maxDepth {
		if n.Kind != yaml.AliasNode {
			break
		}
		n = n.Alias
	}
	return n
}

// pairs visits a mapping's names and values, those that << merges first where
// they are not overridden.
func (y *yamlReader) pairs(n *yaml.Node, visit func(key, value *yaml.Node)) {
	own := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		own[n.Content[i].Value] = true
	}
	y.merged(n, own, 0, visit)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != "<<" {
			visit(n.Content[i], plain(n.Content[i+1]))
		}
	}
}

func (y *yamlReader) merged(n *yaml.Node, own map[string]bool, depth int, visit func(key, value *yaml.Node)) {
	for i := 0; i+1 < len(n.Content) && depth < maxDepth; i += 2 {
		if n.Content[i].Value != "<<" {
			continue
		}
		from := []*yaml.Node{plain(n.Content[i+1])}
		if from[0].Kind == yaml.SequenceNode {
			from = from[0].Content
		}
		for _, m := range from {
			m = plain(m)
			if m.Kind != yaml.MappingNode {
				y.wrong(n.Content[i], "<< takes a mapping", "write <<: *NAME")
				continue
			}
			y.merged(m, own, depth+1, visit)
			for j := 0; j+1 < len(m.Content); j += 2 {
				if k := m.Content[j]; !own[k.Value] {
					own[k.Value] = true
					visit(k, plain(m.Content[j+1]))
				}
			}
		}
	}
}

// items reads a list of sources, filters, matches, labels, workers and
// includes into e.
func (y *yamlReader) items(e *conf.Element, n *yaml.Node) {
	defer y.leave()
	n = plain(n)
	if !y.enter(n) {
		return
	}
	if n.Kind != yaml.SequenceNode {
		y.wrong(n, "config must be a list", "write - source: ..., - match: ... below it")
		return
	}
	for _, item := range n.Content {
		item = plain(item)
		switch {
		case item.Tag == "!include":
			y.includeItem(e, item)
		case item.Kind == yaml.MappingNode:
			y.pairs(item, func(key, value *yaml.Node) { y.section(e, key, value) })
		default:
			y.wrong(item, "an item of config must be a section", "write - source: ..., - match: ... or the like")
		}
	}
}

func (y *yamlReader) includeItem(e *conf.Element, item *yaml.Node) {
	path, _, ok := y.text(item)
	if !ok {
		return
	}
	y.include(y.pos(item), y.file, path, y.via, func(file string, data []byte) {
		sub := &yamlReader{build: y.build, file: file, via: append(y.via[:len(y.via):len(y.via)], file)}
		if n := sub.document(data); n != nil {
			sub.items(e, n)
		}
	})
}

// special are the names that stand for @type and so on, in the order that
// Fluentd gives them.
var special = []struct{ name, param string }{{"$type", "@type"}, {"$label", "@label"}, {"$id", "@id"}, {"$log_level", "@log_level"}}

// section reads a mapping as a section of e.
func (y *yamlReader) section(e *conf.Element, key, n *yaml.Node) {
	s := &conf.Element{Name: key.Value, Pos: y.pos(key), ArgPos: y.pos(key), Dialect: conf.Fluentd}
	e.Children = append(e.Children, s)
	defer y.leave()
	if !y.enter(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		if n.Tag != "!!null" {
			y.wrong(n, key.Value+" must be a section", "write names with values below it")
		}
		return
	}
	first := &conf.Element{}
	y.pairs(n, func(k, v *yaml.Node) { y.member(s, first, k, v) })
	var params []conf.Param
	for _, x := range special {
		if p := first.Param(x.name); p != nil {
			p.Name = x.param
			params = append(params, *p)
		}
	}
	s.Params = append(params, s.Params...)
}

func (y *yamlReader) member(s, first *conf.Element, k, v *yaml.Node) {
	switch name := k.Value; {
	case name == "$tag" || name == "$arg" || name == "$name":
		s.ArgPos = y.pos(v)
		s.Arg = y.arg(v)
	case strings.HasPrefix(name, "$"):
		if text, p, ok := y.text(v); ok {
			p.Name, p.Value, p.Pos = name, text, y.pos(k)
			first.Set(p)
		}
		for _, x := range special {
			if x.name == name {
				return
			}
		}
		p := conf.UnknownName(y.pos(k), "name", name, []string{"$type", "$label", "$id", "$log_level", "$tag", "$arg", "$name"})
		y.add(p.Pos, conf.Error, p.What, p.Fix)
	case name == "config" && (s.Name == "label" || s.Name == "worker"):
		y.items(s, v)
	case v.Tag == "!fluent/json":
		s.Set(conf.Param{Name: name, Value: y.json(v), Pos: y.pos(k)})
	case v.Kind == yaml.MappingNode:
		y.section(s, k, v)
	case v.Kind == yaml.SequenceNode && len(v.Content) > 0 && plain(v.Content[0]).Kind == yaml.MappingNode:
		for _, item := range v.Content {
			y.section(s, k, plain(item))
		}
	case v.Kind == yaml.SequenceNode:
		s.Set(conf.Param{Name: name, Value: y.json(v), Pos: y.pos(k)})
	default:
		if text, p, ok := y.text(v); ok {
			p.Name, p.Value, p.Pos = name, text, y.pos(k)
			s.Set(p)
		}
	}
}

// arg is a text, or a list's texts with commas between them.
func (y *yamlReader) arg(n *yaml.Node) string {
	if n.Kind != yaml.SequenceNode {
		text, _, _ := y.text(n)
		return text
	}
	var parts []string
	for _, item := range n.Content {
		text, _, _ := y.text(plain(item))
		parts = append(parts, text)
	}
	return strings.Join(parts, ",")
}

// text is a scalar's text; under !fluent/s its Ruby is evaluated.
func (y *yamlReader) text(n *yaml.Node) (string, conf.Param, bool) {
	switch {
	case n.Kind != yaml.ScalarNode:
		y.wrong(n, "expected a text", "write one value")
		return "", conf.Param{}, false
	case n.Tag == "!!null":
		return "", conf.Param{Null: true}, true
	case n.Tag != "!fluent/s":
		return n.Value, conf.Param{}, true
	}
	out := &result{}
	p := &parser{build: y.build, scanner: newScanner(y.file, []byte(n.Value)), via: y.via}
	for !p.eof() {
		if p.skip("#{") {
			if err := p.embedded(out); err != nil {
				at := err.(*syntaxError)
				y.add(y.pos(n), conf.Error, at.what, at.fix)
				return "", conf.Param{}, false
			}
			continue
		}
		out.text.WriteByte(p.text[p.at])
		p.at++
	}
	if out.null || out.def {
		return "", conf.Param{Null: true, Default: out.def}, true
	}
	return out.text.String(), conf.Param{}, true
}

// json writes a node as JSON.
func (y *yamlReader) json(n *yaml.Node) string {
	n = plain(n)
	defer y.leave()
	if !y.enter(n) {
		return "null"
	}
	var parts []string
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range n.Content {
			parts = append(parts, y.json(item))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case yaml.MappingNode:
		y.pairs(n, func(k, v *yaml.Node) { parts = append(parts, mustJSON(k.Value)+":"+y.json(v)) })
		return "{" + strings.Join(parts, ",") + "}"
	}
	switch n.ShortTag() {
	case "!!null":
		return "null"
	case "!!bool", "!!int", "!!float":
		var v any
		if n.Decode(&v) == nil {
			if f, ok := v.(float64); !ok || f-f == 0 {
				return mustJSON(v)
			}
		}
	}
	text, _, _ := y.text(n)
	return mustJSON(text)
}
