package soak

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// KillConfig says what to do to the agent.
type KillConfig struct {
	Config
	Kills int
	Life  time.Duration // a life lasts so long at most, from when it is ready
	// Disk, if not nil, holds the agent's data, and loses its power at each kill.
	Disk *PowerDisk
}

// Result is what came of it.
type Result struct {
	Verdict
	Kills, Stops     int
	Rotations        int // of a storm
	Requests, Faults int64
	Accounts         string // empty: they came out
	Took             time.Duration
}

// Whole reports that nothing was lost or doubled and the accounts came out.
func (r *Result) Whole() bool { return r.Verdict.Whole() && r.Accounts == "" }

// String is the result in one line.
func (r *Result) String() string {
	text := fmt.Sprintf("%d kills (%d after a stop): %s; %d requests, %d with a fault; %v",
		r.Kills, r.Stops, r.Verdict.String(), r.Requests, r.Faults, r.Took.Round(time.Second))
	if r.Accounts != "" {
		text += "; " + r.Accounts
	}
	return text
}

// killer is one run.
type killer struct {
	*rig
	cfg     KillConfig
	result  Result
	durable snapshot
}

// Kill runs what cfg says: the agent is started and killed at random moments
// while records are generated and the sink fails; then it may deliver in peace,
// and is stopped. An error means that the run itself did not work.
func Kill(ctx context.Context, cfg KillConfig) (*Result, error) {
	data := filepath.Join(cfg.Dir, "data")
	if cfg.Disk != nil {
		data = filepath.Join(cfg.Disk.dir, "data")
	}
	rig, err := newRig(cfg.Config, data)
	if err != nil {
		return nil, err
	}
	defer rig.close()
	k := &killer{rig: rig, cfg: cfg}
	if cfg.Disk != nil {
		k.files.saved = k.durable.get
	}
	k.server.SetFaults(faults(cfg.Seed, 0.25, 200*time.Millisecond))
	begun := time.Now()
	if err := k.run(ctx); err != nil {
		return nil, k.fail(err)
	}
	k.result.Accounts = k.accounts(k.made())
	stats := k.server.Stats()
	k.result.Requests, k.result.Faults, k.result.Took = stats.Requests, stats.Faults, time.Since(begun)
	return &k.result, nil
}

// run generates and kills, then lets the agent finish.
func (k *killer) run(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(nil)
	generate := func(on bool, f func() error) {
		if !on {
			return
		}
		wg.Go(func() {
			if err := f(); err != nil {
				cancel(err)
			}
		})
	}
	generate(k.cfg.Tail, func() error {
		return k.files.write(ctx, stop, func() int { return k.cfg.Rate }, k.cfg.Behind, k.store.count)
	})
	generate(k.cfg.Forward, func() error { return k.send(ctx, stop, fileCount, k.cfg.Rate) })
	err = k.lives(ctx)
	close(stop)
	if err != nil {
		return err
	}
	a, err := k.start()
	if err != nil {
		return err
	}
	k.result.Verdict, err = k.finish(ctx, a, &wg)
	return err
}

// lives starts and kills the agent.
func (k *killer) lives(ctx context.Context) error {
	last := time.Now()
	for k.result.Kills < k.cfg.Kills {
		a, err := k.start()
		if err != nil {
			return err
		}
		k.live(ctx, a)
		if err := k.kill(a); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if k.result.Kills++; time.Since(last) > 10*time.Second {
			last = time.Now()
			fmt.Fprintf(k.cfg.Say, "  %d of %d kills, %d records stored\n", k.result.Kills, k.cfg.Kills, k.store.count())
		}
	}
	return nil
}

// kill ends the agent, and with its disk's power what it did not sync.
func (k *killer) kill(a *process) error {
	if k.cfg.Disk == nil || a.ended() {
		return a.end(syscall.SIGKILL)
	}
	if err := k.cfg.Disk.off(); err != nil {
		return err
	}
	a.kill() // it may have ended by itself, for want of a disk
	if err := k.cfg.Disk.on(k.rnd.Uint64()); err != nil {
		return err
	}
	return k.durable.take(k.data)
}

// live returns at the random moment at which the agent is to be killed: now
// and then before it is ready, or after it was stopped for a while.
func (k *killer) live(ctx context.Context, a *process) {
	life, hurry := time.Duration(k.rnd.Int64N(int64(k.cfg.Life))), k.rnd.IntN(8) == 0
	stopped, wait := k.rnd.IntN(8) == 0, time.Duration(k.rnd.Int64N(int64(k.cfg.Life)))
	if !hurry && !a.await(ctx) {
		return
	}
	pause(ctx, a, life)
	if stopped {
		k.result.Stops++
		a.cmd.Process.Signal(syscall.SIGSTOP)
		pause(ctx, a, wait)
		a.cmd.Process.Signal(syscall.SIGCONT)
		pause(ctx, a, life)
	}
}
