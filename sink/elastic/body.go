package elastic

import (
	"bytes"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"

	"sluice/event"
)

// rebuildAfter is how many deliveries one compressed body is given: a damaged
// one is answered by closing the connection, which looks like the network.
const rebuildAfter = 3

// gzips compresses bodies; its zero value is ready.
type gzips struct{ pool sync.Pool } // *zipper

// zipper compresses into memory that it keeps: what a body will come to is not
// known before, and a buffer that grows to it is garbage twice over.
type zipper struct {
	out bytes.Buffer
	zw  *gzip.Writer
}

// wire compresses the chunk's blocks into c.Wire, unless they are there.
func (g *gzips) wire(c *event.Chunk) {
	if c.Wire != nil && (c.Tries <= rebuildAfter || (c.Tries-1)%rebuildAfter != 0) {
		return
	}
	z, ok := g.pool.Get().(*zipper)
	if !ok {
		z = &zipper{}
		z.zw, _ = gzip.NewWriterLevel(&z.out, gzip.BestSpeed) // fails for levels that do not exist
	}
	z.out.Reset()
	z.zw.Reset(&z.out)
	for _, b := range c.Blocks {
		_, _ = z.zw.Write(b.Body) // a bytes.Buffer takes everything
	}
	_ = z.zw.Close()
	c.Wire = bytes.Clone(z.out.Bytes())
	g.pool.Put(z)
}

// plain is the chunk's blocks as an uncompressed body, without a copy of them.
// The transport may go on reading after it has returned, and the blocks are
// the lane's again by then: release cuts every reader off.
type plain struct {
	mu     sync.Mutex
	blocks []*event.Block
}

func (p *plain) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blocks = nil
}

// reader starts at the first byte.
func (p *plain) reader() io.ReadCloser { return &plainReader{plain: p} }

type plainReader struct {
	plain  *plain
	block  int
	offset int
}

func (r *plainReader) Read(dst []byte) (int, error) {
	r.plain.mu.Lock()
	defer r.plain.mu.Unlock()
	if r.plain.blocks == nil {
		return 0, io.ErrClosedPipe
	}
	for n := 0; r.block < len(r.plain.blocks); r.block, r.offset = r.block+1, 0 {
		if n = copy(dst, r.plain.blocks[r.block].Body[r.offset:]); n > 0 {
			r.offset += n
			return n, nil
		}
	}
	return 0, io.EOF
}

func (r *plainReader) Close() error { return nil }
