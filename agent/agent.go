package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"sluice/admin"
	"sluice/forwarder"
	"sluice/forwarder/buffer"
	"sluice/forwarder/buffer/held"
	"sluice/forwarder/catalog"
	"sluice/forwarder/checkpoint"
	"sluice/forwarder/deadletter"
	"sluice/forwarder/enrich"
	"sluice/forwarder/ledger"
)

// Options are what an agent gets from its program, beside the settings.
type Options struct {
	Log     *slog.Logger
	Version string
	// Lane overrides the lane's timing; its zero values are defaults.
	Lane forwarder.LaneConfig
	// SaveEvery is how often positions and accounts are saved, and so how much
	// is read again after a crash; default 1 s.
	SaveEvery time.Duration
}

// Agent is one Sluice, not yet running.
type Agent struct {
	log     *slog.Logger
	data    *dataDir
	dead    *deadletter.Store
	held    *held.Store
	enrich  *enrich.Enricher // nil: nobody asks for Kubernetes metadata
	parts   *catalog.Parts
	forward *forwarder.Forwarder
	keeper  *keeper
	health  *admin.Health
	metrics *server // nil: metrics.listen is empty
	api     *server // nil: admin.listen is empty, or its address was in use
}

// New takes the data directory and the addresses and puts the parts together.
// After it succeeds, Run must be called.
func New(s *catalog.Settings, o Options) (*Agent, error) {
	a := &Agent{log: o.Log, health: admin.NewHealth()}
	if err := a.build(s, o); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *Agent) build(s *catalog.Settings, o Options) (err error) {
	if a.data, err = openDataDir(s.DataDir); err != nil {
		return err
	}
	store, aside, err := checkpoint.Open(s.DataDir)
	if err != nil {
		return err
	}
	if aside != "" {
		o.Log.Error("the checkpoint was damaged: files are read from the beginning", "kept_as", aside)
	}
	if a.dead, err = deadletter.Open(deadletter.Dir(s.DataDir), s.DeadLetters, o.Log); err != nil {
		return err
	}
	reg := newRegistry(o.Version)
	reg.MustRegister(deadLetters{a.dead, s.DeadLetters.DiskLimit})
	memory := s.MemoryLimit
	if memory == 0 {
		memory = defaultMemory()
	}
	if a.enrich, err = enrich.New(s.Kubernetes, filepath.Join(s.DataDir, "metadata"), o.Log, reg); err != nil {
		return err
	}
	a.held = openHeld(s.DataDir, o.Log)
	led := ledger.New()
	a.parts, err = catalog.Build(s, catalog.Deps{
		Ledger: led, Checkpoint: store, Dead: a.dead, Enrich: a.enrich, Budget: buffer.NewBudget(int(memory)), Memory: memory,
		BufferDir: filepath.Join(s.DataDir, "buffer"), Held: a.held,
		Lane: o.Lane, Log: o.Log, Registerer: reg, Loop: a.health.Loop,
	})
	if err != nil {
		return err
	}
	if a.forward, err = forwarder.New(a.parts.Config, o.Log, reg); err != nil {
		return err
	}
	restoreAccounts(store, led, a.forward.Lanes(), o.Log)
	if a.keeper, err = newKeeper(store, led, a.forward, a.health.Loop("keeper"), o, reg); err != nil {
		return fmt.Errorf("cannot register metrics: %w", err)
	}
	return a.listen(s, o, reg, led)
}

func newRegistry(version string) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "sluice_build_info", Help: "1, with the version in its labels.",
		ConstLabels: prometheus.Labels{"version": version, "go_version": runtime.Version()},
	})
	info.Set(1)
	reg.MustRegister(info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}

// Run runs the agent until ctx ends, then stops it in order: inputs, lanes,
// checkpoint, metrics. An error means that it could not go on.
func (a *Agent) Run(ctx context.Context) error {
	defer a.close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// The keeper and the metrics outlive the inputs: both are of use while lanes drain.
	side, stopSide := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSide()
	var wg sync.WaitGroup
	wg.Go(func() { a.keeper.run(side) })
	wg.Go(func() { a.held.Run(side) }) // until the last joined record is safe
	if a.enrich != nil {               // files wait for it while lanes drain, too
		wg.Go(func() { a.enrich.Run(side) })
	}
	var served [2]error
	for i, server := range []*server{a.metrics, a.api} {
		if server != nil {
			wg.Go(func() {
				defer stop()
				served[i] = server.run(side)
			})
		}
	}
	notReady := context.AfterFunc(ctx, func() { a.health.SetReady(false) })
	defer notReady()
	a.health.SetReady(true)
	a.log.Info("started", "data_dir", a.data.path)
	err := a.forward.Run(ctx)
	a.keeper.save()
	stopSide()
	wg.Wait()
	a.log.Info("stopped")
	return errors.Join(err, served[0], served[1])
}

// Push has the outputs send what waits for them now.
func (a *Agent) Push() {
	a.log.Info("sending what is buffered")
	a.forward.Push()
}

func (a *Agent) close() {
	if a.parts != nil {
		a.parts.Close()
	}
	if a.held != nil {
		a.held.Close()
	}
	if a.dead != nil {
		a.dead.Close()
	}
	if a.data != nil {
		a.data.Close()
	}
}

// ForwardAddrs are the addresses the forward input listens on.
func (a *Agent) ForwardAddrs() []string { return a.parts.ForwardAddrs() }

// InputAddrs are the addresses that the input of that name listens on.
func (a *Agent) InputAddrs(name string) []string { return a.parts.InputAddrs(name) }

// MetricsAddr is where /metrics is; empty: nowhere.
func (a *Agent) MetricsAddr() string {
	if a.metrics == nil {
		return ""
	}
	return a.metrics.Addr().String()
}

// AdminAddr is where the API is; empty: nowhere.
func (a *Agent) AdminAddr() string {
	if a.api == nil {
		return ""
	}
	return a.api.Addr().String()
}
