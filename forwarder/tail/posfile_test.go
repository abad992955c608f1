package tail

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestParsePosFile(t *testing.T) {
	got := parsePosFile([]byte("/a.log\t0000000000000010\t00000000000000ff\n" +
		"/gone.log\t0000000000000010\t0000000000000001\n/gone.log\tffffffffffffffff\t0000000000000001\n" +
		"/twice.log\t0000000000000001\t0000000000000002\n/twice.log\t0000000000000003\t0000000000000004\n" +
		"/tab\tin.log\t0000000000000005\t0000000000000006\n\nrubbish\n/x\tzz\t1\n/neg\tfffffffffffffff0\t1\n/last.log\t0000000000000007\t0000000000000008"))
	want := map[string]posEntry{"/a.log": {16, 255}, "/twice.log": {3, 4}, "/tab\tin.log": {5, 6}, "/last.log": {7, 8}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func FuzzPosFile(f *testing.F) {
	f.Add([]byte("/a.log\t0000000000000010\t00000000000000ff\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for path, e := range parsePosFile(text) {
			if e.off < 0 {
				t.Errorf("%q: %d", path, e.off)
			}
		}
	})
}

// Fluentd had read three lines of a log, and the older files before it.
// Whatever became of the file since, reading goes on there.
func TestFluentdsPositionsAreTakenOver(t *testing.T) {
	for _, c := range []struct {
		name      string
		rotations int
		readFrom  string
	}{
		{"as it was", 0, "beginning"}, {"as it was, others from the end", 0, "end"}, {"rotated since", 1, "end"}, {"rotated twice since", 2, "beginning"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.cfg.ReadFrom, r.cfg.PosFile = c.readFrom, filepath.Join(r.dir, "fluentd.pos")
			live := r.container("app")
			r.append(live+".20261122-200000", numbered(500, 510))
			r.append(live, numbered(0, 3))
			st, err := statPath(live)
			r.must(err)
			links, err := filepath.Glob(r.cfg.Path)
			r.must(err)
			r.must(os.WriteFile(r.cfg.PosFile, fmt.Appendf(nil, "%s\t%016x\t%016x\n", links[0], st.size, st.id.ino), 0o600))
			n := 5
			r.append(live, numbered(3, n))
			for k := range c.rotations {
				r.must(os.Rename(live, fmt.Sprintf("%s.20261122-20000%d", live, k+1)))
				r.append(live, numbered(n, n+4))
				n += 4
			}
			other := r.container("other")
			r.append(other, line(900, "old"))
			r.start()
			r.until("the first listing is done", func() bool { _, ok := r.store.Get(startedKey); return ok })
			r.append(live, numbered(n, n+1))
			var of []got
			r.until("the last line", func() bool {
				of = of[:0]
				for _, rec := range r.out.all() {
					if rec.text != "old" {
						of = append(of, rec)
					}
				}
				return len(of) > 0 && of[len(of)-1].text == fmt.Sprint("line ", n)
			})
			wantNumbered(t, of, 3, n+1)
			if c.readFrom == "beginning" {
				r.until("a log that Fluentd did not know is read as configured", func() bool { return len(r.out.all()) > len(of) })
			}

			// Later starts go by our own positions.
			r.until("all is answered for", func() bool {
				st, err := statPath(live)
				e := r.entryOf(live)
				return err == nil && e != nil && e.Off == st.size
			})
			r.restart(r.store)
			r.append(live, numbered(n+1, n+2))
			wantNumbered(t, r.records(1), n+1, n+2)
		})
	}
}
