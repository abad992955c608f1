package catalog

import (
	"strings"

	"sluice/forwarder/checkpoint"
)

// positions are one source's part of the positions file: several sources of
// one kind must not take each other's for their own.
type positions struct {
	all    *checkpoint.Store
	prefix string
}

// Get implements tail.Store.
func (p positions) Get(key string) ([]byte, bool) { return p.all.Get(p.prefix + key) }

// Set implements tail.Store.
func (p positions) Set(key string, val []byte) { p.all.Set(p.prefix+key, val) }

// Delete implements tail.Store.
func (p positions) Delete(key string) { p.all.Delete(p.prefix + key) }

// Range implements tail.Store.
func (p positions) Range(f func(key string, val []byte) bool) {
	p.all.Range(func(key string, val []byte) bool {
		own, ok := strings.CutPrefix(key, p.prefix)
		return !ok || f(own, val)
	})
}
