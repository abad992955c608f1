package tail

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/ledger"
)

// finder is one that is made to list by hand; nobody reads.
func (r *rig) finder() *finder {
	tail, err := New(r.cfg, ledger.New(), r.store, &event.Fragment{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	r.must(err)
	tail.watch, err = newWatcher()
	r.must(err)
	tail.readers = []*reader{newReader(tail, r.out, "reader")}
	d := newFinder(tail)
	r.t.Cleanup(func() {
		d.close()
		tail.watch.close()
	})
	return d
}

// TestALinkMadeWhileAllIsListed: the directory is compared with the pattern, a link
// is made in it, and the same listing of all reads the directory's names again, as
// it does with every directory. The link must be found at the next look, not when
// the directory changes again.
func TestALinkMadeWhileAllIsListed(t *testing.T) {
	r := newRig(t)
	d := r.finder()
	links := filepath.Join(r.dir, "containers")
	made := time.Now().Add(-time.Hour) // long ago: so the names are believed
	change := func(name string) {
		r.append(r.container(name), "")
		made = made.Add(time.Minute)
		r.must(os.Chtimes(links, made, made))
	}
	in := d.dir(links)
	change("first")
	d.match(links)
	change("second")
	d.list(links)
	d.match(links)
	if len(d.links) != 2 || !in.matched {
		t.Errorf("%d links are known, want 2; matched %v", len(d.links), in.matched)
	}
}

// A log that is made while all is listed is found before that is done.
func TestALogMadeWhileAllIsListed(t *testing.T) {
	r := newRig(t)
	r.append(r.container("first"), "")
	var d *finder
	r.cfg.Pods = func(path *event.Fragment) Pod {
		if path.Container == "first" {
			r.append(r.container("second"), "")
			d.poke(filepath.Join(r.dir, "containers"))
		}
		return pathOnly{path}
	}
	d = r.finder()
	d.scan()
	if len(d.groups) != 2 {
		t.Errorf("%d logs are known, want 2", len(d.groups))
	}
}

func TestWhatWasWrittenToLastIsListedFirst(t *testing.T) {
	r := newRig(t)
	order := []string{"d", "a", "c", "e", "b"}
	for n, name := range order {
		live := r.container(name)
		r.append(live, numbered(0, 1))
		at := time.Now().Add(-time.Duration(n) * time.Hour)
		r.must(os.Chtimes(live, at, at))
	}
	d := r.finder()
	d.scan()
	var got []string
	for _, g := range d.t.readers[0].inbox {
		got = append(got, g.place.container)
	}
	if !slices.Equal(got, order) {
		t.Errorf("found %v, want %v", got, order)
	}
}
