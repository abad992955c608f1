package parser

import (
	"strings"
	"testing"
)

func TestMembers(t *testing.T) {
	for text, want := range map[string]string{
		` {"a":1, "b\n" : "x\"y","a":[{}]}`: `a=1;b` + "\n" + `="x\"y";a=[{}];`,
		`[1,"two" ,{"a":null}]`:             `=1;="two";={"a":null};`,
		`{}`:                                ``,
		`{"a":1,}`:                          `a=1;`, // and no more: this is no JSON
	} {
		m, ok := OpenMembers([]byte(text))
		var got strings.Builder
		for ok && m.Next() {
			if m.Object() {
				got.Write(m.AppendName(nil))
			}
			got.WriteString("=" + string(m.Value()) + ";")
			if lo, hi := m.Span(); text[lo:hi] != string(m.Value()) {
				t.Errorf("%s: span %d:%d", text, lo, hi)
			}
		}
		if got.String() != want {
			t.Errorf("%s: %q, want %q", text, got.String(), want)
		}
	}
	for _, text := range []string{"", "1", `"a"`, "null"} {
		if _, ok := OpenMembers([]byte(text)); ok {
			t.Errorf("%q has members", text)
		}
	}
	if end, escaped := ScanString([]byte(`x"a\""y`), 1); end != 6 || !escaped {
		t.Error(end, escaped)
	}
}
