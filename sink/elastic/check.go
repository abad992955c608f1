package elastic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// Check asks every server once who it is (GET /) and returns what is wrong, or
// nil. A key that may only write is refused that question with 403, which
// proves that server and credentials are right.
func (s *Sink) Check(ctx context.Context) error {
	var errs []error
	for _, n := range s.nodes.list {
		if err := s.check(ctx, n); err != nil {
			errs = append(errs, fmt.Errorf("cannot use %s: %w", n.name, err))
		}
	}
	return errors.Join(errs...)
}

func (s *Sink) check(ctx context.Context, n *node) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	res, err := esapi.InfoRequest{FilterPath: []string{"version.number"}, Header: s.header()}.Do(ctx, n.client)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	head, err := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	switch {
	case err != nil:
		return err
	case res.StatusCode == http.StatusForbidden:
		return nil
	case res.StatusCode == http.StatusUnauthorized:
		return errors.New("it refuses the credentials (401): see elasticsearch.api_key, or username and password")
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("it answers %d to GET /: see elasticsearch.urls, and what stands in between", res.StatusCode)
	case len(head) == 0 || head[0] != '{':
		return errors.New("it answers, but not as Elasticsearch: see elasticsearch.urls")
	}
	return nil
}
