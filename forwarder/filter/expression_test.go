package filter

import (
	"testing"

	"sluice/event"
)

func rubyTransformer(t testing.TB, cfg RecordTransformerConfig, pairs ...string) *RecordTransformer {
	t.Helper()
	cfg.EnableRuby, cfg.AutoTypecast = true, true
	for i := 0; i < len(pairs); i += 2 {
		cfg.Record = append(cfg.Record, event.Pair{Name: pairs[i], Value: pairs[i+1]})
	}
	f, err := NewRecordTransformer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRubyInRecordTransformer(t *testing.T) {
	const record = `{"log":"{\"level\":\"warn\"}","n":3,"kubernetes":{"labels":{"app":"shop"}},"at":1500000000.25}`
	f := rubyTransformer(
		t, RecordTransformerConfig{RemoveKeys: []string{"log", "$.kubernetes.labels.app", "$['nope']['x']"}, RenewTimeKey: "at"},
		"level", `${JSON.parse(record["log"])["level"].upcase}`,
		"twice", `${record["n"] * 2}`,
		"text", `n=${record["n"] + 1}\t${tag_parts.last}`,
		"app", `${record["kubernetes"]["labels"]["app"]}`,
		"all", `{"n": "${record['n']}", "list": ["${tag}", 1]}`,
		"plain", "as it is",
	)
	want := `{"n":3,"kubernetes":{"labels":{}},"at":1500000000.25,"level":"WARN","twice":6,"text":"n=4\tapp","app":"shop",` +
		`"all":{"n":3,"list":["kubernetes.var.log.app",1]},"plain":"as it is"}`
	b := apply(t, f, batch, record)
	if got := show(b, 1); got != want || b.Recs[1].Time != (event.Time{Sec: 1500000000, Nsec: 250000000}) {
		t.Errorf("%v\n got %s\nwant %s", b.Recs[1].Time, got, want)
	}
	if got := show(apply(t, f, packed, record), 1); got != want {
		t.Errorf("msgpack\n got %s\nwant %s", got, want)
	}
}

// A record whose Ruby raises is Failed and as it was; the others are not.
func TestRubyThatRaises(t *testing.T) {
	f := rubyTransformer(t, RecordTransformerConfig{RenewRecord: true}, "a", "x", "up", `${record["s"].upcase}`)
	b := batch(t, `{"s":"a"}`, `{"n":1}`, `{"s":"b"}`)
	f.Apply(b)
	for i, want := range []string{`{"a":"x","up":"A"}`, `{"n":1}`, `{"a":"x","up":"B"}`} {
		if got := show(b, i); got != want || (b.Recs[i].State == event.Failed) != (i == 1) {
			t.Errorf("record %d: %s, state %d; want %s", i, got, b.Recs[i].State, want)
		}
	}
}

func TestRubyIsRefusedWithItsPlace(t *testing.T) {
	_, err := NewRecordTransformer(RecordTransformerConfig{EnableRuby: true, Record: []event.Pair{
		{Name: "x", Value: `é ${record["a"].upcas}`}, {Name: "y", Value: "${1 +"}, {Name: "z${tag}", Value: "1"},
	}})
	refused(t, err, "record.x", `at character 17, upcas}: the method upcas is not supported (write upcase)`)
	refused(t, err, "record.y", `at its end`)
	refused(t, err, "record.z${tag}", `cannot hold a placeholder`)
	_, err = NewRecordTransformer(RecordTransformerConfig{Record: []event.Pair{{Name: "x", Value: `${record["a"].upcase}`}}})
	refused(t, err, "record.x", "enable_ruby: true for Ruby")
}

func TestRubyConcurrent(t *testing.T) {
	together(t, rubyTransformer(t, RecordTransformerConfig{}, "a", `${record["message"].upcase}`, "b", `${record["a"]["b"] + 1}`), transformRecord)
}

// computed is 3 static and 2 computed fields.
func computed(t testing.TB) *RecordTransformer {
	return rubyTransformer(t, RecordTransformerConfig{}, "env", "prod", "team", "shop", "host", "${hostname}",
		"up", `${record["stream"].upcase}`, "size", `${record["message"].length > 10 ? "long" : "short"}`)
}

func BenchmarkRecordTransformerRuby(b *testing.B) { bench(b, computed(b), accessLine) }
