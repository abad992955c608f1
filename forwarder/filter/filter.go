// Package filter holds the filters: each changes a batch's records in place.
//
// Promise: a filter does no I/O and never waits; it may be called from many
// goroutines at once, for different batches; it touches live records only, and
// their IDs never. A record that it could not work on becomes Failed, it is
// not lost. Names and meanings of settings are Fluentd's; where Fluentd would
// run Ruby, the constructor refuses instead.
package filter

import (
	"sluice/event"
	"sluice/setting"
)

func refuse(field, format string, args ...any) error { return setting.Refuse(field, format, args...) }

// anyLive reports whether there is anything to do for a filter.
func anyLive(b *event.Batch) bool {
	for i := range b.Recs {
		if b.Recs[i].State == event.Live {
			return true
		}
	}
	return false
}
