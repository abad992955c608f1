package event

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestIDLayout(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).UnixMilli()
	key := SourceKey{Hi: 0x0123456789abcdef, Lo: 0xfedcba9876543210}
	a, b := MakeID(now, key, 1), MakeID(now, key, 2)
	if a == b || a.String() >= b.String() || a.Position() != 1 {
		t.Fatalf("%v then %v: ids of one stream must count up", a, b)
	}
	if a.String()[:16] != b.String()[:16] {
		t.Fatalf("%v and %v share no prefix", a, b)
	}
	if c := MakeID(now+71*60*1000, key, 0); c.String() <= b.String() {
		t.Fatalf("70 minutes later %v is not above %v", c, b)
	}
	if len(a.String()) != IDLen || string(a.Append(nil)) != a.String() {
		t.Fatalf("%v as text is %q", a, a.Append(nil))
	}
	for bit := range 64 { // every used bit of the key counts, and no other
		hi, lo := key, key
		hi.Hi ^= 1 << bit
		lo.Lo ^= 1 << bit
		if (MakeID(now, hi, 1) != a) != (bit >= 20) || (MakeID(now, lo, 1) != a) != (bit >= 32) {
			t.Fatalf("bit %d", bit)
		}
	}
}

func TestBatchSetMovesWhatMustMove(t *testing.T) {
	var b Batch
	b.Reset(nil)
	k := b.KeyString("a")
	for _, s := range []string{"one", "two", "three"} {
		b.Begin(Record{Weight: 1})
		b.Add(k, b.PutString(s, Text))
	}
	n := b.KeyString("n")
	b.Set(0, n, b.PutString("1", JSON))
	b.Set(0, k, b.PutString("uno", Text))
	b.Set(2, n, b.PutString("3", JSON))
	if !b.Unset(1, k) || b.Unset(1, k) {
		t.Fatal("Unset")
	}
	for i, want := range []string{"uno1", "", "three3"} {
		got := ""
		for _, f := range b.FieldsOf(i) {
			got += string(b.Bytes(f.Val))
		}
		if got != want {
			t.Errorf("record %d: %q, want %q", i, got, want)
		}
	}
}

func TestBranchSharesNothingThatChanges(t *testing.T) {
	var b Batch
	b.Reset(make([]byte, 0, 64))
	b.Begin(Record{})
	b.Add(b.KeyString("a"), b.PutString("x", Text))
	c := b.Branch()
	c.Set(0, c.Key([]byte("new")), c.PutString("branch", Text))
	c.Recs[0].State = Dropped
	b.Set(0, b.KeyString("other"), b.PutString("trunk!", Text))
	v, _ := c.Get(0, c.KeyString("new"))
	if string(c.Bytes(v)) != "branch" || b.Recs[0].State != Live {
		t.Fatalf("branch sees %q", c.Bytes(v))
	}
	if _, ok := b.Get(0, b.KeyString("new")); ok {
		t.Fatal("the trunk has the branch's field")
	}
}

type settled struct {
	n       int
	dropped Drops
}

func (s *settled) Settled(d Drops) { s.n++; s.dropped.Add(d) }

func TestAckSettlesOnceAtTheLastShare(t *testing.T) {
	var s settled
	a := NewAck(&s)
	a.Fork(2)
	a.Done()
	a.Drop(Filtered, 3)
	a.Done()
	if s.n != 0 {
		t.Fatal("settled with a share out")
	}
	a.Done()
	if s != (settled{1, Filtered.Of(3)}) {
		t.Fatalf("%+v", s)
	}
	defer func() {
		if recover() == nil {
			t.Fatal("one Done too many went unnoticed")
		}
	}()
	a.Done()
}

// makeChunk makes blocks of the given numbers of items; item n's body is n%7+1
// bytes of value n.
func makeChunk(sizes []int) (*Chunk, *settled) {
	var s settled
	c := &Chunk{Key: "k", Wire: []byte("old")}
	ack := NewAck(&s)
	n := 0
	for _, size := range sizes {
		b := &Block{Ack: ack, Slot: len(c.Blocks)}
		ack.Fork(1)
		for range size {
			for range n%7 + 1 {
				b.Body = append(b.Body, byte(n))
			}
			b.Close(MakeID(0, SourceKey{}, uint64(n)), uint16(n))
			n++
		}
		c.Blocks = append(c.Blocks, b)
	}
	ack.Done()
	return c, &s
}

func content(t *testing.T, c *Chunk) (items []uint32) {
	t.Helper()
	for i := range c.Len() {
		b, j := c.At(uint32(i))
		n := b.IDs[j].Position()
		want := slices.Repeat([]byte{byte(n)}, int(n)%7+1)
		if !slices.Equal(b.Item(j), want) || int(b.Weights[j]) != int(n) {
			t.Fatalf("item %d: body %v weight %d of number %d", i, b.Item(j), b.Weights[j], n)
		}
		items = append(items, uint32(n))
	}
	return items
}

func TestKeepLeavesExactlyWhatWasAsked(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		sizes := make([]int, 1+rnd.IntN(5))
		total := 0
		for i := range sizes {
			sizes[i] = 1 + rnd.IntN(6)
			total += sizes[i]
		}
		c, s := makeChunk(sizes)
		left := content(t, c)
		for len(left) > 0 { // keep fewer and fewer
			var idx []uint32
			var want []uint32
			for i, n := range left {
				if rnd.IntN(3) > 0 {
					idx, want = append(idx, uint32(i)), append(want, n)
				}
			}
			c.Keep(idx, func(b *Block) { b.Ack.Done() })
			if left = content(t, c); !slices.Equal(left, want) {
				t.Fatalf("seed %d: left %v, want %v", seed, left, want)
			}
		}
		if s.n != 1 || c.Wire != nil {
			t.Fatalf("seed %d: settled %d times", seed, s.n)
		}
	}
}

func TestHalveKeepsEveryItemAndReceipt(t *testing.T) {
	for _, sizes := range [][]int{{1}, {2}, {7}, {1, 1}, {3, 4, 5}} {
		c, s := makeChunk(sizes)
		want := content(t, c)
		var got []uint32
		todo := []*Chunk{c}
		for len(todo) > 0 {
			x := todo[len(todo)-1]
			if rest := x.Halve(func() *Block { return &Block{} }); rest != nil {
				todo = append(todo, rest)
				continue
			}
			todo = todo[:len(todo)-1]
			got = append(got, content(t, x)...)
			if x.Blocks[0].Slot == nil {
				t.Fatal("a half does not know whose it is")
			}
			x.Keep(nil, func(b *Block) { b.Ack.Done() })
		}
		slices.Sort(got)
		if !slices.Equal(got, want) || s.n != 1 {
			t.Fatalf("%v: got %v, settled %d", sizes, got, s.n)
		}
	}
}

func TestVerdictMustSpeakForAll(t *testing.T) {
	v := Verdict{Accepted: 2, Duplicate: 1, Retry: []uint32{3}, Reject: []Rejection{{Item: 4}}}
	if !v.Counts(5) || v.Counts(6) || v.Counts(4) {
		t.Fatal("Counts")
	}
}

func TestOldestIsTheOldestLiveRecord(t *testing.T) {
	b := Batch{Read: 100e9}
	b.Recs = []Record{{Time: Time{Sec: 50}, State: Dropped}, {}, {Time: Time{Sec: 70, Nsec: 1}}, {Time: Time{Sec: 200}}, {Time: Time{Sec: 1 << 40}}, {Time: Time{Sec: -5}}}
	if got := b.Oldest(); got != 70e9+1 {
		t.Fatal(got)
	}
}

// Whatever the order in which keys are asked for, each has one number.
func TestKeysInAnyOrder(t *testing.T) {
	b, r := &Batch{}, rand.New(rand.NewPCG(1, 2))
	numbers := map[string]uint16{}
	for i := range 3000 {
		name := fmt.Sprint("k", r.IntN(i/100+1))
		if r.IntN(3) > 0 {
			name = fmt.Sprint("k", i%7)
		}
		k := b.Key([]byte(name))
		if was, ok := numbers[name]; ok && k != was || b.Keys[k] != name {
			t.Fatalf("%s is %d, which is %s; it was %d", name, k, b.Keys[k], was)
		}
		if numbers[name] = k; b.KeyString(name) != k {
			t.Fatalf("KeyString says %d of %s, Key %d", b.KeyString(name), name, k)
		}
		if i%500 == 499 {
			b = b.Branch()
		}
	}
	for i := range 1100 { // too many to keep
		b.KeyString(fmt.Sprint("more", i))
	}
	b.Reset(nil)
	if k := b.Key([]byte("k6")); k != 0 || len(b.Keys) != 1 {
		t.Errorf("%d of %d keys", k, len(b.Keys))
	}
}

func BenchmarkKey(b *testing.B) {
	batch := &Batch{}
	names := [][]byte{[]byte("time"), []byte("level"), []byte("logger"), []byte("message"), []byte("status"), []byte("took")}
	for b.Loop() {
		for _, name := range names {
			batch.Key(name)
		}
	}
}
