package serve

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// begin serves requests that wait for release, and sends one.
func begin(t *testing.T, grace time.Duration, ending func()) (stop func(), answered <-chan string, release chan<- struct{}, ended <-chan error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked, wait := make(chan struct{}), make(chan struct{})
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		select {
		case <-wait:
		case <-r.Context().Done():
		}
		io.WriteString(w, "answer")
	})}
	ctx, cancel := context.WithCancel(t.Context())
	result, text := make(chan error, 1), make(chan string, 1)
	go func() { result <- HTTP(ctx, s, ln, grace, ending) }()
	go func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		res, err := client.Get("http://" + ln.Addr().String())
		if err != nil {
			text <- "none"
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		text <- string(body)
	}()
	<-asked
	return cancel, text, wait, result
}

func TestWhatWasAskedIsAnswered(t *testing.T) {
	ending := make(chan struct{})
	stop, answered, release, ended := begin(t, time.Hour, func() { close(ending) })
	stop()
	<-ending
	close(release)
	if text := <-answered; text != "answer" {
		t.Errorf("%q", text)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestTheGraceIsOver(t *testing.T) {
	stop, answered, _, ended := begin(t, time.Millisecond, nil)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if text := <-answered; text != "none" {
		t.Errorf("%q", text)
	}
}

func TestAServerThatCannotGoOn(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := HTTP(t.Context(), &http.Server{}, ln, time.Hour, nil); err == nil {
		t.Error("no error")
	}
}
