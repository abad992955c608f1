package tail

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// A file at rest holds a few KiB, whatever long lines and traces were in it.
func TestAFileAtRestHoldsLittle(t *testing.T) {
	const files, most = 300, 16 << 10
	trace := line(1, "java.lang.IllegalStateException: no") + line(2, strings.Repeat("\tat a.b.C.d(C.java:1)", 1500)) + line(3, "over")
	held := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	r := newRig(t)
	for n := range files {
		r.append(r.container(fmt.Sprintf("app-%d", n)), trace)
	}
	before := held()
	r.start()
	r.until("all are at rest", func() bool { return r.files(idle) == files })
	if n := r.out.len(); n != 2*files {
		t.Errorf("%d records, want %d: the traces were not joined", n, 2*files)
	}
	r.out.mu.Lock()
	r.out.recs = nil // the test's own
	r.out.mu.Unlock()
	if each := (held() - before) / files; each > most {
		t.Errorf("a file at rest holds %d bytes, want at most %d", each, most)
	} else {
		t.Logf("a file at rest holds %d bytes", each)
	}
}
