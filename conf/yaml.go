package conf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// yamlReader builds the tree from a settings file's nodes.
type yamlReader struct {
	file     string
	expand   expander
	problems Problems
}

// parseYAML reads a settings file. Its root element has no name; a mapping
// becomes an element, a list of mappings several of one name. whole is false
// when the file could not be read through.
func parseYAML(file string, data []byte, x expander) (root *Element, whole bool, problems Problems) {
	r := &yamlReader{file: file, expand: x}
	root = &Element{Pos: r.at(1, 1)}
	n := r.document(data)
	if n != nil {
		r.mapping(root, n, "")
	}
	return root, n != nil || len(r.problems) == 0, r.problems
}

func (r *yamlReader) at(line, col int) Pos {
	return Pos{Origin: FromFile, Name: r.file, Line: line, Col: col}
}

func (r *yamlReader) pos(n *yaml.Node) Pos { return r.at(n.Line, n.Column) }

// document returns the file's only mapping, nil when there is none.
func (r *yamlReader) document(data []byte) *yaml.Node {
	if line, col, bad := invalidUTF8(data); bad {
		r.problems.add(r.at(line, col), "the file is not UTF-8", "save it as UTF-8")
		return nil
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		r.syntax(data, err)
		return nil
	}
	if err := d.Decode(&more); err == nil {
		r.problems.add(r.pos(&more), "a second document in one file", "keep one")
	} else if !errors.Is(err, io.EOF) {
		r.syntax(data, err)
	}
	n := doc.Content[0]
	switch {
	case n.Kind == yaml.MappingNode:
		return n
	case !isNull(n):
		r.problems.add(r.pos(n), "the settings must be names with values", "write cluster: NAME, or the like")
	}
	return nil
}

var (
	yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?`)
	// yamlBefore are the errors whose lines the library counts from 0.
	yamlBefore = regexp.MustCompile(`line \d+: did not find expected (?:key|',' or|'-' indicator|node content|<)`)
)

// syntax reports the YAML library's error, which knows no column and calls a
// tab "a character that cannot start any token".
func (r *yamlReader) syntax(data []byte, err error) {
	what := err.Error()
	m := yamlLine.FindStringSubmatch(what)
	line, _ := strconv.Atoi(m[1])
	if line == 0 || yamlBefore.MatchString(what) {
		line++
	}
	lines := strings.Split(string(data), "\n")
	for i := max(line-2, 0); i < min(line+1, len(lines)); i++ {
		indent := lines[i][:len(lines[i])-len(strings.TrimLeft(lines[i], " \t"))]
		if tab := strings.IndexByte(indent, '\t'); tab >= 0 {
			r.problems.add(r.at(i+1, tab+1), "a tab before a name", "write spaces")
			return
		}
	}
	if strings.Contains(what, "unknown anchor") { // the rest of it may be a password
		r.problems.add(r.at(line, 1), "a value that begins with * refers to an anchor", "put it in quotes")
		return
	}
	r.problems.add(r.at(line, 1), "not YAML: "+what[len(m[0]):], "check quotes, colons and the indentation around this line")
}

func (r *yamlReader) mapping(e *Element, n *yaml.Node, path string) {
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
			r.problems.add(r.pos(key), "a name must be a plain text", "write name: value; anchors and << are not understood")
			continue
		}
		name := key.Value
		if line, ok := seen[name]; ok {
			r.problems.add(r.pos(key), fmt.Sprintf("%s is written twice", join(path, name)), fmt.Sprintf("keep one; the other is in line %d", line))
			continue
		}
		seen[name] = key.Line
		r.member(e, r.pos(key), name, val, join(path, name))
	}
}

// member adds what stands under a name.
func (r *yamlReader) member(e *Element, pos Pos, name string, n *yaml.Node, path string) {
	if n.Anchor != "" {
		r.problems.add(r.pos(n), path+" has a YAML anchor", "put a value that begins with & in quotes, or remove the anchor")
	}
	switch {
	case n.Kind == yaml.MappingNode:
		child := &Element{Name: name, Pos: pos}
		r.mapping(child, n, path)
		e.Children = append(e.Children, child)
	case n.Kind == yaml.SequenceNode:
		r.sequence(e, pos, name, n, path)
	default:
		if p, ok := r.scalar(name, pos, n, path); ok {
			e.Params = append(e.Params, p)
		}
	}
}

// sequence adds a list of values as one parameter, a list of sections as
// children. Where it has both, the sections are reported.
func (r *yamlReader) sequence(e *Element, pos Pos, name string, n *yaml.Node, path string) {
	list, sections := []Param{}, 0
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		if item.Anchor != "" {
			r.problems.add(r.pos(item), at+" has a YAML anchor", "remove it")
		}
		switch {
		case item.Kind == yaml.MappingNode:
			child := &Element{Name: name, Pos: r.pos(item)}
			r.mapping(child, item, at)
			e.Children = append(e.Children, child)
			sections++
		case item.Kind == yaml.SequenceNode:
			r.problems.add(r.pos(item), at+" is a list within a list", "write one list")
		case isNull(item):
			r.problems.add(r.pos(item), at+" is empty", `write a value, or ""`)
		default:
			if p, ok := r.scalar("", r.pos(item), item, at); ok {
				list = append(list, p)
			}
		}
	}
	switch {
	case sections == 0:
		e.Params = append(e.Params, Param{Name: name, List: list, Pos: pos})
	case sections < len(n.Content):
		r.problems.add(pos, path+" has both values and sections", "write one kind")
	}
}

func (r *yamlReader) scalar(name string, pos Pos, n *yaml.Node, path string) (Param, bool) {
	if n.Kind != yaml.ScalarNode {
		r.problems.add(r.pos(n), path+" refers to an anchor", "write the value out")
		return Param{}, false
	}
	switch n.ShortTag() {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!merge":
	default:
		r.problems.add(r.pos(n), path+" has a YAML tag", "put a value that begins with ! in quotes")
		return Param{}, false
	}
	if isNull(n) {
		return Param{Name: name, Null: true, Pos: pos}, true
	}
	p := Param{Name: name, Value: n.Value, Pos: pos}
	p.expandWith(r.expand, &r.problems)
	return p, true
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// join writes a setting's dotted name.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func invalidUTF8(data []byte) (line, col int, bad bool) {
	if utf8.Valid(data) {
		return 0, 0, false
	}
	line, col = 1, 1
	for len(data) > 0 {
		c, size := utf8.DecodeRune(data)
		switch {
		case c == utf8.RuneError && size == 1:
			return line, col, true
		case c == '\n':
			line, col = line+1, 1
		default:
			col++
		}
		data = data[size:]
	}
	panic("BUG: invalid UTF-8 without an invalid byte")
}
