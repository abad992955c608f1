package tail

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/event"
)

// Whatever was answered for when the agent stopped: nothing is skipped, and
// what is read again has the ids that it had.
func TestRestartAtEveryPoint(t *testing.T) {
	r := newRig(t)
	r.cfg.ReadSize = 128 // a batch is a line or two
	r.out.keep = true
	live := r.container("app")
	const lines = 12
	for n := range lines {
		tag := "F"
		if n%4 == 1 {
			tag = "P"
		}
		r.append(live, criLine(n, "stdout", tag, fmt.Sprintf("<%d>", n)))
	}
	r.start()
	first := r.records(lines - 3)
	acks := r.out.take()
	r.stop()
	ids := map[string]event.ID{}
	for _, rec := range first {
		ids[rec.text] = rec.id
	}
	stores := []*memStore{r.store.clone()}
	order := rand.New(rand.NewPCG(1, 1)).Perm(len(acks))
	for _, k := range order {
		acks[k].Done()
		stores = append(stores, r.store.clone())
	}
	safe := int64(0)
	for n, s := range stores {
		r.stop()
		r.store = s
		off := int64(0)
		if e := r.entryOf(live); e != nil {
			off = e.Off
		}
		r.restart(s)
		if off < safe {
			t.Fatalf("point %d: the position went back from %d to %d", n, safe, off)
		}
		safe = off
		want := 0
		for _, rec := range first {
			if rec.pos >= off {
				want++
			}
		}
		r.append(live, criLine(100+n, "stdout", "F", fmt.Sprintf("<end %d>", n)))
		r.until("the end", func() bool { return slices.Contains(r.out.texts(), fmt.Sprintf("<end %d>", n)) })
		again := r.out.all()
		for _, rec := range again {
			if id, ok := ids[rec.text]; ok && id != rec.id {
				t.Fatalf("point %d: %s has another id", n, rec.text)
			}
			ids[rec.text] = rec.id
		}
		if len(again) != want+n+1 {
			t.Fatalf("point %d, position %d: %d records read again, want %d", n, off, len(again), want+n+1)
		}
	}
	if e := r.entryOf(live); e == nil || safe == 0 {
		t.Fatal("nothing moved")
	}
}

// model is a container that logs and is rotated at random, and an agent that is
// restarted and answered at random.
type model struct {
	*rig
	rnd    *rand.Rand
	live   string
	n      int // lines written
	moves  int // rotations
	copies bool
	late   bool     // what is renamed may be written to after that
	plain  []string // rotated files that are not compressed
	want   map[string]bool
	ids    map[string]event.ID
	acks   []*event.Ack
	first  string    // the live file's first line
	piece  [2]string // an open line's text so far, by stream
	trace  [2]string // an open trace's
}

func (m *model) write() {
	var text strings.Builder
	for range 1 + m.rnd.IntN(12) {
		k := m.rnd.IntN(2)
		stream := []string{"stdout", "stderr"}[k]
		part := fmt.Sprintf("<%d%s>", m.n, strings.Repeat(".", m.rnd.IntN(60)))
		if m.piece[k] == "" && m.first != "" {
			part = []string{"", "", "Error: ", "\tat "}[m.rnd.IntN(4)] + part
		}
		tag := "F"
		if m.rnd.IntN(5) == 0 && m.first != "" {
			tag = "P"
		}
		text.WriteString(criLine(m.n, stream, tag, part))
		m.n++
		if m.piece[k] += part; tag == "F" {
			m.line(k, m.piece[k])
			if m.first == "" {
				m.first = m.piece[k]
				if m.first[0] != '<' { // what it begins could wait for ever
					m.first = fmt.Sprintf("<%d>", m.n)
					text.WriteString(criLine(m.n, stream, "F", m.first))
					m.line(k, m.first)
					m.n++
				}
			}
			m.piece[k] = ""
		}
	}
	m.append(m.live, text.String())
}

// line expects a line of stream k, or what it makes of the lines before it.
func (m *model) line(k int, text string) {
	switch frame := strings.HasPrefix(text, "\tat "); {
	case frame && m.trace[k] != "":
		m.trace[k] += "\n" + text
		return
	case m.trace[k] != "":
		m.want[m.trace[k]] = true
		m.trace[k] = ""
	}
	if text[0] == '<' {
		m.want[text] = true
	} else {
		m.trace[k] = text
	}
}

// rest ends what is open and lets the file come to rest, where it is closed.
func (m *model) rest() {
	var text strings.Builder
	for k, stream := range []string{"stdout", "stderr"} {
		for range 2 {
			part := fmt.Sprintf("<%d>", m.n)
			text.WriteString(criLine(m.n, stream, "F", part))
			m.n++
			m.line(k, m.piece[k]+part)
			if m.first == "" && m.piece[k] == "" {
				m.first = part
			}
			m.piece[k] = ""
		}
	}
	m.append(m.live, text.String())
	m.until("the file is closed", func() bool { return m.files(idle) == 1 && !m.open(m.live) })
}

func (m *model) rotate() {
	m.moves++
	name := fmt.Sprintf("%s.20261122-%06d", m.live, m.moves)
	if m.copies {
		// A file that is truncated before anybody read its first line is another
		// file to us, and comes in when its copy is found.
		m.until("its first line arrived", func() bool { m.look(); _, ok := m.ids[m.first]; return ok || m.first == "" })
		m.first = ""
		m.copyTruncate(m.live, name)
		return
	}
	m.must(os.Rename(m.live, name))
	if m.late && m.rnd.IntN(4) == 0 { // the runtime was not told yet
		live := m.live
		m.live = name
		m.write()
		m.live = live
	}
	m.append(m.live, "")
	if m.plain = append(m.plain, name); m.rnd.IntN(2) == 0 && len(m.plain) > 1 {
		n := 0 // the kubelet begins with the oldest
		m.compress(m.plain[n])
		m.plain = slices.Delete(m.plain, n, n+1)
	}
}

// look takes in what arrived.
func (m *model) look() {
	for _, rec := range m.out.all() {
		lines := strings.Count(rec.text, "\n") + 1
		if rec.flags != 0 && (lines == 1 || rec.flags != event.Multiline) || rec.text != "<last>" && int(rec.weight) != lines {
			m.t.Fatalf("%q has flags %d, weight %d", rec.text, rec.flags, rec.weight)
		}
		if rec.text == "<last>" { // of both streams, and no matter
			continue
		}
		if id, ok := m.ids[rec.text]; ok && id != rec.id {
			m.t.Fatalf("%q came as %s, then as %s", rec.text, id, rec.id)
		}
		m.ids[rec.text] = rec.id
	}
	m.acks = append(m.acks, m.out.take()...)
}

func (m *model) answer(share int) {
	m.look()
	m.rnd.Shuffle(len(m.acks), func(i, j int) { m.acks[i], m.acks[j] = m.acks[j], m.acks[i] })
	cut := len(m.acks) * share / 100
	for _, a := range m.acks[:cut] {
		a.Done()
	}
	m.acks = m.acks[cut:]
}

func (m *model) run(steps int) {
	m.start()
	for range steps {
		switch k := m.rnd.IntN(20); {
		case k < 12:
			m.write()
		case k < 14:
			m.rotate()
		case k < 17:
			m.answer(m.rnd.IntN(101))
		case k < 18: // stop, and things go on meanwhile
			m.stop()
			m.look()
			m.write()
			if _, begun := m.ids[m.first]; m.rnd.IntN(2) == 0 && (begun || !m.copies) {
				m.rotate()
				m.write()
			}
			m.again(m.store.clone())
		default: // let it read
			if m.cfg.IdleOpen == 0 && m.rnd.IntN(3) == 0 {
				m.rest()
				continue
			}
			n, tick := m.out.len(), 0
			m.until("it had time to read", func() bool { tick++; return m.out.len() > n || tick > 5 })
		}
	}
	for k, stream := range []string{"stdout", "stderr"} {
		part := fmt.Sprintf("<end %s>", stream)
		m.append(m.live, criLine(m.n, stream, "F", part))
		m.n++
		m.line(k, m.piece[k]+part)
		m.append(m.live, criLine(m.n, stream, "F", "<last>"))
		m.line(k, "<last>")
		m.n++
	}
	m.until("every line arrived", func() bool {
		m.answer(100)
		for text := range m.want {
			if _, ok := m.ids[text]; !ok && text != "<last>" {
				return false
			}
		}
		return true
	})
	m.stop()
	m.look()
	for text := range m.ids {
		if !m.want[text] {
			m.t.Fatalf("%q was never written", text)
		}
	}
}

func (m *model) again(s *memStore) {
	m.store, m.out = s, &fakeOut{keep: true, refuse: map[string]chan struct{}{}}
	m.acks = nil
	m.start()
}

var (
	modelRuns = flag.Int("model.runs", 150, "runs of the model test")
	modelSeed = flag.Uint64("model.seed", 0, "seed of the first run")
)

func TestModel(t *testing.T) {
	for seed := *modelSeed; seed < *modelSeed+uint64(*modelRuns); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.cfg.ReadSize = 64 + int(seed*97%2000)
			r.out.keep = true
			r.cfg.MultilineFlush, r.cfg.MultilineMax = time.Hour, time.Hour
			switch seed % 4 {
			case 1, 3: // a file at rest is closed
				r.cfg.IdleOpen = 0
			case 2: // longer than it may take to write late
				r.cfg.RotateWait = time.Minute
			}
			m := &model{
				rig: r, rnd: rand.New(rand.NewPCG(seed, 7)), live: r.container("app"), copies: seed%3 == 2, late: seed%4 == 2,
				want: map[string]bool{}, ids: map[string]event.ID{},
			}
			m.append(m.live, "")
			m.run(120)
		})
	}
}
