package file

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sluice/event"
	"sluice/parser"
)

var day = time.Date(2026, 8, 7, 23, 59, 58, 0, time.UTC)

// records is a batch with a record a second from day on.
func records(t testing.TB, tag string, objects ...string) *event.Batch {
	t.Helper()
	b := &event.Batch{Tag: tag}
	for i, o := range objects {
		b.Begin(event.Record{Time: event.TimeOf(day.Add(time.Duration(i) * time.Second)), Weight: 1})
		if !parser.ParseObject(b, i, b.PutString(o, event.Text), "") {
			t.Fatalf("not an object: %s", o)
		}
	}
	return b
}

func newSink(t testing.TB, change func(*Config)) *Sink {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Zone = time.UTC
	cfg.Format.Type = "json"
	change(&cfg)
	s, err := New(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// chunks encodes a batch; each block is a chunk.
func chunks(s *Sink, b *event.Batch) (list []*event.Chunk) {
	bs := event.Blocks{New: func() *event.Block { return &event.Block{} }}
	s.Encode(&bs, b)
	for i, blk := range bs.List {
		blk.Tag, blk.Since = b.Tag, day.UnixNano()+int64(i)
		list = append(list, &event.Chunk{Key: blk.Key, Blocks: []*event.Block{blk}})
	}
	return list
}

func deliver(t testing.TB, s *Sink, b *event.Batch) {
	t.Helper()
	for _, c := range chunks(s, b) {
		if v, err := s.Deliver(context.Background(), c); err != nil || !v.Counts(c.Len()) || int(v.Accepted) != c.Len() {
			t.Fatalf("%+v %v", v, err)
		}
	}
}

// files are the files below dir, with their content.
func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		found[strings.TrimPrefix(path, dir+"/")] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestPaths(t *testing.T) {
	for _, c := range []struct {
		path   string
		change func(*Config)
		want   string // of the first record
	}{
		{"a", nil, "a.20260807_0.log"},
		{"a.*.txt", nil, "a.20260807_0.txt"},
		{"a", func(c *Config) { c.Append = true }, "a.20260807.log"},
		{"a.log", func(c *Config) { c.Append, c.AddPathSuffix = true, false }, "a.log.20260807"},
		{"a.log", func(c *Config) { c.Append, c.AddPathSuffix, c.Timekey = true, false, 0 }, "a.log"},
		{"a", func(c *Config) { c.Timekey = 0 }, "a_0.log"},
		{"a", func(c *Config) { c.Timekey = time.Hour }, "a.2026080723_0.log"},
		{"a", func(c *Config) { c.Timekey = time.Minute }, "a.202608072359_0.log"},
		{"a", func(c *Config) { c.Timekey = 10 * time.Second }, "a.20260807235950_0.log"},
		{"%Y/%m/%d/a", func(c *Config) { c.Append = true }, "2026/08/07/a.log"},
		{"a.*", func(c *Config) { c.TimeSliceFormat, c.PathSuffix = "%Y-%m", ".x" }, "a.2026-08_0"},
		{"${tag}/${tag[1]}-${tag[-1]}-${tag[9]}", func(c *Config) { c.Append = true }, "app.web.one/web-one-.20260807.log"},
		{"${a}/${n}${o}", func(c *Config) { c.Append = true }, "_.._x/1{\"p\":2}.20260807.log"},
		{"${b}/${c}/x", func(c *Config) { c.Append, c.PathSuffix = true, "" }, "__/_/x.20260807"},
		{"a", func(c *Config) { c.Zone = time.FixedZone("", 3600) }, "a.20260808_0.log"},
		{"a", func(c *Config) { c.Compress, c.Append = "gzip", true }, "a.20260807.log.gz"},
		{"a", func(c *Config) { c.Compress, c.Append = "zstd", true }, "a.20260807.log.zstd"},
	} {
		dir := t.TempDir()
		s := newSink(t, func(cfg *Config) {
			cfg.Path = filepath.Join(dir, c.path)
			if c.change != nil {
				c.change(cfg)
			}
		})
		deliver(t, s, records(t, "app.web.one", `{"a":"/../x","b":"..","c":".","n":1,"o":{"p": 2}}`))
		got := files(t, dir)
		if _, ok := got[c.want]; !ok || len(got) != 1 {
			t.Errorf("%s: got %q, want %s", c.path, got, c.want)
		}
	}
}

func TestRecordsGoIntoTheirSlices(t *testing.T) {
	dir := t.TempDir()
	s := newSink(t, func(c *Config) { c.Path = dir + "/a"; c.Append = true; c.SymlinkPath = dir + "/now" })
	b := records(t, "x", `{"n":1}`, `{"n":2}`, `{"n":3}`, `{"n":4}`)
	b.Recs[1].State = event.Dropped
	deliver(t, s, b)
	deliver(t, s, records(t, "x", `{"n":5}`))
	want := map[string]string{"a.20260807.log": "{\"n\":1}\n{\"n\":5}\n", "a.20260808.log": "{\"n\":3}\n{\"n\":4}\n", "now": "{\"n\":3}\n{\"n\":4}\n"}
	got := files(t, dir)
	for name, content := range want {
		if got[name] != content {
			t.Errorf("%s: %q, want %q", name, got[name], content)
		}
	}
}

func TestARunDoesNotWriteIntoAnothersFiles(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		s := newSink(t, func(c *Config) { c.Path = dir + "/a" })
		deliver(t, s, records(t, "x", `{"n":1}`))
		deliver(t, s, records(t, "x", `{"n":2}`))
		s.Close()
	}
	got := files(t, dir)
	if len(got) != 2 || got["a.20260807_0.log"] != "{\"n\":1}\n{\"n\":2}\n" || got["a.20260807_1.log"] != got["a.20260807_0.log"] {
		t.Errorf("%q", got)
	}
}

func TestCompressed(t *testing.T) {
	dir := t.TempDir()
	for _, kind := range []string{"gz", "zstd"} {
		s := newSink(t, func(c *Config) { c.Path = dir + "/" + kind; c.Append = true; c.Compress = kind })
		deliver(t, s, records(t, "x", `{"n":1}`))
		deliver(t, s, records(t, "x", `{"n":2}`))
	}
	got := files(t, dir)
	gz, err := gzip.NewReader(strings.NewReader(got["gz.20260807.log.gz"]))
	if err != nil {
		t.Fatal(err)
	}
	zs, err := zstd.NewReader(strings.NewReader(got["zstd.20260807.log.zstd"]))
	if err != nil {
		t.Fatal(err)
	}
	defer zs.Close()
	for _, r := range []io.Reader{gz, zs} {
		if p, err := io.ReadAll(r); err != nil || string(p) != "{\"n\":1}\n{\"n\":2}\n" {
			t.Errorf("%q %v", p, err)
		}
	}
}

// A write that fails leaves nothing, and the next try writes all of it.
func TestAFailedWriteLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := newSink(t, func(c *Config) { c.Path = dir + "/a"; c.Append = true })
	deliver(t, s, records(t, "x", `{"n":1}`))
	c := chunks(s, records(t, "x", `{"n":2}`))[0]
	o := s.output(c.Key)
	o.f.Close()
	var err error
	if o.f, err = os.Open(o.path); err != nil { // cannot be written to
		t.Fatal(err)
	}
	if _, err := s.Deliver(context.Background(), c); err == nil || !strings.Contains(err.Error(), "cannot write") {
		t.Fatalf("%v", err)
	}
	if got := files(t, dir)["a.20260807.log"]; got != "{\"n\":1}\n" {
		t.Fatalf("%q", got)
	}
	if _, err := s.Deliver(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir)["a.20260807.log"]; got != "{\"n\":1}\n{\"n\":2}\n" {
		t.Errorf("%q", got)
	}
}

func TestAFileThatSomebodyMovesAway(t *testing.T) {
	dir := t.TempDir()
	s := newSink(t, func(c *Config) { c.Path = dir + "/a"; c.Append = true })
	deliver(t, s, records(t, "x", `{"n":1}`))
	if err := os.Rename(dir+"/a.20260807.log", dir+"/old"); err != nil {
		t.Fatal(err)
	}
	deliver(t, s, records(t, "x", `{"n":2}`))
	if got := files(t, dir); got["old"] != "{\"n\":1}\n" || got["a.20260807.log"] != "{\"n\":2}\n" {
		t.Errorf("%q", got)
	}
}

// Ever new files: few are open, and none is lost.
func TestManyFiles(t *testing.T) {
	dir := t.TempDir()
	s := newSink(t, func(c *Config) { c.Path = dir + "/${tag}"; c.Append = true })
	for range 2 {
		for i := range 2 * maxOpen {
			deliver(t, s, records(t, "t"+string(rune('a'+i)), `{"n":1}`))
		}
	}
	open := 0
	for _, o := range s.files {
		if o.f != nil {
			open++
		}
	}
	if open > maxOpen {
		t.Errorf("%d files are open", open)
	}
	got := files(t, dir)
	for name, content := range got {
		if content != "{\"n\":1}\n{\"n\":1}\n" {
			t.Errorf("%s: %q", name, content)
		}
	}
	if len(got) != 2*maxOpen {
		t.Errorf("%d files", len(got))
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		change       func(*Config)
		field, words string
	}{
		{func(c *Config) { c.Path, c.Timekey = "a.*", 0 }, "path", "no time slices"},
		{func(c *Config) { c.Path = "a.%Y%m" }, "path", "tell slices"},
		{func(c *Config) { c.Path = "${chunk_id}" }, "path", "not supported"},
		{func(c *Config) { c.Path = "${tag[1..2]}" }, "path", "not supported"},
		{func(c *Config) { c.Path, c.TimeSliceFormat = "a.%!", "%Y" }, "path", "directive"},
		{func(c *Config) { c.Path, c.SymlinkPath = "a", "${x}" }, "symlink_path", "field"},
		{func(c *Config) { c.Path, c.Format.Type = "a", "x" }, "format.type", "no format"},
	} {
		cfg := DefaultConfig()
		c.change(&cfg)
		_, err := New(cfg, slog.New(slog.DiscardHandler))
		e, ok := err.(interface{ Field() string })
		if !ok || e.Field() != c.field || !strings.Contains(err.Error(), c.words) {
			t.Errorf("got %v, want one of %s with %q", err, c.field, c.words)
		}
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	if err := newSink(t, func(c *Config) { c.Path = dir + "/new/a" }).Check(context.Background()); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(dir+"/plain", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := newSink(t, func(c *Config) { c.Path = dir + "/plain/a" }).Check(context.Background()); err == nil {
		t.Error("a directory that cannot be made is no problem")
	}
}

func TestEncodeAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools forget")
	}
	s := newSink(t, func(c *Config) { c.Path = "/x/${tag}.${a}"; c.Append = true })
	b := records(t, "x.y", `{"a":"b"}`, `{"a":"c"}`, `{"a":"b"}`)
	bs := event.Blocks{New: func() *event.Block { return &event.Block{Body: make([]byte, 0, 4096)} }}
	s.Encode(&bs, b)
	if n := testing.AllocsPerRun(100, func() {
		for _, blk := range bs.List {
			key := blk.Key
			blk.Reset()
			blk.Key = key
		}
		s.Encode(&bs, b)
	}); n != 0 {
		t.Errorf("%v allocations for 3 records", n)
	}
	if !bytes.Contains(bs.List[0].Body, []byte(`{"a":"b"}`)) {
		t.Errorf("%s", bs.List[0].Body)
	}
}
