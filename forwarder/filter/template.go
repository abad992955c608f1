package filter

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sluice/event"
	"sluice/forwarder/filter/ruby"
)

type partKind uint8

const (
	partText      partKind = iota
	partTag                // ${tag}
	partTagParts           // ${tag_parts[n]}
	partTagPrefix          // ${tag_prefix[n]}: the parts up to n
	partTagSuffix          // ${tag_suffix[n]}: the parts from n on
	partTime               // ${time}
	partRecord             // ${record["k"]}
)

// part is a stretch of a template.
type part struct {
	kind partKind
	text string
	n    int      // of tag_parts and its like
	at   accessor // of record
	as   form     // within an object or array
}

// template makes one field's value.
type template struct {
	name   string
	kind   event.Kind // JSON for an object or array
	parts  []part
	single bool // one placeholder and nothing else: the value keeps its type
	first  int  // of the filter's record parts: this template's first
	varies bool // from record to record, not only from batch to batch
	ruby   *ruby.Program
}

const supported = `supported are record["key"], record["a"]["b"], tag, tag_parts[n], tag_prefix[n], tag_suffix[n], time and hostname; enable_ruby: true for Ruby`

// parseTemplate reads a template in record_transformer's language.
func parseTemplate(name, s, hostname string, typecast bool) (t template, err error) {
	t.name = name
	if strings.Contains(name, "${") {
		return t, errors.New("a field's name cannot hold a placeholder")
	}
	if s != "" && (s[0] == '{' || s[0] == '[') && json.Valid([]byte(s)) {
		t.kind = event.JSON
		t.parts, err = parseStructure(s, hostname, typecast)
	} else {
		t.parts, err = parseText(s, hostname)
		t.single = typecast && len(t.parts) == 1 && t.parts[0].kind != partText
	}
	for i := range t.parts {
		t.varies = t.varies || t.parts[i].kind >= partTime
	}
	return t, err
}

// parseText cuts a text at its placeholders.
func parseText(s, hostname string) (parts []part, err error) {
	for s != "" {
		text, rest, found := strings.Cut(s, "${")
		if text != "" {
			parts = append(parts, part{text: text})
		}
		if !found {
			break
		}
		end := closing(rest)
		if end < 0 {
			return nil, fmt.Errorf("no } after ${%s", rest)
		}
		p, err := parseExpr(rest[:end], hostname)
		if err != nil {
			return nil, fmt.Errorf("cannot use ${%s}: %w; %s", rest[:end], err, supported)
		}
		parts = append(parts, p)
		s = rest[end+1:]
	}
	return parts, nil
}

// closing finds the brace which closes a placeholder, outside quotes.
func closing(s string) int {
	var quote byte
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '}':
			return i
		}
	}
	return -1
}

// parseExpr reads what stands in ${}.
func parseExpr(expr, hostname string) (part, error) {
	name, index, bracket := strings.Cut(strings.TrimSpace(expr), "[")
	switch {
	case !bracket && name == "tag":
		return part{kind: partTag}, nil
	case !bracket && name == "time":
		return part{kind: partTime}, nil
	case !bracket && name == "hostname":
		return part{kind: partText, text: hostname}, nil
	case bracket && name == "record":
		var a accessor
		path, rest, err := parseBrackets("[" + index)
		if err == nil && rest != "" {
			err = fmt.Errorf("%s follows the key", rest)
		}
		if err == nil {
			a, err = newAccessor(path)
		}
		return part{kind: partRecord, at: a}, err
	}
	kinds := map[string]partKind{"tag_parts": partTagParts, "tag_prefix": partTagPrefix, "tag_suffix": partTagSuffix}
	kind, ok := kinds[name]
	n, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
	if !ok || err != nil || !strings.HasSuffix(index, "]") {
		return part{}, errors.New("unknown expression")
	}
	return part{kind: kind, n: n}, nil
}

// fromTag cuts what the part says out of the tag; false if the tag has fewer
// parts than that.
func (p *part) fromTag(tag string) (string, bool) {
	if p.kind == partTag {
		return tag, true
	}
	n := p.n
	if n < 0 {
		n += strings.Count(tag, ".") + 1
	}
	lo := 0
	for ; n > 0; n-- {
		dot := strings.IndexByte(tag[lo:], '.')
		if dot < 0 {
			return "", false
		}
		lo += dot + 1
	}
	if n < 0 || tag == "" {
		return "", false
	}
	hi := len(tag)
	if dot := strings.IndexByte(tag[lo:], '.'); dot >= 0 {
		hi = lo + dot
	}
	switch p.kind {
	case partTagPrefix:
		return tag[:hi], true
	case partTagSuffix:
		return tag[lo:], true
	}
	return tag[lo:hi], true
}

// render returns the template's value for record i, or, if it does not vary,
// for the batch. readers begin with
// those of its record parts. ok is false
// if the template is a single placeholder and there is no such value.
func (t *template) render(b *event.Batch, i int, readers []reader) (v event.Value, ok bool) {
	if t.single && t.parts[0].kind == partRecord {
		return readers[0].get(b, i)
	}
	from := len(b.Arena)
	for j := range t.parts {
		p := &t.parts[j]
		found, start := true, len(b.Arena)
		switch p.kind {
		case partText:
			b.Arena = append(b.Arena, p.text...)
		case partTime:
			if found = !b.Recs[i].Time.IsZero(); found {
				b.Arena = b.Recs[i].Time.Std().Local().AppendFormat(b.Arena, "2006-01-02 15:04:05 -0700")
			}
		case partRecord:
			var v event.Value
			v, found = readers[0].get(b, i)
			readers = readers[1:]
			switch {
			case found && p.as == formValue:
				if b.Arena = appendValue(b.Arena, b.Bytes(v), v.Kind); len(b.Arena) > start {
					continue
				}
				found = false // it is broken
			case found:
				b.Arena = appendText(b.Arena, b.Bytes(v), v.Kind)
			}
		default:
			var s string
			s, found = p.fromTag(b.Tag)
			b.Arena = append(b.Arena, s...)
		}
		if t.single && !found {
			return event.Value{}, false
		}
		if p.as != formText {
			p.quote(b, start, found)
		}
	}
	return b.Since(from, t.kind), true
}
