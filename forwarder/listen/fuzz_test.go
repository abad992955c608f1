package listen

import (
	"encoding/hex"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"sluice/event"
	"sluice/wire"
)

// FuzzConnection: whatever a client sends, wherever the network cuts it, the
// same records come out and nothing panics.
func FuzzConnection(f *testing.F) {
	rows, err := os.ReadFile("testdata/vectors.tsv")
	if err != nil {
		f.Fatal(err)
	}
	for _, row := range strings.Split(strings.TrimSpace(string(rows)), "\n")[1:] {
		raw, err := hex.DecodeString(strings.Split(row, "\t")[1])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add(append(packed(5, ""), message("a", "b", "")...))
	tree := treeOf(f, &event.Fragment{Pod: "p", Labels: []event.Pair{{Name: "a", Value: "b"}}})
	f.Add(append(wire.AppendPacked(nil, "p", told(5), wire.Send{Chunk: "c", Metadata: tree}), wire.AppendMessage(nil, "m", when, record("x"), wire.Send{Metadata: tree})...))
	f.Add(wire.AppendForward(nil, "f", 1, told(1), wire.Send{Metadata: []byte{0x81, 0xa3, 'p', 'o', 'd', 1}}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		take := func(change func(io.Reader) io.Reader) *fakeOut {
			out := &fakeOut{}
			c, _ := fed(t, raw, out)
			c.frames = wire.NewReader(change(&rewound{raw: raw}), 1<<16)
			c.read()
			if c.frames.Size() > 1<<17 {
				t.Fatalf("holds %d bytes", c.frames.Size())
			}
			return out
		}
		whole := take(func(r io.Reader) io.Reader { return r })
		parts := take(iotest.OneByteReader)
		if got, want := strings.Join(parts.lines, "\n"), strings.Join(whole.lines, "\n"); got != want {
			t.Fatalf("whole:\n%s\nbyte by byte:\n%s", want, got)
		}
		for i := range whole.ids {
			if whole.ids[i] != parts.ids[i] {
				t.Fatalf("record %d has ids %v and %v", i, whole.ids[i], parts.ids[i])
			}
		}
	})
}
