package soak

import (
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"sluice/bench/mark"
)

// StormConfig says how files are rotated under the agent.
type StormConfig struct {
	Config
	Every  time.Duration // every file is rotated so often
	Length time.Duration
	Life   time.Duration // the agent is killed after a random part of it, and started again; 0: never
}

// kept is how many rotated files stay; older ones are removed when the agent has
// saved that it is through with them.
const kept = 20

// Storm rotates files as fast as asked while an agent reads them, and counts. Lines
// are written in pieces, some to two files: an end without its beginning has no
// mark, and so is one that nobody made.
func Storm(ctx context.Context, cfg StormConfig) (*Result, error) {
	rig, err := newRig(cfg.Config, filepath.Join(cfg.Dir, "data"))
	if err != nil {
		return nil, err
	}
	defer rig.close()
	k := &killer{rig: rig, cfg: KillConfig{Config: cfg.Config}}
	begun := time.Now()
	if err := k.storm(ctx, cfg); err != nil {
		return nil, k.fail(err)
	}
	k.result.Requests, k.result.Took = k.server.Stats().Requests, time.Since(begun)
	return &k.result, nil
}

func (k *killer) storm(ctx context.Context, cfg StormConfig) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop, ended := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(ended)
		if err := k.files.storm(ctx, stop, cfg.Every); err != nil {
			cancel(err)
		}
	})
	time.AfterFunc(cfg.Length, func() { close(stop) })
	a, err := k.start()
	for err == nil && cfg.Life > 0 && !over(ended) {
		if a.await(ctx) {
			pause(ctx, a, cfg.Life/4+time.Duration(k.rnd.Int64N(int64(cfg.Life))))
		}
		if over(ended) {
			break
		}
		if err = a.end(syscall.SIGKILL); err == nil {
			k.result.Kills++
			a, err = k.start()
		}
	}
	<-ended
	if err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	k.result.Verdict, err = k.finish(ctx, a, &wg)
	k.result.Rotations = k.files.rotations
	return err
}

func over(ended <-chan struct{}) bool {
	select {
	case <-ended:
		return true
	default:
		return false
	}
}

// storm writes to every file and rotates it, every so often.
func (f *files) storm(ctx context.Context, stop <-chan struct{}, every time.Duration) error {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil // the cause is known
		case <-stop:
			return f.settle()
		case <-t.C:
		}
		saved, err := f.saved()
		if err != nil {
			return err
		}
		for _, l := range f.logs {
			if err := f.pieces(l, 1+f.rnd.IntN(40), true); err != nil {
				return err
			}
			if err := f.turn(l, saved); err != nil {
				return err
			}
		}
	}
}

// settle ends the lines that are open.
func (f *files) settle() error {
	for _, l := range f.logs {
		if err := f.pieces(l, 2, false); err != nil {
			return err
		}
	}
	return nil
}

// pieces writes n lines of the runtime's, every third in two pieces; the last may
// be a beginning.
func (f *files) pieces(l *logFile, n int, open bool) error {
	f.buf = f.buf[:0]
	for i := range n {
		if f.now = f.now.Add(1); f.now.Before(time.Now()) {
			f.now = time.Now()
		}
		f.buf = f.now.UTC().AppendFormat(f.buf, "2006-01-02T15:04:05.000000000Z07:00")
		if l.open {
			f.buf = append(f.buf, " stdout F and the end of it\n"...)
			l.open = false
			continue
		}
		l.seq++
		f.made.Add(1)
		l.open = f.rnd.IntN(3) == 0 && (open || i < n-1)
		f.buf = append(f.buf, map[bool]string{true: " stdout P line ", false: " stdout F line "}[l.open]...)
		f.buf = append(mark.Append(f.buf, mark.Mark{Stream: l.stream, Seq: l.seq}), lineText...)
	}
	l.bytes += len(f.buf)
	_, err := l.file.Write(f.buf)
	return err
}

// turn rotates a file, and compresses the one that was rotated before it.
func (f *files) turn(l *logFile, saved map[string]int64) error {
	if err := l.file.Close(); err != nil {
		return err
	}
	f.rotations++
	l.stamp = l.stamp.Add(time.Second)
	g := generation{l.path + l.stamp.UTC().Format(".20060102-150405"), int64(l.bytes)}
	if err := os.Rename(l.path, g.path); err != nil {
		return err
	}
	var err error
	if l.file, err = os.Create(l.path); err != nil {
		return err
	}
	l.bytes = 0
	if n := len(l.turned); n > 0 {
		if err := compress(l.turned[n-1].path); err != nil {
			return err
		}
	}
	l.turned = append(l.turned, g)
	for len(l.turned) > kept && cmp.Or(saved[l.turned[0].path], saved[l.turned[0].path+".gz"]) >= l.turned[0].size {
		if err := os.Remove(l.turned[0].path + ".gz"); err != nil {
			return err
		}
		l.turned = l.turned[1:]
	}
	return nil
}

// generation is a rotated file.
type generation struct {
	path string // of the kubelet's name, without what compressing adds
	size int64  // of its text
}

// compress does as the kubelet.
func compress(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	to, err := os.Create(path + ".tmp")
	if err != nil {
		return err
	}
	z := gzip.NewWriter(to)
	if _, err := z.Write(text); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if err := to.Close(); err != nil {
		return err
	}
	if err := os.Rename(path+".tmp", path+".gz"); err != nil {
		return err
	}
	return os.Remove(path)
}

// Storm is a storm in one line.
func (r *Result) Storm() string {
	return fmt.Sprintf("%d rotations, %d kills: %s; %v", r.Rotations, r.Kills, r.Verdict.String(), r.Took.Round(time.Second))
}
