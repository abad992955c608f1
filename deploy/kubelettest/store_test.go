package main

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"sluice/sink/elastictest"
)

// line is a document as an agent sends it.
func line(id int, name string, n int, text string, edit ...string) elastictest.Doc {
	head := fmt.Sprintf("%s %d ", name, n)
	if text == "" {
		text = strings.Repeat("x", 120-len(head))
	}
	source := fmt.Sprintf(`{"message":%q,"kubernetes":{"namespace":"shop","pod":{"name":"p","uid":"u"},"container":{"name":"app"},"node":{"name":"node-a","labels":{"kubernetes_io/hostname":"node-a"}},"labels":{"app":"x"},"namespace_labels":{"team":"checkout"}},"container":{"id":"c","image":{"name":"localhost/logapp:1"}},"orchestrator":{"cluster":{"name":"test"}}}`, head+text)
	source = strings.NewReplacer(edit...).Replace(source)
	return elastictest.Doc{Index: "i", ID: fmt.Append(nil, id), Source: []byte(source)}
}

func TestWhatIsCounted(t *testing.T) {
	const name = "p/app.1/stdout"
	good := []elastictest.Doc{line(1, name, 0, ""), line(2, name, 1, ""), line(3, name, 2, "end")}
	for what, c := range map[string]struct {
		docs []elastictest.Doc
		good bool
	}{
		"all":              {good, true},
		"a repeat":         {append(good[:3:3], good[1]), true}, // its id was there
		"none":             {nil, false},
		"one missing":      {[]elastictest.Doc{good[0], good[2]}, false},
		"the end missing":  {good[:2], false},
		"one doubled":      {append(good[:3:3], line(4, name, 1, "")), false},
		"the end doubled":  {append(good[:3:3], line(4, name, 2, "end")), false},
		"one torn":         {append(good[1:3:3], line(1, name, 0, "short")), false},
		"partial":          {append(good[1:3:3], line(1, name, 0, "", `"kubernetes":{`, `"kubernetes":{"enrichment":"partial",`)), false},
		"no labels":        {append(good[1:3:3], line(1, name, 0, "", `{"app":"x"}`, `{}`)), false},
		"another's image":  {append(good[1:3:3], line(1, name, 0, "", `logapp:1`, `other:1`)), false},
		"excluded":         {append(good[:3:3], line(4, "p/quiet.1/stdout", 0, "end", `"name":"app"`, `"name":"quiet"`)), false},
		"another dataset":  {append(good[1:3:3], line(1, name, 0, "", `{"app":"x"}`, `{"app":"asked"}`, `"container":{"id"`, `"deployment":{"name":"asked"},"container":{"id"`)), false},
		"no line of ours":  {append(good[:3:3], line(4, "x", 0, "", `x 0`, `x`)), false},
		"a container more": {append(good[:3:3], line(4, "q/app.1/stdout", 0, "end")), true},
	} {
		s := newStore()
		s.Create(c.docs, make([]bool, len(c.docs)))
		if got := s.report(io.Discard, []string{"p/app"}); got != c.good {
			t.Errorf("%s: good is %v", what, got)
		}
	}
	s := newStore()
	s.Create(good, make([]bool, len(good)))
	if !s.whole([]string{"p/app"}) || s.whole([]string{"p/app", "other/app"}) {
		t.Error("a container of which nothing arrived counts as whole, or one that is whole does not")
	}
}
