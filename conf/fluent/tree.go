package fluent

import (
	"bytes"
	"encoding/json"

	"sluice/conf"
)

// TreeJSON writes a tree as JSON, in the form of Fluentd's own parse trees:
// name, arg, params as pairs, sections; null is use_nil, and
// {"$use_default":true} is use_default.
func TreeJSON(root *conf.Element) []byte {
	var out bytes.Buffer
	out.WriteString(`{"ok":true,"root":`)
	writeTree(&out, root)
	out.WriteByte('}')
	var indented bytes.Buffer
	if err := json.Indent(&indented, out.Bytes(), "", "  "); err != nil {
		panic("BUG: the tree is no JSON: " + err.Error())
	}
	indented.WriteByte('\n')
	return indented.Bytes()
}

func writeTree(out *bytes.Buffer, e *conf.Element) {
	out.WriteString(`{"name":` + mustJSON(e.Name) + `,"arg":` + mustJSON(e.Arg) + `,"params":[`)
	for i, p := range e.Params {
		if i > 0 {
			out.WriteByte(',')
		}
		value := mustJSON(p.Value)
		if p.Default {
			value = `{"$use_default":true}`
		} else if p.Null {
			value = "null"
		}
		out.WriteString("[" + mustJSON(p.Name) + "," + value + "]")
	}
	out.WriteString(`],"sections":[`)
	for i, c := range e.Children {
		if i > 0 {
			out.WriteByte(',')
		}
		writeTree(out, c)
	}
	out.WriteString("]}")
}
