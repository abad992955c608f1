package listen

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tinylib/msgp/msgp"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/wire"
	"sluice/wire/metadata"
)

// sharedOut notes each batch's fragment.
type sharedOut struct {
	fakeOut
	all []*event.Fragment
}

func (o *sharedOut) Emit(ctx context.Context, b *event.Batch) error {
	o.all = append(o.all, b.Shared)
	return o.fakeOut.Emit(ctx, b)
}

func treeOf(t testing.TB, f *event.Fragment) []byte {
	t.Helper()
	tree, ok := metadata.Append(nil, f)
	if !ok {
		t.Fatal("the metadata cannot be written")
	}
	return tree
}

// told are entries in which another Sluice tells of each record.
func told(n int) (p []byte) {
	for i := range n {
		p = append(p, 0x92, 0x92)
		p = wire.AppendEventTime(p, when)
		p = metadata.Record{Offset: int64(100 + i), Flags: event.Flags(i % 8)}.Append(p)
		p = append(p, record("x")...)
	}
	return p
}

// What another Sluice tells of a pod is the batch's; all its frames share one.
func TestMetadataOfAnotherSluice(t *testing.T) {
	web := treeOf(t, &event.Fragment{File: "/web.log", Pod: "web", Labels: []event.Pair{{Name: "app", Value: "web"}}})
	db := treeOf(t, &event.Fragment{File: "/db.log", Pod: "db"})
	var raw []byte
	raw = wire.AppendPacked(raw, "p", told(3), wire.Send{Chunk: "a", Metadata: web})
	raw = wire.AppendForward(raw, "f", 2, entries(2), wire.Send{Metadata: db})
	raw = wire.AppendPacked(raw, "p", entries(1), wire.Send{})
	raw = wire.AppendPacked(raw, "p", told(1), wire.Send{Metadata: web})
	raw = wire.AppendMessage(raw, "m", when, record("x"), wire.Send{Metadata: web}) // these two are one batch
	raw = wire.AppendMessage(raw, "m", when, record("x"), wire.Send{Metadata: web})
	raw = wire.AppendMessage(raw, "m", when, record("x"), wire.Send{Metadata: db})
	raw = wire.AppendMessage(raw, "m", when, record("x"), wire.Send{})
	raw = wire.AppendPacked(raw, "p", told(1), wire.Send{}) // Fluent Bit's metadata
	out := &sharedOut{}
	_, run := fed(t, raw, out)
	run() // it reads in larger pieces from now on, so that what is one batch comes at once
	*out = sharedOut{}
	run()
	var pods []string
	for _, f := range out.all {
		if f == nil {
			pods = append(pods, "")
		} else {
			pods = append(pods, f.Pod)
		}
	}
	if want := []string{"web", "db", "", "web", "web", "db", "", ""}; !slices.Equal(pods, want) {
		t.Fatalf("pods %q, want %q", pods, want)
	}
	if out.all[0] != out.all[3] || out.all[0] != out.all[4] || out.all[1] != out.all[5] {
		t.Error("frames of one pod have different fragments")
	}
	type place struct {
		pos   int64
		flags event.Flags
	}
	var places []place
	for _, r := range out.recs {
		places = append(places, place{r.Pos, r.Flags})
	}
	want := []place{{100, 0}, {101, 1}, {102, 2}, {-1, 0}, {-1, 0}, {0, 0}, {100, 0}, {-1, 0}, {-1, 0}, {-1, 0}, {0, 0}, {0, 0}}
	if !slices.Equal(places, want) {
		t.Errorf("got  %v\nwant %v", places, want)
	}
}

// Metadata that is none is refused like any other bad frame: counted, kept as a
// dead letter, acknowledged; what comes behind is taken.
func TestMetadataThatIsNone(t *testing.T) {
	large := msgp.AppendString(msgp.AppendString([]byte{0x81}, "file"), strings.Repeat("x", metadata.Max))
	for name, tree := range map[string][]byte{"a number": {1}, "nil": {0xc0}, "wrong inside": {0x81, 0xa3, 'p', 'o', 'd', 1}, "too large": large} {
		g := &grave{}
		s := start(t, &fakeOut{}, func(c *Config) { c.Dead = g })
		nc := s.dial(t)
		bad := wire.AppendPacked(nil, "p", entries(2), wire.Send{Chunk: "bad", Metadata: tree})
		send(t, nc, append(bad, message("m", "behind", "good")...))
		expect(t, nc, ack("bad")+ack("good"))
		if n := s.metric(t, "sluice_forward_bad_entries_total", "metadata"); n != 1 {
			t.Errorf("%s: counted %v times", name, n)
		}
		if len(g.kept) != 1 || !strings.HasPrefix(g.kept[0], " metadata ") {
			t.Errorf("%s: kept %.80q", name, g.kept)
		}
	}
}

// The own settings add to what another Sluice tells, and their fields, the name
// in the client's certificate among them, cannot be told otherwise.
func TestOwnFieldsStand(t *testing.T) {
	base := &event.Fragment{Cluster: "own", Node: "own", Fields: []event.Pair{{Name: "peer", Value: "own"}, {Name: "site", Value: "own"}}}
	l, err := New(DefaultConfig(), ledger.New(), slog.New(slog.DiscardHandler), prometheus.NewRegistry(), base)
	if err != nil {
		t.Fatal(err)
	}
	c := newConn(t.Context(), t.Context(), l, nowhere{}, &fakeOut{})
	for _, tt := range []struct{ told, cluster, node, fields string }{
		{"", "own", "", "peer=own site=own"},
		{"far", "far", "far", "env=far peer=own site=own"},
	} {
		f := &event.Fragment{Cluster: tt.told, Node: tt.told}
		if tt.told != "" {
			f.Fields = []event.Pair{{Name: "peer", Value: "far"}, {Name: "env", Value: "far"}, {Name: "site", Value: "far"}}
		}
		got, err := c.sharedBy(treeOf(t, f))
		if err != nil {
			t.Fatal(err)
		}
		var fields []string
		for _, p := range got.Fields {
			fields = append(fields, p.Name+"="+p.Value)
		}
		if got.Cluster != tt.cluster || got.Node != tt.node || strings.Join(fields, " ") != tt.fields {
			t.Errorf("told %q: %+v", tt.told, got)
		}
	}
	if len(base.Fields) != 2 || base.Fields[0].Name != "peer" {
		t.Errorf("the own fields are %v now", base.Fields)
	}
}

// A client that tells of ever new pods does not fill the memory.
func TestMetadataIsForgotten(t *testing.T) {
	c, _ := fed(t, nil, &fakeOut{})
	first := treeOf(t, &event.Fragment{Pod: "first"})
	f, _ := c.sharedBy(first)
	for i := range 2000 {
		if _, err := c.sharedBy(treeOf(t, &event.Fragment{Pod: strings.Repeat("p", i)})); err != nil {
			t.Fatal(err)
		}
		if c.tolds.bytes > maxTold || len(c.tolds.by) > maxTold>>10 {
			t.Fatalf("%d bytes, %d fragments", c.tolds.bytes, len(c.tolds.by))
		}
	}
	if again, err := c.sharedBy(first); err != nil || again == f || again.Pod != "first" {
		t.Errorf("%v %+v", err, again)
	}
	c.trim()
	if len(c.tolds.by) != 0 {
		t.Error("an idle connection keeps what it was told")
	}
}
