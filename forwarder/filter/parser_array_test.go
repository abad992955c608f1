package filter

import (
	"fmt"
	"testing"

	"sluice/event"
	"sluice/wire/quote"
)

func TestAnArrayBecomesRecords(t *testing.T) {
	reserve := func(c *ParserConfig) { c.ReserveData, c.RemoveKeyNameField = true, true }
	for _, c := range []struct {
		change func(*ParserConfig)
		log    string
		want   []string
	}{
		{nil, `[{"a":1},{"a":2,"time":12},{"b":"x"}]`, []string{`{"a":1}`, `{"a":2}`, `{"b":"x"}`}},
		{reserve, `[{"a":1},{"a":2}]`, []string{`{"k":7,"a":1}`, `{"k":7,"a":2}`}},
		{reserve, ` [ { } ] `, nil}, // does not begin with the bracket
		{reserve, `[ { } ] `, []string{`{"k":7}`}},
		{func(c *ParserConfig) { c.HashValueField = "h" }, `[{"a":1},{"a":2}]`, []string{`{"h":{"a":1}}`, `{"h":{"a":2}}`}},
		{nil, `[{"a":1},2]`, nil},
		{nil, `[]`, nil},
		{nil, `[{"a":1},{"a":2]`, nil},
		{nil, `[{"a":1}`, nil},
	} {
		p, err := NewParser(config(c.change))
		if err != nil {
			t.Fatal(err)
		}
		in := `{"k":7,"log":` + string(quote.Append(nil, []byte(c.log))) + `}`
		b := batch(t, in, in)
		b.Recs[1].State = event.Dropped
		for i := range b.Recs {
			b.Recs[i].ID, b.Recs[i].Weight = event.MakeID(1, event.SourceKey{Hi: 7}, uint64(i+5)), 1
		}
		p.Apply(b)
		var got []string
		ids, weight := map[event.ID]bool{}, 0
		for i, r := range b.Recs {
			if r.State == event.Live {
				got = append(got, show(b, i))
				ids[r.ID], weight = true, weight+int(r.Weight)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) || len(ids) != len(c.want) || len(c.want) > 0 && weight != 1 {
			t.Errorf("%s: got %v, %d ids, weight %d; want %v", c.log, got, len(ids), weight, c.want)
		}
		if c.want == nil && (len(b.Recs) != 2 || show(b, 0) != in || b.Recs[0].State != event.Failed) {
			t.Errorf("%s: %s, %d records", c.log, show(b, 0), len(b.Recs))
		}
	}
}
