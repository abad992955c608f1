package forward

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"time"
)

// resolver is the part of net.Resolver that is used.
type resolver interface {
	LookupHost(ctx context.Context, host string) ([]string, error)
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// dialTCP connects to the server's host, whose name is resolved each time: one
// address after the other, so that each gets its part of the time.
func (s *Sink) dialTCP(ctx context.Context, srv *server) (net.Conn, error) {
	list := []string{srv.host}
	if net.ParseIP(srv.host) == nil {
		var err error
		if list, err = s.resolver.LookupHost(ctx, srv.host); err != nil {
			return nil, err
		}
	}
	if s.roundRobin {
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	end, _ := ctx.Deadline() // connect_timeout
	var errs []error
	for i, addr := range list {
		d := net.Dialer{Timeout: time.Until(end) / time.Duration(len(list)-i)}
		nc, err := d.DialContext(ctx, "tcp", address(addr, srv.port))
		if err == nil {
			return nc, nil
		}
		errs = append(errs, err)
	}
	if len(errs) == 0 {
		return nil, errors.New("its name has no address")
	}
	return nil, several(errs)
}

// discover asks what servers there are when that was not asked for long enough,
// or never. Once there are some, an error changes nothing, and only Run asks: a
// slow answer holds up no chunk.
func (s *Sink) discover(ctx context.Context) error {
	if s.find == nil {
		return nil
	}
	s.findMu.Lock()
	defer s.findMu.Unlock()
	now := s.group.now()
	if !s.findNext.IsZero() && now.Before(s.findNext) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.connectTimeout)
	defer cancel()
	found, err := s.find(ctx)
	if err != nil {
		if s.findNext.IsZero() {
			return err
		}
		s.log.Warn("the servers stay as they were", "error", err)
		s.findNext = now.Add(s.findInterval)
		return nil
	}
	s.findNext = now.Add(s.findInterval)
	var list []*server
	for _, one := range found {
		list = append(list, s.server(one))
	}
	for _, gone := range s.group.set(list) {
		gone.pool.shut()
		s.log.Info("a server is no longer one of those to send to", "server", gone.name)
	}
	return nil
}

// lookupSRV makes servers of SRV records (RFC 2782): those of the lowest priority,
// and the others standby. A weight of 0 is a small one.
func (s *Sink) lookupSRV(ctx context.Context, name string) (list []Server, err error) {
	_, records, err := s.resolver.LookupSRV(ctx, "", "", name)
	if err == nil && len(records) == 0 {
		err = errors.New("there are none")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot look up the servers by the SRV records of %s: %w", name, err)
	}
	slices.SortStableFunc(records, func(a, b *net.SRV) int { return cmp.Compare(a.Priority, b.Priority) })
	for _, r := range records {
		host := strings.TrimSuffix(r.Target, ".")
		list = append(list, Server{Host: host, Port: int(r.Port), Weight: max(int(r.Weight), 1), Standby: r.Priority > records[0].Priority})
	}
	return list, nil
}
