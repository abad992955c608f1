package agent

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder"
	"sluice/forwarder/checkpoint"
	"sluice/forwarder/deadletter"
	"sluice/forwarder/ledger"
)

// The accounts stand in the checkpoint beside the positions: inputs' under
// accountIn and the input's name, outputs' under accountOut and the lane's.
const (
	accountIn  = "accounts/in/"
	accountOut = "accounts/out/"
)

// account is an Account on disk: nothing is pending there.
type account struct {
	Delivered uint64      `json:"delivered"`
	Dropped   uint64      `json:"dropped"`
	DroppedBy event.Drops `json:"dropped_by,omitzero"`
}

// of is the account as the ledger has it. What an earlier version dropped has
// no reason.
func (a account) of() ledger.Account {
	by := a.DroppedBy.Take(a.Dropped)
	by[event.Unknown] += a.Dropped - by.Sum()
	return ledger.Account{Read: a.Delivered + a.Dropped, Delivered: a.Delivered, Dropped: a.Dropped, DroppedBy: by}
}

// restoreAccounts makes the totals go on where the last life's ended.
func restoreAccounts(store *checkpoint.Store, led *ledger.Ledger, lanes []*forwarder.Lane, log *slog.Logger) {
	in, out := map[string]ledger.Account{}, map[string]ledger.Account{}
	store.Range(func(key string, val []byte) bool {
		to, name := in, strings.TrimPrefix(key, accountIn)
		if name == key {
			to, name = out, strings.TrimPrefix(key, accountOut)
		}
		if name == key {
			return true
		}
		var a account
		if err := json.Unmarshal(val, &a); err != nil {
			log.Error("an account cannot be read: it begins at 0", "account", key, "error", err)
			return true
		}
		to[name] = a.of()
		return true
	})
	led.Restore(in)
	for _, l := range lanes {
		l.Restore(out[l.Name()])
	}
}

// takeAccounts puts the accounts that belong to the positions in the store
// into it, and takes its image.
func takeAccounts(store *checkpoint.Store, led *ledger.Ledger, lanes []*forwarder.Lane) (save func() error) {
	led.Freeze(func(sums map[string]ledger.Account) {
		for source, a := range sums {
			setAccount(store, accountIn+source, a)
		}
		for _, l := range lanes {
			setAccount(store, accountOut+l.Name(), l.Account())
		}
		save = store.Take()
	})
	return save
}

func setAccount(store *checkpoint.Store, key string, a ledger.Account) {
	val, err := json.Marshal(account{a.Delivered, a.Dropped, a.DroppedBy})
	if err != nil {
		panic(fmt.Sprintf("BUG: account does not encode: %v", err))
	}
	store.Set(key, val)
}

// accounts exports the ledger's sums over all sources.
type accounts struct{ ledger *ledger.Ledger }

var (
	accountsDesc = prometheus.NewDesc("sluice_accounts_records",
		"Source records by what became of them, earlier lives of the agent included: read = delivered + dropped + pending.", []string{"state"}, nil)
	accountsDropped = prometheus.NewDesc("sluice_accounts_dropped_records",
		"The source records that were dropped, earlier lives of the agent included, by reason.", []string{"reason"}, nil)
)

// Describe implements prometheus.Collector.
func (accounts) Describe(ch chan<- *prometheus.Desc) {
	ch <- accountsDesc
	ch <- accountsDropped
}

// Collect implements prometheus.Collector.
func (a accounts) Collect(ch chan<- prometheus.Metric) {
	var sum ledger.Account
	for _, s := range a.ledger.Accounts() {
		sum.Read += s.Read
		sum.Delivered += s.Delivered
		sum.Drop(s.DroppedBy)
		sum.Pending += s.Pending
	}
	for state, n := range map[string]uint64{"read": sum.Read, "delivered": sum.Delivered, "dropped": sum.Dropped, "pending": sum.Pending} {
		ch <- prometheus.MustNewConstMetric(accountsDesc, prometheus.GaugeValue, float64(n), state)
	}
	sum.DroppedBy.All(func(r event.Reason, n uint64) {
		ch <- prometheus.MustNewConstMetric(accountsDropped, prometheus.GaugeValue, float64(n), r.String())
	})
}

// deadLetters exports the dead-letter store's counts.
type deadLetters struct {
	store *deadletter.Store
	limit int64
}

var (
	deadBytes   = prometheus.NewDesc("sluice_dead_letters_bytes", "Bytes of dead letters on disk; dead_letters.disk_limit bounds them.", nil, nil)
	deadLimit   = prometheus.NewDesc("sluice_dead_letters_limit_bytes", "dead_letters.disk_limit: what dead letters may take.", nil, nil)
	deadWritten = prometheus.NewDesc("sluice_dead_letters_written_total", "Dead letters written by this process.", nil, nil)
	deadDropped = prometheus.NewDesc("sluice_dead_letters_dropped_total", "Dead letters removed unseen: overflow_action is drop_oldest.", nil, nil)
)

// Describe implements prometheus.Collector.
func (deadLetters) Describe(ch chan<- *prometheus.Desc) {
	ch <- deadBytes
	ch <- deadLimit
	ch <- deadWritten
	ch <- deadDropped
}

// Collect implements prometheus.Collector.
func (d deadLetters) Collect(ch chan<- prometheus.Metric) {
	bytes, written, dropped := d.store.Stats()
	ch <- prometheus.MustNewConstMetric(deadBytes, prometheus.GaugeValue, float64(bytes))
	ch <- prometheus.MustNewConstMetric(deadLimit, prometheus.GaugeValue, float64(d.limit))
	ch <- prometheus.MustNewConstMetric(deadWritten, prometheus.CounterValue, float64(written))
	ch <- prometheus.MustNewConstMetric(deadDropped, prometheus.CounterValue, float64(dropped))
}
