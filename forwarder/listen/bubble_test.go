package listen

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// These run on a synthetic clock, over a pipe: a write waits for its reader.

// piped serves one end of a pipe and returns the other. stop ends ctx, and
// giveUp what is left of the drain.
func piped(s *server, out Out) (nc net.Conn, stop, giveUp context.CancelFunc, done chan struct{}) {
	theirs, ours := net.Pipe()
	ctx, stop := context.WithCancel(context.Background())
	hard, giveUp := context.WithCancel(context.Background())
	done = make(chan struct{})
	go func() {
		defer close(done)
		s.serve(ctx, hard, ours, out)
	}()
	return theirs, stop, giveUp, done
}

func TestFrameTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &fakeOut{}
		s := newListener(t, nil)
		nc, stop, giveUp, done := piped(s, out)
		defer giveUp()
		defer stop()
		raw := message("m", "hello", "one")
		send(t, nc, raw)
		expect(t, nc, ack("one"))
		<-time.After(10 * time.Hour) // between frames there is no deadline
		send(t, nc, raw[:1])
		for i := 1; i < 6; i++ { // dripping does not help
			<-time.After(11 * time.Second)
			send(t, nc, raw[i:i+1])
		}
		began := time.Now()
		if _, err := nc.Read(make([]byte, 1)); err != io.EOF {
			t.Error(err)
		}
		if waited := time.Since(began); waited != 5*time.Second {
			t.Errorf("closed after further %v", waited)
		}
		<-done
		if !strings.Contains(s.log.String(), "not finished within 1m0s") {
			t.Errorf("log: %s", s.log)
		}
	})
}

// An idle connection holds next to nothing.
func TestIdleConnectionGivesMemoryBack(t *testing.T) {
	held := func(t *testing.T, quiet time.Duration) (size, records int) {
		s := newListener(t, nil)
		theirs, ours := net.Pipe()
		ctx, stop := context.WithCancel(context.Background())
		c := newConn(ctx, context.Background(), s.Listener, ours, &fakeOut{mute: true})
		done := make(chan struct{})
		go func() { c.run(); close(done) }()
		send(t, theirs, packed(20000, "big"))
		expect(t, theirs, ack("big"))
		<-time.After(quiet)
		synctest.Wait()
		size, records = c.frames.Size(), cap(c.build.b.Recs)
		stop()
		<-done
		if left := c.frames.Size() + cap(c.build.b.Recs); left > 0 {
			t.Errorf("at its end it still holds %d bytes and records", left)
		}
		return size, records
	}
	synctest.Test(t, func(t *testing.T) {
		if size, records := held(t, idleTrim/2); size < 100<<10 || records == 0 {
			t.Errorf("busy, holds only %d bytes and %d records", size, records)
		}
		if size, records := held(t, idleTrim*2); size > 4<<10 || records != 0 {
			t.Errorf("idle, holds %d bytes and %d records", size, records)
		}
	})
}

// A client that does not read its acks is dropped after the deadline, and
// until then holds up nobody but itself.
func TestDeafClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &fakeOut{}
		s := newListener(t, nil)
		deaf, stop, giveUp, done := piped(s, out)
		defer giveUp()
		defer stop()
		other, stopOther, giveUpOther, otherDone := piped(s, out)
		sent := make(chan int, 1)
		go func() {
			n := 0
			for ; n < 3*maxOwed; n++ {
				if _, err := deaf.Write(message("m", "x", "deaf")); err != nil {
					break
				}
			}
			sent <- n
		}()
		synctest.Wait() // the queue is full
		send(t, other, message("m", "x", "other"))
		expect(t, other, ack("other"))
		began := time.Now()
		<-done
		if took := time.Since(began); took != s.cfg.AckTimeout {
			t.Errorf("dropped after %v", took)
		}
		if n := <-sent; n < maxOwed || n >= 2*maxOwed {
			t.Errorf("%d frames were read from it", n)
		}
		if !strings.Contains(s.log.String(), errDeaf.Error()) {
			t.Errorf("log: %s", s.log)
		}
		send(t, other, message("m", "x", "other"))
		expect(t, other, ack("other"))
		stopOther()
		<-otherDone
		giveUpOther()
	})
}

// A client that is gone is not waited for for ever.
func TestEOFTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &fakeOut{hold: true}
		s := newListener(t, nil)
		nc, stop, giveUp, done := piped(s, out)
		defer giveUp()
		defer stop()
		send(t, nc, message("m", "x", "one"))
		synctest.Wait()
		nc.Close()
		began := time.Now()
		<-done
		if took := time.Since(began); took != s.cfg.EOFTimeout {
			t.Errorf("closed after %v", took)
		}
		out.release(-1)
		if a := s.ledger.Accounts()[source]; a.Pending != 0 || a.Delivered != 1 {
			t.Errorf("account %+v", a)
		}
	})
}
