package agent_test

import (
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"

	"sluice/wire"
)

// cutter stands between agent and aggregator and cuts connections. The n-th
// connection is given to the n-th of its cuts; those after the last are left
// alone.
type cutter struct {
	addr, to string
	mu       sync.Mutex
	cuts     []cut
	whole    chan struct{} // closed when a connection was left alone
	once     sync.Once
}

// cut does with a connection from client to server what it must; both are
// closed when it returns.
type cut func(client, server net.Conn)

func startCutter(t *testing.T, to string, cuts []cut) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{addr: l.Addr().String(), to: to, cuts: cuts, whole: make(chan struct{})}
	var wg sync.WaitGroup
	var open sync.Map
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			open.Store(client, nil)
			wg.Go(func() {
				defer client.Close()
				server, err := net.Dial("tcp", to)
				if err != nil {
					return // the aggregator is away
				}
				open.Store(server, nil)
				defer server.Close()
				c.next()(client, server)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		open.Range(func(nc, _ any) bool { nc.(net.Conn).Close(); return true })
		wg.Wait()
	})
	return c
}

func (c *cutter) next() cut {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.cuts) == 0 {
		c.once.Do(func() { close(c.whole) })
		return pass
	}
	next := c.cuts[0]
	c.cuts = c.cuts[1:]
	return next
}

// pass copies both ways until one side ends.
func pass(client, server net.Conn) {
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			_, _ = io.Copy(way[1], way[0])
			done <- struct{}{}
		}()
	}
	<-done
	client.Close()
	server.Close()
	<-done
}

// atStep cuts at a step of the first frame's way. between is called when the
// server has the frame, and before anything else happens.
func atStep(step string, between func()) cut {
	return func(client, server net.Conn) {
		from := wire.NewReader(client, 64<<20)
		f, err := from.Next()
		if err != nil || step == "before the frame" {
			return
		}
		if step == "within the frame" {
			_, _ = server.Write(f.Raw[:len(f.Raw)/2])
			return
		}
		if _, err := server.Write(f.Raw); err != nil || step == "behind the frame" {
			return
		}
		if between != nil {
			between()
			return
		}
		ack := make([]byte, 5+25) // {"ack": 24 characters}
		if _, err := io.ReadFull(server, ack); err != nil || step == "before the ack" {
			return
		}
		if step == "within the ack" {
			_, _ = client.Write(ack[:len(ack)/2])
			return
		}
		_, _ = client.Write(ack)
		_, _ = client.Read(make([]byte, 1)) // until the next frame begins: "behind the ack"
	}
}

// afterBytes cuts when so many bytes went up, or down.
func afterBytes(rnd *rand.Rand) cut {
	up, down := int64(rnd.IntN(1<<uint(rnd.IntN(17)+1))), int64(rnd.IntN(1<<uint(rnd.IntN(13)+1)))
	return func(client, server net.Conn) {
		done := make(chan struct{}, 2)
		go func() {
			_, _ = io.CopyN(server, client, up)
			done <- struct{}{}
		}()
		go func() {
			_, _ = io.CopyN(client, server, down)
			done <- struct{}{}
		}()
		<-done
		client.Close()
		server.Close()
		<-done
	}
}
