package main

import "context"

// part runs until its context ends.
type part func(ctx context.Context) error

// runAll runs the parts until ctx ends or one of them fails, then stops them one
// after the other from the last to the first: who sends before who receives.
func runAll(ctx context.Context, parts []part) error {
	ended := make(chan struct{}, len(parts))
	errs := make([]chan error, len(parts))
	stops := make([]context.CancelFunc, len(parts))
	for i, p := range parts {
		own, stop := context.WithCancel(context.WithoutCancel(ctx))
		stops[i], errs[i] = stop, make(chan error, 1)
		go func() {
			errs[i] <- p(own)
			ended <- struct{}{}
		}()
	}
	select {
	case <-ctx.Done():
	case <-ended:
	}
	var first error
	for i := len(parts) - 1; i >= 0; i-- {
		stops[i]()
		if err := <-errs[i]; first == nil {
			first = err
		}
	}
	return first
}
