package page

import (
	"bytes"
	"encoding/json"
	"sort"
	"strconv"
	"strings"
	"time"

	"sluice/cmd/sluice-dev/page/query"
)

// record is an opened document.
type record struct {
	Index, ID, Time string
	Close           string // URL
	Fields          []fieldView
	JSON            string
}

type fieldView struct {
	Name, Value string
	Block       bool // shown as preformatted lines
	For, Out    string
}

// field is one value of a document; a list makes several of one name.
type field struct{ Name, Value string }

const maxFilter = 300 // bytes of a value that one can filter by

func newRecord(d *Doc, s state, loc *time.Location) *record {
	r := &record{Index: d.Index, ID: string(d.ID), Time: d.Timestamp.In(loc).Format("2006-01-02 15:04:05.000000000 MST")}
	closed := s
	closed.Doc = ""
	r.Close = closed.url("/")
	fields := append([]field{{"_id", string(d.ID)}, {"_index", d.Index}}, flatten(d.Source)...)
	for _, f := range fields {
		v := fieldView{Name: f.Name, Value: f.Value, Block: strings.Contains(f.Value, "\n")}
		if len(f.Value) <= maxFilter {
			clause := query.Field(f.Name) + ":" + query.Quote(f.Value)
			v.For = s.with(clause).url("/")
			v.Out = s.with("not " + clause).url("/")
		}
		r.Fields = append(r.Fields, v)
	}
	var b bytes.Buffer
	if json.Indent(&b, d.Source, "", "  ") != nil {
		b.Write(d.Source)
	}
	r.JSON = b.String()
	return r
}

// with is the state with one more clause, at the first page of results.
func (s state) with(clause string) state {
	s.Query, s.Doc, s.Before = query.And(s.Query, clause), "", cursor{}
	return s
}

// flatten lists the values of a document, sorted by name. Bytes that are not
// JSON are one value.
func flatten(src []byte) []field {
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		return []field{{"_source", string(src)}}
	}
	var list []field
	walk("", doc, &list)
	sort.SliceStable(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

func walk(name string, v any, list *[]field) {
	switch v := v.(type) {
	case map[string]any:
		for k, c := range v {
			if name != "" {
				k = name + "." + k
			}
			walk(k, c, list)
		}
	case []any:
		for _, c := range v {
			walk(name, c, list)
		}
	case string:
		*list = append(*list, field{name, v})
	case json.Number:
		*list = append(*list, field{name, v.String()})
	case bool:
		*list = append(*list, field{name, strconv.FormatBool(v)})
	default:
		*list = append(*list, field{name, "null"})
	}
}
