package listen

import (
	"net"
	"strings"
	"testing"
	"time"
)

func TestMaxConnections(t *testing.T) {
	s := start(t, &fakeOut{}, func(c *Config) { c.MaxConnections = 1 })
	first := s.dial(t)
	send(t, first, message("m", "x", "one"))
	expect(t, first, ack("one"))
	if got := answers(t, s.dial(t)); got != "" {
		t.Errorf("read %q", got)
	}
	first.Close()
	poll(t, "room for another connection", func() bool { return s.open.Load() == 0 })
	again := s.dial(t)
	send(t, again, message("m", "x", "two"))
	expect(t, again, ack("two"))
}

func TestConfig(t *testing.T) {
	for _, tt := range []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.Listen = nil }, "listen is empty"},
		{func(c *Config) { c.Listen, c.Unix = nil, "/run/s" }, ""},
		{func(c *Config) { c.UnixMode = "rw" }, "unix_mode"},
		{func(c *Config) { c.UnixMode = "0400" }, "unix_mode"},
		{func(c *Config) { c.MaxUnpacked = 10 }, "max_unpacked"},
		{func(c *Config) { c.MaxPerClient = -1 }, "max_connections_per_client"},
		{func(c *Config) { c.IdleTimeout = -1 }, "idle_timeout"},
		{func(c *Config) { c.TLS.Key = "k" }, "tls.cert is empty"},
		{func(c *Config) { c.TLS.ClientCA = "ca" }, "tls.cert is empty"},
		{func(c *Config) { c.TLS.PeerNameKey = "p" }, "tls.cert is empty"},
		{func(c *Config) { c.TLS.Cert = "c" }, "tls.key is empty"},
		{func(c *Config) { c.TLS = TLS{Cert: "c", Key: "k", PeerNameKey: "p"} }, "needs client_ca"},
		{func(c *Config) { c.TLS = TLS{Cert: "c", Key: "k"} }, "nothing provides"},
		{func(c *Config) { c.MaxChunk = 10 }, "max_chunk"},
		{func(c *Config) { c.MaxChunk = 8 << 30 }, "max_chunk"},
		{func(c *Config) { c.MaxConnections = -1 }, "max_connections"},
		{func(c *Config) { c.AckTimeout = 0 }, "ack_timeout"},
		{func(c *Config) {}, ""},
	} {
		cfg := DefaultConfig()
		tt.change(&cfg)
		if err := cfg.validate(); (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q wanted, got %v", tt.want, err)
		}
	}
	s := newListener(t, func(c *Config) { c.Listen = []string{"127.0.0.1:0", "256.0.0.1:1"} })
	if err := s.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), "256.0.0.1:1") {
		t.Errorf("a bad address: %v", err)
	}
	if len(s.Addrs()) != 0 {
		t.Error("the good address is still bound")
	}
}

func TestDeniedNetwork(t *testing.T) {
	s := start(t, &fakeOut{}, func(c *Config) { c.Deny = []string{"127.0.0.0/8"} })
	if got := answers(t, s.dial(t)); got != "" {
		t.Errorf("read %q", got)
	}
	udp, err := net.Dial("udp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	send(t, udp, []byte{0})
	udp.SetDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := udp.Read(make([]byte, 1)); err == nil {
		t.Error("its heartbeat is answered")
	}
	if !strings.Contains(s.log.String(), "denied") || s.metric(t, "sluice_forward_refused_connections_total", "network") != 1 {
		t.Errorf("log: %s", s.log)
	}
}

// One client's connections are bounded, another's are not touched by that.
func TestMaxConnectionsPerClient(t *testing.T) {
	s := start(t, &fakeOut{}, func(c *Config) { c.MaxPerClient = 2 })
	first := s.dial(t)
	for _, nc := range []net.Conn{first, s.dial(t)} {
		if err := exchange(nc, "c"); err != nil {
			t.Fatal(err)
		}
	}
	if got := answers(t, s.dial(t)); got != "" {
		t.Errorf("read %q", got)
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	other, err := d.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetDeadline(time.Now().Add(time.Minute))
	if err := exchange(other, "c"); err != nil {
		t.Error(err)
	}
	first.Close()
	poll(t, "room", func() bool { return s.open.Load() == 2 })
	if err := exchange(s.dial(t), "c"); err != nil {
		t.Error(err)
	}
	if got := s.metric(t, "sluice_forward_refused_connections_total", "client"); got != 1 {
		t.Errorf("%v refused", got)
	}
}
