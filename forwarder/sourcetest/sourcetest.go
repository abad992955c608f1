// Package sourcetest stands in for the forwarder in the tests of sources.
package sourcetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
	"sluice/forwarder/ledger"
)

// Out keeps what a source emits, as lines of text. Its zero value has room for
// everything, and gives receipts back at once.
type Out struct {
	// Line says how a record is written; nil: its tag and its Fields.
	Line func(b *event.Batch, i int) string

	mu    sync.Mutex
	lines []string
	full  chan struct{} // nil: there is room
	asked int
	hold  bool
	held  []*event.Ack
}

// Admit implements forwarder.Out.
func (o *Out) Admit(string) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked++
	return o.full
}

// Emit implements forwarder.Out.
func (o *Out) Emit(_ context.Context, b *event.Batch) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range b.Recs {
		if o.Line != nil {
			o.lines = append(o.lines, o.Line(b, i))
		} else {
			o.lines = append(o.lines, b.Tag+Fields(b, i))
		}
	}
	if o.hold {
		b.Ack.Fork(1)
		o.held = append(o.held, b.Ack)
	}
	return nil
}

// Fields writes a record's fields: " NAME=VALUE" each, msgpack as JSON.
func Fields(b *event.Batch, i int) (text string) {
	for _, f := range b.FieldsOf(i) {
		p := b.Bytes(f.Val)
		if f.Val.Kind == event.Msgp {
			var asJSON bytes.Buffer
			msgp.UnmarshalAsJSON(&asJSON, p)
			p = asJSON.Bytes()
		}
		text += fmt.Sprintf(" %s=%s", b.Keys[f.Key], p)
	}
	return text
}

// Fill leaves no room until Free.
func (o *Out) Fill() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.full = make(chan struct{})
}

// Free makes room again.
func (o *Out) Free() {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.full)
	o.full = nil
}

// Asked is how often Admit was called.
func (o *Out) Asked() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asked
}

// Hold keeps a share of each receipt until Release.
func (o *Out) Hold() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hold = true
}

// Release gives the held receipts back and reports how many there were.
func (o *Out) Release() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(o.held)
	for _, a := range o.held {
		a.Done()
	}
	o.held, o.hold = nil, false
	return n
}

// Lines are the records so far.
func (o *Out) Lines() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.lines)
}

// Take returns the records so far and forgets them.
func (o *Out) Take() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := o.lines
	o.lines = nil
	return lines
}

// Await waits for n records, and returns all that are there.
func (o *Out) Await(t testing.TB, n int) []string {
	t.Helper()
	Eventually(t, "records", func() bool { return len(o.Lines()) >= n })
	return o.Lines()
}

// Eventually waits until done, which may take long on a slow machine.
func Eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// Start runs a source until stop, which the test's end calls too. The source
// must end without an error, and the accounts must add up then.
func Start(t testing.TB, led *ledger.Ledger, run func(ctx context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-over; err != nil {
			t.Error(err)
		}
		if err := led.Check(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}
