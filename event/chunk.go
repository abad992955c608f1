package event

// Chunk is the blocks of one key that travel in one request. Its items are
// numbered through all its blocks.
type Chunk struct {
	Key    string
	Blocks []*Block
	// Wire is the sink's: the body as sent (compressed), kept between tries of
	// the same items so that it is compressed once. Keep and Split empty it.
	Wire  []byte
	Tries int // deliveries begun
}

// Len is the number of items.
func (c *Chunk) Len() (n int) {
	for _, b := range c.Blocks {
		n += b.Len()
	}
	return n
}

// Bytes is the encoded size, uncompressed.
func (c *Chunk) Bytes() (n int) {
	for _, b := range c.Blocks {
		n += len(b.Body)
	}
	return n
}

// Weight is the number of source records in it.
func (c *Chunk) Weight() (n int) {
	for _, b := range c.Blocks {
		n += b.Weight()
	}
	return n
}

// At finds item i: its block and its index there.
func (c *Chunk) At(i uint32) (*Block, int) {
	for _, b := range c.Blocks {
		if int(i) < b.Len() {
			return b, int(i)
		}
		i -= uint32(b.Len())
	}
	panic("BUG: item beyond the chunk")
}

// Keep removes every item not listed (ascending, without repeats) and passes
// the blocks that have none left to done, which gives back their receipts.
func (c *Chunk) Keep(items []uint32, done func(*Block)) {
	c.Wire = nil
	base, left := uint32(0), c.Blocks[:0]
	for _, b := range c.Blocks {
		n, size := 0, uint32(b.Len())
		for n < len(items) && items[n] < base+size {
			n++
		}
		switch {
		case n == 0:
			done(b)
		case n < int(size):
			b.keep(items[:n], base)
			left = append(left, b)
		default:
			left = append(left, b)
		}
		items, base = items[n:], base+size
	}
	clear(c.Blocks[len(left):])
	c.Blocks = left
}

// Halve takes the later half of the items off and returns it as a chunk of its
// own; nil when there is one item. fresh makes an empty block, for the case
// that one block must be cut in two; its receipt is then shared.
func (c *Chunk) Halve(fresh func() *Block) *Chunk {
	c.Wire = nil
	if n := len(c.Blocks); n > 1 {
		rest := &Chunk{Key: c.Key, Blocks: append([]*Block(nil), c.Blocks[n/2:]...)}
		clear(c.Blocks[n/2:])
		c.Blocks = c.Blocks[:n/2]
		return rest
	}
	if c.Len() < 2 {
		return nil
	}
	b := c.Blocks[0]
	r := b.cut(b.Len()/2, fresh())
	return &Chunk{Key: c.Key, Blocks: []*Block{r}}
}
