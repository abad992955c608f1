package file

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"sluice/event"
	"sluice/parser/timefmt"
	"sluice/setting"
	"sluice/sink/format"
)

// path is a compiled template.
type path struct {
	parts  []part
	fields bool // values of records stand in it
	timed  bool
	zone   *time.Location
	slice  time.Duration
}

type partKind uint8

const (
	partTime  partKind = iota // form, which may hold no directive
	partTag                   // the whole tag
	partWord                  // its n-th part; below 0: from the end
	partField                 // a record's
)

type part struct {
	kind partKind
	form *timefmt.Formatter
	n    int
	name string
}

var (
	placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)
	word        = regexp.MustCompile(`^tag\[(-?\d+)\]$`)
)

// compile reads a template; field is the setting that holds it.
func compile(field, template string, c *Config) (p path, err error) {
	p.zone, p.slice = c.Zone, c.Timekey
	if p.zone == nil {
		p.zone = time.Local
	}
	rest := 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(template, -1) {
		if err := p.text(field, template[rest:m[0]]); err != nil {
			return p, err
		}
		rest = m[1]
		switch name := template[m[2]:m[3]]; {
		case name == "tag":
			p.parts = append(p.parts, part{kind: partTag})
		case word.MatchString(name):
			n, _ := strconv.Atoi(word.FindStringSubmatch(name)[1])
			p.parts = append(p.parts, part{kind: partWord, n: n})
		case name == "chunk_id" || name == "" || strings.HasPrefix(name, "tag["):
			return p, setting.Instead(field, fmt.Sprintf("the placeholder ${%s} is not supported", name), "write ${tag}, ${tag[0]}, ${FIELD} or %Y%m%d")
		default:
			p.parts = append(p.parts, part{kind: partField, name: format.FieldName(name)})
			p.fields = true
		}
	}
	return p, p.text(field, template[rest:])
}

func (p *path) text(field, text string) error {
	if text == "" {
		return nil
	}
	form, err := timefmt.NewFormatter(text, p.zone)
	if err != nil {
		return setting.Instead(field, err.Error(), "write %% for the sign itself")
	}
	p.parts = append(p.parts, part{kind: partTime, form: form})
	p.timed = p.timed || strings.Contains(text, "%")
	return nil
}

// begin is the begin of the slice that t lies in.
func (p *path) begin(t time.Time) time.Time {
	if p.slice <= 0 {
		return t.Truncate(time.Second)
	}
	_, offset := t.In(p.zone).Zone()
	length := int64(p.slice / time.Second)
	if length < 1 {
		length = 1
	}
	sec := t.Unix() + int64(offset)
	return time.Unix(t.Unix()-((sec%length)+length)%length, 0)
}

// append writes the path of record i of b, in the slice that begins then; i
// below 0: of none.
func (p *path) append(dst []byte, b *event.Batch, i int, tag string, begin time.Time) []byte {
	for n := range p.parts {
		switch part := &p.parts[n]; part.kind {
		case partTime:
			dst = part.form.Append(dst, begin)
		case partTag:
			dst = appendSafe(dst, tag)
		case partWord:
			dst = appendSafe(dst, event.TagPart(tag, part.n))
		case partField:
			from := len(dst)
			if i >= 0 {
				dst = format.AppendField(dst, b, i, part.name)
			}
			safe(dst[from:])
		}
	}
	return dst
}

func appendSafe(dst []byte, s string) []byte {
	from := len(dst)
	dst = append(dst, s...)
	safe(dst[from:])
	return dst
}

// safe makes a value one name of a path: no separator, no way up.
func safe(p []byte) {
	dots := true
	for i, c := range p {
		if c == '/' || c == 0 {
			p[i] = '_'
		}
		dots = dots && c == '.'
	}
	if dots {
		for i := range p {
			p[i] = '_'
		}
	}
}
