// Package serve runs an HTTP server as long as its owner wants it.
//
// Promise: what was asked for before the end is answered, unless that takes
// longer than the grace; then its connection is cut. When HTTP returns the
// address is free again.
package serve

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// HTTP serves on ln, which it closes, until ctx ends; then ending, if there is
// one, is called, and requests under way have the grace to come to their end.
// The error is that of a server that could not go on.
func HTTP(ctx context.Context, s *http.Server, ln net.Listener, grace time.Duration, ending func()) error {
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		if ending != nil {
			ending()
		}
		left, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		if s.Shutdown(left) != nil {
			s.Close()
		}
	})
	err := s.Serve(ln)
	if !stop() {
		<-closed
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
