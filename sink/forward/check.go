package forward

import (
	"context"
	"fmt"
)

// Check connects to every server once, TLS and handshake included, and returns
// what is wrong, or nil.
func (s *Sink) Check(ctx context.Context) error {
	if err := s.discover(ctx); err != nil {
		return err
	}
	var errs []error
	for _, srv := range s.group.servers() {
		c, err := s.dial(ctx, srv)
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot use %s: %w", srv.name, err))
			continue
		}
		c.close()
	}
	if len(errs) > 0 {
		return several(errs)
	}
	return nil
}
