package netin

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDoor(t *testing.T) {
	for _, tt := range []struct {
		allow, deny []string
		host        string
		want        bool
	}{
		{nil, nil, "10.0.0.1", true},
		{[]string{"10.0.0.0/8"}, nil, "10.1.2.3", true},
		{[]string{"10.0.0.0/8"}, nil, "11.1.2.3", false},
		{[]string{"10.0.0.0/8"}, []string{"10.1.0.0/16"}, "10.1.2.3", false},
		{[]string{"10.0.0.0/8"}, []string{"10.1.0.0/16"}, "10.2.2.3", true},
		{nil, []string{"10.1.2.3"}, "10.1.2.3", false},
		{nil, []string{"10.1.2.3"}, "10.1.2.4", true},
		{[]string{"10.1.2.3/8"}, nil, "10.9.9.9", true}, // bits behind the prefix do not matter
		{[]string{"10.0.0.0/8"}, nil, "::ffff:10.1.2.3", true},
		{[]string{"fd00::/8"}, nil, "fd00::1%eth0", true},
		{[]string{"fd00::/8"}, nil, "10.1.2.3", false},
		{[]string{"fd00::/8"}, nil, "", true}, // unix socket
	} {
		d, err := NewDoor("inputs.forward.", tt.allow, tt.deny, 0)
		if err != nil {
			t.Fatal(err)
		}
		host, _ := netip.ParseAddr(tt.host)
		if got := d.Admits(host.Unmap()); got != tt.want {
			t.Errorf("allow %v, deny %v: %s %v", tt.allow, tt.deny, tt.host, got)
		}
	}
	for _, bad := range []string{"10.0.0.0/33", "example.com", ""} {
		if _, err := NewDoor("inputs.forward.", nil, []string{"::1", bad}, 0); err == nil || !strings.Contains(err.Error(), "inputs.forward.deny[1]") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestWithIPv6ANetworkIsOneClient(t *testing.T) {
	a, b := netip.MustParseAddr("fd00::1"), netip.MustParseAddr("fd00::2")
	if client(a) != client(b) || client(a) == client(netip.MustParseAddr("fd00:0:0:1::1")) {
		t.Error("a /64 is not one client")
	}
}

func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRoom(100)
		a, b, c := Share{Room: r}, Share{Room: r}, Share{Room: r}
		ctx := t.Context()
		if err := errors.Join(a.Grow(ctx, 60, true), b.Grow(ctx, 40, true)); err != nil {
			t.Fatal(err)
		}
		if err := c.Grow(ctx, 1, false); err != ErrNoRoom {
			t.Error("for speed alone:", err)
		}
		// Both hold some and want more: one needs nobody, the other waits for it.
		if err := a.Grow(ctx, 1000, true); err != nil || a.Large.IsZero() {
			t.Fatal(err)
		}
		got := make(chan error, 2)
		go func() { got <- b.Grow(ctx, 50, true) }()
		go func() { got <- c.Grow(ctx, 5, true) }()
		synctest.Wait()
		if len(got) != 0 || !r.Tight() {
			t.Fatal("they do not wait")
		}
		a.Fit(0)
		if err := errors.Join(<-got, <-got); err != nil || r.Tight() {
			t.Error(err)
		}
		b.Fit(0)
		c.Fit(0)
		if r.free != 100 || len(r.large) != 0 {
			t.Errorf("%d free at the end", r.free)
		}
		// Who still holds much stays what it is until there is room for it.
		a.Grow(ctx, 90, true)
		b.Grow(ctx, 500, true)
		since := b.Large
		<-time.After(time.Second)
		if b.Fit(50); b.Large.Sub(since) != time.Second {
			t.Error("more given out than there is, or no time for the next frame")
		}
		a.Fit(0)
		if b.Fit(50); !b.Large.IsZero() || r.free != 50 {
			t.Errorf("%d free", r.free)
		}
		stopped, stop := context.WithCancel(ctx)
		c.Grow(ctx, 50, true)
		a.Grow(ctx, 1, true)
		go func() { got <- c.Grow(stopped, 1, true) }()
		synctest.Wait()
		stop()
		if err := <-got; err != context.Canceled {
			t.Error(err)
		}
	})
}
