package enrich

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"sluice/event"
)

// later is a time at which everything that is kept for a while is over.
func later() time.Time { return time.Now().Add(time.Hour) }

func (t *table) knows(uid string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.pods[uid] != nil
}

func (t *table) healthOf(k kind) health {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.health[k]
}

func TestNothingIsMissedWhenWatchesAreCut(t *testing.T) {
	a := newAPI(t)
	a.Add(aNode(), aSpace("shop"))
	e, _ := start(t, a, t.TempDir(), nil)
	until(t, "all is listed", func() bool {
		return e.table.healthOf(pods) == synced && e.table.healthOf(nodes) == synced && e.table.healthOf(namespaces) == synced
	})
	a.CutWatches()
	a.Add(aPod(uid1, "web-1")) // while nobody watches, or just after
	l := e.Follow(pathOf(uid1, "web-1"))
	defer l.Close()
	await(t, l)
	if f := l.Fragment(); f.Partial || len(f.Labels) == 0 {
		t.Errorf("fragment %+v", f)
	}
}

func TestAVersionThatIsTooOldIsListedAnew(t *testing.T) {
	a := newAPI(t)
	a.Add(aNode(), aSpace("shop"), aPod(uid2, "gone"))
	e, _ := start(t, a, t.TempDir(), nil)
	until(t, "the pods are listed", func() bool { return e.table.healthOf(pods) == synced })
	lists := a.Listed("pods")
	a.Remove(aPod(uid2, "gone"))
	a.Add(aPod(uid1, "web-1"))
	a.Forget() // what happened is in no watch any more
	a.CutWatches()
	until(t, "the pods are listed anew", func() bool { return a.Listed("pods") > lists })
	l := e.Follow(pathOf(uid1, "web-1"))
	defer l.Close()
	await(t, l)
	if f := l.Fragment(); f.Partial || len(f.Labels) == 0 {
		t.Errorf("fragment %+v", f)
	}
	e.table.sweep(later())
	if e.table.knows(uid2) {
		t.Error("a pod that the new list lacks is known for ever")
	}
}

// Every answer is an error: nobody waits. When the server is back, what was
// partial is whole.
func TestAServerThatFailsIsNotWaitedFor(t *testing.T) {
	for _, status := range []int{500, 403} {
		a := newAPI(t)
		a.Add(aNode(), aSpace("shop"), aPod(uid1, "web-1"))
		a.FailWith(status)
		e, _ := start(t, a, t.TempDir(), nil)
		l := e.Follow(pathOf(uid1, "web-1"))
		await(t, l)
		f := l.Fragment()
		if !f.Partial || f.Labels != nil || f.Pod != "web-1" {
			t.Errorf("%d: fragment %+v", status, f)
		}
		until(t, "all are known to be away", func() bool { return e.table.healthOf(pods) == away })
		if l := e.Follow(pathOf(uid2, "web-2")); l.Wait() != nil {
			t.Errorf("%d: a log waits for a server that is away", status)
		}
		a.FailWith(0)
		until(t, "the metadata is whole", func() bool { return !l.Fragment().Partial })
		if up := testutil.ToFloat64(e.table.m.up[pods]); up != 1 {
			t.Errorf("%d: sluice_kubernetes_up is %v", status, up)
		}
		l.Close()
	}
}

func TestACutServerIsNotWaitedFor(t *testing.T) {
	a := newAPI(t)
	a.Add(aNode(), aSpace("shop"), aPod(uid1, "web-1"))
	e, _ := start(t, a, t.TempDir(), nil)
	until(t, "the pods are listed", func() bool { return e.table.healthOf(pods) == synced })
	waiting := e.Follow(pathOf(uid2, "web-2"))
	if waiting.Wait() == nil {
		t.Error("a log whose pod may come any moment does not wait")
	}
	a.FailWith(500)
	a.CutWatches()
	await(t, waiting)
	known := e.Follow(pathOf(uid1, "web-1"))
	if f := known.Fragment(); f.Labels == nil {
		t.Errorf("what was known is forgotten: %+v", f)
	}
}

func TestASlowServerIsWaitedForOnce(t *testing.T) {
	a := newAPI(t)
	a.Add(aNode(), aSpace("shop"), aPod(uid1, "web-1"))
	release := a.Stall()
	e, _ := start(t, a, t.TempDir(), func(c *Config) { c.Wait = time.Millisecond })
	l := e.Follow(pathOf(uid1, "web-1"))
	await(t, l)
	if !l.Fragment().Partial {
		t.Error("not partial")
	}
	if again := e.Follow(pathOf(uid1, "web-1")); again.Wait() != nil {
		t.Error("the pod's next file waits, too")
	}
	release()
	until(t, "the metadata is whole", func() bool { return !l.Fragment().Partial })
}

// A warm start needs no server.
func TestTheCacheFile(t *testing.T) {
	a, dir := newAPI(t), filepath.Join(t.TempDir(), "metadata")
	a.Add(aNode(), aSpace("shop"), aPod(uid1, "web-1"))
	e, stop := start(t, a, dir, nil)
	l := e.Follow(pathOf(uid1, "web-1"))
	await(t, l)
	want := l.Fragment()
	stop()
	a.FailWith(500)
	e, stop = start(t, a, dir, nil)
	l = e.Follow(pathOf(uid1, "web-1"))
	got := l.Fragment()
	if l.Wait() != nil || got.Partial || len(got.Labels) != len(want.Labels) || got.ImageDigest != want.ImageDigest || len(got.SpaceLabels) != 1 || len(got.NodeLabels) != 1 {
		t.Errorf("fragment %+v", got)
	}
	stop()
	path := filepath.Join(dir, fileName)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-3] ^= 1
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	e, _ = start(t, a, dir, nil)
	l = e.Follow(pathOf(uid1, "web-1"))
	await(t, l)
	if !l.Fragment().Partial {
		t.Error("a damaged file is trusted")
	}
}

func newTestTable(wait time.Duration) *table {
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		panic(err)
	}
	cfg := DefaultConfig()
	cfg.Wait = wait
	return newTable(cfg, m)
}

// A pod is waited for once, from its first file on, for as long as the
// settings say.
func TestTheWaitIsAsLongAsItIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tb := newTestTable(2 * time.Second)
		e := &Enricher{table: tb}
		first := e.Follow(pathOf(uid1, "web-1"))
		time.Sleep(1999 * time.Millisecond)
		synctest.Wait()
		second := e.Follow(pathOf(uid1, "web-1"))
		if first.Wait() == nil || second.Wait() == nil {
			t.Error("given up too early")
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if first.Wait() != nil || second.Wait() != nil {
			t.Error("still waiting")
		}
		if n := testutil.ToFloat64(tb.m.gaveUp); n != 1 {
			t.Errorf("%v waits given up, want 1", n)
		}
	})
}

// Nobody waits longer than for the last of what is missing.
func TestTheWaitEndsWithTheLastThingMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tb := newTestTable(time.Hour)
		l := (&Enricher{table: tb}).Follow(pathOf(uid1, "web-1"))
		steps := []func(){
			func() { tb.setPod(tb.cfg.podOf(aPod(uid1, "web-1"))) },
			func() { tb.replaceSpaces(map[string][]event.Pair{"shop": {}}) },
			func() { tb.report(nodes, false) }, // not to be had
		}
		for n, step := range steps {
			if l.Wait() == nil {
				t.Fatalf("before step %d nothing is waited for", n)
			}
			step()
		}
		if l.Wait() != nil || !l.Fragment().Partial {
			t.Error("still waiting, or not partial")
		}
	})
}

// It is asked for each batch.
func TestFragmentAllocatesNothing(t *testing.T) {
	tb := newTestTable(time.Hour)
	tb.setPod(tb.cfg.podOf(aPod(uid1, "web-1")))
	l := (&Enricher{table: tb}).Follow(pathOf(uid1, "web-1"))
	defer tb.settleAll()
	if n := testing.AllocsPerRun(100, func() {
		l.Wait()
		l.Fragment()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// settleAll stops the timers of a table that no test waits for.
func (t *table) settleAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.entries {
		t.settle(e)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("{\"format\":\"sluice-metadata\",\"version\":1,\"crc32c\":0}\n{}"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := decode(raw)
		if err != nil {
			return
		}
		for _, p := range c.Pods {
			if p.Pod.UID == "" {
				t.Error("a pod without a uid")
			}
		}
	})
}
