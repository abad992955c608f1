package fluent

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"sluice/conf"
)

// json reads a value that begins with [ or {: JSON over as many lines as it
// needs, with comments, with Ruby in its texts; its value is the compact form.
func (p *parser) json() (conf.Param, error) {
	from := p.at
	v := conf.Param{Pos: p.pos(from)}
	text, err := p.jsonText(from)
	if err != nil {
		return v, err
	}
	v.Value, err = compact(text)
	if err != nil {
		return v, p.errorAt(from, "quote the value if it is meant as text", "a value that begins with %c is read as JSON, and this is none: %v", p.text[from], err)
	}
	return v, nil
}

// jsonText goes past the value and returns it without comments and with its
// Ruby evaluated.
func (p *parser) jsonText(from int) (string, error) {
	var out strings.Builder
	depth := 0
	for !p.eof() {
		switch c := p.text[p.at]; c {
		case '"':
			if err := p.jsonString(&out); err != nil {
				return "", err
			}
			continue
		case '#':
			p.comment()
			continue
		case '[', '{':
			depth++
			if depth > maxDepth*4 {
				return "", p.errorAt(from, "write less of it", "the JSON nests too deep")
			}
		case ']', '}':
			depth--
			trimComma(&out)
		}
		out.WriteByte(p.text[p.at])
		p.at++
		if depth == 0 {
			return out.String(), nil
		}
	}
	return "", p.errorAt(from, "close it, or quote the value if it is meant as text", "a value that begins with %c is read as JSON, and it has no end", p.text[from])
}

// trimComma takes a comma back that nothing follows.
func trimComma(out *strings.Builder) {
	s := strings.TrimRight(out.String(), " \t\r\n")
	if strings.HasSuffix(s, ",") {
		out.Reset()
		out.WriteString(s[:len(s)-1])
	}
}

func (p *parser) jsonString(out *strings.Builder) error {
	from := p.at
	out.WriteByte('"')
	for p.at++; !p.eof(); {
		switch {
		case p.skip(`"`):
			out.WriteByte('"')
			return nil
		case p.skip("#{"):
			r := &result{}
			if err := p.embedded(r); err != nil {
				return err
			}
			quoted := mustJSON(r.text.String())
			out.WriteString(quoted[1 : len(quoted)-1])
		case p.skip(`\#`):
			out.WriteByte('#')
		case p.peek() == '\\' && p.at+1 < len(p.text):
			if !strings.Contains(`"\/bfnrtu`, p.text[p.at+1:p.at+2]) { // Ruby reads "\." as "."
				p.at++
				continue
			}
			out.WriteString(p.text[p.at : p.at+2])
			p.at += 2
		default:
			out.WriteByte(p.text[p.at])
			p.at++
		}
	}
	return p.errorAt(from, `add "`, "the text in double quotes has no end")
}

// compact writes a JSON value without blanks; of a name that repeats the last
// value stays.
func compact(text string) (string, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var out bytes.Buffer
	if err := compactValue(d, &out, 0); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return "", err
	}
	return out.String(), nil
}

func compactValue(d *json.Decoder, out *bytes.Buffer, depth int) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('['):
		return compactArray(d, out, depth+1)
	case json.Delim('{'):
		return compactObject(d, out, depth+1)
	}
	out.WriteString(mustJSON(t))
	return nil
}

func compactArray(d *json.Decoder, out *bytes.Buffer, depth int) error {
	out.WriteByte('[')
	for first := true; d.More(); first = false {
		if !first {
			out.WriteByte(',')
		}
		if err := compactValue(d, out, depth); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	_, err := d.Token()
	return err
}

func compactObject(d *json.Decoder, out *bytes.Buffer, depth int) error {
	var names []string
	values := map[string]string{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value bytes.Buffer
		if err := compactValue(d, &value, depth); err != nil {
			return err
		}
		key := mustJSON(name)
		if _, twice := values[key]; !twice {
			names = append(names, key)
		}
		values[key] = value.String()
	}
	out.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(name + ":" + values[name])
	}
	out.WriteByte('}')
	_, err := d.Token()
	return err
}

// mustJSON writes a value that is certain to have a JSON form.
func mustJSON(v any) string {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("BUG: a text has no JSON form: " + err.Error())
	}
	return strings.TrimSuffix(out.String(), "\n")
}
