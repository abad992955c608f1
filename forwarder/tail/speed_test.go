package tail

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/ledger"
)

// nowhere takes everything.
type nowhere struct{ records int }

func (*nowhere) Admit(string) <-chan struct{} { return nil }
func (o *nowhere) Emit(_ context.Context, b *event.Batch) error {
	o.records += len(b.Recs)
	return nil
}

// parsing is a reader with a file of about size bytes before it.
func parsing(tb testing.TB, size int, mk func(n int) string) (r *reader, g *group, f *file, out *nowhere) {
	path := filepath.Join(tb.TempDir(), "0.log")
	var text strings.Builder
	for n := 0; text.Len() < size; n++ {
		text.WriteString(mk(n))
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		tb.Fatal(err)
	}
	t, err := New(DefaultConfig(), ledger.New(), newStore(), nil, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		tb.Fatal(err)
	}
	out = &nowhere{}
	r = newReader(t, out, "test")
	r.ctx, r.buf = tb.Context(), make([]byte, 0, t.cfg.ReadSize+headRoom)
	fd, err := openFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	g = &group{tag: "t", rules: t.rules, joins: new(joins), pod: pathOnly{&event.Fragment{}}, place: place{uid: "u", container: "c", restart: "0"}}
	f = newFile(g, fd, observed{path: path}, 0)
	tb.Cleanup(func() { g.close(f) })
	if i, err := r.identify(g, f, false); err != nil || i == nil {
		tb.Fatal("not identified", err)
	}
	return r, g, f, out
}

func criOf(size int) func(int) string {
	text := strings.Repeat("x", size)
	return func(n int) string { return criLine(n, "stdout", "F", text) }
}

func dockerOf(size int) func(int) string {
	l := `{"log":"` + strings.Repeat("x", size) + `\n","stream":"stdout","time":"2026-11-22T20:00:00.123456789Z"}` + "\n"
	return func(int) string { return l }
}

func TestNoAllocationPerRecord(t *testing.T) {
	for name, mk := range map[string]func(int) string{"cri": criOf(100), "docker": dockerOf(100), "pieces": func(n int) string {
		return criLine(n, "stdout", []string{"P", "F"}[n%2], "some text")
	}} {
		r, g, f, _ := parsing(t, 200<<10, mk)
		i := f.ident.Load()
		allocs := testing.AllocsPerRun(20, func() {
			f.off = 0
			n, err := pread(f.fd, r.buf[:r.t.cfg.ReadSize], 0)
			if err != nil {
				t.Fatal(err)
			}
			r.begin(g, i, r.buf[:n])
			r.lines(g, f, i, false)
			r.buf = r.batch.Arena[:0]
			if len(r.batch.Recs) < 200 {
				t.Fatalf("%s: %d records", name, len(r.batch.Recs))
			}
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations in a batch of %d records", name, allocs, len(r.batch.Recs))
		}
	}
}

// BenchmarkRead is what a line costs from the page cache to Emit.
func BenchmarkRead(b *testing.B) {
	for name, mk := range map[string]func(int) string{"cri": criOf(280), "docker": dockerOf(280)} {
		b.Run(name, func(b *testing.B) {
			r, g, f, out := parsing(b, 4<<20, mk)
			st, err := statFD(f.fd)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(st.size)
			b.ReportAllocs()
			for b.Loop() {
				f.off = 0
				f.ident.Store(newIdentity(r.t.ledger, r.t.store, f.ident.Load().origin, f.id, "", 0))
				f.seen.Store(-1)
				for o := more; o == more; {
					if o, err = r.look(g, f); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(out.records), "ns/record")
		})
	}
}

// BenchmarkFollow is what a look costs at a file to which ten lines were written
// since the last, and the writing.
func BenchmarkFollow(b *testing.B) {
	r, g, f, _ := parsing(b, 1, criOf(150))
	w, err := os.OpenFile(*f.path.Load(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	lines := []byte(strings.Repeat(criOf(150)(1), 10))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Write(lines); err != nil {
			b.Fatal(err)
		}
		if o, err := r.look(g, f); err != nil || o != atEnd {
			b.Fatal(o, err)
		}
	}
}
