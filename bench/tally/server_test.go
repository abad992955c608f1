package tally

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func bulk(t *testing.T, url string, lines ...string) {
	t.Helper()
	resp, err := http.Post(url+"/logs-bench-default/_bulk", "application/x-ndjson", strings.NewReader(strings.Join(lines, "\n")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s %v", resp.Status, body, err)
	}
}

func item(id string, stream int, seq int64, at time.Time) []string {
	return []string{
		fmt.Sprintf(`{"create":{"_id":%q}}`, id),
		fmt.Sprintf(`{"@timestamp":%q,%s`, at.UTC().Format(time.RFC3339Nano), doc(stream, seq)[1:]),
	}
}

func TestServerCountsWhatItStores(t *testing.T) {
	store := NewServer()
	server := httptest.NewServer(store)
	defer server.Close()
	defer store.Close()
	client := Client{URL: server.URL}
	at := time.Now().Add(-time.Minute)
	bulk(t, server.URL, append(item("a", 0, 1, at), item("b", 0, sampling, at)...)...)
	bulk(t, server.URL, item("a", 0, 1, at)...) // sent again, same id: stored once
	bulk(t, server.URL, item("c", 0, 1, at)...) // again under another id: doubled

	totals, err := client.Totals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if totals.Records != 2 || totals.Doubled != 1 || totals.Conflicts != 1 || totals.Requests != 3 || totals.Refused != 0 {
		t.Errorf("totals %+v", totals)
	}
	if totals.DocBytes == 0 || totals.TextBytes <= totals.DocBytes || totals.WireBytes != totals.TextBytes {
		t.Errorf("bytes %+v", totals)
	}
	if totals.First.IsZero() || totals.Last.Before(totals.First) {
		t.Errorf("times %+v", totals)
	}
	answer, err := client.Verify(t.Context(), []int64{sampling})
	if err != nil {
		t.Fatal(err)
	}
	if v := answer.Verdict; v.Lost != sampling-2 || v.Doubled != 1 || v.Strange != 0 {
		t.Errorf("verdict %+v", v)
	}
	if d := answer.Delays; d.Records != 1 || d.P50 < time.Minute || d.P50 > 2*time.Minute {
		t.Errorf("delays %+v", d)
	}
}

func TestClientErrors(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	if _, err := (Client{URL: plain.URL}).Totals(t.Context()); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("no counting store there: %v", err)
	}
	plain.Close()
	if _, err := (Client{URL: plain.URL}).Verify(t.Context(), nil); err == nil {
		t.Error("nobody there: no error")
	}
	store := NewServer()
	server := httptest.NewServer(store)
	defer server.Close()
	defer store.Close()
	resp, err := http.Post(server.URL+verifyPath, "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a manifest that is none: %s", resp.Status)
	}
}
