package agent_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"
	"time"

	"sluice/forwarder/checkpoint"
	"sluice/sink/elastictest"
)

// TestAccountsHoldOverKills kills the agent in the middle of its work, several
// times. The input's total must be each line once: what was read again is
// counted once, because accounts and positions are saved as one. So it is with
// what a filter drops, and with the reason.
func TestAccountsHoldOverKills(t *testing.T) {
	dir := t.TempDir()
	store := newSeenStore(`"message":"line `)
	server := elastictest.New(store, elastictest.WithFaults(elastictest.Chaos(1, 0.4, 200*time.Millisecond)))
	web := httptest.NewServer(server)
	defer web.Close()
	defer server.Close()
	settings(t, dir, web.URL, "request_timeout: 3s }\nfilters: [{ type: grep, exclude: [{ key: message, pattern: 'line [0-9]*77 ' }] }]\nkubernetes: { enabled: \"false\"")
	const lives, lines = 6, 42_000
	filtered := map[int]bool{}
	for n := 77; n < lines; n += 100 {
		filtered[n] = true
	}
	w, rnd := newWriter(t, dir, 3), rand.New(rand.NewPCG(1, 1))
	for life := range lives {
		w.write(lines/lives, rnd)
		c := startChild(t, dir)
		if life == lives-1 {
			store.await(t, lines, func() map[int]bool { return filtered }, 10*time.Minute)
			c.end(t, syscall.SIGTERM)
			break
		}
		store.awaitCount(t, w.written-lines/lives/2)
		c.end(t, syscall.SIGKILL)
	}
	store.verify(t, lines, filtered)
	saved, aside, err := checkpoint.Open(filepath.Join(dir, "data"))
	if err != nil || aside != "" {
		t.Fatal(err, aside)
	}
	type account struct {
		Delivered, Dropped int
		By                 map[string]int `json:"dropped_by"`
	}
	read := func(key string) (a account) {
		raw, _ := saved.Get(key)
		if err := json.Unmarshal(raw, &a); err != nil {
			t.Fatalf("%s: %q: %v", key, raw, err)
		}
		return a
	}
	want := account{lines - len(filtered), len(filtered), map[string]int{"filtered": len(filtered)}}
	if in := read("accounts/in/containers"); !reflect.DeepEqual(in, want) {
		t.Errorf("the input's account is %+v, want each of %d lines once: %+v", in, lines, want)
	}
	// The output counts again what it was offered again, and misses what it
	// delivered from the disk between the last save and a kill.
	if out := read("accounts/out/elasticsearch"); out.Delivered == 0 || out.Dropped != 0 {
		t.Errorf("the output's account is %+v", out)
	}
}
