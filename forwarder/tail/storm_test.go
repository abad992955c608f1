package tail

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"sluice/event"
)

// storm is a container whose log is rotated as fast as its file system can.
type storm struct {
	*rig
	live    string
	n       int    // pieces written
	open    string // what was written of a line that goes on
	want    []string
	rotated []string
}

// piece makes the next line of the file; every third goes on with the next one.
func (s *storm) piece() string {
	s.n++
	text, tag := fmt.Sprintf("<%d>", s.n), "F"
	if s.n%3 == 0 {
		tag = "P"
	}
	if s.open += text; tag == "F" {
		s.want = append(s.want, s.open)
		s.open = ""
	}
	return criLine(s.n, "stdout", tag, text)
}

// turn writes a generation and rotates it; what is then written to late goes to
// the renamed file, as a runtime does that was not told yet. The file of the
// rotation before is compressed, as the kubelet does it.
func (s *storm) turn(late int) {
	f, err := os.OpenFile(s.live, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	s.must(err)
	write := func(text string) {
		_, err := f.WriteString(text)
		s.must(err)
	}
	for range 1 + s.n%7 { // any may be the last, one that goes on too
		write(s.piece())
	}
	name := fmt.Sprintf("%s.20261122-%06d", s.live, len(s.rotated))
	s.must(os.Rename(s.live, name))
	for range late {
		line := s.piece()
		write(line[:len(line)/2])
		write(line[len(line)/2:])
	}
	s.must(f.Close())
	if s.rotated = append(s.rotated, name); len(s.rotated) > 1 {
		s.compress(s.rotated[len(s.rotated)-2])
	}
}

// end closes a line that goes on.
func (s *storm) end() {
	for s.open != "" || s.n == 0 {
		s.append(s.live, s.piece())
	}
}

// Nothing is lost, nothing comes twice and no line comes in pieces, however fast
// files are rotated and compressed while they are read.
func TestRotationStorm(t *testing.T) {
	for name, c := range map[string]struct {
		wait time.Duration // how soon a rotated file is closed
		late int
	}{
		"closed at once":              {time.Millisecond, 0},
		"written to after a renaming": {time.Hour, 2},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.cfg.RotateWait, r.cfg.PartialTimeout, r.cfg.Multiline = c.wait, time.Hour, "off"
			storms := make([]*storm, 10)
			for n := range storms {
				storms[n] = &storm{rig: r, live: r.container(fmt.Sprintf("app%d", n))}
			}
			r.start()
			for range 20 {
				for _, s := range storms {
					s.turn(c.late)
				}
			}
			total := 0
			for _, s := range storms {
				s.end()
				total += len(s.want)
			}
			r.records(total)
			if c.late == 0 {
				r.until("all that was rotated is closed", func() bool { return r.files(rotated) == 0 })
			}
			r.stop()
			checkStorm(t, storms, r.out.all())
			if n := r.lostFiles(vanished) + r.lostFiles(truncated) + r.lostFiles(unreadable); n != 0 {
				t.Errorf("%d files are reported lost", n)
			}
		})
	}
}

// checkStorm compares what came with what was written, of each file in its order.
func checkStorm(t *testing.T, storms []*storm, recs []got) {
	byTag, ids := map[string][]string{}, map[event.ID]bool{}
	for _, rec := range recs {
		if ids[rec.id] || rec.flags != 0 {
			t.Errorf("%s: %q comes again, or has flags: %d", rec.tag, rec.text, rec.flags)
		}
		ids[rec.id] = true
		byTag[rec.tag] = append(byTag[rec.tag], rec.text)
	}
	for n, s := range storms {
		var came []string
		for tag, texts := range byTag {
			if strings.Contains(tag, fmt.Sprintf("_app%d-", n)) {
				came = texts
			}
		}
		if got, want := strings.Join(came, "\n"), strings.Join(s.want, "\n"); got != want {
			t.Errorf("file %d: %d records, want %d, or another order", n, len(came), len(s.want))
		}
	}
}
