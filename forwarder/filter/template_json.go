package filter

import (
	"bytes"
	"encoding/json"
	"strings"

	"sluice/event"
	"sluice/wire/quote"
)

// form is how a part stands in the JSON of an object or array.
type form uint8

const (
	formText   form = iota // as it is
	formString             // amid a string
	formValue              // a value of its own, null if there is none
)

// parseStructure cuts the JSON of an object or array at the placeholders in its
// strings and names. A string that is one placeholder becomes a value that
// keeps its type, unless all are to be texts.
func parseStructure(s, hostname string, typecast bool) (parts []part, err error) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(s)); err != nil {
		return nil, err
	}
	s = compact.String()
	from := 0
	for at := 0; at < len(s); at++ {
		if s[at] != '"' {
			continue
		}
		start := at
		for at++; s[at] != '"'; at++ {
			if s[at] == '\\' {
				at++
			}
		}
		var text string
		if err := json.Unmarshal([]byte(s[start:at+1]), &text); err != nil {
			return nil, err
		}
		if !strings.Contains(text, "${") {
			continue
		}
		inner, err := parseText(text, hostname)
		if err != nil {
			return nil, err
		}
		name := s[at+1] == ':'
		parts = append(parts, part{text: s[from:start]})
		parts = append(parts, inJSON(inner, typecast && !name)...)
		from = at + 1
	}
	return append(parts, part{text: s[from:]}), nil
}

// inJSON makes a string of a text's parts, or the value that a single
// placeholder says.
func inJSON(inner []part, typed bool) []part {
	if typed && len(inner) == 1 && inner[0].kind != partText {
		inner[0].as = formValue
		return inner
	}
	parts := []part{{text: `"`}}
	for _, p := range inner {
		if p.kind == partText {
			p.text = strings.TrimPrefix(strings.TrimSuffix(string(quote.Append(nil, []byte(p.text))), `"`), `"`)
		} else {
			p.as = formString
		}
		parts = append(parts, p)
	}
	return append(parts, part{text: `"`})
}

// quote makes a string, or a part of one, of what the arena has since start.
func (p *part) quote(b *event.Batch, start int, found bool) {
	if p.as == formValue && !found {
		b.Arena = append(b.Arena[:start], "null"...)
		return
	}
	end := len(b.Arena)
	b.Arena = quote.Append(b.Arena, b.Arena[start:])
	quoted := b.Arena[end:]
	if p.as == formString {
		quoted = quoted[1 : len(quoted)-1]
	}
	b.Arena = b.Arena[:start+copy(b.Arena[start:], quoted)]
}
