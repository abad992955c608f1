package listen

import (
	"errors"
	"fmt"
	"io"

	"sluice/wire"
)

// pieces are a packed payload that unpacks to more than is held at once: its
// entries, so many as there is room for. Fluentd counts a chunk's bytes when
// they are compressed, so that its 8 MB may well unpack to 100.
type pieces struct {
	r     io.ReadCloser
	buf   []byte
	n     int // bytes of buf that are filled
	used  int // those of them that were handed out
	ended bool
	total int64 // bytes, so far
}

// openPieces goes over the whole payload once, in buf, before anything of it is
// believed: checksums, entries, and that it is not more than max bytes. It
// returns how many entries there are.
func openPieces(codec wire.Codec, raw, buf []byte, max int) (p *pieces, entries int, err error) {
	if p, err = newPieces(codec, raw, buf); err != nil {
		return nil, 0, err
	}
	defer p.close()
	for {
		piece, err := p.next()
		if err != nil {
			return nil, 0, err
		}
		if len(piece) == 0 {
			break
		}
		if p.total > int64(max) {
			return nil, 0, wire.TooLargeError{Limit: max}
		}
		for len(piece) > 0 {
			size, err := wire.Skip(piece)
			if err != nil {
				break // cut short at the very end: see fill
			}
			piece, entries = piece[size:], entries+1
		}
	}
	p, err = newPieces(codec, raw, buf)
	return p, entries, err
}

func newPieces(codec wire.Codec, raw, buf []byte) (*pieces, error) {
	r, err := wire.Stream(codec, raw)
	if err != nil {
		return nil, err
	}
	return &pieces{r: r, buf: buf}, nil
}

func (p *pieces) close() { _ = p.r.Close() }

// errEntry is the error of a piece that holds no whole entry.
var errEntry = errors.New("an entry is larger than max_chunk, or not msgpack")

// next returns the next entries, none when all were. They are whole, but for
// those that the payload ends with. Until the call after they may be kept.
func (p *pieces) next() ([]byte, error) {
	p.n = copy(p.buf, p.buf[p.used:p.n])
	p.used = 0
	for p.n < len(p.buf) && !p.ended {
		n, err := p.r.Read(p.buf[p.n:])
		p.n += n
		p.total += int64(n)
		switch {
		case err == io.EOF:
			p.ended = true
		case err != nil:
			return nil, err
		}
	}
	for p.used < p.n && !p.ended {
		size, err := wire.Skip(p.buf[p.used:p.n])
		if err != nil {
			break
		}
		p.used += size
	}
	switch {
	case p.ended:
		p.used = p.n
	case p.used == 0:
		return nil, fmt.Errorf("cannot take a piece of %d bytes apart: %w", p.n, errEntry)
	}
	return p.buf[:p.used], nil
}
