package page

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"sluice/cmd/sluice-dev/page/query"
)

const (
	tailRows    = 200              // at most sent at once: nobody reads more
	tailQueue   = 4096             // documents that may wait for a slow browser
	tailSummary = 5 * time.Second  // between renewals of count and histogram
	tailBeat    = 15 * time.Second // of silence; shows both ends that the other is there
)

// liveTail is one browser's live tail.
type liveTail struct {
	page   *Page
	w      http.ResponseWriter
	s      state
	q      *query.Query
	m      *query.Matcher
	rows   *rowMaker
	last   int64 // Seq seen
	batch  []Doc
	missed int64 // arrived too fast to be shown
	fresh  bool  // hits arrived since the last summary
}

// tail sends the documents that match and arrive after a Seq as server-sent
// events: "rows" (HTML), "missed" (a number), "summary" (HTML).
func (p *Page) tail(w http.ResponseWriter, r *http.Request) {
	s, err := parseState(r.URL.Query(), p.cfg.Location)
	q, bad := query.Parse(s.Query)
	if err = errors.Join(err, bad); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.Live, s.Doc, s.Before = true, "", cursor{}
	t := &liveTail{page: p, w: w, s: s, q: q, m: q.Matcher(), rows: newRowMaker(q, s, p.cfg.Location)}
	after := seenBy(r, last(p.cfg.Store))
	sub := p.cfg.Store.Subscribe(tailQueue)
	defer sub.Close()
	w.Header().Set("Content-Type", "text/event-stream")
	// A server's write timeout is for answers, not for streams.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
	t.catchUp(r.Context(), after)
	if t.send() == nil {
		t.run(r.Context(), sub.C)
	}
}

// seenBy is the Seq up to which the browser has the documents: of its last
// event, or of its page. One beyond the store's last is of an earlier run.
func seenBy(r *http.Request, last int64) int64 {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > last {
		return last
	}
	return n
}

// catchUp takes what arrived since the page was made, or since the connection
// broke.
func (t *liveTail) catchUp(ctx context.Context, after int64) {
	until := last(t.page.cfg.Store)
	t.page.cfg.Store.Scan(time.Time{}, time.Time{}, func(d Doc) bool {
		if d.Seq <= until && d.Seq > after && t.m.Match(d.Index, d.ID, d.Source) {
			if len(t.batch) == tailRows {
				t.missed++
			} else {
				t.batch = append(t.batch, d)
			}
		}
		return d.Seq > after && ctx.Err() == nil
	})
	slices.Reverse(t.batch)
	t.last = until
}

func (t *liveTail) run(ctx context.Context, docs <-chan Doc) {
	tick := time.NewTicker(t.page.cfg.tailEvery)
	defer tick.Stop()
	summary := time.NewTicker(tailSummary)
	defer summary.Stop()
	beat := time.NewTicker(tailBeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case d, ok := <-docs:
			if !ok {
				return
			}
			t.take(d)
		case <-tick.C:
			if len(t.batch) > 0 {
				err = t.send()
			}
		case <-summary.C:
			if t.fresh {
				err = t.summary(ctx)
			}
		case <-beat.C:
			err = t.write([]byte(":\n\n"))
		}
		if err != nil {
			return // the browser went away
		}
	}
}

func (t *liveTail) take(d Doc) {
	if d.Seq <= t.last {
		return
	}
	t.missed += d.Seq - t.last - 1
	t.last = d.Seq
	if !t.m.Match(d.Index, d.ID, d.Source) {
		return
	}
	if len(t.batch) == tailRows {
		t.batch = slices.Delete(t.batch, 0, 1)
		t.missed++
	}
	t.batch = append(t.batch, d)
}

// send writes the batch, newest first as in the table. With
// nothing to write it sends the headers, so that the browser knows it is on.
func (t *liveTail) send() error {
	var b bytes.Buffer
	if len(t.batch) == 0 {
		return t.write([]byte(":\n\n"))
	}
	t.fresh = true
	slices.SortFunc(t.batch, func(a, b Doc) int {
		if cursorOf(&a).older(&b) {
			return -1
		}
		return 1
	})
	for i := range t.batch {
		if err := t.page.tmpl.ExecuteTemplate(&b, "row", t.rows.row(&t.batch[i])); err != nil {
			return err
		}
	}
	t.batch = t.batch[:0]
	out := event(nil, t.last, "rows", b.Bytes())
	if t.missed > 0 {
		out = event(out, t.last, "missed", strconv.AppendInt(nil, t.missed, 10))
		t.missed = 0
	}
	return t.write(out)
}

func (t *liveTail) summary(ctx context.Context) error {
	t.fresh = false
	v := &view{State: t.s, Zone: t.page.cfg.now().In(t.page.cfg.Location).Format("MST")}
	t.page.fill(ctx, v, t.q, t.page.cfg.now())
	var b bytes.Buffer
	if err := t.page.tmpl.ExecuteTemplate(&b, "summary", v); err != nil {
		return err
	}
	return t.write(event(nil, t.last, "summary", b.Bytes()))
}

func (t *liveTail) write(p []byte) error {
	if _, err := t.w.Write(p); err != nil {
		return err
	}
	return http.NewResponseController(t.w).Flush()
}

// event appends a server-sent event; each line of data is a line of its own.
// A carriage return would end a line too, wherever a log line has one.
func event(dst []byte, id int64, name string, data []byte) []byte {
	dst = fmt.Appendf(dst, "id: %d\nevent: %s\n", id, name)
	for line := range bytes.Lines(bytes.ReplaceAll(data, []byte{'\r'}, []byte{' '})) {
		dst = append(dst, "data: "...)
		dst = append(dst, bytes.TrimRight(line, "\n")...)
		dst = append(dst, '\n')
	}
	return append(dst, '\n')
}
