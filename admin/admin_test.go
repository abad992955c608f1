package admin

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestServe(t *testing.T) {
	defer goleak.VerifyNone(t)
	reg := prometheus.NewRegistry()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "sluice_test_total"})
	reg.MustRegister(c)
	c.Add(3)
	h := NewHealth()
	s := New("metrics.listen", "127.0.0.1:0", nil, Metrics(reg, h), slog.New(slog.DiscardHandler))
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func(path string) (int, string) {
		res, err := client.Get("http://" + s.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(body)
	}
	if code, _ := get("/readyz"); code != 503 {
		t.Errorf("ready before it is: %d", code)
	}
	h.SetReady(true)
	for path, want := range map[string]string{"/readyz": "ok", "/healthz": "ok", "/metrics": "sluice_test_total 3"} {
		if code, body := get(path); code != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %q", path, code, body)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	second := New("metrics.listen", s.Addr().String(), nil, Metrics(reg, h), slog.New(slog.DiscardHandler))
	if err := second.Listen(); err != nil {
		t.Fatalf("the address is not free after the stop: %v", err)
	}
	second.ln.Close()
}

func TestALoopThatIsSilentIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHealth()
		h.SetReady(true)
		beat, other := h.Loop("tail finder"), h.Loop("other")
		<-time.After(Deadline)
		beat()
		other()
		<-time.After(Deadline)
		if err := h.Healthy(); err != nil {
			t.Fatal(err)
		}
		other()
		<-time.After(time.Second)
		if err := h.Healthy(); err == nil || !strings.Contains(err.Error(), "tail finder") {
			t.Fatal(err)
		}
		if h.Ready() == nil {
			t.Fatal("ready while a loop hangs")
		}
	})
}
