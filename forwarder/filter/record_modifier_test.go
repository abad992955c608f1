package filter

import (
	"testing"

	"sluice/event"
)

func TestRecordModifier(t *testing.T) {
	const record = `{"a":"x-1","b":{"c":"deep","d":2},"n":3,"m":"secret=abc rest"}`
	for name, c := range map[string]struct {
		cfg  RecordModifierConfig
		want string
	}{
		"sets, one after the other": {
			RecordModifierConfig{Record: []event.Pair{{Name: "up", Value: `${record["a"].upcase}`}, {Name: "both", Value: `${record["up"]}/${tag_parts[1]}`}, {Name: "two", Value: `${record["n"] - 1}`}}},
			`{"a":"x-1","b":{"c":"deep","d":2},"n":3,"m":"secret=abc rest","up":"X-1","both":"X-1/var","two":2}`,
		},
		"removes": {RecordModifierConfig{RemoveKeys: []string{"a", "$.b.c", "nope"}}, `{"b":{"d":2},"n":3,"m":"secret=abc rest"}`},
		"keeps":   {RecordModifierConfig{WhitelistKeys: []string{"n", "a", "nope"}}, `{"a":"x-1","n":3}`},
		"replaces": {
			RecordModifierConfig{CharEncoding: "UTF-8", Replace: []ModifierReplace{
				{"m", `/(?<k>secret)=\S+/`, `\k<k>=***`}, {"a", `-(\d)`, `\1\1`}, {"n", "3", "4"}, {"nope", "x", "y"},
			}},
			`{"a":"x11","b":{"c":"deep","d":2},"n":3,"m":"secret=*** rest"}`,
		},
	} {
		m, err := NewRecordModifier(c.cfg)
		if err != nil {
			t.Fatal(name, err)
		}
		for _, make := range []func(testing.TB, ...string) *event.Batch{batch, packed} {
			if got := show(apply(t, m, make, record), 1); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", name, got, c.want)
			}
		}
		together(t, m, record)
	}
}

func TestRecordModifierRefuses(t *testing.T) {
	_, err := NewRecordModifier(RecordModifierConfig{
		Record: []event.Pair{{Name: "x", Value: "${nope}"}}, PrepareValue: "require 'x'", CharEncoding: "utf-8:euc-jp",
		RemoveKeys: []string{"$."}, WhitelistKeys: []string{"a"}, Replace: []ModifierReplace{{"k", "(", ""}},
	})
	for field, words := range map[string]string{
		"record.x": "nope is unknown", "prepare_value": "runs once", "char_encoding": "euc-jp", "remove_keys": "accessor",
		"whitelist_keys": "do not go together", "replace[0].expression": "is not closed",
	} {
		refused(t, err, field, words)
	}
}
