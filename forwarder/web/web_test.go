package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/tinylib/msgp/msgp"
	"go.uber.org/goleak"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/forwarder/sourcetest"
	"sluice/parser"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// line is a record as TAG TIME FIELD=VALUE ..., its time "now" where it is.
func line(b *event.Batch, i int) string {
	at := "now"
	if t := b.Recs[i].Time; t.Sec <= time.Now().Unix()-3600 {
		at = t.Std().Format("2006-01-02T15:04:05.999")
	}
	return b.Tag + " " + at + sourcetest.Fields(b, i)
}

type rig struct {
	*Server
	out    *sourcetest.Out
	url    string
	client *http.Client
	led    *ledger.Ledger
	stop   func()
}

func start(t testing.TB, change func(*Config)) *rig {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Name, cfg.Address = "test", "127.0.0.1:0"
	p := parser.DefaultConfig()
	p.Type = "json"
	var err error
	if cfg.Parse, err = parser.New(p); err != nil {
		t.Fatal(err)
	}
	change(&cfg)
	r := &rig{out: &sourcetest.Out{Line: line}, led: ledger.New(), client: &http.Client{Transport: &http.Transport{}}}
	if r.Server, err = New(cfg, r.led, slog.New(slog.DiscardHandler), prometheus.NewRegistry(), nil); err != nil {
		t.Fatal(err)
	}
	if err := r.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.url = "http://" + r.Addrs()[0].String()
	stop := sourcetest.Start(t, r.led, func(ctx context.Context) error { return r.Run(ctx, r.out) })
	r.stop = func() { r.client.CloseIdleConnections(); stop() }
	t.Cleanup(r.stop)
	return r
}

// records are those that came since the last call.
func (r *rig) records() string { return strings.Join(r.out.Take(), "\n") }

// send sends a request and returns the answer's status, its body and header.
func (r *rig) send(t testing.TB, method, path, body string, header ...string) (status int, text string, h http.Header) {
	t.Helper()
	req, err := http.NewRequest(method, r.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	a, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	p, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(p), a.Header
}

const jsonType, formType = "application/json", "application/x-www-form-urlencoded"

func msgpackOf(maps ...map[string]any) string {
	var p []byte
	for _, m := range maps {
		p, _ = msgp.AppendIntf(p, m)
	}
	return string(p)
}

func gz(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func TestRequests(t *testing.T) {
	r := start(t, func(c *Config) { c.MaxBody, c.MaxUnpacked = 2000, 3000 })
	for _, c := range []struct {
		name, path, body string
		header           []string
		status           int
		want             string // records, or the answer
	}{
		{"JSON", "/app.web", `{"a":1,"b":"x"}`, []string{"Content-Type", jsonType}, 200, "app.web now a=1 b=x"},
		{"an array", "/a/b/", `[{"a":1},{"a":2, "time":1700000000.5}]`, []string{"Content-Type", jsonType + "; charset=utf-8"}, 200, "a.b now a=1\na.b 2023-11-14T22:13:20.5 a=2"},
		{"nothing", "/t", `[]`, []string{"Content-Type", jsonType}, 200, ""},
		{"lines", "/t", "{\"a\":1}\n\n{\"a\":2}\r\n", []string{"Content-Type", "application/x-ndjson"}, 200, "t now a=1\nt now a=2"},
		{"msgpack", "/t", msgpackOf(map[string]any{"a": int64(1)}, map[string]any{"time": int64(1700000000)}), []string{"Content-Type", "application/msgpack"}, 200, "t now a=1\nt 2023-11-14T22:13:20"},
		{"an array of msgpack", "/t", "\x91" + msgpackOf(map[string]any{"s": "x"}), []string{"Content-Type", "application/msgpack"}, 200, "t now s=x"},
		{"a form", "/t?time=1700000000.25", "json=%7B%22a%22%3A1%7D", []string{"Content-Type", formType}, 200, "t 2023-11-14T22:13:20.25 a=1"},
		{"a form of parts", "/t", "--X\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{\"a\":1}\r\n--X--\r\n", []string{"Content-Type", "multipart/form-data; boundary=X"}, 200, "t now a=1"},
		{"the address", "/t?json=%7B%22time%22%3A1700000000%7D&time=0", "", nil, 200, "t now"},
		{"gzip", "/t", gz(`{"a":1}`), []string{"Content-Type", jsonType, "Content-Encoding", "gzip"}, 200, "t now a=1"},

		{"no tag", "/", `{}`, []string{"Content-Type", jsonType}, 400, "names no tag"},
		{"no records", "/t", `{}`, []string{"Content-Type", "text/html"}, 400, "there are no records"},
		{"no JSON", "/t", `[{"a":1},{"a":}]`, []string{"Content-Type", jsonType}, 400, "not JSON"},
		{"no object", "/t", `[{"a":1},2]`, []string{"Content-Type", jsonType}, 400, "record 2"},
		{"no msgpack", "/t", "\x81\xa1", []string{"Content-Type", "application/msgpack"}, 400, "record 1"},
		{"no map", "/t", "\x01", []string{"Content-Type", "application/msgpack"}, 400, "no map"},
		{"no time", "/t?time=noon", `{}`, []string{"Content-Type", jsonType}, 400, "seconds since 1970"},
		{"no gzip", "/t", `{}`, []string{"Content-Type", jsonType, "Content-Encoding", "gzip"}, 400, "not gzip"},
		{"another encoding", "/t", `{}`, []string{"Content-Type", jsonType, "Content-Encoding", "br"}, 415, "gzip"},
		{"a large body", "/t", `{"a":"` + strings.Repeat("x", 2000) + `"}`, []string{"Content-Type", jsonType}, 413, "2000 bytes"},
		{"a bomb", "/t", gz(strings.Repeat(" ", 1<<20)), []string{"Content-Type", jsonType, "Content-Encoding", "gzip"}, 413, "3000 bytes"},
	} {
		status, text, _ := r.send(t, "POST", c.path, c.body, c.header...)
		got := r.records()
		if status != c.status || status == 200 && (got != c.want || text != "") || status != 200 && (got != "" || !strings.Contains(text, c.want)) {
			t.Errorf("%s: %d %q, records %q; want %d %q", c.name, status, text, got, c.status, c.want)
		}
	}
}

func TestFieldsOfTheRequest(t *testing.T) {
	r := start(t, func(c *Config) {
		c.AddHeaders, c.AddQuery, c.AddAddress, c.NoContent, c.TagPrefix = true, true, true, true, "web"
	})
	status, _, _ := r.send(t, "POST", "/t?a-b=c", `{"x":1}`, "Content-Type", jsonType, "X-Forwarded-For", "10.0.0.1, 10.0.0.2")
	got := r.records()
	for _, want := range []string{"web.t now x=1", "HTTP_CONTENT_TYPE=application/json", "HTTP_HOST=127.0.0.1:", "QUERY_A_B=c", "REMOTE_ADDR=10.0.0.1"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if status != http.StatusNoContent {
		t.Errorf("status %d", status)
	}
	r = start(t, func(c *Config) { c.AddAddress, c.EmptyImage = true, true })
	_, image, h := r.send(t, "GET", "/t?json=%7B%7D", "")
	if got := r.records(); got != "t now REMOTE_ADDR=127.0.0.1" || image != emptyImage || h.Get("Content-Type") != "image/gif" {
		t.Errorf("%q %q", got, image)
	}
}

func TestABodyOfAnotherFormat(t *testing.T) {
	r := start(t, func(c *Config) {
		p := parser.DefaultConfig()
		p.Type, p.Expression = "regexp", `/^(?<level>[A-Z]+) (?<m>.*)$/`
		var err error
		if c.Parse, err = parser.New(p); err != nil {
			t.Fatal(err)
		}
		c.Whole = true
	})
	if status, _, _ := r.send(t, "POST", "/t", "INFO hello"); status != 200 || r.records() != "t now level=INFO m=hello" {
		t.Errorf("status %d", status)
	}
	if status, text, _ := r.send(t, "POST", "/t", "hello"); status != 400 || !strings.Contains(text, "not in the format") {
		t.Errorf("%d %s", status, text)
	}
}

// The answer comes when the records are safe, also when they are many batches.
func TestAnsweredWhenSafe(t *testing.T) {
	r := start(t, func(c *Config) { c.SafeTimeout = time.Minute })
	r.out.Hold()
	answered := make(chan int, 1)
	go func() {
		status, _, _ := r.send(t, "POST", "/t", "["+strings.Repeat("{},", 2*maxRecords)+"{}]", "Content-Type", jsonType)
		answered <- status
	}()
	r.out.Await(t, 2*maxRecords+1)
	select {
	case status := <-answered:
		t.Errorf("%d before they are safe", status)
	default:
	}
	if n := r.out.Release(); n != 3 {
		t.Errorf("%d batches", n)
	}
	if status := <-answered; status != 200 {
		t.Errorf("status %d", status)
	}
}

// A filter may add records to a batch: those of the batches after it stay.
func TestAGrownBatchLeavesTheNextAlone(t *testing.T) {
	r := start(t, func(*Config) {})
	r.out.Line = func(b *event.Batch, i int) string {
		if i == 0 {
			b.Recs = append(b.Recs, event.Record{})
		}
		return line(b, i)
	}
	body := `{"a":1}` + strings.Repeat(`,{"a":2}`, maxRecords)
	if status, text, _ := r.send(t, "POST", "/t", "["+body+"]", "Content-Type", jsonType); status != 200 {
		t.Fatal(status, text)
	}
	lines := r.out.Take()
	if n := len(lines); n != maxRecords+1 || lines[n-1] != "t now a=2" {
		t.Errorf("%d records, the last one %q", n, lines[n-1])
	}
}

func TestNotSafeInTime(t *testing.T) {
	r := start(t, func(c *Config) { c.SafeTimeout = time.Millisecond })
	r.out.Hold()
	status, text, h := r.send(t, "POST", "/t", "{}", "Content-Type", jsonType)
	if status != 503 || h.Get("Retry-After") != "1" || !strings.Contains(text, "not safe") {
		t.Errorf("%d %s", status, text)
	}
	r.out.Release()
}

func TestNoRoom(t *testing.T) {
	r := start(t, func(c *Config) { c.RoomTimeout = time.Millisecond })
	r.out.Fill()
	status, _, h := r.send(t, "POST", "/t", "{}", "Content-Type", jsonType)
	if status != 503 || h.Get("Retry-After") != "1" || r.records() != "" {
		t.Errorf("%d", status)
	}
}

// A stop waits for the answer of a request that was begun.
func TestStop(t *testing.T) {
	r := start(t, func(c *Config) { c.SafeTimeout, c.Drain = time.Minute, time.Minute })
	r.out.Hold()
	answered := make(chan int, 1)
	go func() {
		status, _, _ := r.send(t, "POST", "/t", "{}", "Content-Type", jsonType)
		answered <- status
	}()
	r.out.Await(t, 1)
	stopped := make(chan struct{})
	go func() { r.stop(); close(stopped) }()
	sourcetest.Eventually(t, "stopping", r.stopping.Load)
	r.out.Release()
	if status := <-answered; status != 200 {
		t.Errorf("status %d", status)
	}
	<-stopped
	if r.room.Free() != int(r.cfg.Memory) {
		t.Errorf("%d of %d bytes free", r.room.Free(), r.cfg.Memory)
	}
}

func TestOrigins(t *testing.T) {
	r := start(t, func(c *Config) { c.Origins, c.Credentials = []string{"https://*.example.com", "http://a.test"}, true })
	for origin, ok := range map[string]bool{"https://x.example.com": true, "http://a.test": true, "https://example.org": false, "https://.example.co": false, "": true} {
		header := []string{"Content-Type", jsonType}
		if origin != "" {
			header = append(header, "Origin", origin)
		}
		status, _, h := r.send(t, "POST", "/t", "{}", header...)
		if (status == 200) != ok || ok && h.Get("Access-Control-Allow-Origin") != origin {
			t.Errorf("%s: %d %v", origin, status, h)
		}
	}
	status, _, h := r.send(t, "OPTIONS", "/t", "", "Origin", "http://a.test", "Access-Control-Request-Headers", "content-type")
	if status != 200 || h.Get("Access-Control-Allow-Headers") != "content-type" || h.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("%d %v", status, h)
	}
	if status, _, _ := r.send(t, "OPTIONS", "/t", ""); status != 403 {
		t.Errorf("status %d", status)
	}
}

// Many at once, with little memory: all come through.
func TestManyRequests(t *testing.T) {
	r := start(t, func(c *Config) { c.Memory, c.RoomTimeout = 64<<10, time.Minute })
	body := `{"a":"` + strings.Repeat("x", 50<<10) + `"}`
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if status, text, _ := r.send(t, "POST", "/t", body, "Content-Type", jsonType); status != 200 {
					t.Errorf("%d %s", status, text)
				}
			}
		})
	}
	wg.Wait()
	if got := len(r.out.Take()); got != 40 {
		t.Errorf("%d records", got)
	}
}

// fakeCerts is a certificate that does not change.
type fakeCerts struct{ cfg *tls.Config }

func (c fakeCerts) Server() *tls.Config     { return c.cfg }
func (c fakeCerts) Run(ctx context.Context) { <-ctx.Done() }

func TestTLS(t *testing.T) {
	made := httptest.NewTLSServer(nil) // for its certificate, and a client that trusts it
	defer made.Close()
	r := start(t, func(c *Config) { c.Certs = fakeCerts{&tls.Config{Certificates: made.TLS.Certificates}} })
	r.url, r.client = "https"+strings.TrimPrefix(r.url, "http"), made.Client()
	if status, _, _ := r.send(t, "POST", "/t", "{}", "Content-Type", jsonType); status != 200 {
		t.Errorf("status %d", status)
	}
	r.client.CloseIdleConnections()
}

func TestNewRefuses(t *testing.T) {
	for _, change := range []func(*Config){
		func(c *Config) { c.MaxBody = 0 },
		func(c *Config) { c.Credentials = true },
		func(c *Config) { c.Allow = []string{"ten"} },
		func(c *Config) { c.Parse = nil },
	} {
		cfg := DefaultConfig()
		cfg.Parse = &parser.Parser{}
		change(&cfg)
		if _, err := New(cfg, ledger.New(), slog.New(slog.DiscardHandler), prometheus.NewRegistry(), nil); err == nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
}
