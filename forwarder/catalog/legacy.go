package catalog

import (
	"slices"
	"strconv"
	"strings"

	"sluice/conf"
)

// parseParams are the parameters of <parse> that stood in the source or the
// filter itself before Fluentd 1.0.
var parseParams = []string{
	"time_key", "time_format", "time_type", "keep_time_key", "types", "keys", "delimiter", "label_delimiter", "null_value_pattern",
	"null_empty_string", "localtime", "utc", "timezone", "estimate_current_event", "message_format", "with_priority", "expression",
	"format_firstline", "message_key", "time_format_fallbacks", "json_parser",
}

// modern is an element with `format ...` and its parameters as a <parse>, and
// with the names that plug-ins gave to formats.
func modern(e *conf.Element) *conf.Element {
	format, p := e.Text("format")
	c := *e
	if p != nil && e.Child("parse", 0) == nil {
		parse := &conf.Element{Name: "parse", Pos: p.Pos, Dialect: e.Dialect}
		if strings.HasPrefix(format, "/") {
			parse.Params = []conf.Param{{Name: "@type", Value: "regexp", Pos: p.Pos}, {Name: "expression", Value: format, Pos: p.Pos}}
		} else {
			parse.Params = []conf.Param{{Name: "@type", Value: format, Pos: p.Pos}}
		}
		c.Params = nil
		for _, x := range e.Params {
			switch {
			case x.Name == "format":
			case slices.Contains(parseParams, x.Name) || strings.HasPrefix(x.Name, "format") && strings.Trim(x.Name[len("format"):], "0123456789") == "":
				parse.Params = append(parse.Params, x)
			default:
				c.Params = append(c.Params, x)
			}
		}
		c.Children = append(slices.Clone(e.Children), parse)
	}
	c.Children = slices.Clone(c.Children)
	for i, s := range c.Children {
		if s.Name == "parse" || s.Name == "pattern" {
			c.Children[i] = timed(joined(renamedType(merged(s, modern(s)))))
		}
	}
	return &c
}

// merged is a section whose format became a section of its own, m, with that
// section's parameters in it: a pattern of multi_format is itself what says how
// to parse.
func merged(s, m *conf.Element) *conf.Element {
	parse := m.Child("parse", 0)
	if parse == nil || s.Child("parse", 0) != nil {
		return m
	}
	c := *without(m, "parse")
	c.Params = append(slices.Clone(m.Params), parse.Params...)
	return &c
}

// joined is @type multiline with its format1, format2 and so on as the one
// expression that they are together.
func joined(e *conf.Element) *conf.Element {
	if kind, _ := e.Type(); kind != "multiline" {
		return e
	}
	c := *e
	c.Params = nil
	expression := ""
	var first conf.Pos
	for _, p := range e.Params {
		if n, ok := strings.CutPrefix(p.Name, "format"); !ok || n == "" || strings.Trim(n, "0123456789") != "" {
			c.Params = append(c.Params, p)
		}
	}
	for i := 1; i <= 20; i++ { // as many as Fluentd reads
		p := e.Param("format" + strconv.Itoa(i))
		if p == nil || len(p.Value) < 2 {
			continue
		}
		if expression == "" {
			first = p.Pos
		}
		expression += strings.TrimSuffix(strings.TrimPrefix(p.Value, "/"), "/")
	}
	if expression != "" {
		c.Params = append(c.Params, conf.Param{Name: "expression", Value: expression, Pos: first})
	}
	return &c
}

// timed is @type cri as its plug-in has it: the time stays as a field.
func timed(e *conf.Element) *conf.Element {
	kind, p := e.Type()
	if kind != "cri" || e.Param("keep_time_key") != nil || e.Child("parse", 0) != nil {
		return e
	}
	c := *e
	c.Params = append(slices.Clone(e.Params), conf.Param{Name: "keep_time_key", Value: "true", Pos: p.Pos})
	return &c
}

// renamedType gives the formats of plug-ins their names here.
func renamedType(e *conf.Element) *conf.Element {
	names := map[string]string{"multi_format": "multi", "kubernetes": "klog", "json_in_json": "json"}
	c := *e
	c.Params = slices.Clone(e.Params)
	for i := range c.Params {
		p := &c.Params[i]
		if p.Name != "@type" && p.Name != "type" && p.Name != "format" {
			continue
		}
		if to, ok := names[p.Value]; ok {
			p.Value = to
		}
		if p.Name == "format" && strings.HasPrefix(p.Value, "/") { // of multi's patterns
			c.Params = append(c.Params, conf.Param{Name: "expression", Value: p.Value, Pos: p.Pos})
			p.Value = "regexp"
		}
	}
	return &c
}
