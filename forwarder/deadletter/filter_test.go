package deadletter

import (
	"testing"
	"time"
)

func TestFilter(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	e := &Entry{Segment: 3, Line: 17, Letter: Letter{Time: at, Key: "logs-app-default", ID: "abc", Type: "document_parsing_exception", Reason: "failed to parse field [n]"}}
	raw := &Entry{Segment: 3, Line: 18, Letter: Letter{Time: at, Input: "forward", Type: "compression"}}
	for _, c := range []struct {
		f        Filter
		yes, raw bool
	}{
		{Filter{}, true, true},
		{Filter{Since: at}, true, true},
		{Filter{Since: at.Add(1)}, false, false},
		{Filter{Until: at}, false, false},
		{Filter{Until: at.Add(1)}, true, true},
		{Filter{Reason: "PARSE field"}, true, false},
		{Filter{Reason: "parsing_exc"}, true, false},
		{Filter{Index: "logs-*-default"}, true, false},
		{Filter{Index: "logs-other-*"}, false, false},
		{Filter{IDs: []string{"x", "abc"}}, true, false},
		{Filter{IDs: []string{"3-18"}}, false, true},
		{Filter{IDs: []string{""}}, false, false},
		{Filter{IDs: []string{"abc"}, Reason: "other"}, false, false},
	} {
		if c.f.Match(e) != c.yes || c.f.Match(raw) != c.raw {
			t.Errorf("%+v: %v %v", c.f, c.f.Match(e), c.f.Match(raw))
		}
	}
	if (&Filter{Index: "["}).Check() == nil || (&Filter{Index: "a*"}).Check() != nil || !(&Filter{}).All() || (&Filter{Reason: "x"}).All() {
		t.Error("Check or All")
	}
}
