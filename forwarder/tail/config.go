package tail

import (
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/text/encoding"

	"sluice/event"
)

// Config is the section inputs.containers.
type Config struct {
	Path      string   `conf:"path"`                          // a glob
	Exclude   []string `conf:"exclude"`                       // globs of paths, or of names where they have no slash
	Tag       string   `conf:"tag"`                           // its * becomes the path, with dots for slashes
	ReadFrom  string   `conf:"read_from,oneof=beginning|end"` // what the very first start does with files already there
	MaxLine   int64    `conf:"max_line,size"`                 // bytes of text; what is beyond is cut
	Multiline string   `conf:"multiline"`                     // auto, off, languages or /pattern of first lines/: see rulesOf

	Encoding       encoding.Encoding // of the files; nil: what they hold stays as it is. See EncodingOf
	BytesPerSecond int64             // read at most so much of one log; 0: no limit
	Recent         time.Duration     // a log is not begun that was not written to for so long; 0: each is

	Self      string // name of our own pod, whose logs are not read; may be empty
	PosFile   string // of Fluentd, to be taken over at the very first start; may be empty
	HeldLimit int64  `conf:"held_limit,size"` // bytes of deleted files that may be kept open

	Refresh    time.Duration `conf:"refresh_interval"` // between listings that trust no watch
	RotateWait time.Duration `conf:"rotate_wait"`      // how long a rotated file's end must stand before it is closed

	Settle         time.Duration // how long nobody must have written to a rotated file before the next is read
	Poll           time.Duration // a file is looked at no more often, unless much waits
	IdleAfter      time.Duration // no new bytes for so long: watch instead of looking
	Racy           time.Duration // a change that is younger may hide another: both may bear the same time
	IdlePoll       time.Duration // looks at an idle file that cannot be watched, and between retries
	PartialTimeout time.Duration // how long a partial line waits for its rest
	MultilineFlush time.Duration // no new line for so long: a trace is at its end
	MultilineMax   time.Duration // a trace that goes on for longer is cut in two
	MaxSpan        int64         // bytes for which records of two streams that overlap hold a file's position
	IdleOpen       int           // idle files that are kept open; others are closed until they are written to
	Readers        int           // goroutines that read
	ReadSize       int           // bytes of one read, of one batch, and of one file's turn

	Quota func(path string) *Quota        // asked once for each log, by the path that matches; may be nil, and return nil
	Pods  func(path *event.Fragment) Pod  // asked once for each log; may be nil
	Loop  func(name string) (beat func()) // announces a loop that beats at least every beatEvery; may be nil
}

// DefaultConfig follows what the kubelet links in /var/log/containers.
func DefaultConfig() Config {
	return Config{
		Path: "/var/log/containers/*.log", Tag: "kubernetes.*", ReadFrom: "beginning", MaxLine: 1 << 20, Multiline: "auto", HeldLimit: 1 << 30,
		Refresh: 5 * time.Second, RotateWait: 5 * time.Second,
		Settle: 200 * time.Millisecond, Poll: 100 * time.Millisecond, IdleAfter: 2 * time.Second, Racy: 50 * time.Millisecond, IdlePoll: time.Second,
		PartialTimeout: 5 * time.Second, MultilineFlush: time.Second, MultilineMax: 30 * time.Second, MaxSpan: 8 << 20, IdleOpen: 256, Readers: 2, ReadSize: 64 << 10,
	}
}

// beatEvery bounds how long a loop that has nothing to do sleeps.
const beatEvery = 30 * time.Second

func (c *Config) loop(name string) (beat func()) {
	if c.Loop == nil {
		return func() {}
	}
	return c.Loop(name)
}

// maxRecords ends a batch of very short lines early: a record costs more
// memory than such a line.
const maxRecords = 8192

func (c *Config) check() error {
	for _, glob := range append([]string{c.Path}, c.Exclude...) {
		if _, err := filepath.Match(glob, ""); err != nil || glob == "" {
			return fmt.Errorf("inputs.containers: %q is no glob: write a path with *, ? or [a-z]", glob)
		}
	}
	if _, err := rulesOf(c.Multiline); err != nil {
		return err
	}
	switch {
	case !filepath.IsAbs(c.Path):
		return fmt.Errorf("inputs.containers: path %q must begin with /", c.Path)
	case c.Tag == "":
		return fmt.Errorf("inputs.containers: tag is empty: write for example kubernetes.*")
	case c.ReadFrom != "beginning" && c.ReadFrom != "end":
		return fmt.Errorf("inputs.containers: read_from %q must be beginning or end", c.ReadFrom)
	case c.MaxLine < 1 || c.MaxLine > 1<<28:
		return fmt.Errorf("inputs.containers: max_line %d must be from 1 byte to 256MiB", c.MaxLine)
	case c.HeldLimit < 0:
		return fmt.Errorf("inputs.containers: held_limit %d must not be negative", c.HeldLimit)
	case c.BytesPerSecond < 0 || c.Recent < 0:
		return fmt.Errorf("inputs.containers: limits must not be negative")
	case c.Refresh <= 0 || c.RotateWait <= 0:
		return fmt.Errorf("inputs.containers: refresh_interval and rotate_wait must be positive")
	case c.Poll <= 0 || c.IdlePoll <= 0 || c.Readers < 1 || c.ReadSize < 64:
		return fmt.Errorf("inputs.containers: poll intervals, readers and read size must be positive")
	}
	return nil
}
