package tail

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/event"
	"sluice/forwarder/ledger"
)

// turns is a reader that is made to go round by hand, and an Out that notes whose
// turn it was.
type turns struct {
	*testing.T
	*reader
	groups map[string]*group
	order  []string          // tags, a turn each
	then   map[string]func() // once, in the turn of a tag
	room   int               // of batches; -1: there is no limit
	wait   chan struct{}
}

const turnSize = 8 << 10 // of one turn; a first one is half of it

func newTurns(t *testing.T) *turns {
	cfg := DefaultConfig()
	cfg.Poll, cfg.ReadSize = time.Hour, turnSize // nothing is due by itself, or stops before all is read
	tail, err := New(cfg, ledger.New(), newStore(), nil, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	o := &turns{T: t, groups: map[string]*group{}, then: map[string]func(){}, room: -1, wait: make(chan struct{})}
	o.reader = newReader(tail, o, "test")
	o.ctx, o.begun, o.buf = t.Context(), time.Now(), make([]byte, 0, turnSize+headRoom)
	return o
}

func (o *turns) Admit(string) <-chan struct{} {
	if o.room == 0 {
		return o.wait
	}
	return nil
}

func (o *turns) Emit(_ context.Context, b *event.Batch) error {
	o.room = max(o.room-1, -1)
	o.order = append(o.order, b.Tag)
	if then := o.then[b.Tag]; then != nil {
		delete(o.then, b.Tag)
		then()
	}
	return nil
}

func (o *turns) goOn() {
	for next := time.Duration(0); next == 0; {
		var err error
		if next, err = o.round(); err != nil {
			o.Fatal(err)
		}
	}
}

// log makes a group of a file that has something for so many full turns behind its
// first one; nobody has written to it since we run.
func (o *turns) log(tag string, full int) {
	path := filepath.Join(o.TempDir(), "0.log")
	text := criOf(100)(0)
	if full > 0 {
		text = strings.Repeat(text, (firstRead+full*turnSize)/len(text)-4) // with room for a line more
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		o.Fatal(err)
	}
	if err := os.Chtimes(path, time.Time{}, o.begun.Add(-time.Hour)); err != nil {
		o.Fatal(err)
	}
	fd, err := openFile(path)
	if err != nil {
		o.Fatal(err)
	}
	g := &group{tag: tag, reader: o.reader, rules: o.t.rules, pod: pathOnly{&event.Fragment{}}, place: place{uid: "u", container: tag, restart: "0"}}
	f := newFile(g, fd, observed{path: path}, 0)
	g.queue = []*file{f}
	o.Cleanup(func() { g.close(f) })
	o.groups[tag] = g
	o.wakeUp(g)
}

// write appends a line to a group's file.
func (o *turns) write(tag string) {
	f, err := os.OpenFile(*o.groups[tag].queue[0].path.Load(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		o.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(criOf(100)(1)); err != nil {
		o.Fatal(err)
	}
}

func (o *turns) backlogs(n, full int) (tags []string) {
	for i := range n {
		tags = append(tags, fmt.Sprint("old", i))
		o.log(tags[i], full)
	}
	return tags
}

func (o *turns) want(order ...string) {
	o.Helper()
	if !slices.Equal(o.order, order) {
		o.Errorf("turns: %v\nwant:  %v", o.order, order)
	}
}

func TestBacklogsAreReadInTurn(t *testing.T) {
	o := newTurns(t)
	o.backlogs(3, 2)
	o.goOn()
	o.want("old0", "old1", "old2", "old0", "old1", "old2", "old0", "old1", "old2")
}

func TestANewLineWaitsForNoBacklog(t *testing.T) {
	o := newTurns(t)
	o.backlogs(3, 2)
	o.then["old2"] = func() { o.then["old1"] = func() { o.log("new", 0) } }
	o.goOn()
	o.want("old0", "old1", "old2", "old0", "old1", "new", "old2", "old0", "old1", "old2")
}

func TestALineBehindABacklogWaitsForThatOneAlone(t *testing.T) {
	o := newTurns(t)
	watching := o.watching()
	o.backlogs(4, 2)
	o.then["old3"] = func() {
		o.then["old0"] = func() { // all are behind
			o.write("old2")
			<-watching
		}
	}
	o.goOn()
	o.want("old0", "old1", "old2", "old3", "old0", "old2", "old1", "old2", "old3", "old0", "old1", "old3")
}

// watching has files watched, and tells of each wake-up that comes of it.
func (o *turns) watching() <-chan *group {
	w, err := newWatcher()
	if err != nil {
		o.Skip(err)
	}
	woken, ended := make(chan *group, 1), make(chan struct{})
	w.onFile = func(g *group) {
		o.wakeUp(g)
		woken <- g
	}
	o.t.watch = w
	go func() {
		defer close(ended)
		w.run()
	}()
	o.Cleanup(func() {
		w.close()
		<-ended
	})
	return woken
}

func TestABacklogWrittenToAtTheStartIsFresh(t *testing.T) {
	o := newTurns(t)
	o.backlogs(4, 2)
	o.write("old3")
	o.goOn()
	o.want("old0", "old1", "old2", "old3", "old3", "old0", "old3", "old1", "old2", "old0", "old1", "old2")
}

func TestBacklogsWrittenToDoNotStopOthers(t *testing.T) {
	o := newTurns(t)
	tags := o.backlogs(4, 2)
	for _, tag := range tags[1:] {
		o.write(tag)
	}
	o.goOn()
	o.want("old0", "old1", "old2", "old3", "old1", "old0", "old2", "old0", "old3", "old1", "old2", "old3")
}

func TestRoomIsFirstOfNewLines(t *testing.T) {
	o := newTurns(t)
	o.backlogs(2, 1)
	o.room = 2
	o.goOn()
	o.want("old0", "old1")
	o.log("new", 0)
	o.goOn()
	o.want("old0", "old1") // all are refused
	was := o.wait
	o.room, o.wait = 1, make(chan struct{})
	close(was)
	o.goOn()
	o.want("old0", "old1", "new")
	o.room = -1
	close(o.wait)
	o.goOn()
	o.want("old0", "old1", "new", "old0", "old1")
}
