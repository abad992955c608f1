package page

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

type sse struct{ id, name, data string }

// follow opens a live tail; events come until cancel.
func follow(t *testing.T, url string, header ...string) (events func() sse, cancel func()) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("status %s, %s", res.Status, res.Header.Get("Content-Type"))
	}
	in := bufio.NewScanner(res.Body)
	in.Buffer(nil, 1<<20)
	return func() (e sse) {
			for in.Scan() {
				name, value, _ := strings.Cut(in.Text(), ": ")
				switch name {
				case "id":
					e.id = value
				case "event":
					e.name = value
				case "data":
					e.data += value + "\n"
				case ":": // a comment: the stream is alive
				case "":
					if e.name != "" {
						return e
					}
				default:
					t.Fatalf("not a field of an event: %q", in.Text())
				}
			}
			t.Fatalf("the stream ended: %v", in.Err())
			return e
		}, func() {
			stop()
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
}

func TestTail(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	defer http.DefaultClient.CloseIdleConnections()
	s := some(t)
	srv := httptest.NewServer(newPage(t, s))
	defer srv.Close()
	next, cancel := follow(t, srv.URL+"/tail?q=namespace:lending+new&after=250")
	defer cancel()
	put(t, s, "n0", noon, container("payments", "p", "info", "new but elsewhere"))
	put(t, s, "n1", noon, container("lending", "p", "info", "new "+evil))
	e := next()
	if e.name != "rows" || e.id != "252" || strings.Count(e.data, `<tr class="row`) != 1 || !strings.Contains(e.data, `data-key="logs-x/n1"`) {
		t.Fatalf("got %+v", e)
	}
	if strings.Contains(e.data, "<script>") || !strings.Contains(e.data, "<mark>new</mark> &lt;script&gt;") {
		t.Errorf("not escaped: %s", e.data)
	}
	put(t, s, "n2", noon, container("lending", "p", "info", "new 2"))
	if e := next(); !strings.Contains(e.data, `data-key="logs-x/n2"`) {
		t.Errorf("got %+v", e)
	}
}

// After a broken connection the browser gets what it missed, and once.
func TestTailCatchesUp(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	defer http.DefaultClient.CloseIdleConnections()
	s := some(t)
	srv := httptest.NewServer(newPage(t, s))
	defer srv.Close()
	next, cancel := follow(t, srv.URL+"/tail?after=3", "Last-Event-ID", "247")
	defer cancel()
	e := next()
	if got := strings.Join(keys(e.data), " "); e.id != "250" || got != "id249 id248 id247" {
		t.Errorf("got %s up to %s", got, e.id)
	}
	put(t, s, "n", noon, container("n", "p", "info", "m"))
	if got := strings.Join(keys(next().data), " "); got != "n" {
		t.Errorf("then got %s", got)
	}
	// Too many at once: the newest, and how many more there were.
	next, cancel2 := follow(t, srv.URL+"/tail?after=1")
	defer cancel2()
	if e := next(); len(keys(e.data)) != tailRows || keys(e.data)[0] != "n" {
		t.Errorf("%d rows", len(keys(e.data)))
	}
	if e := next(); e.name != "missed" || e.data != "50\n" {
		t.Errorf("got %+v", e)
	}
}

func TestTailOfABadQuery(t *testing.T) {
	if code, _ := get(t, newPage(t, some(t)), "/tail?q=("); code != http.StatusBadRequest {
		t.Errorf("status %d", code)
	}
}

// A carriage return in a log line must not end a line of the stream.
func TestEvent(t *testing.T) {
	got := string(event(nil, 7, "rows", []byte("a\rdata: b\n\nc\r\n")))
	if want := "id: 7\nevent: rows\ndata: a data: b\ndata: \ndata: c \n\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
