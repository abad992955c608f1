package listen

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close() // as a process leaves it that was killed
	out := &fakeOut{}
	s := start(t, out, func(c *Config) {
		c.Listen, c.Unix, c.UnixMode = nil, path, "0620"
		c.Allow, c.MaxPerClient = []string{"10.0.0.0/8"}, 1 // of networks
	})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o620 {
		t.Errorf("%v, %v", info, err)
	}
	for _, chunk := range []string{"one", "two"} {
		nc, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(time.Minute))
		send(t, nc, append(message("m", "x", chunk), 5))
		expect(t, nc, ack(chunk))
	}
	poll(t, "the bad frames", func() bool { return strings.Contains(s.log.String(), "peer=unix:"+path) })
	twin := newListener(t, func(c *Config) { c.Listen, c.Unix = nil, path })
	if err := twin.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), "somebody listens there") {
		t.Errorf("a second one: %v", err)
	}
	s.stop(t)
	if _, err := os.Stat(path); err == nil {
		t.Error("the socket is still there")
	}
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, []byte("precious"), 0o600)
	other := newListener(t, func(c *Config) { c.Listen, c.Unix = nil, file })
	if err := other.Listen(t.Context()); err == nil {
		t.Error("a file was taken for a socket")
	}
	if raw, _ := os.ReadFile(file); string(raw) != "precious" {
		t.Error("the file is gone")
	}
}

func TestUDPHeartbeat(t *testing.T) {
	s := start(t, &fakeOut{}, nil)
	nc, err := net.Dial("udp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(time.Minute))
	for _, beat := range []string{"\x00", "", strings.Repeat("x", 200)} {
		send(t, nc, []byte(beat))
		got := make([]byte, 10)
		if n, err := nc.Read(got); err != nil || string(got[:n]) != "\x00" {
			t.Errorf("%d bytes: answer %q, %v", len(beat), got[:n], err)
		}
	}
	s.stop(t)
	nc.Write([]byte{0}) // refused, or simply not answered
	nc.SetDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := nc.Read(make([]byte, 10)); err == nil {
		t.Errorf("%d bytes of answer after the stop", n)
	}
}

// A port that somebody else has for UDP does not keep us from the one for TCP.
func TestUDPPortTaken(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	out := &fakeOut{}
	s := newListener(t, func(c *Config) { c.Listen = []string{pc.LocalAddr().String()} })
	if err := s.Listen(t.Context()); err != nil {
		t.Skip("the port is taken for TCP too:", err)
	}
	s.closeSockets()
	if len(s.beats) != 0 || !strings.Contains(s.log.String(), "heartbeats by UDP are not answered") || len(out.lines) != 0 {
		t.Errorf("log: %s", s.log)
	}
}

func TestUDPHeartbeatOff(t *testing.T) {
	s := newListener(t, func(c *Config) { c.UDPHeartbeat = false })
	if err := s.Listen(t.Context()); err != nil || len(s.beats) != 0 {
		t.Error(err, len(s.beats))
	}
	s.closeSockets()
}
