package fluent

import (
	"regexp"
	"strings"

	"sluice/conf"
)

// WriteYAML writes the tree as Fluentd's YAML that reads back as the same
// tree: Ruby as it was written, secrets masked. Sections of one name within a
// section come together, as YAML wants it.
func WriteYAML(root *conf.Element) string {
	var out strings.Builder
	for _, c := range root.Children {
		if c.Name == "system" {
			out.WriteString("system:\n")
			yamlBody(&out, c, "  ")
		}
	}
	out.WriteString("config:\n")
	yamlItems(&out, root, "  ")
	return out.String()
}

func yamlItems(out *strings.Builder, e *conf.Element, indent string) {
	for _, c := range e.Children {
		if c.Name == "system" {
			continue
		}
		out.WriteString(indent + "- " + yamlText(c.Name) + ":\n")
		inner := indent + "    "
		switch {
		case c.Name == "label" || c.Name == "worker":
			if c.Arg != "" {
				out.WriteString(inner + map[string]string{"label": "$name: ", "worker": "$arg: "}[c.Name] + yamlText(c.Arg) + "\n")
			}
			out.WriteString(inner + "config:\n")
			yamlItems(out, c, inner+"  ")
			continue
		case c.Arg != "":
			out.WriteString(inner + "$tag: " + yamlText(c.Arg) + "\n")
		}
		yamlBody(out, c, inner)
	}
}

func yamlBody(out *strings.Builder, e *conf.Element, indent string) {
	for i := range e.Params {
		p := &e.Params[i]
		name := yamlText(p.Name)
		for _, x := range special {
			if p.Name == x.param {
				name = x.name
			}
		}
		text, ruby := raw(p)
		switch {
		case ruby:
			text = "!fluent/s " + yamlQuoted(text)
		default:
			text = yamlText(text)
		}
		out.WriteString(indent + name + ": " + text + "\n")
	}
	done := map[string]bool{}
	for _, c := range e.Children {
		if done[c.Name] {
			continue
		}
		done[c.Name] = true
		out.WriteString(indent + yamlText(c.Name) + ":\n")
		many := e.Child(c.Name, 1) != nil
		for i := 0; e.Child(c.Name, i) != nil; i++ {
			yamlSection(out, e.Child(c.Name, i), indent+"  ", many)
		}
	}
}

// yamlSection writes a section within one; many: as an item of a list.
func yamlSection(out *strings.Builder, c *conf.Element, indent string, many bool) {
	var body strings.Builder
	inner := indent
	if many {
		inner += "  "
	}
	if c.Arg != "" {
		body.WriteString(inner + "$arg: " + yamlText(c.Arg) + "\n")
	}
	yamlBody(&body, c, inner)
	text := body.String()
	switch {
	case text == "":
		text = inner + "{}\n"
		fallthrough
	case many:
		if many {
			text = indent + "- " + strings.TrimPrefix(text, inner)
		}
	}
	out.WriteString(text)
}

// yamlPlain are texts that YAML reads as themselves, without quotes.
var yamlPlain = regexp.MustCompile(`^[A-Za-z_/][A-Za-z0-9_./-]*$`)

func yamlText(s string) string {
	if yamlPlain.MatchString(s) && !strings.EqualFold(s, "null") {
		return s
	}
	return yamlQuoted(s)
}

func yamlQuoted(s string) string { return mustJSON(s) }
