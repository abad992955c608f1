package soak

import (
	"net/http"
	"time"

	"sluice/sink/elastictest"
)

// faults is a plan in which share of the requests fail: busy answers, closed
// connections, cut bodies, silences, single documents that must be sent again;
// and one request in 500 has a document that is refused for good. What makes a
// lane wait for half a minute (credentials, an index's set-up) is not in it:
// lives are shorter.
func faults(seed uint64, share float64, hold time.Duration) func(elastictest.Request) elastictest.Fault {
	chaos := elastictest.Chaos(seed, share, hold)
	return func(r elastictest.Request) elastictest.Fault {
		f := chaos(r)
		switch f.Kind {
		case elastictest.Refuse:
			if f.Status == http.StatusUnauthorized || f.Status == http.StatusForbidden {
				f.Status = http.StatusServiceUnavailable
			}
		case elastictest.HTML:
			f.Kind = elastictest.Cut
		case elastictest.Items:
			f.Item = busy(f.Item)
		case elastictest.None:
			if r.Bulk >= 0 && r.Bulk%500 == 250 {
				return elastictest.Fault{Kind: elastictest.Items, Item: elastictest.At(http.StatusBadRequest, 1)}
			}
		}
		return f
	}
}

// busy makes statuses of single items that stop an index into a 429.
func busy(item func(int) int) func(int) int {
	return func(pos int) int {
		switch status := item(pos); status {
		case http.StatusForbidden, http.StatusNotFound:
			return http.StatusTooManyRequests
		default:
			return status
		}
	}
}
