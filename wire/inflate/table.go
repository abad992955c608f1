package inflate

import (
	"math/bits"
	"slices"
)

// A table maps the next bits of a stream to what they stand for (RFC 1951,
// 3.2.2). Codes of up to primary bits are found at once, longer ones in a table
// of their own, behind it.
//
// An entry is value<<16 | flags | extra<<8 | the code's length: literals and
// bases of lengths or distances, with how many extra bits follow. Of a link,
// value is where the other table begins, extra how many bits its index has, and
// length how many are used up before. 0 is no code.
type entry uint32

const (
	literal entry = 1 << 15
	special entry = 1 << 14 // a link, or the end of the block
	link    entry = 1 << 13
)

func (e entry) length() uint { return uint(e & 0x1f) }
func (e entry) extra() uint  { return uint(e >> 8 & 0x1f) }
func (e entry) value() int   { return int(e >> 16) }

const maxBits = 15

// table is one code. Its memory is used again.
type table struct {
	primary uint
	entries []entry
}

// build makes the table of a code whose symbol i has lengths[i] bits; 0: it
// does not occur. meaning tells an entry without its length. false: the lengths
// make no code. A code of one symbol has one bit, and one of none is one until
// it is used.
func (t *table) build(primary uint, lengths []uint8, meaning func(symbol int) entry) bool {
	var count [maxBits + 1]int
	longest := uint(0)
	for _, n := range lengths {
		count[n]++
		longest = max(longest, uint(n))
	}
	count[0] = 0
	var next [maxBits + 2]int
	for n := 1; n <= maxBits; n++ {
		next[n+1] = (next[n] + count[n]) << 1
	}
	if used := next[longest] + count[longest]; longest > 0 && used != 1<<longest && !(used == 1 && longest == 1) {
		return false
	}
	t.primary = min(primary, max(longest, 1))
	t.entries = extend(t.entries[:0], 1<<t.primary)
	deep := longest - t.primary // bits of the tables behind
	for symbol, size := range lengths {
		n := uint(size)
		if n == 0 {
			continue
		}
		code := uint(bits.Reverse16(uint16(next[n]))) >> (16 - n)
		next[n]++
		e := meaning(symbol)
		if n <= t.primary {
			t.fill(0, t.primary, code, n, e|entry(n))
			continue
		}
		head := code & (1<<t.primary - 1)
		if t.entries[head] == 0 {
			t.entries[head] = entry(len(t.entries))<<16 | special | link | entry(deep)<<8 | entry(t.primary)
			t.entries = extend(t.entries, 1<<deep)
		}
		t.fill(t.entries[head].value(), deep, code>>t.primary, n-t.primary, e|entry(n-t.primary))
	}
	return true
}

// extend appends n entries that are no code.
func extend(s []entry, n int) []entry {
	from := len(s)
	s = slices.Grow(s, n)[:from+n]
	clear(s[from:])
	return s
}

// fill writes e wherever the lowest n bits of an index are the code, in the
// table of size bits at base.
func (t *table) fill(base int, size, code, n uint, e entry) {
	for i := code; i < 1<<size; i += 1 << n {
		t.entries[base+int(i)] = e
	}
}

// next returns the entry for the next bits, and what is left of them behind its
// code.
func (t *table) next(bits uint64, n int) (entry, uint64, int) {
	e := t.entries[bits&(1<<(t.primary&63)-1)]
	if e&link != 0 {
		bits >>= e.length() & 63
		n -= int(e.length())
		e = t.entries[e.value()+int(bits&(1<<e.extra()-1))]
	}
	return e, bits >> (e.length() & 63), n - int(e.length())
}

// Lengths and distances: bases, and how many bits are added to them.
var (
	lengthBase  = [...]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [...]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [...]uint16{
		1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073,
		4097, 6145, 8193, 12289, 16385, 24577,
	}
	// order is that of the lengths of the code in which the other codes' lengths are.
	order = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

const endOfBlock = 256

// ofLengths is the meaning of literals and lengths. 286 and 287 are in the
// fixed code, and mean nothing.
func ofLengths(symbol int) entry {
	switch i := symbol - endOfBlock - 1; {
	case symbol < endOfBlock:
		return entry(symbol)<<16 | literal
	case symbol == endOfBlock:
		return special
	case i < len(lengthBase):
		return entry(lengthBase[i])<<16 | entry(lengthExtra[i])<<8
	}
	return special | 1<<16
}

// ofDistances is the meaning of distances. 30 and 31 are in the fixed code, and mean
// nothing.
func ofDistances(symbol int) entry {
	if symbol >= len(distBase) {
		return special | 1<<16
	}
	return entry(distBase[symbol])<<16 | entry(max(symbol/2-1, 0))<<8
}

func ofCodes(symbol int) entry { return entry(symbol) << 16 }
