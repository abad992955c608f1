package event

import (
	"encoding/json"
	"sync"
	"testing"
)

func TestDropsAsJSON(t *testing.T) {
	d := Drops{Filtered: 3, Overflow: 1 << 40}
	p, err := json.Marshal(d)
	if err != nil || string(p) != `{"filtered":3,"overflow":1099511627776}` {
		t.Fatalf("%s %v", p, err)
	}
	var back Drops
	if err := json.Unmarshal(p, &back); err != nil || back != d {
		t.Fatalf("%v %v", back, err)
	}
	// A newer version's reasons keep the sum.
	if err := json.Unmarshal([]byte(`{"null":1,"cosmic_rays":2,"moon":3}`), &back); err != nil || back != (Drops{Null: 1, Unknown: 5}) {
		t.Fatalf("%v %v", back, err)
	}
	if json.Unmarshal([]byte(`[1]`), &back) == nil {
		t.Fatal("no error")
	}
	for r := range Reason(reasons) {
		if r.String() == "" {
			t.Errorf("reason %d has no name", r)
		}
	}
}

func TestDropsAreTakenUpToALimit(t *testing.T) {
	d := Drops{Filtered: 2, NoMatch: 3, Overflow: 4}
	if got := d.Take(4); got != (Drops{Filtered: 2, NoMatch: 2}) || d != (Drops{NoMatch: 1, Overflow: 4}) || d.Sum() != 5 {
		t.Fatalf("%v, left %v", got, d)
	}
}

func TestAnAckIsToldDropsFromEverywhere(t *testing.T) {
	var s settled
	a := NewAck(&s)
	var wg sync.WaitGroup
	for range 4 {
		a.Fork(1)
		wg.Go(func() {
			for range 100 {
				a.Drop(Filtered, 1)
				a.Drop(Overflow, 2)
			}
			a.Done()
		})
	}
	a.Done()
	wg.Wait()
	if s != (settled{1, Drops{Filtered: 400, Overflow: 800}}) {
		t.Fatalf("%+v", s)
	}
}
