package netin

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
)

// Door decides which hosts may connect, and how often at once.
type Door struct {
	allow, deny Networks
	most        int // connections of one client; 0: any number

	mu   sync.Mutex
	open map[netip.Addr]int
}

// NewDoor makes a door. deny counts for more than allow, and an empty allow
// allows all; most bounds one client's connections, 0: not at all. section is
// where the settings allow and deny stand, with a dot, for errors.
func NewDoor(section string, allow, deny []string, most int) (d *Door, err error) {
	d = &Door{most: most, open: map[netip.Addr]int{}}
	if d.allow, err = ParseNetworks(section+"allow", allow); err == nil {
		d.deny, err = ParseNetworks(section+"deny", deny)
	}
	return d, err
}

// Networks are some of the Internet's.
type Networks []netip.Prefix

// Contain reports whether a host is in one of them; one without an address,
// at the unix socket, is in none.
func (n Networks) Contain(host netip.Addr) bool {
	host = host.WithZone("")
	for _, p := range n {
		if p.Contains(host) {
			return true
		}
	}
	return false
}

// ParseNetworks reads networks, and addresses for networks of one. name is the
// setting they stand in, for errors.
func ParseNetworks(name string, list []string) (out Networks, err error) {
	for i, s := range list {
		var p netip.Prefix
		if strings.Contains(s, "/") {
			p, err = netip.ParsePrefix(s)
		} else {
			var a netip.Addr
			if a, err = netip.ParseAddr(s); err == nil {
				p = netip.PrefixFrom(a.WithZone(""), a.BitLen())
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s[%d] is %q: write a network such as 10.0.0.0/8, or an address", name, i, s)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// Admits reports whether a host is allowed and not denied. One without an
// address, at the unix socket, always is: the file's mode keeps that door.
func (d *Door) Admits(host netip.Addr) bool {
	return !host.IsValid() || !d.deny.Contain(host) && (len(d.allow) == 0 || d.allow.Contain(host))
}

// client is what counts as one: with IPv6 a host has a whole /64.
func client(host netip.Addr) netip.Addr {
	if host.Is6() {
		if p, err := host.WithZone("").Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return host
}

// Enter counts a connection, and reports false when it is one too many.
func (d *Door) Enter(host netip.Addr) bool {
	if d.most == 0 || !host.IsValid() {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c := client(host)
	if d.open[c] >= d.most {
		return false
	}
	d.open[c]++
	return true
}

// Leave undoes Enter.
func (d *Door) Leave(host netip.Addr) {
	if d.most == 0 || !host.IsValid() {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c := client(host)
	if d.open[c]--; d.open[c] == 0 {
		delete(d.open, c)
	}
}
