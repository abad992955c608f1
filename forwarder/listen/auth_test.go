package listen

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tinylib/msgp/msgp"

	"sluice/wire"
)

// hello reads the server's greeting.
func hello(t testing.TB, r *wire.Reader) (nonce, auth []byte) {
	t.Helper()
	f, err := r.Next()
	if err != nil {
		t.Fatal("no HELO:", err)
	}
	v, _, err := msgp.ReadIntfBytes(f.Raw)
	if err != nil {
		t.Fatal(err)
	}
	list := v.([]any)
	options := list[1].(map[string]any)
	auth, _ = options["auth"].([]byte) // an empty text when no user is asked for
	if list[0] != "HELO" || options["keepalive"] != true {
		t.Fatalf("%v", list)
	}
	return options["nonce"].([]byte), auth
}

// login goes through the client's half and returns the PONG.
func login(t testing.TB, nc net.Conn, key, user, password string) (ok bool, reason, name, digest, want string) {
	t.Helper()
	r := wire.NewReader(nc, 1000)
	nonce, auth := hello(t, r)
	salt, me := []byte("0123456789abcdef"), []byte("client")
	p := wire.Ping{Hostname: me, Salt: salt, KeyDigest: wire.Digest(salt, me, nonce, []byte(key)), Username: []byte(user)}
	if user != "" {
		p.PasswordDigest = wire.Digest(auth, []byte(user), []byte(password))
	}
	send(t, nc, wire.AppendPing(nil, p))
	f, err := r.Next()
	if err != nil {
		t.Fatal("no PONG:", err)
	}
	v, _, err := msgp.ReadIntfBytes(f.Raw)
	if err != nil {
		t.Fatal(err)
	}
	l := v.([]any)
	name = l[3].(string)
	return l[1].(bool), l[2].(string), name, l[4].(string), string(wire.Digest(salt, []byte(name), nonce, []byte(key)))
}

func TestAuthMatrix(t *testing.T) {
	const key, badKey, badUser = "s3cr3t", "shared_key mismatch", "username/password mismatch"
	users := []User{{Username: "alice", Password: "wonder"}, {Username: "bob", Password: "builder"}}
	for _, tt := range []struct {
		name           string
		key            string
		users          []User
		with, user, pw string
		reason         string // empty: it gets through
	}{
		{"key", key, nil, key, "", "", ""},
		{"wrong key", key, nil, "wrong", "", "", badKey},
		{"no key", key, nil, "", "", "", badKey},
		{"key, and a user nobody asks for", key, nil, key, "alice", "x", ""},
		{"key and user", key, users, key, "alice", "wonder", ""},
		{"key and the other user", key, users, key, "bob", "builder", ""},
		{"key and wrong password", key, users, key, "alice", "builder", badUser},
		{"key and empty password", key, users, key, "alice", "", badUser},
		{"key and unknown user", key, users, key, "eve", "wonder", badUser},
		{"key and no user", key, users, key, "", "", badUser},
		{"wrong key and user", key, users, "wrong", "alice", "wonder", badKey},
		{"users without a key", "", users, "", "alice", "wonder", ""},
		{"users without a key, wrong password", "", users, "", "alice", "x", badUser},
		{"users without a key, no user", "", users, "", "", "", badUser},
		{"users without a key, a key", "", users, "guess", "alice", "wonder", badKey},
	} {
		out := &fakeOut{}
		s := start(t, out, func(c *Config) { c.SharedKey, c.Users, c.SelfHostname = tt.key, tt.users, "srv" })
		nc := s.dial(t)
		ok, reason, name, digest, want := login(t, nc, tt.with, tt.user, tt.pw)
		if ok != (tt.reason == "") || reason != tt.reason {
			t.Errorf("%s: %v, %q", tt.name, ok, reason)
		}
		if ok && (name != "srv" || digest != want) || !ok && name+digest != "" {
			t.Errorf("%s: server %q, digest %q", tt.name, name, digest)
		}
		nc.Write(message("m", "x", "c")) // refused or not
		if ok {
			expect(t, nc, ack("c"))
			continue
		}
		if got := answers(t, nc); got != "" || len(out.lines) != 0 {
			t.Errorf("%s: read %q, %d records", tt.name, got, len(out.lines))
		}
		if log := s.log.String(); !strings.Contains(log, reason) || !strings.Contains(log, nc.LocalAddr().String()) ||
			s.metric(t, "sluice_forward_refused_connections_total", "auth") != 1 {
			t.Errorf("%s: log: %s", tt.name, log)
		}
	}
}

// Without a right PING nothing gets through, however it is put.
func TestNoWayAroundTheHandshake(t *testing.T) {
	invalid := string(wire.AppendRefusal(nil, "invalid ping message"))
	ping := func(n int) []byte { // of n elements
		p := append(msgp.AppendArrayHeader(nil, uint32(n)), "\xa4PING"...)
		for range n - 1 {
			p = append(p, 0xa0)
		}
		return p
	}
	for name, raw := range map[string][]byte{
		"a message":          message("m", "x", "c"),
		"a packed chunk":     packed(3, "c"),
		"a large chunk":      packed(3000, "c"),
		"nil":                {0xc0},
		"JSON":               []byte(`["m",1,{"a":1}]`),
		"JSON ping":          []byte(`["PING","a","b","c","d","e"]`),
		"no msgpack":         {0xc1},
		"HTTP":               []byte("GET / HTTP/1.1\r\n\r\n"),
		"5 elements":         ping(5),
		"7 elements":         ping(7),
		"a number in it":     []byte("\x96\xa4PING\xa0\xa0\x01\xa0\xa0"),
		"another word":       []byte("\x96\xa4PONG\xa0\xa0\xa0\xa0\xa0"),
		"a promise of 1 GiB": []byte("\x96\xa4PING\xdb\x40\x00\x00\x00"),
	} {
		out := &fakeOut{}
		s := start(t, out, func(c *Config) { c.SharedKey = "s3cr3t" })
		nc := s.dial(t)
		r := wire.NewReader(nc, 1000)
		hello(t, r)
		send(t, nc, append(raw, message("m", "x", "d")...))
		if got := string(r.Peek()) + answers(t, nc); got != invalid || len(out.lines) != 0 {
			t.Errorf("%s: read %q, %d records", name, got, len(out.lines))
		}
	}
}

// The first data may come with the PING, and the PING byte by byte.
func TestPingAndDataTogether(t *testing.T) {
	out := &fakeOut{}
	s := start(t, out, func(c *Config) { c.SharedKey = "k" })
	nc := s.dial(t)
	r := wire.NewReader(nc, 1000)
	nonce, _ := hello(t, r)
	raw := wire.AppendPing(nil, wire.Ping{KeyDigest: wire.Digest(nil, nil, nonce, []byte("k"))})
	for i := range raw[:len(raw)-1] {
		send(t, nc, raw[i:i+1])
	}
	send(t, nc, append(raw[len(raw)-1:], packed(5000, "c")...))
	if f, err := r.Next(); err != nil || f.N != 5 {
		t.Fatal(err)
	}
	expect(t, nc, ack("c")[len(r.Peek()):])
	if len(out.lines) != 5000 {
		t.Errorf("%d records", len(out.lines))
	}
}

func TestHandshakeTimeout(t *testing.T) {
	s := start(t, &fakeOut{}, func(c *Config) { c.SharedKey, c.GreetTimeout = "k", 500*time.Millisecond })
	nc := s.dial(t)
	hello(t, wire.NewReader(nc, 1000))
	send(t, nc, []byte{0x96})
	if got := answers(t, nc); got != "" {
		t.Errorf("read %q", got)
	}
	poll(t, "the log", func() bool { return strings.Contains(s.log.String(), "handshake was not finished") })
}

func TestAuthConfig(t *testing.T) {
	for _, tt := range []struct {
		users []User
		want  string
	}{
		{[]User{{Username: "", Password: "x"}}, "users[0] lacks"},
		{[]User{{Username: "a", Password: "x"}, {Username: "b", Password: ""}}, "users[1] lacks"},
		{[]User{{Username: "a", Password: "x"}, {Username: "a", Password: "y"}}, "users[1] has the name"},
	} {
		cfg := DefaultConfig()
		cfg.Users = tt.users
		if _, err := newAuth(&cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: %v", tt.users, err)
		}
	}
}

// answering is a client that answers whatever it hears with the same bytes.
type answering struct {
	nowhere
	io.Reader
}

func (a answering) Read(p []byte) (int, error)    { return a.Reader.Read(p) }
func (answering) SetReadDeadline(time.Time) error { return nil }
func (answering) SetDeadline(time.Time) error     { return nil }
func (answering) Close() error                    { return nil }

// FuzzHandshake: whoever does not know the key sends nothing.
func FuzzHandshake(f *testing.F) {
	f.Add(append(wire.AppendPing(nil, wire.Ping{Hostname: []byte("h"), Salt: []byte("s"), KeyDigest: bytes.Repeat([]byte("0"), 128)}), message("m", "x", "c")...))
	f.Add([]byte("\x96\xa4PING\xa0\xa0\xa0\xa0\xa0"))
	f.Add([]byte(`["PING","","","","",""]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		out := &fakeOut{}
		s := newListener(t, func(c *Config) { c.SharedKey, c.Users = "key", []User{{Username: "u", Password: "p"}} })
		c := newConn(context.Background(), context.Background(), s.Listener, answering{Reader: bytes.NewReader(raw)}, out)
		c.run()
		if out.batches != 0 {
			t.Fatalf("%d batches", out.batches)
		}
	})
}

func TestASharedKeyThatChangesIsAskedForAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := "first"
		cfg := DefaultConfig()
		cfg.SharedKey, cfg.SelfHostname = key, "here"
		cfg.Again("shared_key", func() (string, error) { return key, nil })
		a, err := newAuth(&cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		nonce, salt, host := []byte("nonce"), []byte("salt"), []byte("there")
		knows := func(key string) bool {
			p := wire.Ping{Hostname: host, Salt: salt, KeyDigest: wire.Digest(salt, host, nonce, []byte(key))}
			return a.check(&p, a.of(netip.Addr{}), nonce, salt) == ""
		}
		if !knows("first") || knows("second") {
			t.Fatal("at the start")
		}
		key = "second"
		time.Sleep(time.Minute)
		if knows("first") || !knows("second") {
			t.Fatal("after the change")
		}
	})
}
