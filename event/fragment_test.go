package event

import (
	"sync"
	"testing"
)

func TestEachOwnerKeepsOneValueWithAFragment(t *testing.T) {
	type value struct{ owner, n int }
	f := &Fragment{Pod: "p"}
	var mu sync.Mutex
	seen, made := map[int]*value{}, 0
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 400 {
				owner := (g + i) % 4
				v := f.Cached(owner, func(of *Fragment) any {
					mu.Lock()
					defer mu.Unlock()
					made++
					if of != f {
						t.Error("made of another fragment")
					}
					return &value{owner, made}
				}).(*value)
				mu.Lock()
				if seen[owner] == nil {
					seen[owner] = v
				}
				if seen[owner] != v || v.owner != owner {
					t.Errorf("owner %d got %+v after %+v", owner, v, seen[owner])
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if made > 4*8 {
		t.Errorf("made %d times for 4 owners", made)
	}
	if f.Clone().cached.Load() != nil {
		t.Error("a clone has what is kept with the other one")
	}
}
