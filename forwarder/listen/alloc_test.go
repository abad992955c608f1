package listen

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/wire"
)

// nowhere is a connection of which only acks are written, to nobody.
type nowhere struct{ net.Conn }

func (nowhere) Write(p []byte) (int, error)      { return len(p), nil }
func (nowhere) SetWriteDeadline(time.Time) error { return nil }
func (nowhere) LocalAddr() net.Addr              { return nil }
func (nowhere) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// sinkOut takes everything and keeps nothing.
type sinkOut struct{ records int }

func (*sinkOut) Admit(string) <-chan struct{} { return nil }
func (o *sinkOut) Emit(_ context.Context, b *event.Batch) error {
	o.records += len(b.Recs)
	return nil
}

// rewound serves raw over and over.
type rewound struct {
	raw []byte
	at  int
}

func (r *rewound) Read(p []byte) (int, error) {
	if r.at == len(r.raw) {
		return 0, io.EOF
	}
	n := copy(p, r.raw[r.at:])
	r.at += n
	return n, nil
}

// fed makes a connection that takes in raw each time run is called.
func fed(t testing.TB, raw []byte, out Out) (c *conn, run func()) {
	cfg := DefaultConfig()
	l, err := New(cfg, ledger.New(), slog.New(slog.DiscardHandler), prometheus.NewRegistry(), nil)
	if err != nil {
		t.Fatal(err)
	}
	src := &rewound{raw: raw}
	c = newConn(context.Background(), context.Background(), l, nowhere{}, out)
	c.frames = wire.NewReader(src, int(cfg.MaxChunk))
	c.nonce = event.SourceKey{}
	t.Cleanup(func() {
		if c.acks != nil {
			c.acks.finish(time.Minute)
		}
	})
	return c, func() {
		src.at = 0
		if err := c.read(); err != io.EOF {
			t.Fatal(err)
		}
	}
}

func TestNoAllocationsPerRecord(t *testing.T) {
	gz := func(n int) []byte {
		z, err := wire.Gzip(nil, entries(n))
		if err != nil {
			t.Fatal(err)
		}
		return wire.AppendPacked(nil, "packed", z, wire.Send{Chunk: "c", Compressed: "gzip"})
	}
	messages := func(n int) (raw []byte) {
		for range n {
			raw = append(raw, message("app", "hello", "")...)
		}
		return raw
	}
	for _, tt := range []struct {
		name string
		make func(n int) []byte
	}{
		{"packed", func(n int) []byte { return packed(n, "c") }},
		{"packed without chunk", func(n int) []byte { return packed(n, "") }},
		{"gzip", gz},
		{"zstd", func(n int) []byte {
			return wire.AppendPacked(nil, "packed", zst(t, entries(n)), wire.Send{Chunk: "c", Compressed: "zstd"})
		}},
		{"packed with ids", func(n int) []byte {
			_, ids := madeIDs(n)
			return wire.AppendPacked(nil, "packed", entries(n), wire.Send{Chunk: "c", IDs: ids})
		}},
		{"packed with metadata", func(n int) []byte {
			tree := treeOf(t, &event.Fragment{File: "/f", Pod: "p", Labels: []event.Pair{{Name: "app", Value: "web"}}})
			return wire.AppendPacked(nil, "packed", told(n), wire.Send{Chunk: "c", Metadata: tree})
		}},
		{"JSON", func(n int) []byte {
			return []byte(strings.Repeat(`["json",1700000000,{"message":"hello","n":1,"f":1.5}]`+"\n", n))
		}},
		{"forward", func(n int) []byte { return wire.AppendForward(nil, "f", n, entries(n), wire.Send{Chunk: "c"}) }},
		{"messages", messages},
	} {
		allocs := func(n int) float64 {
			out := &sinkOut{}
			_, run := fed(t, tt.make(n), out)
			run()
			run()
			if out.records != 2*n {
				t.Fatalf("%s: %d records of %d", tt.name, out.records, 2*n)
			}
			return testing.AllocsPerRun(20, run)
		}
		few, many := allocs(10), allocs(1010)
		t.Logf("%s: %v allocations for 10 records, %v for 1,010", tt.name, few, many)
		if per := (many - few) / 1000; (per > 0.005 || few > 20) && !(racing && tt.name == "JSON") {
			t.Errorf("%s: %v allocations a record", tt.name, per)
		}
	}
}

func zst(t testing.TB, p []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(p, nil)
}

func benchmark(b *testing.B, raw []byte, n int) {
	out := &sinkOut{}
	_, run := fed(b, raw, out)
	run()
	b.SetBytes(int64(len(raw) / n))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%n == 0 {
			run()
		}
	}
}

// appRecord is a record as an application logs it: 8 fields.
func appRecord() (p []byte) {
	p = append(p, 0x88)
	for _, kv := range [][2]string{
		{"level", "info"},
		{"msg", "request served after some work was done on it"},
		{"method", "GET"},
		{"path", "/api/v1/things/4711"},
		{"remote", "10.1.2.3:54321"},
		{"trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"},
	} {
		p = append(p, 0xa0|byte(len(kv[0])))
		p = append(p, kv[0]...)
		p = append(p, 0xd9, byte(len(kv[1])))
		p = append(p, kv[1]...)
	}
	return append(p, "\xa6status\xcc\xc8\xa8duration\xcb\x3f\x50\x62\x4d\xd2\xf1\xa9\xfc"...)
}

func BenchmarkPacked(b *testing.B) {
	const n = 1000
	var p []byte
	for range n {
		p = wire.AppendEntry(p, when, appRecord())
	}
	raw := wire.AppendPacked(nil, "app", p, wire.Send{Chunk: "c"})
	b.Run("plain", func(b *testing.B) { benchmark(b, raw, n) })
	z, err := wire.Gzip(nil, p)
	if err != nil {
		b.Fatal(err)
	}
	raw = wire.AppendPacked(nil, "app", z, wire.Send{Chunk: "c", Compressed: "gzip"})
	b.Run("gzip", func(b *testing.B) { benchmark(b, raw, n) })
	raw = wire.AppendPacked(nil, "app", zst(b, p), wire.Send{Chunk: "c", Compressed: "zstd"})
	b.Run("zstd", func(b *testing.B) { benchmark(b, raw, n) })
}

func BenchmarkMessages(b *testing.B) {
	const n = 1000
	for _, chunk := range []string{"", "APFTZQAAAAA2Ki6hcZOgFw=="} {
		var raw []byte
		for range n {
			raw = wire.AppendMessage(raw, "app", when, appRecord(), wire.Send{Chunk: chunk})
		}
		b.Run("chunk="+chunk, func(b *testing.B) { benchmark(b, raw, n) })
	}
}
