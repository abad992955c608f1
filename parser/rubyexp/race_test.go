//go:build race

package rubyexp

const raceEnabled = true
