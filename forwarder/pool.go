package forwarder

import (
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"

	"sluice/event"
)

// Pool hands out blocks by the size of their bodies, so that a block of one
// small record does not hold the memory of a large one. What is freed and not
// taken soon is the collector's: a sync.Pool keeps it through two collections,
// and when an outage ends, that would be all that was buffered.
type Pool struct {
	classes [16]sync.Pool    // bodies of 1 KiB << class
	free    [16]atomic.Int32 // about how many blocks are in each
	max     int              // class of a fresh scratch block
}

// maxFree is how many bytes of bodies of one class are kept, about: what a few
// clients' windows hold, for their acks come together.
const maxFree = 24 << 20

// NewPool makes an empty pool.
func NewPool() *Pool { return &Pool{max: 9} } // 512 KiB

func class(n int) int { return min(bits.Len(uint(max(n-1, 0))>>10), 15) }

// Get returns an empty block whose body holds 1 KiB << class.
func (p *Pool) Get(class int) *event.Block {
	if b, ok := p.classes[class].Get().(*event.Block); ok {
		p.free[class].Add(-1)
		return b
	}
	p.free[class].Store(0)
	return &event.Block{Body: make([]byte, 0, 1024<<class)}
}

// Sized returns an empty block whose body holds so many bytes.
func (p *Pool) Sized(bytes int) *event.Block {
	b := p.Get(class(bytes))
	b.Body = slices.Grow(b.Body, bytes) // beyond the largest class
	return b
}

// Free takes a block back that nobody uses any more.
func (p *Pool) Free(b *event.Block) {
	b.Reset()
	if c := bits.Len(uint(cap(b.Body))>>10) - 1; c >= 0 && c < len(p.classes) && p.free[c].Load() <= maxFree>>(10+c) {
		p.free[c].Add(1)
		p.classes[c].Put(b)
	}
}

// Fit returns b, or a copy of it in a smaller block when b is mostly empty.
func (p *Pool) Fit(b *event.Block) *event.Block {
	c := class(len(b.Body))
	if 1024<<c > cap(b.Body)/2 {
		return b
	}
	f := p.Get(c)
	body, ends, ids, weights := f.Body, f.Ends, f.IDs, f.Weights
	*f = *b
	f.Body = append(body, b.Body...)
	f.Ends = append(ends, b.Ends...)
	f.IDs = append(ids, b.IDs...)
	f.Weights = append(weights, b.Weights...)
	p.Free(b)
	return f
}
