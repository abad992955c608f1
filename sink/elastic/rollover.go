package elastic

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"sluice/event"
	"sluice/wire/quote"
)

// An id is refused as a duplicate only by the index that holds it. Once a data
// stream or an alias has rolled over, what is sent again goes to another index,
// which would store it a second time. So records that may have been sent before
// are looked for in the older indices, if there was a rollover since they happened.

const (
	// grace is how long after the start lines are taken for some that an earlier
	// process may have sent, although their time says nothing about it: a line
	// without a time has that of its reading.
	grace = time.Minute
	// skew is how far the server's clock and ours may be apart.
	skew = time.Minute
)

// doubt is the time (Unix nanoseconds) before which records may have been sent
// by a request whose answer nobody read: one of an earlier process, or one whose
// fate is unknown.
type doubt struct {
	until   atomic.Int64
	refused sync.Once // the server does not answer our questions: said once
}

// unanswered is no reason to keep the records.
func (d *doubt) unanswered(log *slog.Logger, why ...any) {
	d.refused.Do(func() {
		log.Warn("what is sent again after a rollover may be stored twice: the server does not say what it holds "+
			"(the privileges view_index_metadata and read let it)", why...)
	})
}

func (d *doubt) raise(t time.Time) {
	for now := t.UnixNano(); ; {
		if old := d.until.Load(); old >= now || d.until.CompareAndSwap(old, now) {
			return
		}
	}
}

// about reports whether any of the chunk's records may have been sent before,
// and since when the oldest of those has been there.
func (d *doubt) about(c *event.Chunk) (since time.Time, ok bool) {
	oldest := d.until.Load()
	for _, b := range c.Blocks {
		if b.Since < oldest && b.Len() > 0 {
			oldest, ok = b.Since, true
		}
	}
	return time.Unix(0, oldest), ok
}

// sentBefore is the verdict on a chunk of which the target's older indices hold
// something: that is there, the rest is to be sent. It is empty when they hold nothing.
func (s *Sink) sentBefore(ctx context.Context, n *node, c *event.Chunk) (v event.Verdict, err error) {
	since, ok := s.doubt.about(c)
	if !ok || !s.own {
		return v, nil
	}
	indices, err := s.rolledOver(ctx, n, c, since.Add(-skew))
	if err != nil || len(indices) == 0 {
		return v, err
	}
	there, err := s.lookFor(ctx, n, indices, c)
	if err != nil {
		return v, err
	}
	if len(there) == 0 {
		return v, nil
	}
	v.Signal, v.Reason = event.Unsent, "rolled_over"
	for i := range uint32(c.Len()) {
		if b, k := c.At(i); there[b.IDs[k].String()] && s.ours(c, i) {
			v.Duplicate++
		} else {
			v.Retry = append(v.Retry, i)
		}
	}
	return v, nil
}

// rolledOver lists the indices behind the chunk's key that may have been written to
// since then; none, if all of that time it was the same one.
func (s *Sink) rolledOver(ctx context.Context, n *node, c *event.Chunk, since time.Time) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	flat := true
	res, err := esapi.IndicesGetSettingsRequest{
		Index: []string{url.PathEscape(c.Key)}, Name: []string{"index.creation_date"}, FlatSettings: &flat, Header: s.header(),
	}.Do(ctx, n.client)
	var settings map[string]struct {
		Settings struct {
			Created string `json:"index.creation_date"` // Unix milliseconds
		}
	}
	if ok, err := s.answered(res, err, c, &settings); !ok || err != nil {
		return nil, err
	}
	type index struct {
		name    string
		created int64
	}
	var all []index
	for name, one := range settings {
		created, err := strconv.ParseInt(one.Settings.Created, 10, 64)
		if err != nil {
			s.doubt.unanswered(s.log, "reason", "index "+name+" has no creation date")
			return nil, nil
		}
		all = append(all, index{name, created})
	}
	slices.SortFunc(all, func(a, b index) int { return cmp.Compare(b.created, a.created) }) // the youngest first
	var names []string
	for _, one := range all {
		names = append(names, one.name)
		if one.created < since.UnixMilli() {
			break // the one that was written to then
		}
	}
	if len(names) < 2 {
		return nil, nil
	}
	return names, nil
}

// lookFor returns the ids of the chunk that the indices hold. Elasticsearch
// answers it in real time: a document is found as soon as it is stored.
func (s *Sink) lookFor(ctx context.Context, n *node, indices []string, c *event.Chunk) (map[string]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	body := []byte(`{"docs":[`)
	for _, index := range indices {
		open := append(quote.Append([]byte(`{"_index":`), []byte(index)), `,"_id":"`...)
		for _, b := range c.Blocks {
			for i := range b.IDs {
				body = append(b.IDs[i].Append(append(body, open...)), `"},`...)
			}
		}
	}
	body = append(body[:len(body)-1], "]}"...)
	h := s.header()
	h.Set("Content-Type", "application/json")
	res, err := esapi.MgetRequest{
		Body: bytes.NewReader(body), Source: []string{"false"}, FilterPath: []string{"docs._id", "docs.found"}, Header: h,
	}.Do(ctx, n.client)
	var answer struct {
		Docs []struct {
			ID    string `json:"_id"`
			Found bool
		}
	}
	if ok, err := s.answered(res, err, c, &answer); !ok || err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, d := range answer.Docs {
		if d.Found {
			there[d.ID] = true
		}
	}
	return there, nil
}

// answered reads the answer to a question about what is stored. It is not ok
// where there is nothing to know, or where we may not know it.
func (s *Sink) answered(res *esapi.Response, err error, c *event.Chunk, into any) (ok bool, _ error) {
	if err != nil {
		return false, err
	}
	defer res.Body.Close()
	switch status := res.StatusCode; {
	case status == http.StatusOK:
		err := json.NewDecoder(io.LimitReader(decoded(res), answerMax)).Decode(into)
		if malformed(err) {
			s.doubt.unanswered(s.log, "reason", err)
			return false, nil
		}
		return err == nil, err
	case status == http.StatusNotFound: // there is no such index: it holds nothing
		return false, nil
	case status == http.StatusUnauthorized || status == http.StatusTooManyRequests || status >= 500:
		v, healthy := s.refused(res, c)
		return false, refusal{v, healthy}
	default:
		s.doubt.unanswered(s.log, "status", status)
		return false, nil
	}
}

// malformed reports whether an answer came whole and is no answer of Elasticsearch:
// something stands in front of it that lets nothing but records through.
func malformed(err error) bool {
	_, other := errors.AsType[*json.UnmarshalTypeError](err)
	_, none := errors.AsType[*json.SyntaxError](err)
	return other || none
}

// refusal is a question that the server refuses for now, as it would refuse the
// records: with the same verdict.
type refusal struct {
	verdict event.Verdict
	healthy bool
}

func (r refusal) Error() string { return "cannot ask which records are stored: " + r.verdict.Reason }
