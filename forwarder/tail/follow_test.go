package tail

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"sluice/event"
)

func TestFollowsWhatTheKubeletLinks(t *testing.T) {
	r := newRig(t)
	r.start()
	live := r.container("app") // the link points nowhere yet
	r.append(live, numbered(0, 3))
	recs := r.records(3)
	wantNumbered(t, recs, 0, 3)
	first := recs[0]
	if first.stream != "stdout" || first.logtag != "F" || first.fields != 3 || first.pos != 0 {
		t.Errorf("record %+v", first)
	}
	if want := (event.Time{Sec: 1795377600, Nsec: 1}); first.time != want {
		t.Errorf("time %v, want %v", first.time, want)
	}
	if end := uint64(len(line(0, "line 0"))); first.id.Position() != end {
		t.Errorf("the id's position is %d, want the line's end, %d", first.id.Position(), end)
	}
	link := filepath.Join(r.dir, "containers", "web_default_app-"+testID+".log")
	if want := "kubernetes." + strings.ReplaceAll(strings.Trim(link, "/"), "/", "."); first.tag != want {
		t.Errorf("tag %s, want %s", first.tag, want)
	}
	s := first.shared
	if s.File != link || s.Namespace != "default" || s.Pod != "web" || s.PodUID != testUID || s.Container != "app" ||
		s.ContainerID != testID || s.Cluster != "test" || s.Node != "node-1" || s.Runtime != "" {
		t.Errorf("fragment %+v", s)
	}

	r.append(live, line(3, "line 3")[:20]) // half a line waits
	r.append(live, line(3, "line 3")[20:]+numbered(4, 5))
	wantNumbered(t, r.records(5), 0, 5)
	if n := testutil.ToFloat64(r.tail.m.in.Records); n != 5 {
		t.Errorf("%v records counted", n)
	}
	if n := testutil.ToFloat64(r.tail.m.in.Bytes); n != float64(len(numbered(0, 5))) {
		t.Errorf("%v bytes counted", n)
	}

	// Quiet: watched, not looked at; the next line wakes it.
	r.until("the file is idle", func() bool { return r.files(idle) == 1 && r.files(active) == 0 })
	r.append(live, numbered(5, 6))
	wantNumbered(t, r.records(6), 0, 6)

	// The container goes.
	r.must(os.Remove(link))
	r.must(os.Remove(live))
	r.until("its position is forgotten", func() bool { return r.store.files() == 0 })
	if a, i, p, o := r.files(active), r.files(idle), r.files(parked), r.files(rotated); a+i+p+o != 0 {
		t.Errorf("files: %d active, %d idle, %d parked, %d rotated, want none", a, i, p, o)
	}
}

func TestIDsDependOnTheLogAlone(t *testing.T) {
	r := newRig(t)
	r.append(r.container("app"), numbered(0, 50))
	r.start()
	before := r.records(50)
	r.restart(newStore()) // no checkpoint
	again := r.records(50)
	seen := map[event.ID]bool{}
	for n := range before {
		if before[n].id != again[n].id {
			t.Fatalf("line %d: %s, then %s", n, before[n].id, again[n].id)
		}
		seen[before[n].id] = true
	}
	if len(seen) != 50 {
		t.Fatalf("%d ids of 50 lines", len(seen))
	}
}

func TestWithoutWatches(t *testing.T) {
	r := newRig(t)
	r.blind = true
	r.start()
	live := r.container("app")
	r.append(live, numbered(0, 3))
	r.records(3)
	r.until("the file is idle", func() bool { return r.files(idle) == 1 })
	r.append(live, numbered(3, 5))
	r.records(5)
	r.must(os.Rename(live, live+".1"))
	r.append(live, numbered(5, 9))
	wantNumbered(t, r.records(9), 0, 9)
}

func TestDockerFiles(t *testing.T) {
	r := newRig(t)
	dir := r.mkdir("docker/" + testID)
	target := filepath.Join(dir, testID+"-json.log")
	pod := filepath.Join(r.mkdir("pods/default_web_"+testUID+"/app"), "0.log")
	r.must(os.Symlink(target, pod))
	r.must(os.Symlink(pod, filepath.Join(r.dir, "containers", "web_default_app-"+testID+".log")))
	const tail = `,"stream":"stderr","time":"2026-11-22T20:00:00.5Z"}` + "\n"
	r.append(target, `{"log":"a \"line\"\n"`+tail+`{"log":"one, "`+tail+`{"log":"two\n"`+tail)
	r.start()
	recs := r.records(2)
	if recs[0].text != `a "line"` || recs[1].text != "one, two" || recs[0].stream != "stderr" || recs[0].fields != 2 {
		t.Fatalf("%+v", recs)
	}
	if s := recs[0].shared; s.Runtime != "docker" || s.PodUID != testUID || s.ContainerID != testID {
		t.Errorf("fragment %+v", s)
	}
	r.must(os.Rename(target, target+".1"))
	r.append(target, `{"log":"next\n"`+tail)
	if recs := r.records(3); recs[2].text != "next" {
		t.Fatalf("%+v", recs[2])
	}
}

func TestTroubleIsOneFilesOwn(t *testing.T) {
	r := newRig(t)
	r.mkdir("containers/a.log") // a directory
	r.must(os.Symlink("loop.log", filepath.Join(r.dir, "containers", "loop.log")))
	r.must(os.Symlink(filepath.Join(r.dir, "nowhere", "x"), filepath.Join(r.dir, "containers", "b.log")))
	live := r.container("app")
	r.append(live, numbered(0, 3))
	r.start()
	wantNumbered(t, r.records(3), 0, 3)
	r.append(filepath.Join(r.mkdir("nowhere"), "x"), numbered(3, 6)) // b.log comes to life
	wantNumbered(t, r.records(6), 0, 6)
	r.must(os.Remove(filepath.Join(r.dir, "containers", "a.log")))
	r.append(filepath.Join(r.dir, "containers", "a.log"), numbered(6, 8))
	wantNumbered(t, r.records(8), 0, 8)
}

func TestRefusedFileIsParkedAlone(t *testing.T) {
	r := newRig(t)
	a, b := r.container("app"), r.container("busy")
	r.append(a, numbered(0, 3))
	r.append(b, numbered(3, 6))
	tag := tagOf(r.cfg.Tag, filepath.Join(r.dir, "containers", "web_default_app-"+testID+".log"))
	gate := make(chan struct{})
	r.out.refuse[tag] = gate
	r.start()
	wantNumbered(t, r.records(3), 3, 6)
	r.until("the other is parked", func() bool { return r.files(parked) == 1 && testutil.ToFloat64(r.tail.m.in.Stalled) == 1 })
	if lag := testutil.ToFloat64(r.tail.m.lag); lag != float64(len(numbered(0, 3))) {
		t.Errorf("lag %v", lag)
	}
	r.append(b, numbered(6, 7))
	wantNumbered(t, r.records(4), 3, 7)
	r.out.mu.Lock()
	delete(r.out.refuse, tag)
	r.out.mu.Unlock()
	close(gate)
	recs := r.records(7)
	wantNumbered(t, recs[4:], 0, 3)
	if testutil.ToFloat64(r.tail.m.in.Stalled) != 0 || testutil.ToFloat64(r.tail.m.lag) != 0 {
		t.Error("still stalled, or behind")
	}
}

func TestReadFromEnd(t *testing.T) {
	r := newRig(t)
	r.cfg.ReadFrom = "end"
	live := r.container("app")
	r.append(live+".20261122-200054", numbered(0, 3))
	r.append(live, numbered(3, 6)+line(6, "line 6")[:40]) // the last line is being written
	r.start()
	r.until("the start is noted", func() bool { _, ok := r.store.Get(startedKey); return ok })
	r.append(live, line(6, "line 6")[40:])
	wantNumbered(t, r.records(1), 6, 7)
	r.append(r.container("new"), numbered(7, 9)) // found later: all of it
	wantNumbered(t, r.records(3), 6, 9)
	r.restart(r.store)
	r.append(live, numbered(9, 10)) // the restart is no first start
	wantNumbered(t, r.records(1), 9, 10)
}

func TestExclude(t *testing.T) {
	r := newRig(t)
	r.cfg.Exclude = []string{"*_busy-*.log"}
	r.append(r.container("busy"), numbered(0, 3))
	r.append(r.container("app"), numbered(3, 5))
	r.start()
	wantNumbered(t, r.records(2), 3, 5)
}

func TestWatchesAreNotLeaked(t *testing.T) {
	r := newRig(t)
	r.start()
	r.until("watching", func() bool { return openWatches() == 1 })
	for n := range 20 {
		live := r.container("app")
		r.append(live, numbered(n, n+1))
		r.records(n + 1)
		r.until("idle", func() bool { return r.files(idle) == 1 })
		r.must(os.Rename(live, live+".1"))
		r.must(os.RemoveAll(filepath.Dir(live)))
		r.must(os.Remove(filepath.Join(r.dir, "containers", "web_default_app-"+testID+".log")))
		r.until("forgotten", func() bool { return r.store.files() == 0 && openWatches() == 1 })
	}
}

// openWatches asks the kernel.
func openWatches() int {
	fds, _ := os.ReadDir("/proc/self/fdinfo")
	n := 0
	for _, fd := range fds {
		info, _ := os.ReadFile("/proc/self/fdinfo/" + fd.Name())
		n += strings.Count(string(info), "inotify wd:")
	}
	return n
}

func TestADirectoryMadeAfterTheStartIsFound(t *testing.T) {
	r := newRig(t)
	r.cfg.Refresh = time.Hour
	r.must(os.Remove(filepath.Join(r.dir, "containers")))
	r.start()
	r.until("it was looked for in vain", func() bool { _, ok := r.store.Get(startedKey); return ok })
	r.mkdir("containers")
	r.append(r.container("app"), numbered(0, 3))
	wantNumbered(t, r.records(3), 0, 3)
}
