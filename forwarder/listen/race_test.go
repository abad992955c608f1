//go:build race

package listen

// racing: the race detector empties pools of the standard library at random.
const racing = true
