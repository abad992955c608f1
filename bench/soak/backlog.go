package soak

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"sluice/bench/mark"
)

// BacklogConfig says what there is to read before the agent starts.
type BacklogConfig struct {
	Config
	Backlog int // files of as many pods
	Lines   int // in each
}

// BacklogResult is when a new line was stored.
type BacklogResult struct {
	Verdict
	Started time.Duration // from the start of the process until it said that it runs
	Old     time.Duration // and from then: a line appended to a file of the backlog
	New     time.Duration // the first line of a new pod's file
	First   time.Duration // any line at all
	Caught  time.Duration // all of the backlog
}

// String is the result in one line.
func (r *BacklogResult) String() string {
	ms := func(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
	return fmt.Sprintf("started after %v; from then on: the first line of all stored after %v, a new pod's first line after %v, a line appended to the last of the files after %v, all after %v; %s",
		ms(r.Started), ms(r.First), ms(r.New), ms(r.Old), ms(r.Caught), r.Verdict.String())
}

// Backlog starts an agent beside files that have lines already, writes one line
// to a new file and one to an old one as soon as it runs, and says when they were
// stored.
func Backlog(ctx context.Context, cfg BacklogConfig) (*BacklogResult, error) {
	p, err := newPodRig(cfg.Config)
	if err != nil {
		return nil, err
	}
	defer p.close()
	p.sent = make([]int64, cfg.Backlog+2)
	for stream := 1; stream <= cfg.Backlog; stream++ {
		if err := p.settled(stream, cfg.Lines); err != nil {
			return nil, err
		}
	}
	last, fresh := mark.Mark{Stream: cfg.Backlog, Seq: int64(cfg.Lines) + 1}, mark.Mark{Stream: cfg.Backlog + 1, Seq: 1}
	var first, old, young time.Time
	p.store.see = func(m mark.Mark, _ []byte) {
		if first.IsZero() {
			first = time.Now()
		}
		switch m {
		case last:
			old = time.Now()
		case fresh:
			young = time.Now()
		}
	}
	begun := time.Now()
	a, err := p.start()
	if err != nil {
		return nil, err
	}
	if !a.await(ctx) {
		return nil, p.fail(errors.Join(errors.New("the agent did not start"), a.kill()))
	}
	started := time.Now()
	path, _ := p.paths(podObject(last.Stream))
	err = errors.Join(p.settled(fresh.Stream, 1), writeLines(path, last.Stream, int(last.Seq), 1))
	p.sent[last.Stream]++
	if err == nil {
		err = p.drain(ctx, a, &sync.WaitGroup{})
	}
	if err != nil {
		return nil, p.fail(errors.Join(err, a.kill()))
	}
	caught := time.Since(started)
	if err := a.end(syscall.SIGTERM); err != nil {
		return nil, p.fail(err)
	}
	return &BacklogResult{
		Verdict: p.store.verify(p.made(), nil), Started: started.Sub(begun),
		First: first.Sub(started), Old: old.Sub(started), New: young.Sub(started), Caught: caught,
	}, nil
}

// settled makes a pod that has written lines.
func (p *podRig) settled(stream, lines int) error {
	pod := podObject(stream)
	p.api.Add(pod)
	path, link := p.paths(pod)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	p.sent[stream] = int64(lines)
	return errors.Join(writeLines(path, stream, 1, lines), os.Symlink(path, link))
}
