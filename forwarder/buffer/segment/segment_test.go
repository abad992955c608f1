package segment

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"sluice/event"
)

var update = flag.Bool("update", false, "write the golden file")

// block makes a block whose content follows from n.
func block(n int) *event.Block {
	b := &event.Block{Key: fmt.Sprintf("index-%d", n%3), Tag: "kubernetes.a", Stream: event.StreamID(n), Since: int64(n) * 1e9}
	for i := range 1 + n%7 {
		b.Body = fmt.Appendf(b.Body, "{\"n\":%d,\"i\":%d}\n", n, i)
		b.Close(event.MakeID(0, event.SourceKey{Hi: uint64(n)}, uint64(i)), uint16(1+i%2))
	}
	return b
}

// file writes commits of the given numbers of blocks and returns the bytes and
// where each block's frame begins.
func file(t testing.TB, commits ...int) (p []byte, offs []int64) {
	t.Helper()
	p = AppendHeader(nil)
	n, prev := 0, int64(HeaderLen)
	for _, blocks := range commits {
		start := int64(len(p))
		for range blocks {
			offs = append(offs, int64(len(p)))
			b := block(n)
			n++
			var err error
			if p, err = AppendBlock(p, "elasticsearch", b); err != nil {
				t.Fatal(err)
			}
			if got := int64(len(p)) - offs[len(offs)-1]; got != int64(Size("elasticsearch", b)) {
				t.Fatalf("Size says %d of %d bytes", Size("elasticsearch", b), got)
			}
		}
		p = AppendCommit(p, prev, start, blocks)
		prev = int64(len(p))
	}
	return p, offs
}

// seal seals a file whose last frame is a commit.
func seal(p []byte) []byte { return AppendSeal(p, int64(len(p))) }

func scan(t testing.TB, p []byte) Scan {
	t.Helper()
	s, err := ScanFile(bytes.NewReader(p), int64(len(p)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// numbers are the blocks that a scan found, by their stream.
func numbers(s Scan) (list []int) {
	for _, f := range s.Blocks {
		list = append(list, int(f.Stream))
	}
	return list
}

func TestABlockComesBackAsItWas(t *testing.T) {
	p, _ := file(t, 5, 3)
	s := scan(t, p)
	if len(s.Blocks) != 8 || s.Good != int64(len(p)) || s.Torn != 0 || s.Damage != nil {
		t.Fatalf("%+v", s)
	}
	got := &event.Block{}
	for i, f := range s.Blocks {
		if err := DecodeBlock(p[f.Off:f.Off+int64(f.Size)], got); err != nil {
			t.Fatal(err)
		}
		if want := block(i); !reflect.DeepEqual(got, want) {
			t.Fatalf("block %d:\n%+v\n%+v", i, got, want)
		}
		if int(f.Weight) != got.Weight() || int(f.Items) != got.Len() || int(f.Body) != len(got.Body) || f.Lane != "elasticsearch" {
			t.Fatalf("%+v", f)
		}
	}
}

// TestHeadsFindWhatTheScanFound: the same blocks, also around one whose head is
// damaged; and a read error is told.
func TestHeadsFindWhatTheScanFound(t *testing.T) {
	p, offs := file(t, 5, 3, 4)
	heads := func(r io.ReaderAt, from, to int64) (found []Found, err error) {
		err = Heads(r, from, to, func(f Found) bool { found = append(found, f); return len(found) < 9 })
		return found, err
	}
	nth := map[string]uint32{}
	for _, f := range scan(t, p).Blocks {
		if f.Nth != nth[f.Key] {
			t.Fatalf("block at %d is number %d of %s, want %d", f.Off, f.Nth, f.Key, nth[f.Key])
		}
		nth[f.Key]++
	}
	want := scan(t, p).Blocks[2:11]
	found, err := heads(bytes.NewReader(p), offs[2], int64(len(p)))
	for i := range want {
		want[i].Nth = 0 // it says nothing of that
	}
	if err != nil || !reflect.DeepEqual(found, want) {
		t.Fatalf("%v\n%+v\n%+v", err, found, want)
	}
	p[offs[3]] ^= 1
	if found, err = heads(bytes.NewReader(p), offs[2], offs[6]); err != nil || len(found) != 3 || found[1].Off != offs[4] {
		t.Fatalf("%v %+v", err, found)
	}
	if _, err = heads(unreadable{p, offs[3], offs[4]}, offs[2], offs[6]); err == nil {
		t.Fatal("no error of a disk that cannot be read")
	}
}

func TestAcksTakeBlocksAway(t *testing.T) {
	p, offs := file(t, 4)
	p = AppendAck(seal(p), []int64{offs[1], offs[2], 7})
	if s := scan(t, p); !slices.Equal(numbers(s), []int{0, 3}) || s.Acked != 2 || !s.Sealed || s.Damage != nil {
		t.Fatalf("%+v", s)
	}
	many := make([]int64, 2500)
	many[2400] = offs[0]
	if s := scan(t, AppendAck(p, many)); !slices.Equal(numbers(s), []int{3}) {
		t.Fatalf("%+v", s)
	}
}

// TestTornTail cuts a file at every byte: what was committed and is whole is
// found, and nothing counts as damaged.
func TestTornTail(t *testing.T) {
	p, _ := file(t, 2, 3)
	first, _ := file(t, 2)
	for n := range len(p) {
		s := scan(t, p[:n])
		want := []int(nil)
		if n >= len(first) {
			want = []int{0, 1}
		}
		if got := numbers(s); !slices.Equal(got, want) || s.Damage != nil || s.Good > int64(n) || s.Good+s.Torn != int64(n) {
			t.Fatalf("cut at %d of %d: %v, %+v", n, len(p), got, s)
		}
	}
}

// TestTornHeader has the header reach the disk in part, or not at all.
func TestTornHeader(t *testing.T) {
	p, _ := file(t, 2)
	for n := range HeaderLen {
		bad := bytes.Clone(p)
		clear(bad[n:HeaderLen])
		if s := scan(t, bad); !slices.Equal(numbers(s), []int{0, 1}) || s.Damage != nil {
			t.Fatalf("%d bytes of the header: %+v", n, s)
		}
		clear(bad)
		if s := scan(t, bad); s.Blocks != nil || s.Damage != nil || s.Torn != int64(len(p)) {
			t.Fatalf("%+v", s)
		}
	}
}

// TestLastCommitIsVerified has the commit frame on the disk and not all of its
// blocks, as after a power cut.
func TestLastCommitIsVerified(t *testing.T) {
	p, offs := file(t, 2, 3)
	clear(p[offs[3]+100 : offs[4]]) // the payload's end; the head is whole
	if s := scan(t, p); !slices.Equal(numbers(s), []int{0, 1, 2, 4}) || s.Torn == 0 || s.Damage != nil {
		t.Fatalf("%v %+v", numbers(s), s)
	}
	clear(p[offs[3]:offs[4]])
	if s := scan(t, p); !slices.Equal(numbers(s), []int{0, 1, 2, 4}) || s.Torn == 0 || s.Damage != nil {
		t.Fatalf("%v %+v", numbers(s), s)
	}
}

// TestDamageCostsOnlyWhatItHits spoils each byte of a file in turn.
func TestDamageCostsOnlyWhatItHits(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		p, offs := file(t, 2, 3)
		if sealed {
			p = seal(p)
		}
		offs = append(offs, int64(len(p)))
		for i := HeaderLen; i < len(p); i++ {
			bad := bytes.Clone(p)
			bad[i] ^= 0x55
			s := scan(t, bad)
			decoded := 0
			for _, f := range s.Blocks {
				if DecodeBlock(bad[f.Off:f.Off+int64(f.Size)], &event.Block{}) == nil {
					decoded++
				}
			}
			hit := slices.IndexFunc(offs, func(o int64) bool { return o > int64(i) })
			atLeast := 4
			if !sealed && i >= int(offs[4]) {
				atLeast = 2 // the last commit frame: its blocks may not have been fsynced
			}
			if decoded < atLeast {
				t.Fatalf("sealed %v, byte %d (behind block %d): only %d blocks", sealed, i, hit-1, decoded)
			}
			if len(s.Blocks) < 4 && sealed && s.Lost() == 0 {
				t.Fatalf("byte %d: loss is not told: %+v", i, s)
			}
		}
	}
}

func TestForeignAndNewerFiles(t *testing.T) {
	if _, err := ScanFile(bytes.NewReader([]byte("something else entirely")), 23); !errors.Is(err, ErrForeign) {
		t.Fatal(err)
	}
	newer := AppendHeader(nil)
	newer[8] = 9
	le.PutUint32(newer[12:], 0)
	if _, err := ScanFile(bytes.NewReader(newer), 16); !errors.Is(err, ErrForeign) {
		t.Fatalf("a header with a wrong checksum: %v", err)
	}
	le.PutUint32(newer[12:], crc32.Checksum(newer[:12], table))
	var n NewerError
	if _, err := ScanFile(bytes.NewReader(newer), 16); !errors.As(err, &n) || n.Version != 9 {
		t.Fatal(err)
	}
}

// unreadable fails for a part of the file, as a disk with a bad spot does.
type unreadable struct {
	p    []byte
	from int64
	to   int64
}

func (u unreadable) ReadAt(p []byte, off int64) (int, error) {
	if off < u.to && off+int64(len(p)) > u.from {
		return 0, errors.New("input/output error")
	}
	return bytes.NewReader(u.p).ReadAt(p, off)
}

func TestABadSpotOnTheDiskIsSkipped(t *testing.T) {
	p, offs := file(t, slices.Repeat([]int{50}, 60)...)
	u := unreadable{p, 60_000, 61_000}
	s, err := ScanFile(u, int64(len(p)))
	if err != nil || s.Lost() == 0 {
		t.Fatalf("%v %+v", err, s.Damage)
	}
	last := s.Blocks[len(s.Blocks)-1].Off
	if s.Blocks[0].Off != offs[0] || last != offs[len(offs)-1] {
		t.Fatalf("found from %d to %d of %d", s.Blocks[0].Off, last, len(p))
	}
	if lost := s.Lost(); lost > 1000+3*windowSize {
		t.Fatalf("a spot of 1000 bytes costs %d", lost)
	}
}

// FuzzScan: any bytes end the scan without a panic, all it found lies in the
// file, and no frame is decoded that was not whole.
func FuzzScan(f *testing.F) {
	p, offs := file(f, 2, 3)
	f.Add(p)
	f.Add(AppendAck(seal(bytes.Clone(p)), offs[:2]))
	for i := range 20 {
		bad := bytes.Clone(p)
		bad[HeaderLen+i*11] ^= 1
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		last := int64(-1)
		Heads(bytes.NewReader(p), HeaderLen, int64(len(p)), func(f Found) bool {
			if f.Off <= last || f.Off < HeaderLen || f.Off+int64(f.Size) > int64(len(p)) {
				t.Fatalf("%+v after one at %d", f, last)
			}
			last = f.Off
			return true
		})
		s, err := ScanFile(bytes.NewReader(p), int64(len(p)))
		if err != nil {
			return
		}
		if s.Good > int64(len(p)) || s.Torn < 0 || s.Torn > int64(len(p)) || s.Lost() > int64(len(p)) {
			t.Fatalf("%+v", s)
		}
		b := &event.Block{}
		for _, f := range s.Blocks {
			if f.Off < HeaderLen || f.Off+int64(f.Size) > int64(len(p)) {
				t.Fatalf("%+v", f)
			}
			if DecodeBlock(p[f.Off:f.Off+int64(f.Size)], b) != nil {
				continue
			}
			for i := range b.Len() {
				b.Item(i)
			}
			if again, err := AppendBlock(nil, f.Lane, b); err != nil || !bytes.Equal(again, p[f.Off:f.Off+int64(f.Size)]) {
				// Bytes that this program would not write (reserved ones) may differ.
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// TestGolden holds the bytes of version 1: a program must read what an older
// one wrote.
func TestGolden(t *testing.T) {
	p, offs := file(t, 2, 1)
	p = AppendAck(seal(p), offs[:1])
	path := filepath.Join("testdata", "version1.seg")
	if *update {
		if err := os.WriteFile(path, p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(p, want) {
		t.Fatal("the bytes written are not those of version 1 any more: a new format needs a new version")
	}
	if s := scan(t, want); !slices.Equal(numbers(s), []int{1, 2}) {
		t.Fatalf("%+v", s)
	}
}

func TestEncodingAllocatesNothing(t *testing.T) {
	b := block(6)
	dst := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { dst, _ = AppendBlock(dst[:0], "elasticsearch", b) }); n != 0 {
		t.Fatalf("%v allocations a block", n)
	}
}

// TestRandomDamage spoils random stretches of larger files.
func TestRandomDamage(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	for range 300 {
		p, offs := file(t, 1+rnd.IntN(20), 1+rnd.IntN(20), 1+rnd.IntN(20))
		p = seal(p)
		from := HeaderLen + rnd.IntN(len(p)-HeaderLen)
		to := min(len(p), from+1+rnd.IntN(400))
		for i := from; i < to; i++ {
			p[i] = byte(rnd.Uint32())
		}
		found := map[int64]bool{}
		for _, f := range scan(t, p).Blocks {
			found[f.Off] = DecodeBlock(p[f.Off:f.Off+int64(f.Size)], &event.Block{}) == nil
		}
		for i, o := range offs {
			end := int64(len(p))
			if i+1 < len(offs) {
				end = offs[i+1]
			}
			if (end <= int64(from) || o >= int64(to)) && !found[o] && to < len(p)-headLen {
				t.Fatalf("damage at %d to %d of %d cost the block at %d to %d", from, to, len(p), o, end)
			}
		}
	}
}
