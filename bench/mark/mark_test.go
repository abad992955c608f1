package mark

import (
	"testing"
)

func TestReadFindsWhatAppendWrote(t *testing.T) {
	for _, m := range []Mark{{0, 1}, {7, 42}, {MaxStreams - 1, MaxSeq}} {
		doc := append(Append([]byte(`{"message":"before `), m), ` after bench=9999.000000001"}`...)
		if got, ok := Read(doc); !ok || got != m {
			t.Errorf("%+v in %s: got %+v, %v", m, doc, got, ok)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, doc := range []string{
		"", "bench", "bench=", "no mark", "bench=0001.00000000", "bench=0001-000000001", "bench=x001.000000001",
		"bench=0001.00000000x", "bench=0001.000000000", "bench=-001.000000001", "bench=0001.+00000001",
	} {
		if m, ok := Read([]byte(doc)); ok {
			t.Errorf("%q: read %+v", doc, m)
		}
	}
}

func TestAppendRefusesWhatHasNoMark(t *testing.T) {
	for _, m := range []Mark{{-1, 1}, {MaxStreams, 1}, {0, 0}, {0, MaxSeq + 1}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v: appended", m)
				}
			}()
			Append(nil, m)
		}()
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("bench=0001.000000001"))
	f.Add([]byte("bench=bench=0001.000000001"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		m, ok := Read(doc)
		if !ok {
			return
		}
		if m.Stream < 0 || m.Stream >= MaxStreams || m.Seq < 1 || m.Seq > MaxSeq {
			t.Fatalf("%q: %+v is out of range", doc, m)
		}
		if again, ok := Read(Append(nil, m)); !ok || again != m {
			t.Fatalf("%+v came back as %+v", m, again)
		}
	})
}
