package web

import (
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"sluice/event"
	"sluice/forwarder/netin"
)

const (
	maxRecords = 1000      // of one batch
	maxKept    = 256 << 10 // bytes of a body's buffer that are kept for the next request
)

// intake is what one request is read with.
type intake struct {
	share netin.Share
	body  []byte // as it is parsed
	b     event.Batch
	at    event.Time // what the parameter time says; zero: nothing
	none  bool       // at is set, and 0: the present
}

// reset empties it; false: it holds too much to be kept.
func (in *intake) reset() bool {
	in.body, in.at, in.none = in.body[:0], event.Time{}, false
	in.b.Reset(nil)
	return cap(in.body) <= maxKept
}

// read reads the body whole, unpacked.
func (in *intake) read(s *Server, w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength > int64(s.cfg.MaxBody) {
		return tooLarge(s.cfg.MaxBody)
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.RoomTimeout)
	defer cancel()
	// Memory for a body whose length is told is taken at once, so that nobody
	// holds half of one while he waits for the rest.
	if err := in.grow(ctx, int(max(r.ContentLength, 4<<10))); err != nil {
		return err
	}
	body := io.Reader(http.MaxBytesReader(w, r.Body, int64(s.cfg.MaxBody)))
	limit := s.cfg.MaxBody
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return bad("the body is not gzip: %v", err)
		}
		defer z.Close()
		body, limit = z, s.cfg.MaxUnpacked
	case "deflate":
		z, err := zlib.NewReader(body)
		if err != nil {
			return bad("the body is not deflate: %v", err)
		}
		defer z.Close()
		body, limit = z, s.cfg.MaxUnpacked
	default:
		return refusal{http.StatusUnsupportedMediaType, "the content encoding is not known: send gzip, deflate or none"}
	}
	return in.fill(r.Context(), s, body, limit)
}

func (in *intake) fill(ctx context.Context, s *Server, body io.Reader, limit int) error {
	for {
		if len(in.body) == cap(in.body) {
			ctx, cancel := context.WithTimeout(ctx, s.cfg.RoomTimeout)
			err := in.grow(ctx, 2*cap(in.body))
			cancel()
			if err != nil {
				return err
			}
		}
		n, err := body.Read(in.body[len(in.body):cap(in.body)])
		in.body = in.body[:len(in.body)+n]
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large), len(in.body) > limit:
			return tooLarge(limit)
		case err == io.EOF:
			return nil
		case err != nil:
			return bad("the body cannot be read: %v", err)
		}
	}
}

// grow makes room for a body of so many bytes, waiting for memory.
func (in *intake) grow(ctx context.Context, size int) error {
	if size <= cap(in.body) { // kept from the request before
		return nil
	}
	if err := in.share.Grow(ctx, size-cap(in.body), true); err != nil {
		return errFull
	}
	in.body = append(make([]byte, 0, size), in.body...)
	return nil
}

func tooLarge(limit int) error {
	return refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", limit)}
}

func bad(format string, args ...any) error {
	return refusal{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// records makes the records of the body, or of the parameters; an error says
// that there is none to be handed on.
func (in *intake) records(s *Server, r *http.Request) error {
	in.b.Read = time.Now().UnixNano()
	p, err := in.content(s, r)
	if err != nil {
		return err
	}
	in.b.Arena = p.data // mostly the body itself
	switch p.kind {
	case kindText:
		err = in.text(s, 0, len(in.b.Arena))
	case kindJSON:
		err = in.json(s, 0, len(in.b.Arena))
	case kindLines:
		err = in.lines(s)
	case kindMsgpack:
		err = in.msgpack()
	}
	if err != nil {
		return err
	}
	in.decorate(s, r)
	return nil
}

// timeParam reads the parameter time, Unix seconds; 0 is the present.
func (in *intake) timeParam(text string) error {
	if text == "" {
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f-f != 0 || f > 1<<40 || f < -1<<40 {
		return bad("the parameter time is %q: write seconds since 1970", text)
	}
	if in.none = f == 0; in.none {
		return nil
	}
	whole := int64(f)
	if float64(whole) > f {
		whole--
	}
	in.at = event.Time{Sec: whole, Nsec: uint32((f - float64(whole)) * 1e9)}
	return nil
}

// begin begins a record.
func (in *intake) begin() (i int) {
	in.b.Begin(event.Record{Pos: -1, Weight: 1})
	return len(in.b.Recs) - 1
}
