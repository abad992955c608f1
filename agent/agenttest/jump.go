//go:build clockjump

package agenttest

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
	_ "unsafe" // for the name below
)

// clockJump is added to the wall clock, in seconds; tools/clock.sh puts it there.
//
//go:linkname clockJump time.clockJump
var clockJump int64

// jump sets the process's wall clock again and again, forwards and backwards,
// by up to six hours.
func jump() {
	const hours = 6 * 3600
	go func() {
		for {
			before := time.Now().Unix()
			by := rand.Int64N(2*hours) - hours
			by -= atomic.SwapInt64(&clockJump, by)
			if moved := time.Now().Unix() - before; moved-by < 0 || moved-by > 3600 {
				panic("BUG: the clock does not jump")
			}
			time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		}
	}()
}
