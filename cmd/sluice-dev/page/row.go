package page

import (
	"strings"
	"time"
	"unicode/utf8"

	"sluice/cmd/sluice-dev/page/query"
)

// row is one line of the table.
type row struct {
	Key       string // index/id
	URL       string // the page with this record opened, or closed if it is open
	Time      string
	Stamp     string // machine-readable
	Namespace string
	Source    string // pod, tag or index
	Level     string
	Bad       bool
	Stderr    bool
	Message   []part
	Lines     int // further lines of the message
	Record    *record
}

// part is a piece of text; marked: it is what was searched for.
type part struct {
	Text   string
	Marked bool
}

const maxMessage = 600 // bytes shown in the table

// rowMaker makes rows for one page or one live tail.
type rowMaker struct {
	q   *query.Query
	m   *query.Matcher
	s   state
	loc *time.Location
}

func newRowMaker(q *query.Query, s state, loc *time.Location) *rowMaker {
	return &rowMaker{q: q, m: q.Matcher(), s: s, loc: loc}
}

func (k *rowMaker) row(d *Doc) row {
	r := row{Key: d.Index + "/" + string(d.ID), Level: k.m.Level(d.Source)}
	t := d.Timestamp.In(k.loc)
	r.Time, r.Stamp = t.Format("Jan 02 15:04:05.000"), t.Format(time.RFC3339Nano)
	r.Bad = isBad(r.Level)
	stream, _ := k.m.First(d.Source, "stream")
	r.Stderr = stream == "stderr"
	r.Namespace, _ = k.m.First(d.Source, "namespace")
	if pod, ok := k.m.First(d.Source, "pod"); ok {
		r.Source = pod
	} else if tag, ok := k.m.First(d.Source, "tag"); ok {
		r.Source = tag
	} else {
		r.Source = d.Index
	}
	text, ok := k.m.Message(d.Source)
	if !ok {
		text = summary(d.Source)
	}
	text = strings.TrimRight(text, "\r\n")
	if first, rest, more := strings.Cut(text, "\n"); more {
		text, r.Lines = first, strings.Count(rest, "\n")+1
	}
	r.Message = k.mark(cut(text, maxMessage))
	s := k.s
	if s.Doc = r.Key; k.s.Doc == r.Key {
		s.Doc = ""
		r.Record = newRecord(d, k.s, k.loc)
	}
	r.URL = s.url("/")
	return r
}

// mark splits the text where the query's words stand.
func (k *rowMaker) mark(text string) []part {
	var parts []part
	at := 0
	for _, span := range k.q.Marks(text) {
		if span[0] > at {
			parts = append(parts, part{Text: text[at:span[0]]})
		}
		parts = append(parts, part{Text: text[span[0]:span[1]], Marked: true})
		at = span[1]
	}
	return append(parts, part{Text: text[at:]})
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// summary stands for the message of a document that has none.
func summary(src []byte) string {
	var b strings.Builder
	for _, f := range flatten(src) {
		if strings.HasPrefix(f.Name, "@") || strings.HasPrefix(f.Name, "data_stream.") || strings.HasPrefix(f.Name, "ecs.") {
			continue
		}
		if b.Len() > maxMessage {
			break
		}
		if b.Len() > 0 {
			b.WriteString("  ")
		}
		b.WriteString(strings.TrimPrefix(f.Name, "json.") + "=" + f.Value)
	}
	return b.String()
}
