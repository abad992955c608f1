package soak

import (
	"cmp"
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

// Config is what every run needs to know.
type Config struct {
	Dir     string                          // gets everything; made if missing
	Command func(settings string) *exec.Cmd // starts the agent with a settings file
	Buffer  string                          // buffer.type
	Tail    bool                            // lines in container files
	Forward bool                            // records by the forward protocol, with acks
	Rate    int                             // lines a second, and as many records, at most
	Behind  int64                           // so many lines may be written and not yet stored
	Files   int                             // how many; 0: fileCount
	Seed    uint64
	Say     io.Writer // progress, a line now and then
}

const (
	fileCount   = 8
	connections = 4
	chunkSize   = 100             // records
	stall       = 3 * time.Minute // without a new record, at the end
)

// rig is an agent to be, what it reads, and where it delivers.
type rig struct {
	cfg      Config
	rnd      *rand.Rand
	store    *store
	server   *elastictest.Server
	web      *httptest.Server
	files    *files
	forward  string // address of the forward input
	metrics  string // address of the metrics
	data     string // directory
	logFile  string
	settings string // file

	mu   sync.Mutex
	sent []int64 // forward records that were acknowledged, by stream
}

// newRig makes the files, the settings and the sink; close ends it. The agent
// keeps what it has in the directory data.
func newRig(cfg Config, data string) (*rig, error) {
	r := &rig{
		cfg: cfg, rnd: rand.New(rand.NewPCG(cfg.Seed, 0x50a6)), store: newStore(), data: data,
		logFile: filepath.Join(cfg.Dir, "agent.log"), settings: filepath.Join(cfg.Dir, "sluice.yaml"),
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, err
	}
	var err error
	if r.files, err = newFiles(cfg.Dir, cmp.Or(cfg.Files, fileCount), 0, rand.New(rand.NewPCG(cfg.Seed, 1))); err != nil {
		return nil, err
	}
	r.files.saved = func() (map[string]int64, error) { return savedPositions(r.data) }
	// Addresses of the loopback network that nobody else uses: the agent must
	// find them free at every start, and its clients must find it again.
	host := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
	r.forward, r.metrics = host+":24224", host+":24231"
	r.server = elastictest.New(r.store)
	r.web = httptest.NewServer(r.server)
	if err := r.writeSettings(); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *rig) close() {
	r.server.Close()
	r.web.Close()
	r.files.close()
}

func (r *rig) writeSettings() error {
	path, listen := "", ""
	if r.cfg.Tail {
		path = filepath.Join(r.cfg.Dir, "containers", "*.log")
	}
	if r.cfg.Forward {
		listen = fmt.Sprintf("%q", r.forward)
	}
	text := fmt.Sprintf(`data_dir: %q
shutdown_grace: 60s
memory_limit: 8MiB
log: { level: info }
metrics: { listen: %q }
admin: { listen: "" }
inputs:
  containers: { path: %q, refresh_interval: 200ms }
  forward: { listen: [%s] }
buffer: { type: %s, flush_interval: 50ms, flush_bytes: 256KiB }
elasticsearch: { urls: [%q], request_timeout: 2s }
`, r.data, r.metrics, path, listen, r.cfg.Buffer, r.web.URL)
	return os.WriteFile(r.settings, []byte(text), 0o600)
}

// start starts the agent.
func (r *rig) start() (*process, error) { return start(r.cfg.Command(r.settings), r.logFile) }

// send sends forward records, of streams from first on, until stop is closed,
// and waits until they are acknowledged.
func (r *rig) send(ctx context.Context, stop <-chan struct{}, first, rate int) error {
	sent, err := load.SendForward(ctx, load.ForwardConfig{
		Addr: r.forward, Mode: load.Packed, Ack: true, Connections: connections, Records: 1 << 32, Chunk: chunkSize, Window: 20 * chunkSize,
		Rate: rate, Size: 80, Stream: first, Seed: r.cfg.Seed, Tag: "soak.forward", Patient: true, Stop: stop,
	}, nil)
	r.mu.Lock()
	defer r.mu.Unlock()
	if missing := len(sent) - len(r.sent); missing > 0 {
		r.sent = append(r.sent, make([]int64, missing)...)
	}
	for i, n := range sent {
		r.sent[i] += n
	}
	if err != nil {
		return fmt.Errorf("cannot send: %w", err)
	}
	return nil
}

// made is how many records each stream got, once nobody makes any more.
func (r *rig) made() []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]int64, max(len(r.files.logs), len(r.sent)))
	copy(list, r.sent)
	r.files.lines(list)
	return list
}

// finish lets the agent deliver in peace what the generators made, stops it in
// order, and returns what became of the records.
func (r *rig) finish(ctx context.Context, a *process, generators *sync.WaitGroup) (Verdict, error) {
	r.server.SetFaults(nil)
	err := r.drain(ctx, a, generators)
	if e := a.end(syscall.SIGTERM); err == nil {
		err = e
	}
	if err != nil {
		return Verdict{}, err
	}
	dead, err := deadMarks(r.data)
	return r.store.verify(r.made(), dead), err
}

// drain waits until everything is stored or dead, or nothing moves any more:
// then the verdict tells what is missing.
func (r *rig) drain(ctx context.Context, a *process, generators *sync.WaitGroup) error {
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
		if n := r.store.count(); n != seen {
			seen = n
			quiet.Reset(stall)
			continue
		}
		select {
		case <-ended: // every ack has come, and every line is written
			if dead, err := deadMarks(r.data); err == nil {
				if v := r.store.verify(r.made(), dead); v.Lost == 0 {
					return nil
				}
			}
		default:
		}
	}
}

// fail adds the end of the agent's log to an error.
func (r *rig) fail(err error) error {
	return fmt.Errorf("%w\nthe agent's log ends:\n%s", err, lastLines(r.logFile))
}
