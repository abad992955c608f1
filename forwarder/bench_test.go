package forwarder

import (
	"fmt"
	"testing"
)

// manyMatches is a router of 200 matches.
func manyMatches(tb testing.TB) *router {
	p := Pipeline{}
	for i := range 200 {
		pattern, err := ParsePattern(fmt.Sprintf("app%d.** svc%d.{a,b}", i, i))
		if err != nil {
			tb.Fatal(err)
		}
		p.Root = append(p.Root, Step{Match: pattern, Name: fmt.Sprint(i), Outputs: []Output{{Null: true}}})
	}
	return &router{pipeline: p, paths: map[place]*path{}}
}

// After a tag's first batch a match costs nothing, however many there are.
func TestATagIsWorkedOutOnce(t *testing.T) {
	r := manyMatches(t)
	tags := make([]string, 1000)
	for i := range tags {
		tags[i] = fmt.Sprintf("app%d.%d", i%200, i)
		r.path(RootLabel, tags[i])
	}
	i := 0
	if n := testing.AllocsPerRun(1000, func() { r.path(RootLabel, tags[i%1000]); i++ }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if len(r.paths) != 1000 || r.path(RootLabel, tags[777]).name != "177" {
		t.Errorf("%d paths", len(r.paths))
	}
}

func BenchmarkPathOf1000TagsOver200Matches(b *testing.B) {
	r := manyMatches(b)
	tags := make([]string, 1000)
	for i := range tags {
		tags[i] = fmt.Sprintf("app%d.%d", i%200, i)
		r.path(RootLabel, tags[i])
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		r.path(RootLabel, tags[i%1000])
		i++
	}
}
