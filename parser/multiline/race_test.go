//go:build race

package multiline

// raceEnabled: sync.Pool forgets at random then, so that allocations say nothing.
const raceEnabled = true
