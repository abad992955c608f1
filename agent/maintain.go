package agent

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/forwarder"
	"sluice/forwarder/checkpoint"
	"sluice/forwarder/ledger"
)

// checkEvery is how often the accounts are checked.
const checkEvery = 10 * time.Second

// keeper saves positions with the accounts, and checks the accounts.
type keeper struct {
	store   *checkpoint.Store
	ledger  *ledger.Ledger
	forward *forwarder.Forwarder
	log     *slog.Logger
	beat    func()
	every   time.Duration      // saves
	failed  prometheus.Counter // saves
	wrong   prometheus.Counter // accounts
}

func newKeeper(store *checkpoint.Store, led *ledger.Ledger, f *forwarder.Forwarder, beat func(), o Options, reg prometheus.Registerer) (*keeper, error) {
	k := &keeper{
		store: store, ledger: led, forward: f, beat: beat, log: o.Log, every: cmp.Or(o.SaveEvery, time.Second),
		failed: prometheus.NewCounter(prometheus.CounterOpts{Name: "sluice_checkpoint_errors_total", Help: "Saves of the checkpoint that failed; the one before is intact."}),
		wrong:  prometheus.NewCounter(prometheus.CounterOpts{Name: "sluice_accounts_errors_total", Help: "Checks at which read was not delivered + dropped + pending."}),
	}
	return k, errors.Join(reg.Register(k.failed), reg.Register(k.wrong), reg.Register(accounts{led}))
}

// run works until ctx ends. The last save is the caller's, after the lanes
// have drained.
func (k *keeper) run(ctx context.Context) {
	save, check := time.NewTicker(k.every), time.NewTicker(checkEvery)
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
	if err := takeAccounts(k.store, k.ledger, k.forward.Lanes())(); err != nil {
		k.failed.Inc()
		k.log.Error("positions and accounts were not saved, trying again", "error", err)
	}
}
