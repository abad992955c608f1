package tally

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"sluice/sink/elastictest"
)

// The paths at which a Server speaks of itself, besides Elasticsearch's API.
const (
	totalsPath = "/-/totals" // GET: Totals
	verifyPath = "/-/verify" // POST an array, the records made in each stream: Answer
)

// Answer is what a Server says to a question for its verdict.
type Answer struct {
	Verdict Verdict
	Delays  Delays
}

// Server is the stand-in for Elasticsearch in front of a Store.
type Server struct {
	store  *Store
	server *elastictest.Server
}

// NewServer returns a server with an empty store. Who serves it calls Close
// when the http.Server around it ends.
func NewServer() *Server {
	store := NewStore()
	return &Server{store, elastictest.New(store)}
}

// Close ends what the stand-in may be waiting for.
func (s *Server) Close() { s.server.Close() }

// SetFaults has the stand-in misbehave as planned: see elastictest.
func (s *Server) SetFaults(plan func(elastictest.Request) elastictest.Fault) {
	s.server.SetFaults(plan)
}

// Totals are the sums so far.
func (s *Server) Totals() Totals {
	t, stats := s.store.Tally.Totals(), s.server.Stats()
	t.Conflicts, t.Refused, t.Requests = stats.Conflicts, stats.Refused, stats.Requests
	t.TextBytes, t.WireBytes = stats.TextBytes, stats.WireBytes
	t.DocBytes = s.store.CountStore.Totals().Bytes
	return t
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var answer any
	switch r.URL.Path {
	case totalsPath:
		answer = s.Totals()
	case verifyPath:
		var made []int64
		if err := json.NewDecoder(r.Body).Decode(&made); err != nil {
			http.Error(w, "want an array: the records made in each stream: "+err.Error(), http.StatusBadRequest)
			return
		}
		answer = Answer{s.store.Tally.Verify(made), s.store.Tally.Delays()}
	default:
		s.server.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(answer) // an error is the client's, which went away
}

// Client asks a Server, most often one in another process.
type Client struct {
	URL string // http://host:port
}

// Totals asks for the sums so far.
func (c Client) Totals(ctx context.Context) (t Totals, err error) {
	return t, c.ask(ctx, http.MethodGet, totalsPath, nil, &t)
}

// Verify asks what became of made[i] records of stream i.
func (c Client) Verify(ctx context.Context, made []int64) (a Answer, err error) {
	body, err := json.Marshal(made)
	if err != nil {
		return a, err
	}
	return a, c.ask(ctx, http.MethodPost, verifyPath, body, &a)
}

func (c Client) ask(ctx context.Context, method, path string, body []byte, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("cannot ask the counting store: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("cannot ask the counting store: %s is not one (%s)", c.URL, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		return fmt.Errorf("cannot read the counting store's answer: %w", err)
	}
	return nil
}
