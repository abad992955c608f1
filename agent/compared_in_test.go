package agent_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"sluice/wire"
)

// compared is one case: its configuration, and what it sees of the world.
type compared struct {
	dir  string // with fluent.conf, in/, golden
	work string // a directory of its own: in/, out/
	env  map[string]string
	es   *bulkRecorder
	gone chan struct{} // closed when the other program has ended
}

// newCompared lays out the files that are followed, and picks the ports.
func newCompared(t *testing.T, dir string) *compared {
	t.Helper()
	c := &compared{dir: dir, work: t.TempDir(), es: &bulkRecorder{}, gone: make(chan struct{})}
	server := httptest.NewServer(c.es)
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c.env = map[string]string{"DIR": c.work, "ES_PORT": at.Port(), "APP_ENV": "staging", "K8S_NODE_NAME": "node-1"}
	for _, name := range []string{"FORWARD_PORT", "HTTP_PORT", "SYSLOG_PORT", "TCP_PORT", "UDP_PORT", "NEXT_PORT"} {
		c.env[name] = freePort(t)
	}
	if err := os.Mkdir(filepath.Join(c.work, "out"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "in")); err == nil {
		if err := os.CopyFS(filepath.Join(c.work, "in"), os.DirFS(filepath.Join(dir, "in"))); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// freePort is a port below those that the kernel hands out, free for TCP and UDP.
func freePort(t *testing.T) string {
	t.Helper()
	for range 1000 {
		addr := "127.0.0.1:" + strconv.Itoa(10000+rand.IntN(20000))
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		l.Close()
		u, err := net.ListenPacket("udp", addr)
		if err != nil {
			continue
		}
		u.Close()
		_, port, _ := net.SplitHostPort(addr)
		return port
	}
	t.Fatal("no free port")
	return ""
}

// send sends what the case's files ask for, as they are there: each kind over a
// connection of its own.
func (c *compared) send(t *testing.T) {
	t.Helper()
	for file, send := range map[string]func(*testing.T, []byte){
		"forward.jsonl": c.sendForward,
		"http.jsonl":    c.sendHTTP,
		"syslog.txt":    func(t *testing.T, data []byte) { c.sendStream(t, c.env["SYSLOG_PORT"], data) },
		"tcp.txt":       func(t *testing.T, data []byte) { c.sendStream(t, c.env["TCP_PORT"], data) },
		"udp.txt":       c.sendUDP,
	} {
		data, err := os.ReadFile(filepath.Join(c.dir, file))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		send(t, data)
	}
}

// dial connects when the program listens.
func (c *compared) dial(t *testing.T, port string) net.Conn {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 6000 {
		nc, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			return nc
		}
		select {
		case <-tick.C:
		case <-c.gone:
			t.Fatal("the program has ended")
		}
	}
	t.Fatalf("nothing listens on %s", port)
	return nil
}

// sendForward sends lines {"tag", "time", "record"} as messages of the forward
// protocol. A time is RFC 3339, to the nanosecond, or a number: whole seconds.
func (c *compared) sendForward(t *testing.T, data []byte) {
	t.Helper()
	nc := c.dial(t, c.env["FORWARD_PORT"])
	defer nc.Close()
	var out []byte
	for _, line := range splitLines(data) {
		var in struct {
			Tag    string
			Time   json.RawMessage
			Record any
		}
		decodeNumbers(t, []byte(line), &in)
		out = append(msgp.AppendArrayHeader(out, 3), msgp.AppendString(nil, in.Tag)...)
		var at time.Time
		if err := json.Unmarshal(in.Time, &at); err == nil {
			out = wire.AppendEventTime(out, wire.Time{Sec: at.Unix(), Nsec: uint32(at.Nanosecond())})
		} else {
			out = append(out, packed(t, json.Number(in.Time))...)
		}
		out = append(out, packed(t, in.Record)...)
	}
	if _, err := nc.Write(out); err != nil {
		t.Fatal(err)
	}
}

func decodeNumbers(t *testing.T, data []byte, into any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
}

// packed is a JSON value as MessagePack; numbers keep their kind, and names are
// in order.
func packed(t *testing.T, v any) []byte {
	t.Helper()
	var out []byte
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			return msgp.AppendInt64(nil, n)
		}
		f, err := v.Float64()
		if err != nil {
			t.Fatal(err)
		}
		return msgp.AppendFloat64(nil, f)
	case map[string]any:
		out = msgp.AppendMapHeader(nil, uint32(len(v)))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out = append(msgp.AppendString(out, name), packed(t, v[name])...)
		}
		return out
	case []any:
		out = msgp.AppendArrayHeader(nil, uint32(len(v)))
		for _, e := range v {
			out = append(out, packed(t, e)...)
		}
		return out
	}
	out, err := msgp.AppendIntf(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sendHTTP sends lines {"path", "headers", "body"} or, for a body in
// MessagePack, "packed".
func (c *compared) sendHTTP(t *testing.T, data []byte) {
	t.Helper()
	c.dial(t, c.env["HTTP_PORT"]).Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	for _, line := range splitLines(data) {
		var in struct {
			Path    string
			Headers map[string]string
			Body    string
			Packed  any
			Status  int
		}
		decodeNumbers(t, []byte(line), &in)
		body := []byte(in.Body)
		if in.Packed != nil {
			body = packed(t, in.Packed)
		}
		req, err := http.NewRequest(http.MethodPost, "http://127.0.0.1:"+c.env["HTTP_PORT"]+in.Path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range in.Headers {
			req.Header.Set(name, value)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != in.Status {
			t.Errorf("%s: status %d %s", line, res.StatusCode, answer)
		}
	}
}

func (c *compared) sendStream(t *testing.T, port string, data []byte) {
	t.Helper()
	nc := c.dial(t, port)
	defer nc.Close()
	if _, err := nc.Write(data); err != nil {
		t.Fatal(err)
	}
}

// sendUDP sends each line as a datagram, once the port is open.
func (c *compared) sendUDP(t *testing.T, data []byte) {
	t.Helper()
	port, _ := strconv.Atoi(c.env["UDP_PORT"])
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 6000 {
		if open, err := os.ReadFile("/proc/net/udp"); err == nil && strings.Contains(string(open), fmt.Sprintf(":%04X 0", port)) {
			break
		}
		<-tick.C
	}
	nc, err := net.Dial("udp", "127.0.0.1:"+c.env["UDP_PORT"])
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	for _, line := range splitLines(data) {
		if _, err := nc.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
}

// size is how much came out.
func (c *compared) size() (n int) {
	_ = filepath.WalkDir(filepath.Join(c.work, "out"), func(_ string, d fs.DirEntry, _ error) error {
		if d != nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				n += int(info.Size())
			}
		}
		return nil
	})
	return n + len(c.es.taken())
}
