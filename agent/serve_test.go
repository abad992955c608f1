package agent

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestAPI(t *testing.T) {
	s := settings(t.TempDir())
	s.Admin.Token = "s3cret"
	a, err := New(s, quiet)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for view, parts := range map[string][]string{
		"status":  {`"data_dir": "` + s.DataDir, `"healthy": "ok"`, `"elasticsearch"`},
		"ledger":  {`"adds_up": "ok"`, `"inputs"`, `"outputs"`, `"streams"`},
		"lanes":   {`"name": "elasticsearch"`, `"buffer_bytes": 0`},
		"streams": {`[]`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+a.AdminAddr()+"/api/v1/"+view, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer s3cret")
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var raw json.RawMessage
		err = json.NewDecoder(res.Body).Decode(&raw)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", view, res.Status, err)
		}
		for _, part := range parts {
			if !strings.Contains(string(raw), part) {
				t.Errorf("%s has no %s:\n%s", view, part, raw)
			}
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func TestTheAPIsAddress(t *testing.T) {
	first, err := New(settings(t.TempDir()), quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer first.close()
	taken := settings(t.TempDir())
	taken.Admin.Listen = first.AdminAddr()
	second, err := New(taken, quiet)
	if err != nil || second.AdminAddr() != "" {
		t.Fatalf("an address in use: %v", err)
	}
	second.close()
	open := settings(t.TempDir())
	open.Admin.Listen = "0.0.0.0:0"
	if _, err := New(open, quiet); err == nil || !strings.Contains(err.Error(), "admin.token") {
		t.Fatalf("an address that others reach, without a token: %v", err)
	}
	bad := settings(t.TempDir())
	bad.Metrics.TLS.Cert = "/nonexistent"
	if _, err := New(bad, quiet); err == nil || !strings.Contains(err.Error(), "metrics.tls") {
		t.Fatalf("a certificate that is not there: %v", err)
	}
}
