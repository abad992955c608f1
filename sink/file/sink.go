package file

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sluice/event"
	"sluice/setting"
	"sluice/sink/format"
)

// Sink writes files.
type Sink struct {
	cfg      Config
	log      *slog.Logger
	form     *format.Formatter
	path     path
	link     path
	encoders sync.Pool // of *encoder

	mu     sync.Mutex
	files  map[string]*output // by key
	opened []string           // keys of open files, the one used last at the end
	linked int64              // the time of what the link leads to
}

// New makes the sink. Its error names the setting.
func New(cfg Config, log *slog.Logger) (*Sink, error) {
	s := &Sink{cfg: cfg, log: log, files: map[string]*output{}}
	template, err := cfg.template()
	if err != nil {
		return nil, err
	}
	if s.path, err = compile("path", template, &cfg); err != nil {
		return nil, err
	}
	if s.link, err = compile("symlink_path", cfg.SymlinkPath, &cfg); err != nil {
		return nil, err
	}
	if s.link.fields {
		return nil, setting.Instead("symlink_path", "a record's field cannot stand in the link's path", "write ${tag} or a fixed name")
	}
	if s.form, err = format.New(cfg.Format, cfg.Inject); err != nil {
		return nil, err
	}
	s.encoders.New = func() any { return &encoder{} }
	return s, nil
}

// encoder is what one Encode works with.
type encoder struct {
	block      *event.Block
	begin, end time.Time // of the block's slice
	key        []byte
}

// Encode writes each live record of b as a line into the block of its file.
func (s *Sink) Encode(dst *event.Blocks, b *event.Batch) {
	e := s.encoders.Get().(*encoder)
	for i := range b.Recs {
		r := &b.Recs[i]
		if r.State != event.Live {
			continue
		}
		t := format.TimeOf(b, i)
		if e.block == nil || s.path.fields || s.path.timed && (t.Before(e.begin) || !t.Before(e.end)) {
			e.begin = s.path.begin(t)
			e.end = e.begin.Add(max(s.path.slice, time.Second))
			if s.path.slice > time.Hour { // a day may have 23 hours: look again within the hour
				e.end = t.Add(time.Hour).Truncate(time.Hour)
			}
			e.key = s.path.append(e.key[:0], b, i, b.Tag, e.begin)
			e.block = blockOf(dst, e.key)
		}
		e.block.Body = s.form.Append(e.block.Body, b, i)
		e.block.Close(r.ID, r.Weight)
	}
	e.block = nil
	s.encoders.Put(e)
}

// blockOf is dst.For that makes a string only for a new key.
func blockOf(dst *event.Blocks, key []byte) *event.Block {
	for _, b := range dst.List {
		if b.Key == string(key) {
			return b
		}
	}
	return dst.For(string(key))
}

// Deliver appends the chunk to its file and fsyncs it.
func (s *Sink) Deliver(_ context.Context, c *event.Chunk) (v event.Verdict, err error) {
	if c.Wire == nil && s.cfg.Compress != "text" && s.cfg.Compress != "" {
		if c.Wire, err = pack(s.cfg.Compress, c); err != nil {
			return v, fmt.Errorf("cannot compress: %w", err)
		}
	}
	o := s.output(c.Key)
	if err := o.write(c, s.cfg.Append); err != nil {
		return v, err
	}
	s.relink(c, o)
	v.Accepted = uint32(c.Len())
	return v, nil
}

// Check reports whether the directory of a file written now can be made and
// written to.
func (s *Sink) Check(context.Context) error {
	dir := filepath.Dir(string(s.path.append(nil, nil, -1, "check", s.path.begin(time.Now()))))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("cannot make the directory: %w", err)
	}
	probe, err := os.CreateTemp(dir, ".sluice-check-*")
	if err != nil {
		return fmt.Errorf("cannot write: %w", err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// Close closes the files.
func (s *Sink) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.files {
		o.close()
	}
}

// maxOpen bounds the files that are open at once, maxKnown those whose number
// is remembered.
const maxOpen, maxKnown = 64, 4096

// output is the file of a key. The one used longest ago is closed when there
// are too many.
func (s *Sink) output(key string) *output {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.files[key]
	if o == nil {
		if len(s.files) >= maxKnown { // what stands in closed files goes on in new ones
			for k, old := range s.files {
				old.close()
				delete(s.files, k)
			}
			s.opened = s.opened[:0]
		}
		o = &output{key: key}
		s.files[key] = o
	}
	for i, k := range s.opened {
		if k == key {
			s.opened = append(append(s.opened[:i], s.opened[i+1:]...), key)
			return o
		}
	}
	if s.opened = append(s.opened, key); len(s.opened) > maxOpen {
		if old := s.files[s.opened[0]]; old != nil {
			old.close()
		}
		s.opened = s.opened[1:]
	}
	return o
}

// relink makes the link lead to the file of the newest records.
func (s *Sink) relink(c *event.Chunk, o *output) {
	if s.cfg.SymlinkPath == "" {
		return
	}
	newest := int64(0)
	for _, b := range c.Blocks {
		newest = max(newest, b.Since)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if newest < s.linked {
		return
	}
	s.linked = newest
	name := string(s.link.append(nil, nil, -1, c.Blocks[0].Tag, s.link.begin(time.Unix(0, newest))))
	if err := relink(name, o.name(), s.cfg.SymlinkPathUseRelative); err != nil {
		s.log.Warn("cannot link to the newest file", "link", name, "error", err)
	}
}

func relink(name, to string, relative bool) error {
	to, err := filepath.Abs(to)
	if err != nil {
		return err
	}
	if relative {
		dir, err := filepath.Abs(filepath.Dir(name))
		if err != nil {
			return err
		}
		if to, err = filepath.Rel(dir, to); err != nil {
			return err
		}
	}
	if now, err := os.Readlink(name); err == nil && now == to {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	fresh := name + ".new"
	os.Remove(fresh) // what a crash left
	if err := os.Symlink(to, fresh); err != nil {
		return err
	}
	return os.Rename(fresh, name)
}
