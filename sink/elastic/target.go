package elastic

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"sluice/event"
	"sluice/parser/timefmt"
	"sluice/sink/format"
)

// The parts of an index template.
const (
	partLiteral = iota
	partTag
	partTagPart // ${tag[n]}
	partNamespace
	partField // ${$.name}, ${$.kubernetes.namespace_name}
	partYear
	partMonth
	partDay
	partTime // any other directive of strftime
)

// target is a parsed template for the name of an index: text with ${tag},
// ${tag[n]}, ${kubernetes.namespace}, the name of a field, and what strftime
// writes of the record's time in UTC, from the century to the second.
type target struct {
	parts  []part
	unit   int64 // in seconds: times within one have the same name; 0: all have
	fields bool  // each record may have its own
}

type part struct {
	kind int
	text string // of a literal; a field's name
	n    int    // of a tag's part, from its end if negative
	form *timefmt.Formatter
	unit int64 // of what is of a time
}

func parseTarget(template string) (t target, err error) {
	for s := template; s != ""; {
		i := strings.IndexAny(s, "$%")
		if i < 0 {
			i = len(s)
		}
		if i > 0 {
			t.parts = append(t.parts, part{kind: partLiteral, text: s[:i]})
		}
		if s = s[i:]; s == "" {
			break
		}
		p, n := partAt(s)
		if n == 0 {
			return t, fmt.Errorf("cannot read index %q: want ${tag}, ${tag[n]}, ${kubernetes.namespace}, a field's ${$.name}, %%Y, %%m, %%d, %%H or another of strftime's directives of dates and hours, got %q", template, s[:min(len(s), 12)])
		}
		t.parts = append(t.parts, p)
		if p.unit > 0 && (t.unit == 0 || p.unit < t.unit) {
			t.unit = p.unit
		}
		t.fields = t.fields || p.kind == partField
		s = s[n:]
	}
	return t, nil
}

func partAt(s string) (p part, length int) {
	if s[0] == '%' {
		return timePart(s)
	}
	end := strings.IndexByte(s, '}')
	if !strings.HasPrefix(s, "${") || end < 3 {
		return p, 0
	}
	name, field := strings.CutPrefix(s[2:end], "$.")
	if index, ok := strings.CutPrefix(name, "tag["); ok {
		n, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
		if err != nil {
			return p, 0
		}
		return part{kind: partTagPart, n: n}, end + 1
	}
	switch name {
	case "tag":
		return part{kind: partTag}, end + 1
	case "kubernetes.namespace":
		return part{kind: partNamespace}, end + 1
	}
	if !field || name == "" || strings.ContainsAny(name, "[]$ {") {
		return p, 0
	}
	return part{kind: partField, text: name}, end + 1
}

// timePart reads a directive: those of nearly all names, which clock has, or
// another one. Fractions of a second and zones make no name.
func timePart(s string) (p part, length int) {
	for text, kind := range map[string]int{"%Y": partYear, "%m": partMonth, "%d": partDay} {
		if strings.HasPrefix(s, text) {
			return part{kind: kind, unit: 86400}, len(text)
		}
	}
	n := 1 + len(s[1:]) - len(strings.TrimLeft(s[1:], "-0^#_123456789"))
	if n == len(s) {
		return p, 0
	}
	switch {
	case strings.IndexByte("CGgyBbhVUWjdemYAauwFDx", s[n]) >= 0:
		p.unit = 86400
	case strings.IndexByte("HIklPp", s[n]) >= 0:
		p.unit = 3600
	case strings.IndexByte("MSRTX", s[n]) >= 0:
		p.unit = 1
	default:
		return p, 0
	}
	form, err := timefmt.NewFormatter(s[:n+1], time.UTC)
	if err != nil {
		return part{}, 0
	}
	p.kind, p.form = partTime, form
	return p, n + 1
}

// append appends the name for record i of a batch and its time at, date being
// that as 2006-01-02.
func (t *target) append(dst []byte, b *event.Batch, i int, at event.Time, date []byte) []byte {
	start := len(dst)
	for _, p := range t.parts {
		switch p.kind {
		case partLiteral:
			dst = append(dst, p.text...)
		case partTag:
			dst = append(dst, b.Tag...)
		case partTagPart:
			dst = append(dst, event.TagPart(b.Tag, p.n)...)
		case partNamespace:
			if b.Shared != nil {
				dst = append(dst, b.Shared.Namespace...)
			}
		case partField:
			dst = format.AppendField(dst, b, i, p.text)
		case partYear:
			dst = append(dst, date[:4]...)
		case partMonth:
			dst = append(dst, date[5:7]...)
		case partDay:
			dst = append(dst, date[8:10]...)
		case partTime:
			dst = p.form.Append(dst, at.Std())
		}
	}
	return append(dst[:start], cleanName(dst[start:])...)
}

// maxName is Elasticsearch's limit for an index name, in bytes.
const maxName = 255

// cleanName turns a name in place into one that Elasticsearch takes for an
// index: lower-case ASCII, "_" for what is forbidden or not ASCII, no "_", "-"
// or "+" in front (indices/create, "index name limitations"). Two names may
// become one; they then share an index.
func cleanName(p []byte) []byte {
	for i, c := range p {
		switch {
		case c >= 'A' && c <= 'Z':
			p[i] = c | 0x20
		case c <= ' ' || c >= 0x7f || strings.IndexByte(`"*,/<>?\|#:%`, c) >= 0:
			p[i] = '_'
		}
	}
	n := 0
	for n < len(p) && (p[n] == '_' || p[n] == '-' || p[n] == '+') {
		n++
	}
	p = p[:copy(p, p[n:])]
	if s := string(p); s == "" || s == "." || s == ".." {
		return append(p[:0], "sluice"...)
	}
	return p[:min(len(p), maxName)]
}

// maxPart is the limit for the dataset and the namespace of a data stream
// (data_stream.dataset in the Elastic Common Schema), in bytes.
const maxPart = 100

// cleanPart makes a dataset or namespace of a data stream's name: as cleanName,
// and without the "-" that separates the parts.
func cleanPart(s, otherwise string) string {
	p := []byte(strings.ReplaceAll(s, "-", "_"))
	if len(p) > maxPart {
		p = p[:maxPart]
	}
	for i, c := range p {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"*,/<>?\|#:%`, c) >= 0 {
			p[i] = '_'
		}
	}
	if len(p) == 0 {
		return otherwise
	}
	return strings.ToLower(string(p))
}
