package buffer

import (
	"testing"
	"unsafe"
)

// TestAnEntryCostsWhatIsCharged: the entry, and its place in a queue.
func TestAnEntryCostsWhatIsCharged(t *testing.T) {
	if size := unsafe.Sizeof(entry{}) + unsafe.Sizeof(&part{}); size > entryCharge {
		t.Errorf("an entry is %d bytes, charged are %d", size, entryCharge)
	}
	if size := unsafe.Sizeof(span{}) + unsafe.Sizeof(part{}) + unsafe.Sizeof(&part{}); size > spanCharge {
		t.Errorf("a span is %d bytes, charged are %d", size, spanCharge)
	}
}
