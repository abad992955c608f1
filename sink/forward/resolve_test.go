package forward

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// names is a DNS that a test writes.
type names struct {
	mu    sync.Mutex
	hosts map[string][]string
	srv   []*net.SRV
	err   error
	asked int
}

// LookupHost implements resolver.
func (n *names) LookupHost(_ context.Context, host string) ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	list, ok := n.hosts[host]
	if !ok {
		return nil, fmt.Errorf("no such host: %s", host)
	}
	return append([]string(nil), list...), nil
}

// LookupSRV implements resolver.
func (n *names) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	if service+proto != "" || name != "_fluent._tcp.agg" {
		return "", nil, fmt.Errorf("asked for %q %q %q", service, proto, name)
	}
	return "", append([]*net.SRV(nil), n.srv...), n.err
}

func port(t *testing.T, addr string) int { return serverAt(t, addr).Port }

// A name is resolved for every connection, and each of its addresses tried.
func TestNamesAreResolvedAgain(t *testing.T) {
	f := startFaulty(t, acknowledge(1)) // on 127.0.0.1
	dns := &names{hosts: map[string][]string{"agg": {"127.0.0.1"}}}
	s := newSink(t, func(c *Config) { c.Keepalive = false }, net.JoinHostPort("agg", fmt.Sprint(port(t, f.addr))))
	s.resolver = dns
	for _, list := range [][]string{{"127.0.0.1"}, {"127.0.0.2", "127.0.0.1"}, {"127.0.0.2", "127.0.0.3", "127.0.0.1"}} {
		dns.hosts["agg"] = list
		if v, err := s.Deliver(t.Context(), chunkOf(s, 10)); err != nil || v.Accepted != 10 {
			t.Errorf("%v: %v", list, err)
		}
	}
	if dns.asked != 3 {
		t.Errorf("asked %d times", dns.asked)
	}
	delete(dns.hosts, "agg")
	if _, err := s.Deliver(t.Context(), chunkOf(s, 10)); err == nil || !strings.Contains(err.Error(), "no such host: agg") {
		t.Error(err)
	}
}

func TestRoundRobinUsesEveryAddress(t *testing.T) {
	met := map[string]int{}
	var mu sync.Mutex
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			met[nc.LocalAddr().(*net.TCPAddr).IP.String()]++
			mu.Unlock()
			nc.Close()
		}
	}()
	defer func() { l.Close(); <-done }()
	s := newSink(t, nil, fmt.Sprint("agg:", l.Addr().(*net.TCPAddr).Port))
	s.resolver = &names{hosts: map[string][]string{"agg": {"127.0.0.1", "127.0.0.2"}}}
	for range 64 { // all alike: once in 2^63
		c, err := s.dial(t.Context(), s.group.list[0])
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.nc.Read(make([]byte, 1)) // until it was counted
		c.close()
	}
	mu.Lock()
	defer mu.Unlock()
	if len(met) != 2 || met["127.0.0.1"]+met["127.0.0.2"] != 64 {
		t.Errorf("%v", met)
	}
}

func TestSRV(t *testing.T) {
	one, two := startFaulty(t, acknowledge(0)), startFaulty(t, acknowledge(0))
	dns := &names{err: errors.New("no answer")}
	s := newSink(t, func(c *Config) { c.SRV = "_fluent._tcp.agg" })
	s.resolver = dns
	now := time.Unix(1795340550, 0)
	s.group.now = func() time.Time { return now }
	deliver := func() error {
		if err := s.discover(t.Context()); err != nil { // as Run does
			return err
		}
		v, err := s.Deliver(t.Context(), chunkOf(s, 10))
		if err == nil && v.Accepted != 10 {
			t.Errorf("%+v", v)
		}
		return err
	}
	if err := deliver(); err == nil || !strings.Contains(err.Error(), "cannot look up the servers by the SRV records of _fluent._tcp.agg: no answer") {
		t.Error(err)
	}
	dns.err = nil
	dns.hosts = map[string][]string{"a.example": {"127.0.0.1"}, "b.example": {"127.0.0.1"}}
	dns.srv = []*net.SRV{
		{Target: "b.example.", Port: uint16(port(t, two.addr)), Priority: 20, Weight: 5},
		{Target: "a.example.", Port: uint16(port(t, one.addr)), Priority: 10},
	}
	if err := deliver(); err != nil {
		t.Fatal(err)
	}
	list := s.group.servers()
	if len(list) != 2 || list[0].host != "a.example" || list[0].weight != 1 || list[0].standby || !list[1].standby || list[1].weight != 5 {
		t.Fatalf("%+v %+v", list[0], list[1])
	}
	asked := dns.asked
	if err := deliver(); err != nil || dns.asked != asked { // not yet, and the connection is there
		t.Errorf("%v, asked %d times more", err, dns.asked-asked)
	}
	now = now.Add(s.findInterval)
	dns.err = errors.New("no answer")
	if err := deliver(); err != nil || len(s.group.servers()) != 2 {
		t.Errorf("an error changes the servers: %v", err)
	}
	now = now.Add(s.findInterval)
	dns.err, dns.srv = nil, dns.srv[1:]
	dns.srv = []*net.SRV{{Target: "b.example.", Port: uint16(port(t, two.addr)), Priority: 1, Weight: 5}}
	if err := deliver(); err != nil {
		t.Error(err)
	}
	if list := s.group.servers(); len(list) != 1 || list[0].host != "b.example" || list[0].standby || two.connections() != 1 {
		t.Errorf("%+v, %d connections", list, two.connections())
	}
}

// What a server is asked to be let in with may change: it is another server then.
func TestServersAreFoundAgain(t *testing.T) {
	one, two := startFaulty(t, acknowledge(0)), startFaulty(t, acknowledge(0))
	list := []Server{{Host: "127.0.0.1", Port: port(t, one.addr), Weight: 60}}
	var err error
	s := newSink(t, func(c *Config) { c.Find = func(context.Context) ([]Server, error) { return list, err } })
	now := time.Unix(1795340550, 0)
	s.group.now = func() time.Time { return now }
	look := func(want ...int) {
		t.Helper()
		now = now.Add(s.findInterval)
		if err := s.discover(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, srv := range s.group.servers() {
			got = append(got, srv.port)
		}
		if !slices.Equal(got, want) {
			t.Errorf("ports %v, want %v", got, want)
		}
	}
	look(list[0].Port)
	first := s.group.servers()[0]
	list = append(list, Server{Host: "127.0.0.1", Port: port(t, two.addr), Weight: 60})
	look(list[0].Port, list[1].Port)
	if s.group.servers()[0] != first {
		t.Error("a server that stayed is another one")
	}
	err = errors.New("no such file")
	look(list[0].Port, list[1].Port)
	err = nil
	list = []Server{{Host: "127.0.0.1", Port: list[0].Port, Weight: 60, SharedKey: "k"}}
	look(list[0].Port)
	if now := s.group.servers()[0]; now == first || string(s.now(now.proof.key)) != "k" {
		t.Error("the key is not taken up")
	}
}
