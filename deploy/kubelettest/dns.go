package main

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// names answers for the cluster's Services without an address, as a cluster's
// DNS does: with the addresses of the pods that are ready.
type names struct {
	mu    sync.Mutex
	known map[string]answer
}

type answer struct {
	until time.Time
	addrs []netip.Addr
}

// serve answers until the connection is closed.
func (n *names) serve(ctx context.Context, c net.PacketConn) {
	buf := make([]byte, 1500)
	for {
		size, from, err := c.ReadFrom(buf)
		if err != nil {
			return
		}
		if out := n.reply(ctx, buf[:size]); out != nil {
			_, _ = c.WriteTo(out, from)
		}
	}
}

func (n *names) reply(ctx context.Context, query []byte) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(query)
	if err != nil {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: h.ID, Response: true, Authoritative: true, RecursionDesired: h.RecursionDesired, RecursionAvailable: true},
		Questions: []dnsmessage.Question{q},
	}
	service, known := strings.CutSuffix(q.Name.String(), ".logging.svc.cluster.local.")
	if !known || strings.Contains(service, ".") {
		m.RCode = dnsmessage.RCodeNameError
	} else if q.Type == dnsmessage.TypeA {
		for _, a := range n.lookup(ctx, service) {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 1}, Body: &dnsmessage.AResource{A: a.As4()},
			})
		}
	}
	out, err := m.Pack()
	if err != nil {
		return nil
	}
	return out
}

// lookup asks the API server at most once a second.
func (n *names) lookup(ctx context.Context, service string) []netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	if a := n.known[service]; time.Now().Before(a.until) {
		return a.addrs
	}
	out, err := capture(ctx, "kubectl", "get", "endpointslices", "--namespace", "logging", "--selector", "kubernetes.io/service-name="+service,
		"--output", `jsonpath={range .items[*].endpoints[?(@.conditions.ready==true)]}{.addresses[0]}{"\n"}{end}`)
	if err != nil {
		return nil
	}
	a := answer{until: time.Now().Add(time.Second)}
	for _, text := range strings.Fields(out) {
		if addr, err := netip.ParseAddr(text); err == nil && addr.Is4() {
			a.addrs = append(a.addrs, addr)
		}
	}
	if n.known == nil {
		n.known = map[string]answer{}
	}
	n.known[service] = a
	return a.addrs
}
