package filter

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/event"
	"sluice/forwarder/ledger"
)

type stage interface {
	Process(ctx context.Context, b *event.Batch, emit, late event.Emit) error
	Flush(ctx context.Context, now time.Time, all bool) error
}

// staged runs a stage and notes what comes out: each record's fields, weight
// and time, or the late ones behind a ~.
type staged struct {
	t      *testing.T
	stage  stage
	ledger *ledger.Ledger
	stream *ledger.Stream
	end    int64
	out    []string
	recs   []event.Record
}

func newStaged(t *testing.T, s stage) *staged {
	l := ledger.New()
	return &staged{t: t, stage: s, ledger: l, stream: l.Stream("test", 0, nil)}
}

func (s *staged) note(prefix string) event.Emit {
	return func(_ context.Context, b *event.Batch) error {
		for i := range b.Recs {
			if b.Recs[i].State == event.Live {
				s.out = append(s.out, prefix+show(b, i))
				s.recs = append(s.recs, b.Recs[i])
			}
		}
		return nil
	}
}

// send sends records as one batch of a second of their own.
func (s *staged) send(objects ...string) {
	s.t.Helper()
	s.sendBatch(batch(s.t, objects...))
}

// sendUrgent is send of a client that waits.
func (s *staged) sendUrgent(objects ...string) {
	s.t.Helper()
	b := batch(s.t, objects...)
	b.Urgent = true
	s.sendBatch(b)
}

func (s *staged) sendBatch(b *event.Batch) {
	s.t.Helper()
	n := int64(len(b.Recs))
	s.end += n
	for i := range b.Recs {
		b.Recs[i].ID = event.MakeID(0, event.SourceKey{}, uint64(s.end-n)+uint64(i)+1)
		b.Recs[i].Time.Sec += s.end
	}
	ack := event.NewAck(s.stream.Open(s.end, int(n)))
	b.Ack = ack
	if err := s.stage.Process(s.t.Context(), b, s.note(""), s.note("~")); err != nil {
		s.t.Fatal(err)
	}
	if b.Ack != ack {
		s.t.Fatal("the batch's receipt is another one now")
	}
	ack.Done()
}

func (s *staged) flush(all bool) {
	s.t.Helper()
	if err := s.stage.Flush(s.t.Context(), time.Now(), all); err != nil {
		s.t.Fatal(err)
	}
}

// want checks what came out, and up to where the stream is safe.
func (s *staged) want(safe int64, out ...string) {
	s.t.Helper()
	if got, want := strings.Join(s.out, "\n"), strings.Join(out, "\n"); got != want {
		s.t.Errorf("\n got %s\nwant %s", strings.ReplaceAll(got, "\n", "\n     "), strings.ReplaceAll(want, "\n", "\n     "))
	}
	if got := s.stream.Safe(); got != safe {
		s.t.Errorf("safe up to %d, want %d", got, safe)
	}
	if err := s.ledger.Check(); err != nil {
		s.t.Error(err)
	}
}

// weights is what came out, in source records.
func (s *staged) weights() (n int) {
	for _, r := range s.recs {
		n += int(r.Weight)
	}
	return n
}

func newConcat(t *testing.T, change func(*ConcatConfig)) *Concat {
	t.Helper()
	cfg := DefaultConcatConfig()
	cfg.Key = "m"
	change(&cfg)
	c, err := NewConcat(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConcatByStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStaged(t, newConcat(t, func(c *ConcatConfig) { c.StartRegexp, c.FlushInterval = "^S", 5*time.Second }))
		s.send(`{"m":"lost"}`, `{"m":"S1","a":1}`, `{"m":"x","b":2}`, `{"n":"no text"}`, `{"m":"S2"}`, `{"m":7}`)
		s.want(0, `{"m":"lost"}`, `{"n":"no text"}`, `{"m":"S1\nx","a":1}`, `{"m":7}`)
		s.send(`{"m":"y"}`)
		s.send(`{"m":"z"}`, `{"m":"S3"}`)
		s.want(7, `{"m":"lost"}`, `{"n":"no text"}`, `{"m":"S1\nx","a":1}`, `{"m":7}`, `{"m":"S2\ny\nz"}`)
		if r := s.recs[4]; r.Weight != 3 || r.ID.Position() != 8 || r.Flags != event.Multiline || r.Time.Sec != when.Sec+9 {
			t.Errorf("%+v", r)
		}
		s.out = nil
		<-time.After(4 * time.Second)
		s.flush(false)
		s.want(7)
		<-time.After(time.Second)
		s.flush(false)
		s.want(9, `~{"m":"S3"}`)
		if s.weights() != 9 || len(s.stage.(*Concat).join.open) != 0 || s.stage.(*Concat).join.bytes != 0 {
			t.Errorf("weights %d, %d bytes held", s.weights(), s.stage.(*Concat).join.bytes)
		}
	})
}

// concatCase is records, and what comes out at the end, the flush included.
type concatCase struct {
	change  func(*ConcatConfig)
	records []string
	want    []string
}

func concatCases() map[string]concatCase {
	return map[string]concatCase{
		"n_lines": {
			func(c *ConcatConfig) { c.NLines, c.Separator = 2, "|" },
			[]string{`{"m":"a"}`, `{"m":"b"}`, `{"m":"c"}`},
			[]string{`{"m":"a|b"}`, `~{"m":"c"}`},
		},
		"n_lines of 1": {func(c *ConcatConfig) { c.NLines = 1 }, []string{`{"m":"a"}`, `{"m":"b"}`}, []string{`{"m":"a"}`, `{"m":"b"}`}},
		"end": {
			func(c *ConcatConfig) { c.EndRegexp = ";$" },
			[]string{`{"m":"a"}`, `{"m":"b;"}`, `{"m":"c;"}`, `{"m":"d"}`},
			[]string{`{"m":"a\nb;"}`, `{"m":"c;"}`, `~{"m":"d"}`},
		},
		"start and end": {
			func(c *ConcatConfig) { c.StartRegexp, c.EndRegexp = "^S", "E$" },
			[]string{`{"m":"x"}`, `{"m":"S"}`, `{"m":"y"}`, `{"m":"E"}`, `{"m":"z"}`, `{"m":"S E"}`, `{"m":"S"}`, `{"m":"SxE"}`},
			[]string{`{"m":"x"}`, `{"m":"S\ny\nE"}`, `{"m":"z"}`, `{"m":"S E"}`, `{"m":"S"}`, `{"m":"SxE"}`},
		},
		"continuous": {
			func(c *ConcatConfig) { c.StartRegexp, c.ContinuousRegexp = "^S", `^\s` },
			[]string{`{"m":"S"}`, `{"m":" a"}`, `{"m":"other"}`, `{"m":" b"}`},
			[]string{`{"m":"S\n a"}`, `{"m":"other"}`, `{"m":" b"}`},
		},
		"streams": {
			func(c *ConcatConfig) { c.NLines, c.StreamIdentityKey = 2, "$.o.id" },
			[]string{`{"m":"a","o":{"id":1}}`, `{"m":"b","o":{"id":2}}`, `{"m":"c","o":{"id":1}}`},
			[]string{`{"m":"a\nc","o":{"id":1}}`, `~{"m":"b","o":{"id":2}}`},
		},
		"first's fields win, the last's are added": {
			func(c *ConcatConfig) { c.NLines = 2 },
			[]string{`{"a":1,"m":"x"}`, `{"m":"y","a":2,"b":3}`},
			[]string{`{"m":"x\ny","a":1,"b":3}`},
		},
		"partial key": {
			func(c *ConcatConfig) { c.PartialKey, c.PartialValue, c.Separator = "more", "true", "" },
			[]string{`{"m":"a","more":true}`, `{"m":"b","more":"true"}`, `{"m":"c","more":false}`, `{"m":"plain"}`},
			[]string{`{"m":"abc"}`, `{"m":"plain"}`},
		},
		"docker's metadata": {
			func(c *ConcatConfig) { c.UsePartialMetadata = true },
			[]string{
				`{"m":"a","partial_message":"true","partial_id":"1","partial_ordinal":"1","partial_last":"false"}`,
				`{"m":"x","partial_message":"true","partial_id":"2","partial_ordinal":"1","partial_last":"false"}`,
				`{"m":"b","partial_message":"true","partial_id":"1","partial_ordinal":"2","partial_last":"true"}`, `{"m":"plain"}`,
			},
			[]string{`{"m":"ab"}`, `{"m":"plain"}`, `~{"m":"x"}`},
		},
		"journald's metadata, kept": {
			func(c *ConcatConfig) {
				c.UsePartialMetadata, c.PartialMetadataFormat, c.KeepPartialMetadata = true, "docker-journald", true
			},
			[]string{`{"m":"a","CONTAINER_PARTIAL_ID":"1","CONTAINER_PARTIAL_LAST":"false"}`, `{"m":"b","CONTAINER_PARTIAL_ID":"1","CONTAINER_PARTIAL_LAST":"true"}`},
			[]string{`{"m":"ab","CONTAINER_PARTIAL_ID":"1","CONTAINER_PARTIAL_LAST":"false"}`},
		},
		"CRI": {
			func(c *ConcatConfig) { c.UsePartialCRILogtag = true },
			[]string{
				`{"m":"a","logtag":"P","stream":"stdout"}`, `{"m":"e","logtag":"P","stream":"stderr"}`,
				`{"m":"b","logtag":"F","stream":"stdout"}`, `{"m":"f","logtag":"F","stream":"stderr"}`,
			},
			[]string{`{"m":"ab","stream":"stdout"}`, `{"m":"ef","stream":"stderr"}`},
		},
	}
}

func TestConcatModes(t *testing.T) {
	for name, c := range concatCases() {
		for _, size := range []int{1, 2, 100} { // the records of a batch
			t.Run(fmt.Sprint(name, size), func(t *testing.T) {
				s := newStaged(t, newConcat(t, c.change))
				for i := 0; i < len(c.records); i += size {
					s.send(c.records[i:min(i+size, len(c.records))]...)
				}
				s.flush(true)
				s.want(int64(len(c.records)), c.want...)
				if s.weights() != len(c.records) {
					t.Errorf("weights %d of %d", s.weights(), len(c.records))
				}
			})
		}
	}
}

func TestConcatRefuses(t *testing.T) {
	for field, change := range map[string]func(*ConcatConfig){
		"key":                    func(c *ConcatConfig) {},
		"n_lines":                func(c *ConcatConfig) { c.NLines = -1 },
		"partial_value":          func(c *ConcatConfig) { c.PartialKey = "p" },
		"multiline_start_regexp": func(c *ConcatConfig) { c.StartRegexp = "(" },
		"continuous_line_regexp": func(c *ConcatConfig) { c.NLines, c.ContinuousRegexp = 2, "x" },
		"stream_identity_key":    func(c *ConcatConfig) { c.NLines, c.StreamIdentityKey = 2, "$." },
		"flush_interval":         func(c *ConcatConfig) { c.NLines, c.FlushInterval = 2, -1 },
	} {
		cfg := DefaultConcatConfig()
		cfg.Key = "m"
		change(&cfg)
		_, err := NewConcat(cfg)
		refused(t, err, field, "")
	}
	_, err := NewConcat(ConcatConfig{Key: "$.a.b", NLines: 2})
	refused(t, err, "key", "record's own")
	_, err = NewConcat(ConcatConfig{Key: "m", NLines: 2, StartRegexp: "x"})
	refused(t, err, "key", "only one of")
}

// What is open is bounded, in lines, in bytes, and in all.
func TestConcatBounds(t *testing.T) {
	c := newConcat(t, func(c *ConcatConfig) { c.StartRegexp, c.StreamIdentityKey = "^S", "id" })
	c.join.maxLines, c.join.maxBytes, c.join.total = 3, 1<<20, 20000
	s := newStaged(t, c)
	s.send(`{"m":"S"}`, `{"m":"1"}`, `{"m":"2"}`, `{"m":"3"}`, `{"m":"S"}`)
	s.want(0, `{"m":"S\n1\n2"}`, `{"m":"3"}`)
	for i := range 100 {
		s.send(fmt.Sprintf(`{"m":"S%s","id":%d}`, strings.Repeat("x", 1000), i))
	}
	if c.join.bytes > 20000 || len(s.out) < 80 {
		t.Errorf("%d bytes are held, %d records went on", c.join.bytes, len(s.out))
	}
	s.flush(true)
	if s.weights() != 105 || s.stream.Safe() != 105 {
		t.Errorf("weights %d, safe %d", s.weights(), s.stream.Safe())
	}
}

const trace = `Exception in thread "main" java.lang.IllegalStateException: x|	at com.example.A.a(A.java:1)|	at com.example.B.b(B.java:2)|Caused by: java.io.IOException: y|	... 2 more`

func TestDetectExceptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultDetectExceptionsConfig()
		cfg.Languages, cfg.Stream = []string{"java"}, "stream"
		d, err := NewDetectExceptions(cfg)
		if err != nil {
			t.Fatal(err)
		}
		s := newStaged(t, d)
		lines := strings.Split(trace, "|")
		s.send(`{"log":"plain\n","stream":"stdout"}`)
		for i, line := range lines {
			s.send(`{"log":`+string(quoted(line+"\n"))+`,"stream":"stderr","n":`+fmt.Sprint(i)+`}`, `{"log":"between\n","stream":"stdout"}`)
		}
		s.send(`{"log":"after","stream":"stderr"}`)
		joined := `{"log":` + string(quoted(strings.Join(lines, "\n")+"\n")) + `,"stream":"stderr","n":0}`
		between := `{"log":"between\n","stream":"stdout"}`
		s.want(12, `{"log":"plain\n","stream":"stdout"}`, between, between, between, between, between, joined, `{"log":"after","stream":"stderr"}`)
		if r := s.recs[6]; r.Weight != 5 || r.Time.Sec != when.Sec+3 || r.Flags != event.Multiline {
			t.Errorf("%+v", r)
		}
		s.out = nil
		s.send(`{"message":` + string(quoted(lines[0])) + `}`) // the field message, without newlines
		s.send(`{"message":` + string(quoted(lines[1])) + `}`)
		<-time.After(5 * time.Second)
		s.flush(false)
		s.want(14, `~{"message":`+string(quoted(lines[0]+"\n"+lines[1]))+`}`)
		if s.weights() != 14 {
			t.Errorf("weights %d", s.weights())
		}
		s.out = nil
		s.send(`{"message":"over"}`)
		s.want(15, `{"message":"over"}`)
	})
	_, err := NewDetectExceptions(DetectExceptionsConfig{Languages: []string{"cobol"}})
	refused(t, err, "languages", "cobol")
	_, err = NewDetectExceptions(DetectExceptionsConfig{Message: "$.a.b"})
	refused(t, err, "message", "own")
}

func quoted(s string) []byte { return appendValue(nil, []byte(s), event.Text) }
