package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"testing/iotest"

	"github.com/tinylib/msgp/msgp"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// frames reads everything and says what came, one line a frame, and how it ended.
func frames(src io.Reader, limit int) (out []string, err error) {
	r := NewReader(src, limit)
	for {
		f, err := r.Next()
		if err != nil {
			if _, again := r.Next(); again != err {
				return out, fmt.Errorf("%w, then %w", err, again)
			}
			return out, err
		}
		p := f.Parts()
		out = append(out, fmt.Sprintf("%x n=%d mode=%d tag=%q event=%x body=%x count=%d at=%d chunk=%x compressed=%q signal=%d",
			f.Raw, f.N, p.Mode, p.Tag, p.Event, p.Body, p.Count, p.At, p.Option.Chunk, p.Option.Compressed, p.Option.Signal))
	}
}

func stream() []byte {
	record := msgp.AppendString(msgp.AppendString(msgp.AppendMapHeader(nil, 1), "message"), "hello")
	entry := AppendEntry(nil, Time{Sec: 1700000000, Nsec: 5}, record)
	s := msgp.AppendNil(nil)
	s = AppendMessage(s, "a.b", Time{Sec: 1}, record, Send{})
	s = AppendMessage(s, "a.b", Time{Sec: 1}, record, Send{Chunk: "one"})
	s = AppendForward(s, "a.c", 2, append(append([]byte(nil), entry...), entry...), Send{Chunk: "two", Size: 2})
	s = AppendPacked(s, "a.d", bytes.Repeat(entry, 500), Send{Size: 500})
	s = append(s, 0x90, 0x05, 0x81, 0xa1, 'a', 0x91, 0x01)
	return AppendPacked(s, "a.e", nil, Send{Chunk: "three"})
}

func TestReaderSplitAnywhere(t *testing.T) {
	s := stream()
	want, err := frames(bytes.NewReader(s), 1<<20)
	if err != io.EOF || len(want) != 9 {
		t.Fatalf("%d frames, %v", len(want), err)
	}
	check := func(name string, src io.Reader) {
		got, err := frames(src, 1<<20)
		if err != io.EOF || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s: %d frames, %v", name, len(got), err)
		}
	}
	check("one byte at a time", iotest.OneByteReader(bytes.NewReader(s)))
	for i := 1; i < len(s); i += 1 + i/200 { // every byte of the small frames
		check(fmt.Sprint("cut at ", i), io.MultiReader(bytes.NewReader(s[:i]), bytes.NewReader(s[i:])))
	}
}

func TestReaderEnds(t *testing.T) {
	for _, tt := range []struct {
		name, hex string
		limit     int
		frames    int
		want      error
	}{
		{"nothing", "", 100, 0, io.EOF},
		{"cut", "93a3", 100, 0, io.ErrUnexpectedEOF},
		{"reserved byte first", "c1", 100, 0, ErrSyntax},
		{"reserved byte after a frame", "c0c1", 100, 1, ErrSyntax},
		{"reserved byte in an unfinished frame", "93a161c1", 100, 0, ErrSyntax},
		{"reserved byte in a nested one", "93a161009181c1", 100, 0, ErrSyntax},
		{"just fits", "a3616263", 4, 1, io.EOF},
		{"one too many", "a461626364", 4, 0, TooLargeError{4}},
		{"4 GiB declared", "93a161dbffffffff616263", 1 << 20, 0, TooLargeError{1 << 20}},
		{"2^32-1 elements declared", "92a161ddffffffff", 1 << 20, 0, TooLargeError{1 << 20}},
		{"2^32-1 pairs declared", "dfffffffff", 1 << 20, 0, TooLargeError{1 << 20}},
		{"arrays that each promise what is left", "dd000fffffdd000ffffe", 1 << 20, 0, TooLargeError{1 << 20}},
	} {
		got, err := frames(bytes.NewReader(unhex(t, tt.hex)), tt.limit)
		if len(got) != tt.frames || err != tt.want {
			t.Errorf("%s: %d frames, %v; want %d, %v", tt.name, len(got), err, tt.frames, tt.want)
		}
	}
}

// A promise below the limit waits for its bytes, and costs what has come.
func TestReaderMemoryFollowsBytes(t *testing.T) {
	head := unhex(t, "92a161dd3fffffff") // 2^30-1 elements, 1 GiB at least
	src := io.MultiReader(bytes.NewReader(head), bytes.NewReader(make([]byte, 50000)))
	r := NewReader(src, 1<<31)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := r.Next()
	runtime.ReadMemStats(&after)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 400<<10 {
		t.Errorf("50 kB received cost %d bytes", got)
	}
}

func TestReaderHoldsLittleMoreThanTheLargestFrame(t *testing.T) {
	const limit = 1 << 20
	frame := AppendPacked(nil, "t", make([]byte, limit-100), Send{})
	src := bytes.NewReader(bytes.Repeat(frame, 5))
	r := NewReader(src, limit)
	for {
		f, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil || len(f.Raw) != len(frame) {
			t.Fatal(len(f.Raw), err)
		}
		if r.Size() > limit+firstRead {
			t.Fatalf("holds %d bytes", r.Size())
		}
	}
	if r.Trim(); r.Size() != 0 {
		t.Errorf("%d bytes after Trim", r.Size())
	}
}

// A source's error other than the end loses nothing.
func TestReaderGoesOnAfterDeadline(t *testing.T) {
	s := stream()
	want, _ := frames(bytes.NewReader(s), 1<<20)
	r := NewReader(iotest.TimeoutReader(iotest.HalfReader(bytes.NewReader(s))), 1<<20)
	n, timeouts := 0, 0
	for {
		_, err := r.Next()
		if errors.Is(err, iotest.ErrTimeout) {
			timeouts++
			continue
		}
		if err != nil {
			break
		}
		n++
	}
	if n != len(want) || timeouts != 1 {
		t.Errorf("%d frames, %d timeouts; want %d, 1", n, timeouts, len(want))
	}
}

func TestReaderAllocs(t *testing.T) {
	s := stream()
	src := bytes.NewReader(s)
	r := NewReader(src, 1<<20)
	read := func() {
		src.Reset(s)
		for {
			f, err := r.Next()
			if err != nil {
				return
			}
			f.Parts()
		}
	}
	read()
	if n := testing.AllocsPerRun(100, read); n != 0 {
		t.Errorf("%v allocations for a stream", n)
	}
}

func BenchmarkReaderMessages(b *testing.B) {
	record := msgp.AppendString(msgp.AppendString(msgp.AppendMapHeader(nil, 1), "message"), "a line of some sixty characters, as applications write them")
	s := bytes.Repeat(AppendMessage(nil, "app.web", Time{Sec: 1700000000}, record, Send{}), 1000)
	src := bytes.NewReader(s)
	r := NewReader(src, 1<<20)
	b.SetBytes(int64(len(s) / 1000))
	for i := 0; i < b.N; i += 1000 {
		src.Reset(s)
		for {
			if _, err := r.Next(); err != nil {
				break
			}
		}
	}
}
