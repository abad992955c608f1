package socket

import (
	"context"
	"crypto/tls"
	"net/http/httptest"
	"testing"
)

// fakeCerts is a certificate that does not change.
type fakeCerts struct{ cfg *tls.Config }

func (c fakeCerts) Server() *tls.Config     { return c.cfg }
func (c fakeCerts) Run(ctx context.Context) { <-ctx.Done() }

func TestTLS(t *testing.T) {
	made := httptest.NewTLSServer(nil) // for its certificate
	defer made.Close()
	r := start(t, func(c *Config) { c.Certs = fakeCerts{&tls.Config{Certificates: made.TLS.Certificates}} })
	plain := r.dial(t)
	send(t, plain, "INFO in the clear\n")
	if _, err := plain.Read(make([]byte, 16)); err == nil {
		if _, err := plain.Read(make([]byte, 16)); err == nil { // behind the alert
			t.Error("it is read without TLS")
		}
	}
	nc := tls.Client(r.dial(t), &tls.Config{InsecureSkipVerify: true})
	if _, err := nc.Write([]byte("INFO sealed\n")); err != nil {
		t.Fatal(err)
	}
	r.expect(t, "t level=INFO message=sealed")
	nc.Close()
}
