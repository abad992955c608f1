package agent

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/forwarder"
	"sluice/forwarder/checkpoint"
	"sluice/forwarder/ledger"
)

// saveEvery is how often positions are saved, and so how much is read again
// after a crash; checkEvery how often the accounts are checked.
const (
	saveEvery  = time.Second
	checkEvery = 10 * time.Second
)

// keeper saves positions and checks the accounts.
type keeper struct {
	store   *checkpoint.Store
	ledger  *ledger.Ledger
	forward *forwarder.Forwarder
	log     *slog.Logger
	beat    func()
	failed  prometheus.Counter // saves
	wrong   prometheus.Counter // accounts
}

func newKeeper(store *checkpoint.Store, led *ledger.Ledger, f *forwarder.Forwarder, beat func(), log *slog.Logger, reg prometheus.Registerer) (*keeper, error) {
	k := &keeper{
		store: store, ledger: led, forward: f, beat: beat, log: log,
		failed: prometheus.NewCounter(prometheus.CounterOpts{Name: "sluice_checkpoint_errors_total", Help: "Saves of the checkpoint that failed; the one before is intact."}),
		wrong:  prometheus.NewCounter(prometheus.CounterOpts{Name: "sluice_accounts_errors_total", Help: "Checks at which read was not delivered + dropped + pending."}),
	}
	return k, errors.Join(reg.Register(k.failed), reg.Register(k.wrong), reg.Register(accounts{led}))
}

// run works until ctx ends. The last save is the caller's, after the lanes
// have drained.
func (k *keeper) run(ctx context.Context) {
	save, check := time.NewTicker(saveEvery), time.NewTicker(checkEvery)
	defer save.Stop()
	defer check.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-save.C:
			k.save()
			k.beat()
		case <-check.C:
			if err := errors.Join(k.ledger.Check(), k.forward.Check()); err != nil {
				k.wrong.Inc()
				k.log.Error("accounts do not add up", "error", err)
			}
		}
	}
}

func (k *keeper) save() {
	if err := k.store.Save(); err != nil {
		k.failed.Inc()
		k.log.Error("positions were not saved, trying again", "error", err)
	}
}

// accounts exports the ledger's sums over all sources.
type accounts struct{ ledger *ledger.Ledger }

var accountsDesc = prometheus.NewDesc("sluice_accounts_records",
	"Source records by what became of them: read = delivered + dropped + pending.", []string{"state"}, nil)

// Describe implements prometheus.Collector.
func (accounts) Describe(ch chan<- *prometheus.Desc) { ch <- accountsDesc }

// Collect implements prometheus.Collector.
func (a accounts) Collect(ch chan<- prometheus.Metric) {
	var sum ledger.Account
	for _, s := range a.ledger.Accounts() {
		sum.Read += s.Read
		sum.Delivered += s.Delivered
		sum.Dropped += s.Dropped
		sum.Pending += s.Pending
	}
	for state, n := range map[string]uint64{"read": sum.Read, "delivered": sum.Delivered, "dropped": sum.Dropped, "pending": sum.Pending} {
		ch <- prometheus.MustNewConstMetric(accountsDesc, prometheus.GaugeValue, float64(n), state)
	}
}
