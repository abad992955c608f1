package forward

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/event"
	"sluice/forwarder/listen"
)

// Every way to send arrives at another Sluice: once, with its ids and times.
func TestModes(t *testing.T) {
	for _, mode := range []string{"packed", "forward", "message"} {
		for _, compress := range []string{"text", "gzip", "zstd"} {
			if mode != "packed" && compress != "text" {
				continue
			}
			for _, ack := range []bool{true, false} {
				for _, keepalive := range []bool{true, false} {
					name := fmt.Sprintf("%s %s ack=%v keepalive=%v", mode, compress, ack, keepalive)
					t.Run(name, func(t *testing.T) { testMode(t, mode, compress, ack, keepalive) })
				}
			}
		}
	}
}

func testMode(t *testing.T, mode, compress string, ack, keepalive bool) {
	const n, times = 300, 3
	r := startSluice(t, "", nil)
	s := newSink(t, func(c *Config) {
		c.Mode, c.Compress, c.RequireAck, c.Keepalive = mode, compress, ack, keepalive
	}, r.addr)
	s.helloWait = min(s.helloWait, time.Millisecond)
	for range times {
		c := chunkOf(s, n)
		v, err := s.Deliver(t.Context(), c)
		if err != nil || !v.Counts(n) || v.Accepted != n {
			t.Fatalf("%v %+v", err, v)
		}
		if (c.Wire != nil) != (compress != "text") {
			t.Errorf("%d compressed bytes are kept", len(c.Wire))
		}
	}
	if idle := len(s.group.list[0].pool.list); keepalive != (idle == 1) {
		t.Errorf("%d connections are kept", idle)
	}
	var came [n]int
	list := r.wait(t, n*times)
	if len(list) != n*times || len(r.tags) != 1 || !r.tags["kubernetes.shop.web"] {
		t.Fatalf("%d records came, tags %v", len(list), r.tags)
	}
	for _, g := range list { // of several connections, in no order
		i := g.id.Position()
		want := fmt.Sprintf(`message="line %d" stream="stdout" docker=`, i)
		if g.id != idOf(int(i)) || g.time != testTime || !strings.HasPrefix(g.text, want) || !strings.Contains(g.text, `cluster_name="berlin" env="prod"`) {
			t.Fatalf("record %d: %+v", i, g)
		}
		came[i]++
	}
	for i, k := range came {
		if k != times {
			t.Errorf("record %d came %d times", i, k)
		}
	}
}

// Without ids of ours the receiver makes its own.
func TestWithoutIDs(t *testing.T) {
	r := startSluice(t, "", nil)
	s := newSink(t, func(c *Config) { c.IDs = "none" }, r.addr)
	if v, err := s.Deliver(t.Context(), chunkOf(s, 2)); err != nil || v.Accepted != 2 {
		t.Fatal(err)
	}
	if list := r.wait(t, 2); list[0].id == idOf(0) {
		t.Error("the ids went along")
	}
}

// A chunk that is sent again is the same to the byte: a receiver that still has
// it pending knows it. Other items are another chunk.
func TestAChunkSentAgainIsTheSame(t *testing.T) {
	for _, compress := range []string{"text", "gzip", "zstd"} {
		s := newSink(t, func(c *Config) { c.Compress = compress }, "127.0.0.1:1")
		wrapped := func(c *event.Chunk) (string, string) {
			var p parcel
			if err := s.wrap(&p, c); err != nil {
				t.Fatal(err)
			}
			return string(bytes.Join(p.bufs, nil)), p.acks[0]
		}
		c := chunkOf(s, 100)
		first, id := wrapped(c)
		if again, sameID := wrapped(c); again != first || sameID != id {
			t.Errorf("%s: another frame, or %q is %q", compress, id, sameID)
		}
		if anew, sameID := wrapped(chunkOf(s, 100)); anew != first || sameID != id {
			t.Errorf("%s: compressed anew it is another frame, or %q is %q", compress, id, sameID)
		}
		c.Keep([]uint32{1, 5, 70}, func(*event.Block) {})
		if fewer, other := wrapped(c); len(fewer) >= len(first) || other == id || len(other) != 24 {
			t.Errorf("%s: 3 items are %d bytes under the id %q", compress, len(fewer), other)
		}
	}
}

func TestHandshake(t *testing.T) {
	users := []listen.User{{Username: "alice", Password: "wonder"}}
	for _, tt := range []struct {
		name   string
		server func(*listen.Config)
		client func(*Config)
		want   string
	}{
		{"shared key", func(c *listen.Config) { c.SharedKey = "k" }, func(c *Config) { c.SharedKey = "k" }, ""},
		{
			"user and key", func(c *listen.Config) { c.SharedKey, c.Users = "k", users },
			func(c *Config) { c.SharedKey, c.Username, c.Password = "k", "alice", "wonder" }, "",
		},
		{"user alone", func(c *listen.Config) { c.Users = users }, func(c *Config) { c.Username, c.Password = "alice", "wonder" }, ""},
		{
			"key of the one server", func(c *listen.Config) { c.SharedKey = "k" },
			func(c *Config) { c.SharedKey, c.Servers[0].SharedKey = "other", "k" }, "",
		},
		{"wrong key", func(c *listen.Config) { c.SharedKey = "k" }, func(c *Config) { c.SharedKey = "x" }, "it refuses the handshake"},
		{
			"wrong password", func(c *listen.Config) { c.SharedKey, c.Users = "k", users },
			func(c *Config) { c.SharedKey, c.Username, c.Password = "k", "alice", "x" }, "it refuses the handshake",
		},
		{
			"same name", func(c *listen.Config) { c.SharedKey = "k" },
			func(c *Config) { c.SharedKey, c.SelfHostname = "k", "aggregator" }, "set self_hostname",
		},
		{"no key here", func(c *listen.Config) { c.SharedKey = "k" }, nil, "set shared_key"},
		{"no key here, and no acknowledgements", func(c *listen.Config) { c.SharedKey = "k" }, func(c *Config) { c.RequireAck = false }, "set shared_key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := startSluice(t, "", tt.server)
			s := newSink(t, tt.client, r.addr)
			if s.helloWait > 0 {
				s.helloWait = long
			}
			v, err := s.Deliver(t.Context(), chunkOf(s, 10))
			got := v.Reason
			if err != nil {
				got = err.Error()
			}
			if tt.want == "" {
				if got != "" || v.Accepted != 10 || len(r.wait(t, 10)) != 10 {
					t.Fatalf("%q %+v", got, v)
				}
				return
			}
			if !strings.Contains(got, tt.want) || !strings.Contains(got, r.addr) || v.Accepted != 0 {
				t.Errorf("got %q %+v, want %q", got, v, tt.want)
			}
			if strings.HasPrefix(tt.want, "it refuses") && (v.Signal != event.Pause || len(v.Retry) != 10) {
				t.Errorf("verdict %+v", v)
			}
		})
	}
}
