package elastictest

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Queue gives the faults to the bulk requests that come, one each, then none.
func Queue(faults ...Fault) func(Request) Fault {
	var mu sync.Mutex
	return func(r Request) Fault {
		mu.Lock()
		defer mu.Unlock()
		if r.Bulk < 0 || len(faults) == 0 {
			return Fault{}
		}
		f := faults[0]
		faults = faults[1:]
		return f
	}
}

// Always gives every bulk request the same fault.
func Always(f Fault) func(Request) Fault {
	return func(r Request) Fault {
		if r.Bulk < 0 {
			return Fault{}
		}
		return f
	}
}

// For gives every bulk request the fault until so much time has passed since the
// first one came, then none.
func For(d time.Duration, f Fault) func(Request) Fault {
	var first atomic.Pointer[time.Time]
	return func(r Request) Fault {
		if r.Bulk < 0 {
			return Fault{}
		}
		now := time.Now()
		first.CompareAndSwap(nil, &now)
		if now.Sub(*first.Load()) >= d {
			return Fault{}
		}
		return f
	}
}

// At gives the n-th item the status, for Fault.Item; several may be listed.
func At(status int, positions ...int) func(int) int {
	return func(pos int) int {
		for _, p := range positions {
			if p == pos {
				return status
			}
		}
		return 0
	}
}

// Chaos gives a share rate of the bulk requests a random fault that time heals:
// each leaves it to the client to send what was not stored again. The same seed
// gives the n-th request the same fault. Waits are at most hold long.
func Chaos(seed uint64, rate float64, hold time.Duration) func(Request) Fault {
	return func(r Request) Fault {
		if r.Bulk < 0 {
			return Fault{}
		}
		rnd := rand.New(rand.NewPCG(seed, uint64(r.Bulk)))
		if rnd.Float64() >= rate {
			return Fault{}
		}
		f := Fault{Kind: Kind(1 + rnd.IntN(len(kindNames)-1)), Keep: rnd.IntN(100)}
		if rnd.IntN(4) == 0 {
			f.Delay = time.Duration(rnd.Int64N(int64(hold) + 1))
		}
		switch f.Kind {
		case Reset:
			f.After = rnd.Int64N(1 << uint(rnd.IntN(20)))
		case Refuse:
			healing := []int{
				http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusInternalServerError,
				http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
			}
			f.Status = healing[rnd.IntN(len(healing))]
			if f.Status == http.StatusTooManyRequests && rnd.IntN(2) == 0 {
				f.RetryAfter = "0"
			}
		case Silence, Drip:
			f.Hold = hold / 16
		case Items:
			statuses := []int{http.StatusTooManyRequests, http.StatusForbidden, http.StatusNotFound, http.StatusServiceUnavailable}
			status, every, at := statuses[rnd.IntN(len(statuses))], 1+rnd.IntN(9), rnd.IntN(9)
			f.Item = func(pos int) int {
				if pos%every == at%every {
					return status
				}
				return 0
			}
		}
		return f
	}
}
