package elastictest

import (
	"encoding/base64"
	"hash/maphash"
)

// idSet is a set of document ids that is exact. An id of 24 characters of
// base64url, Sluice's own, takes 18 bytes and its share of free slots: 24 to 48
// bytes each. Any other takes a string's place in a map.
type idSet struct {
	seed  maphash.Seed
	parts [64]idPart // so that growing copies a 64th at a time
	other map[string]struct{}
}

type idKey [18]byte

// idPart is a table with open addressing; the zero key means a free slot.
type idPart struct {
	slots []idKey
	n     int
	zero  bool // the zero key is in the set
}

func newIDSet() *idSet {
	return &idSet{seed: maphash.MakeSeed(), other: map[string]struct{}{}}
}

// compact returns an id's 18 bytes, if they say all about it.
func compact(id []byte) (k idKey, ok bool) {
	if len(id) != 24 {
		return k, false
	}
	n, err := base64.RawURLEncoding.Decode(k[:], id)
	return k, err == nil && n == len(k) // the decoder skips line ends
}

// add adds id and reports whether it was not there.
func (s *idSet) add(id []byte) bool {
	k, ok := compact(id)
	if !ok {
		if _, there := s.other[string(id)]; there {
			return false
		}
		s.other[string(id)] = struct{}{}
		return true
	}
	h := maphash.Bytes(s.seed, k[:])
	p := &s.parts[h%64]
	if p.n >= len(p.slots)/4*3 {
		p.grow(s.seed)
	}
	return p.add(k, h)
}

func (s *idSet) has(id []byte) bool {
	k, ok := compact(id)
	if !ok {
		_, there := s.other[string(id)]
		return there
	}
	h := maphash.Bytes(s.seed, k[:])
	p := &s.parts[h%64]
	if k == (idKey{}) {
		return p.zero
	}
	if len(p.slots) == 0 {
		return false
	}
	return p.slots[p.find(k, h)] == k
}

func (s *idSet) len() (n int) {
	for i := range s.parts {
		n += s.parts[i].n
		if s.parts[i].zero {
			n++
		}
	}
	return n + len(s.other)
}

// find returns the slot that holds k, or the free one where it belongs.
func (p *idPart) find(k idKey, h uint64) int {
	mask := len(p.slots) - 1
	for i := int(h>>6) & mask; ; i = (i + 1) & mask {
		if p.slots[i] == k || p.slots[i] == (idKey{}) {
			return i
		}
	}
}

func (p *idPart) add(k idKey, h uint64) bool {
	if k == (idKey{}) {
		there := p.zero
		p.zero = true
		return !there
	}
	i := p.find(k, h)
	if p.slots[i] == k {
		return false
	}
	p.slots[i] = k
	p.n++
	return true
}

func (p *idPart) grow(seed maphash.Seed) {
	old := p.slots
	*p = idPart{slots: make([]idKey, max(8, 2*len(old))), zero: p.zero}
	for _, k := range old {
		if k != (idKey{}) {
			p.add(k, maphash.Bytes(seed, k[:]))
		}
	}
}
