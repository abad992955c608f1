package soak

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"sluice/bench/mark"
	"sluice/bench/proc"
)

// PodsConfig says how many pods come and go.
type PodsConfig struct {
	Config
	Pods   int           // in all; every tenth lives a tenth of Life
	Lines  int           // of each, evenly over its life: the last just before its files are removed
	Life   time.Duration // from its first line to its last
	Length time.Duration // their beginnings are spread over it
	Rest   time.Duration // at the end, before the memory is read
}

// PodsResult is what came of it.
type PodsResult struct {
	Verdict
	Labelled, Partial, Bare int64 // records with their pod's label; without, and saying so; without a word
	RSS                     [3]int64
	Took, LongestLife       time.Duration
	Shortest                time.Duration // life of a pod's file, as it came out
}

// Whole reports that nothing was lost or doubled, and no label is missing unsaid.
func (r *PodsResult) Whole() bool { return r.Verdict.Whole() && r.Lost+r.Dead+r.Bare == 0 }

// String is the result in one line.
func (r *PodsResult) String() string {
	return fmt.Sprintf("%s; %d with their pod's labels, %d partial, %d without a word; files lived %v to %v; RSS %.1f MB at the start, %.1f highest, %.1f at the end; %v",
		r.Verdict.String(), r.Labelled, r.Partial, r.Bare, r.Shortest.Round(time.Millisecond), r.LongestLife.Round(time.Millisecond),
		float64(r.RSS[0])/1e6, float64(r.RSS[1])/1e6, float64(r.RSS[2])/1e6, r.Took.Round(time.Second))
}

// Pods makes and deletes pods while an agent reads their files, and counts.
func Pods(ctx context.Context, cfg PodsConfig) (*PodsResult, error) {
	p, err := newPodRig(cfg.Config)
	if err != nil {
		return nil, err
	}
	defer p.close()
	r := &PodsResult{Shortest: time.Hour}
	p.store.see = func(m mark.Mark, doc []byte) {
		switch {
		case bytes.Contains(doc, fmt.Appendf(nil, `"label-%d"`, m.Stream)):
			r.Labelled++
		case bytes.Contains(doc, []byte(`"enrichment":"partial"`)):
			r.Partial++
		default:
			r.Bare++
		}
	}
	begun := time.Now()
	a, err := p.start()
	if err != nil {
		return nil, err
	}
	if err = p.lives(ctx, a, cfg, r); err != nil {
		return nil, p.fail(errors.Join(err, a.kill()))
	}
	if err := a.end(syscall.SIGTERM); err != nil {
		return nil, p.fail(err)
	}
	if what := p.refused.Load(); what != nil {
		return nil, fmt.Errorf("the agent asked the API server: %s", *what)
	}
	dead, err := deadMarks(p.data)
	r.Verdict, r.Took = p.store.verify(p.made(), dead), time.Since(begun)
	return r, err
}

// lives lets the pods live under the agent a.
func (p *podRig) lives(ctx context.Context, a *process, cfg PodsConfig, r *PodsResult) error {
	if !a.await(ctx) {
		return errors.New("the agent did not start")
	}
	first, err := proc.ReadRSS(a.cmd.Process.Pid)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p.sent = make([]int64, 1+cfg.Pods) // the first is the file that nobody writes to
	var wg sync.WaitGroup
	defer wg.Wait() // no life is longer than cfg.Life
	next := time.NewTicker(max(cfg.Length/time.Duration(cfg.Pods), 1))
	defer next.Stop()
	for stream := 1; stream <= cfg.Pods && ctx.Err() == nil && !a.ended(); stream++ {
		wg.Go(func() {
			life := cfg.Life
			if stream%10 == 0 {
				life /= 10
			}
			lived, err := p.live(stream, cfg.Lines, life)
			if err != nil {
				cancel(err)
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			p.sent[stream] = int64(cfg.Lines)
			r.Shortest, r.LongestLife = min(r.Shortest, lived), max(r.LongestLife, lived)
		})
		<-next.C
	}
	if err := p.drain(ctx, a, &wg); err != nil {
		return err
	}
	pause(ctx, a, cfg.Rest)
	last, err := proc.ReadRSS(a.cmd.Process.Pid)
	r.RSS = [3]int64{first.Now, last.Peak, last.Now}
	return err
}

// live is one pod's life: as the kubelet's, its object comes first, then its
// directory, its link and its lines, and all go at the end. It returns how long
// its file was there.
func (p *podRig) live(stream, lines int, life time.Duration) (lived time.Duration, err error) {
	pod := podObject(stream)
	p.api.Add(pod)
	path, link := p.paths(pod)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return 0, err
	}
	begun := time.Now()
	if err := writeLines(path, stream, 1, 1); err != nil {
		return 0, err
	}
	if err := os.Symlink(path, link); err != nil {
		return 0, err
	}
	for seq := 2; seq <= lines; seq++ {
		time.Sleep(time.Until(begun.Add(life * time.Duration(seq-1) / time.Duration(lines-1))))
		if err := writeLines(path, stream, seq, 1); err != nil {
			return 0, err
		}
	}
	lived = time.Since(begun)
	err = errors.Join(os.Remove(link), os.RemoveAll(filepath.Dir(filepath.Dir(path))))
	p.api.Remove(pod)
	return lived, err
}
