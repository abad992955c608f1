package tail

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestAbove(t *testing.T) {
	for pattern, want := range map[string][]string{
		"/var/log/containers/*.log": nil,
		"/var/log/pods/*/*/*.log":   {"/var/log/pods", "/var/log/pods/*"},
		"/var/log/a*/b/*.log":       {"/var/log", "/var/log/a*"},
	} {
		if got := above(pattern); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
}

// A pod's directory, and a container's in it, made after the start, are found
// by events alone.
func TestNewDirectoriesUnderAGlob(t *testing.T) {
	r := newRig(t)
	r.cfg.Refresh = time.Hour
	r.cfg.Path = filepath.Join(r.dir, "pods", "*", "*", "*.log")
	r.mkdir("pods")
	r.append(filepath.Join(r.mkdir("pods/default_old_"+testUID+"/app"), "0.log"), numbered(0, 1))
	r.start()
	r.records(1)
	r.append(filepath.Join(r.mkdir("pods/default_new_"+testUID+"/app"), "0.log"), numbered(1, 2))
	r.records(2)
	r.append(filepath.Join(r.mkdir("pods/default_new_"+testUID+"/init"), "0.log"), numbered(2, 3))
	recs := r.records(3)
	if s := recs[2].shared; s.Pod != "new" || s.Container != "init" {
		t.Errorf("%+v", s)
	}
	r.must(os.RemoveAll(filepath.Join(r.dir, "pods", "default_new_"+testUID)))
	r.append(filepath.Join(r.mkdir("pods/default_new_"+testUID+"/again"), "0.log"), numbered(3, 4))
	wantNumbered(t, r.records(4), 0, 4)
}

func TestOurOwnLogIsNotRead(t *testing.T) {
	r := newRig(t)
	r.cfg.Self = "web" // the pod of all the rig's containers
	r.append(r.container("app"), line(0, "our own"))
	r.append(filepath.Join(r.dir, "containers", "other.log"), line(1, "other"))
	r.start()
	r.until("the other is read", func() bool { return r.out.len() > 0 })
	r.until("there was time", func() bool { _, ok := r.store.Get(startedKey); return ok })
	if texts := r.out.texts(); !slices.Equal(texts, []string{"other"}) {
		t.Errorf("%q", texts)
	}
}
