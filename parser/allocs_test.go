//go:build !race

// The race detector makes pools forget, so allocations are counted without it.

package parser

import (
	"testing"

	"sluice/event"
)

// Formats whose expressions need no backtracking allocate nothing.
func TestFormatsAllocateNothing(t *testing.T) {
	for _, f := range formats {
		if f.name == "regexp, look-ahead" {
			continue
		}
		p, err := New(config(f.kind, f.change))
		if err != nil {
			t.Fatal(err)
		}
		text := f.texts[0]
		b := &event.Batch{}
		arena := append(make([]byte, 0, 1<<16), text...)
		run := func() {
			b.Reset(arena)
			for i := range 10 {
				b.Begin(event.Record{})
				if !p.Into(b, i, event.Value{Len: uint32(len(text))}) {
					t.Fatalf("%s: not in the format", f.name)
				}
			}
		}
		run()
		if n := testing.AllocsPerRun(50, run); n != 0 {
			t.Errorf("%s: %v allocations for 10 records", f.name, n)
		}
	}
}

func BenchmarkFormats(b *testing.B) {
	for _, f := range formats {
		p, err := New(config(f.kind, f.change))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(f.name, func(b *testing.B) {
			batch := &event.Batch{}
			arena := append(make([]byte, 0, 1<<16), f.texts[0]...)
			b.ReportAllocs()
			for b.Loop() {
				batch.Reset(arena)
				batch.Begin(event.Record{})
				p.Into(batch, 0, event.Value{Len: uint32(len(f.texts[0]))})
			}
		})
	}
}
