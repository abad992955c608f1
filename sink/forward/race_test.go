//go:build race

package forward

// race: sync.Pool forgets at random then, so that allocations say nothing.
const race = true
