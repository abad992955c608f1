package filter

import (
	"os"
	"testing"

	"sluice/event"
)

// Placeholders within an object or array, as in Fluentd: a string that is one
// keeps the type of what it says, a name is always a text.
func TestRecordTransformerStructures(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	record := `{"s":"a\"b\\ü","n":7,"o":{"x":[1]},"z":null,"e":""}`
	for _, c := range []struct{ value, typed, texts string }{
		{`{"a":"${tag}"}`, `{"a":"kubernetes.var.log.app"}`, ""},
		{`[ "${hostname}", "x" ]`, "[\"" + host + `","x"]`, ""},
		{`["${record[\"n\"]}","${record['o']}","${record['s']}"]`, `[7,{"x":[1]},"a\"b\\ü"]`, `["7","{\"x\":[1]}","a\"b\\ü"]`},
		{`["${record['no']}","${record['z']}","${record['e']}","${tag_parts[9]}"]`, `[null,null,"",null]`, `["","","",""]`},
		{`{"l":["<${record['s']}>\t\u00e9${record['n']}",{"d":{"e":"${tag_parts[-1]}"}}],"n":1.50}`, `{"l":["<a\"b\\ü>\té7",{"d":{"e":"app"}}],"n":1.50}`, ""},
		{`{"${record['n']}":1,"k-${tag_parts[0]}":"\\\"${record['no']}"}`, `{"7":1,"k-kubernetes":"\\\""}`, ""},
		{`{"t":"${time}"}`, `{"t":"2023-11-14 22:13:20 +0000"}`, ""},
		{`{"a":"${record["n"]}"}`, `{"a":"7"}`, ""}, // no JSON, and so a text
	} {
		for _, made := range []func(testing.TB, ...string) *event.Batch{batch, packed} {
			for _, typecast := range []bool{true, false} {
				f, err := NewRecordTransformer(RecordTransformerConfig{RenewRecord: true, AutoTypecast: typecast, Record: []event.Pair{{Name: "v", Value: c.value}}})
				if err != nil {
					t.Fatal(err)
				}
				want := c.typed
				if !typecast && c.texts != "" {
					want = c.texts
				}
				b := apply(t, f, made, record)
				v, _ := b.Get(1, b.KeyString("v"))
				if got := string(b.Bytes(v)); got != want {
					t.Errorf("%s, typecast %v\n got %s\nwant %s", c.value, typecast, got, want)
				}
			}
		}
	}
}
