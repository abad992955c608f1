package tail

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/ledger"
)

// TestALinkMadeWhileAllIsListed: the directory is compared with the pattern, a link
// is made in it, and the same listing of all reads the directory's names again, as
// it does with every directory. The link must be found at the next look, not when
// the directory changes again.
func TestALinkMadeWhileAllIsListed(t *testing.T) {
	r := newRig(t)
	tail, err := New(r.cfg, ledger.New(), r.store, &event.Fragment{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	r.must(err)
	tail.watch, err = newWatcher()
	r.must(err)
	defer tail.watch.close()
	tail.readers = []*reader{newReader(tail, r.out, "reader")}
	d := newFinder(tail)
	defer d.close()
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
