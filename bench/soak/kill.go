package soak

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"sluice/bench/load"
	"sluice/sink/elastictest"
)

// KillConfig says what to do to the agent.
type KillConfig struct {
	Dir     string                          // gets everything; made if missing
	Command func(settings string) *exec.Cmd // starts the agent with a settings file
	Buffer  string                          // buffer.type
	Tail    bool                            // lines in container files
	Forward bool                            // records by the forward protocol, with acks
	Kills   int
	Rate    int           // lines a second, and as many records, at most
	Behind  int64         // so many may be generated and not yet stored
	Life    time.Duration // a life lasts so long at most, from when it is ready
	Seed    uint64
	Say     io.Writer // progress, a line now and then
}

// Result is what came of it.
type Result struct {
	Verdict
	Kills, Stops     int
	Requests, Faults int64
	Accounts         string // empty: they came out
	Took             time.Duration
}

// Whole reports that nothing was lost or doubled and the accounts came out.
func (r *Result) Whole() bool { return r.Verdict.Whole() && r.Accounts == "" }

// String is the result in one line.
func (r *Result) String() string {
	text := fmt.Sprintf("%d kills (%d after a stop): %d made, %d stored, %d dead letters, %d lost, %d doubled; %d requests, %d with a fault; %v",
		r.Kills, r.Stops, r.Made, r.Stored, r.Dead, r.Lost, r.Doubled, r.Requests, r.Faults, r.Took.Round(time.Second))
	for _, more := range []string{r.First, r.Accounts} {
		if more != "" {
			text += "; " + more
		}
	}
	return text
}

const (
	fileCount   = 8
	connections = 4
	chunkSize   = 100             // records
	stall       = 3 * time.Minute // without a new record, at the end
)

// killer is one run.
type killer struct {
	cfg     KillConfig
	rnd     *rand.Rand
	store   *store
	server  *elastictest.Server
	files   *files
	forward string // address
	logFile string
	file    string // settings
	result  Result
}

// Kill runs what cfg says: the agent is started and killed at random moments
// while records are generated and the sink fails; then it may deliver in peace,
// and is stopped. An error means that the run itself did not work.
func Kill(ctx context.Context, cfg KillConfig) (*Result, error) {
	k := &killer{cfg: cfg, rnd: rand.New(rand.NewPCG(cfg.Seed, 0x50a6)), store: newStore(), logFile: filepath.Join(cfg.Dir, "agent.log"), file: filepath.Join(cfg.Dir, "sluice.yaml")}
	k.server = elastictest.New(k.store, elastictest.WithFaults(faults(cfg.Seed, 0.25, 200*time.Millisecond)))
	web := httptest.NewServer(k.server)
	defer web.Close()
	defer k.server.Close()
	begun := time.Now()
	if err := k.prepare(web.URL); err != nil {
		return nil, err
	}
	defer k.files.close()
	made, err := k.run(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w\nthe agent's log ends:\n%s", err, lastLines(k.logFile))
	}
	dead, err := deadMarks(filepath.Join(cfg.Dir, "data"))
	if err != nil {
		return nil, err
	}
	k.result.Verdict = k.store.verify(made, dead)
	k.result.Accounts = k.accounts(made)
	stats := k.server.Stats()
	k.result.Requests, k.result.Faults, k.result.Took = stats.Requests, stats.Faults, time.Since(begun)
	return &k.result, nil
}

// prepare makes the files and the settings.
func (k *killer) prepare(url string) (err error) {
	if err := os.MkdirAll(k.cfg.Dir, 0o700); err != nil {
		return err
	}
	if k.files, err = newFiles(k.cfg.Dir, filepath.Join(k.cfg.Dir, "data"), fileCount, 0, rand.New(rand.NewPCG(k.cfg.Seed, 1))); err != nil {
		return err
	}
	// An address of the loopback network that nobody else uses: the agent must
	// find it free at every start, and its clients must find it again.
	k.forward = fmt.Sprintf("127.%d.%d.%d:24224", 1+k.rnd.IntN(254), k.rnd.IntN(256), 1+os.Getpid()%254)
	path, listen := "", ""
	if k.cfg.Tail {
		path = filepath.Join(k.cfg.Dir, "containers", "*.log")
	}
	if k.cfg.Forward {
		listen = k.forward
	}
	text := fmt.Sprintf(`data_dir: %q
shutdown_grace: 60s
memory_limit: 8MiB
log: { level: info }
metrics: { listen: "" }
admin: { listen: "" }
inputs:
  containers: { path: %q, refresh_interval: 200ms }
  forward: { listen: [%q] }
buffer: { type: %s, flush_interval: 50ms, flush_bytes: 256KiB }
elasticsearch: { urls: [%q], request_timeout: 2s }
`, filepath.Join(k.cfg.Dir, "data"), path, listen, k.cfg.Buffer, url)
	return os.WriteFile(k.file, []byte(text), 0o600)
}

// run generates and kills, and returns how many records each stream got.
func (k *killer) run(ctx context.Context) (made []int64, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := make(chan struct{})
	made = make([]int64, fileCount+connections)
	var wg sync.WaitGroup
	if k.cfg.Tail {
		wg.Go(func() {
			if err := k.files.write(ctx, stop, k.cfg.Rate, k.cfg.Behind, k.store.count); err != nil {
				cancel(err)
			}
		})
	}
	var sent []int64
	if k.cfg.Forward {
		wg.Go(func() {
			var err error
			sent, err = load.SendForward(ctx, load.ForwardConfig{
				Addr: k.forward, Mode: load.Packed, Ack: true, Connections: connections, Records: 1 << 32, Chunk: chunkSize, Window: 20 * chunkSize,
				Rate: k.cfg.Rate, Size: 80, Stream: fileCount, Seed: k.cfg.Seed, Tag: "soak.forward", Patient: true, Stop: stop,
			}, nil)
			if err != nil {
				cancel(fmt.Errorf("cannot send: %w", err))
			}
		})
	}
	err = k.lives(ctx)
	close(stop)
	if err == nil {
		err = k.last(ctx, &wg)
	}
	cancel(err)
	wg.Wait()
	k.files.lines(made)
	for i, n := range sent {
		made[i] += n
	}
	return made, err
}

// lives starts and kills the agent.
func (k *killer) lives(ctx context.Context) error {
	last := time.Now()
	for k.result.Kills < k.cfg.Kills {
		a, err := start(k.cfg.Command(k.file), k.logFile)
		if err != nil {
			return err
		}
		k.live(ctx, a)
		if err := a.end(syscall.SIGKILL); err != nil {
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

// live returns at the random moment at which the agent is to be killed: now
// and then before it is ready, or after it was stopped for a while.
func (k *killer) live(ctx context.Context, a *process) {
	life, hurry := time.Duration(k.rnd.Int64N(int64(k.cfg.Life))), k.rnd.IntN(8) == 0
	stopped, wait := k.rnd.IntN(8) == 0, time.Duration(k.rnd.Int64N(int64(k.cfg.Life)))
	if !hurry {
		select {
		case <-a.ready:
		case <-a.done:
			return
		case <-ctx.Done():
			return
		}
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

func pause(ctx context.Context, a *process, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-a.done:
	case <-ctx.Done():
	}
}

// last is the life in which everything is delivered; the agent is then stopped
// in order.
func (k *killer) last(ctx context.Context, generators *sync.WaitGroup) error {
	k.server.SetFaults(nil)
	a, err := start(k.cfg.Command(k.file), k.logFile)
	if err != nil {
		return err
	}
	err = k.drain(ctx, a, generators)
	if e := a.end(syscall.SIGTERM); err == nil {
		err = e
	}
	return err
}

// drain waits until everything is stored or dead, or nothing moves any more:
// then the verdict tells what is missing.
func (k *killer) drain(ctx context.Context, a *process, generators *sync.WaitGroup) error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		generators.Wait()
	}()
	quiet := time.NewTimer(stall)
	defer quiet.Stop()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for seen := int64(-1); ; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-a.done:
			return nil // end tells
		case <-quiet.C:
			return nil
		case <-look.C:
		}
		if n := k.store.count(); n != seen {
			seen = n
			quiet.Reset(stall)
			continue
		}
		select {
		case <-ended: // every ack has come
		default:
			continue
		}
		if !k.cfg.Tail || k.settled(seen) {
			return nil
		}
	}
}

// settled reports whether every line is stored or dead.
func (k *killer) settled(stored int64) bool {
	dead, err := deadMarks(filepath.Join(k.cfg.Dir, "data"))
	if err != nil {
		return false
	}
	made := make([]int64, fileCount)
	k.files.lines(made) // nobody writes any more
	v := k.store.verify(made, dead)
	return v.Lost == 0
}
