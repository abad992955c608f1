package elastic

import (
	"fmt"
	"strings"

	"sluice/event"
)

// The parts of an index template.
const (
	partLiteral = iota
	partTag
	partNamespace
	partYear
	partMonth
	partDay
)

// target is a parsed template for the name of an index: text with ${tag},
// ${kubernetes.namespace}, and %Y, %m, %d of the record's time in UTC.
type target struct {
	parts []part
	dated bool
}

type part struct {
	kind int
	text string // of a literal
}

func parseTarget(template string) (t target, err error) {
	for s := template; s != ""; {
		i := strings.IndexAny(s, "$%")
		if i < 0 {
			i = len(s)
		}
		if i > 0 {
			t.parts = append(t.parts, part{partLiteral, s[:i]})
		}
		if s = s[i:]; s == "" {
			break
		}
		kind, n := partAt(s)
		if n == 0 {
			return t, fmt.Errorf("cannot read index %q: want ${tag}, ${kubernetes.namespace}, %%Y, %%m or %%d, got %q", template, s[:min(len(s), 12)])
		}
		t.parts = append(t.parts, part{kind: kind})
		t.dated = t.dated || kind >= partYear
		s = s[n:]
	}
	return t, nil
}

func partAt(s string) (kind, length int) {
	for p, kind := range map[string]int{"${tag}": partTag, "${kubernetes.namespace}": partNamespace, "%Y": partYear, "%m": partMonth, "%d": partDay} {
		if strings.HasPrefix(s, p) {
			return kind, len(p)
		}
	}
	return 0, 0
}

// append appends the name for a batch and a day, date being 2006-01-02 and
// what follows it.
func (t *target) append(dst []byte, b *event.Batch, date []byte) []byte {
	start := len(dst)
	for _, p := range t.parts {
		switch p.kind {
		case partLiteral:
			dst = append(dst, p.text...)
		case partTag:
			dst = append(dst, b.Tag...)
		case partNamespace:
			if b.Shared != nil {
				dst = append(dst, b.Shared.Namespace...)
			}
		case partYear:
			dst = append(dst, date[:4]...)
		case partMonth:
			dst = append(dst, date[5:7]...)
		case partDay:
			dst = append(dst, date[8:10]...)
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
