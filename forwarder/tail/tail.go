package tail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"

	"sluice/event"
	"sluice/forwarder/ledger"
	"sluice/parser/multiline"
)

// Out is where batches go. Admit returns nil, or a channel that is closed when
// it is worth asking again; a file is not read before Admit agrees. On return
// of Emit the batch is ours again.
type Out interface {
	Admit(tag string) (wait <-chan struct{})
	Emit(ctx context.Context, b *event.Batch) error
}

// Tail follows the files of a glob.
type Tail struct {
	cfg    Config
	ledger *ledger.Ledger
	store  Store
	base   *event.Fragment
	log    *slog.Logger
	m      *metrics
	notes  notes
	rules  *multiline.Rules

	resting atomic.Int64 // idle files that are open

	newWatcher func() (*watcher, error) // what tests replace

	// Run's.
	watch   *watcher
	finder  *finder
	readers []*reader
}

// New makes a Tail. base holds what is true of every record (cluster, node,
// static fields) and may be nil. Positions are restored from store and put
// there; saving it is its owner's business.
func New(cfg Config, l *ledger.Ledger, store Store, base *event.Fragment, log *slog.Logger, reg prometheus.Registerer) (*Tail, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	rules, err := rulesOf(cfg.Multiline)
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(reg)
	if err != nil {
		return nil, err
	}
	if base == nil {
		base = &event.Fragment{}
	}
	return &Tail{
		cfg: cfg, ledger: l, store: store, base: base, log: log, m: m, rules: rules,
		notes: notes{last: map[string]time.Time{}}, newWatcher: newWatcher,
	}, nil
}

// Run finds and follows files until ctx ends, then returns without waiting for
// receipts: they move positions in the store whenever they come. It is called
// once. An error means that Out took a batch no more, and reading stopped.
func (t *Tail) Run(ctx context.Context, out Out) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t.finder = newFinder(t)
	for n := range t.cfg.Readers {
		t.readers = append(t.readers, newReader(t, out, fmt.Sprint("tail reader ", n)))
	}
	var watching, working sync.WaitGroup
	if w, err := t.newWatcher(); err != nil {
		t.log.Warn("files are found by listing directories only", "error", err)
	} else {
		w.onDir, w.onBurst = t.finder.poke, func() { t.finder.poke("") }
		w.onFile = func(g *group) { g.reader.wakeUp(g) }
		t.watch = w
		watching.Go(w.run)
	}
	errs := make([]error, len(t.readers))
	for i, r := range t.readers {
		working.Go(func() {
			if errs[i] = r.run(ctx); errs[i] != nil {
				cancel()
			}
		})
	}
	working.Go(func() { t.finder.run(ctx) })
	working.Wait()
	t.watch.close()
	watching.Wait()
	t.finder.close()
	return errors.Join(errs...)
}

// complain logs what happened to a path, at most once a minute a path.
func (t *Tail) complain(what, path string, err error) {
	if t.notes.due(path) {
		t.log.Warn(fmt.Sprintf("cannot %s container log; trying again", what), "path", path, "error", explain(err))
	}
}

func explain(err error) error {
	switch {
	case errors.Is(err, unix.EACCES):
		return fmt.Errorf("%w: run with group 0 or as root", err)
	case errors.Is(err, unix.EMFILE):
		return fmt.Errorf("%w: raise the limit of open files", err)
	}
	return err
}

// notes remembers what was logged when.
type notes struct {
	mu   sync.Mutex
	last map[string]time.Time
}

func (n *notes) due(path string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	if len(n.last) > 4096 {
		clear(n.last)
	}
	if at, ok := n.last[path]; ok && now.Sub(at) < time.Minute {
		return false
	}
	n.last[path] = now
	return true
}
