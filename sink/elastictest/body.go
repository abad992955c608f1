package elastictest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
)

// reader reads bodies into buffers that it keeps.
type reader struct {
	wire []byte // as sent
	text []byte // decompressed
	src  bytes.Reader
	zr   gzip.Reader
}

var (
	errTooLarge = errors.New("body over the limit")
	errDamaged  = errors.New("body is not what its encoding says")
)

// read reads r's body, which may have limit bytes, decompressed too.
func (b *reader) read(r *http.Request, limit int64) ([]byte, error) {
	var err error
	if b.wire, err = fill(b.wire[:0], r.Body, r.ContentLength, limit); err != nil {
		return nil, err
	}
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "gzip", "x-gzip":
		return b.inflate(limit)
	case "deflate", "x-deflate":
		zr, err := zlib.NewReader(bytes.NewReader(b.wire))
		if err != nil {
			return nil, errDamaged
		}
		b.text, err = fill(b.text[:0], zr, 0, limit)
		return b.text, damage(err)
	case "snappy":
		return nil, errDamaged // no body of ours is
	}
	return b.wire, nil
}

// inflate reads the gzip members in wire. As the real server does it takes a
// body that was cut for what it holds so far, and less than a header's length
// behind the last member for nothing.
func (b *reader) inflate(limit int64) ([]byte, error) {
	const header = 10
	b.text = b.text[:0]
	b.src.Reset(b.wire)
	for b.src.Len() >= header {
		if err := b.zr.Reset(&b.src); err != nil {
			if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
				break // within the header
			}
			return nil, errDamaged
		}
		b.zr.Multistream(false)
		var err error
		if b.text, err = fill(b.text, &b.zr, 0, limit); err != nil {
			if err = damage(err); err != nil {
				return nil, err
			}
			break
		}
	}
	return b.text, nil
}

// damage is what an error of a decompressor means.
func damage(err error) error {
	if err == nil || errors.Is(err, errTooLarge) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil // cut: taken for what was read
	}
	return errDamaged
}

// fill appends all of r to dst, which may become limit bytes long. hint is how
// many there will be, or less than 1.
func fill(dst []byte, r io.Reader, hint, limit int64) ([]byte, error) {
	if hint > 0 && hint <= limit && int64(cap(dst)-len(dst)) <= hint {
		dst = append(make([]byte, 0, int64(len(dst))+hint+1), dst...)
	}
	for {
		if len(dst) == cap(dst) {
			grown := make([]byte, len(dst), max(64<<10, 2*cap(dst)))
			copy(grown, dst)
			dst = grown
		}
		n, err := r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		switch {
		case int64(len(dst)) > limit:
			return dst, errTooLarge
		case err == io.EOF:
			return dst, nil
		case err != nil:
			return dst, err
		}
	}
}

// tooLarge answers 413. A body whose declared length is over the limit is read
// and dropped, so that the connection stays; after any other it is closed.
func tooLarge(w http.ResponseWriter, r *http.Request, limit int64) {
	if r.ContentLength > limit && r.Header.Get("Expect") == "" {
		io.Copy(io.Discard, r.Body) // ends with the connection at the latest
	} else {
		w.Header().Set("Connection", "close")
	}
	w.Header().Del("X-Elastic-Product")
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusRequestEntityTooLarge)
}

// hangUp closes the connection without an answer, with a reset if asked for.
func hangUp(w http.ResponseWriter, reset bool) {
	h, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler) // net/http's own way to end a connection
	}
	c, _, err := h.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if t, ok := c.(interface{ SetLinger(int) error }); ok && reset {
		t.SetLinger(0)
	} else if t, ok := c.(interface{ NetConn() net.Conn }); ok && reset {
		if t, ok := t.NetConn().(*net.TCPConn); ok {
			t.SetLinger(0)
		}
	}
	c.Close()
}
