package filter

import (
	"os"
	"testing"

	"sluice/event"

	"github.com/tinylib/msgp/msgp"
)

// templates are values and what they become.
func templates(host string) map[string]string {
	return map[string]string{
		``:                              `""`,
		`$ and \\ $5 }`:                 `"$ and \\\\ $5 }"`,
		`{"a":[1]}`:                     `{"a":[1]}`,
		`[1,2]`:                         `[1,2]`,
		`{not json`:                     `"{not json"`,
		`12`:                            `"12"`,
		`${record["s"]}`:                `"text"`,
		`${record['s']}`:                `"text"`,
		`${ record["s"] }`:              `"text"`,
		`${record["n"]}`:                `1.50`,
		`${record["z"]}`:                `null`,
		`${record["o"]["p"]}`:           `{"q":"d\n\"","n":7}`,
		`${record["o"]["p"]["n"]}`:      `7`,
		`${record["o"]["l"][0]}`:        `"x"`,
		`${record["o"]["p"]["q"]}`:      `"d\n\""`,
		`${record["missing"]}`:          `null`,
		`${record["s"]["x"]}`:           `null`,
		`<${record["o"]["p"]["q"]}>`:    `"<d\n\">"`,
		`<${record["n"]}${record["s"]}`: `"<1.50text"`,
		`<${record["z"]}>`:              `"<>"`,
		`<${record["missing"]}>`:        `"<>"`,
		`<${record["o"]["l"]}>`:         `"<[\"x\",2]>"`,
		`<${record["}"]}>`:              `"<>"`,
		`${tag}`:                        `"kubernetes.var.log.app"`,
		`${tag_parts[0]}`:               `"kubernetes"`,
		`${tag_parts[3]}`:               `"app"`,
		`${tag_parts[-1]}`:              `"app"`,
		`${tag_parts[-4]}`:              `"kubernetes"`,
		`${tag_parts[4]}`:               `null`,
		`${tag_parts[-5]}`:              `null`,
		`a${tag_parts[4]}b`:             `"ab"`,
		`${tag_prefix[1]}`:              `"kubernetes.var"`,
		`${tag_prefix[-1]}`:             `"kubernetes.var.log.app"`,
		`${tag_suffix[1]}`:              `"var.log.app"`,
		`${tag_suffix[-2]}`:             `"log.app"`,
		`${time}`:                       `"2023-11-14 22:13:20 +0000"`,
		`at ${time}.`:                   `"at 2023-11-14 22:13:20 +0000."`,
		`${hostname}`:                   `"` + host + `"`,
		`${tag_parts[0]}/${record["s"]}/${hostname}`: `"kubernetes/text/` + host + `"`,
	}
}

func TestRecordTransformer(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	const record = `{"s":"text","n":1.50,"z":null,"q":"a\"b","o":{"p":{"q":"d\n\"","n":7},"l":["x",2]}}`
	const old = `"s":"text","n":1.50,"z":null,"q":"a\"b","o":{"p":{"q":"d\n\"","n":7},"l":["x",2]}`
	set := func(value string) RecordTransformerConfig {
		c := DefaultRecordTransformerConfig()
		c.RenewRecord, c.Record = true, []event.Pair{{Name: "x", Value: value}}
		return c
	}
	type test struct {
		cfg  RecordTransformerConfig
		want string
	}
	tests := []test{
		{RecordTransformerConfig{}, `{` + old + `}`},
		{
			RecordTransformerConfig{Record: []event.Pair{{Name: "s", Value: "new"}, {Name: "t", Value: `${record["s"]}!`}}},
			`{"s":"new","n":1.50,"z":null,"q":"a\"b","o":{"p":{"q":"d\n\"","n":7},"l":["x",2]},"t":"text!"}`,
		},
		{RecordTransformerConfig{RemoveKeys: []string{"s", "$.o", "missing", "q", "$['z']"}}, `{"n":1.50}`},
		{
			RecordTransformerConfig{RenewRecord: true, KeepKeys: []string{"z", "missing", "s"}, Record: []event.Pair{{Name: "a", Value: "1"}}},
			`{"z":null,"s":"text","a":"1"}`,
		},
		{RecordTransformerConfig{RenewRecord: true, KeepKeys: []string{"z", "s"}, RemoveKeys: []string{"z"}}, `{"s":"text"}`},
		{RecordTransformerConfig{RenewRecord: true}, `{}`},
		{
			RecordTransformerConfig{RenewRecord: true, Record: []event.Pair{{Name: "x", Value: `${record["n"]}`}, {Name: "y", Value: `${record["nope"]}`}}},
			`{"x":"1.50","y":""}`,
		}, // auto_typecast is false
	}
	for value, want := range templates(host) {
		tests = append(tests, test{set(value), `{"x":` + want + `}`})
	}
	for _, c := range tests {
		f, err := NewRecordTransformer(c.cfg)
		if err != nil {
			t.Errorf("%v: %v", c.cfg, err)
			continue
		}
		if b := apply(t, f, batch, record); show(b, 1) != c.want {
			t.Errorf("%v\n got %s\nwant %s", c.cfg, show(b, 1), c.want)
		}
	}
}

// Values in msgpack keep their type when copied whole and read the same amid
// text.
func TestRecordTransformerMsgpack(t *testing.T) {
	f, err := NewRecordTransformer(RecordTransformerConfig{RenewRecord: true, AutoTypecast: true, Record: []event.Pair{
		{Name: "whole", Value: `${record["o"]}`},
		{Name: "n", Value: `${record["o"]["n"]}`},
		{Name: "mixed", Value: `${record["s"]} ${record["o"]["n"]} ${record["o"]["l"]} ${record["f"]} ${record["i"]} ${record["z"]}`},
	}})
	if err != nil {
		t.Fatal(err)
	}
	b := apply(t, f, packed, `{"s":"text","o":{"n":-70000,"l":["a\u0001",true,null,1]},"f":2.0,"i":9007199254740993,"z":null}`)
	fs := b.FieldsOf(1)
	if len(fs) != 3 || fs[0].Val.Kind != event.Msgp || fs[1].Val.Kind != event.Msgp || fs[2].Val.Kind != event.Text {
		t.Fatalf("fields %v", fs)
	}
	if n, _, err := msgp.ReadInt64Bytes(b.Bytes(fs[1].Val)); err != nil || n != -70000 {
		t.Errorf("n = %d, %v", n, err)
	}
	want := `text -70000 ["a\u0001",true,null,1] 2.0 9007199254740993 `
	if got := string(b.Bytes(fs[2].Val)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// All values are made from the record as it came, as in Fluentd.
func TestRecordTransformerSwaps(t *testing.T) {
	f, err := NewRecordTransformer(RecordTransformerConfig{AutoTypecast: true, RemoveKeys: []string{"c"}, Record: []event.Pair{
		{Name: "a", Value: `${record["b"]}`}, {Name: "b", Value: `${record["a"]}`}, {Name: "d", Value: `${record["c"]}`},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if b := apply(t, f, batch, `{"a":1,"b":2,"c":3}`); show(b, 1) != `{"a":2,"b":1,"d":3}` {
		t.Error(show(b, 1))
	}
}

func TestRecordTransformerTimeUnknown(t *testing.T) {
	f, err := NewRecordTransformer(RecordTransformerConfig{AutoTypecast: true, Record: []event.Pair{{Name: "t", Value: "${time}"}, {Name: "u", Value: "<${time}>"}}})
	if err != nil {
		t.Fatal(err)
	}
	b := batch(t, `{}`)
	b.Recs[0].Time = event.Time{}
	if f.Apply(b); show(b, 0) != `{"t":null,"u":"<>"}` {
		t.Error(show(b, 0))
	}
}

func TestRecordTransformerRefuses(t *testing.T) {
	for value, words := range map[string]string{
		`${record["a"].to_s}`:       `cannot use ${record["a"].to_s}: .to_s follows the key; supported are record["key"]`,
		`x ${Time.now}`:             `cannot use ${Time.now}: unknown expression; supported`,
		`${record}`:                 `cannot use ${record}`,
		`${record.a}`:               `cannot use ${record.a}`,
		`${record[a]}`:              `neither a quoted name nor a number`,
		`${record["a]}`:             `no }`,
		`${record[0]}`:              `names, not numbers`,
		`${tag_parts}`:              `unknown expression`,
		`${tag_parts[x]}`:           `unknown expression`,
		`${tag_parts[1].upcase}`:    `unknown expression`,
		`${tags[1]}`:                `unknown expression`,
		`${}`:                       `unknown expression`,
		`${tag`:                     `no } after ${tag`,
		`{"a":["${tags}"]}`:         `cannot use ${tags}: unknown expression`,
		`{"a${tag":1}`:              `no } after ${tag`,
		`#{1} ${record["a"] + "b"}`: ` + "b" follows the key`,
	} {
		_, err := NewRecordTransformer(RecordTransformerConfig{Record: []event.Pair{{Name: "fine", Value: "x"}, {Name: "NAME", Value: value}}})
		refused(t, err, "record.NAME", words)
	}
	_, err := NewRecordTransformer(RecordTransformerConfig{Record: []event.Pair{{Name: "a${tag}", Value: "x"}}})
	refused(t, err, "record.a${tag}", "name cannot hold a placeholder")
	_, err = NewRecordTransformer(RecordTransformerConfig{KeepKeys: []string{"a"}})
	refused(t, err, "keep_keys", "renew_record")
	_, err = NewRecordTransformer(RecordTransformerConfig{RenewRecord: true, KeepKeys: []string{"$.a.b"}})
	refused(t, err, "keep_keys", "not a record's own field")
	_, err = NewRecordTransformer(RecordTransformerConfig{RemoveKeys: []string{"$.a["}})
	refused(t, err, "remove_keys", "cannot read record accessor")
}

func transformer(t testing.TB) *RecordTransformer {
	f, err := NewRecordTransformer(RecordTransformerConfig{AutoTypecast: true, RemoveKeys: []string{"stream"}, Record: []event.Pair{
		{Name: "env", Value: "prod"},
		{Name: "service", Value: "${tag_parts[1]}-${hostname}"},
		{Name: "copy", Value: `${record["message"]}`},
		{Name: "line", Value: `${record["a"]["b"]} at ${time}`},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const transformRecord = `{"message":"m","stream":"stdout","a":{"b":1.5}}`

func TestRecordTransformerConcurrent(t *testing.T) { together(t, transformer(t), transformRecord) }

func BenchmarkRecordTransformer(b *testing.B) { bench(b, transformer(b), accessLine) }

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{`${record["a"]["b"][0]}`, `x${tag_parts[-1]}${time}`, `${tag`, `{"a":1}`, `${record['}']}`, `{"${tag}":["${record['a']}","<${time}\n>"]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := NewRecordTransformer(RecordTransformerConfig{AutoTypecast: true, Record: []event.Pair{{Name: "x", Value: s}}})
		if err != nil {
			return
		}
		b := batch(t, `{"a":{"b":["c"]}}`)
		if r.Apply(b); len(b.FieldsOf(0)) != 2 {
			t.Errorf("%q made %s", s, show(b, 0))
		}
	})
}
