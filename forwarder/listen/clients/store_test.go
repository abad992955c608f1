package clients_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/sink/elastictest"
)

// document is what the store is told of a record, in the schema ecs.
type document struct {
	Time    time.Time `json:"@timestamp"`
	Message string    `json:"message"`
	Labels  struct {
		Tag string `json:"tag"`
	} `json:"labels"`
	JSON struct {
		Seq    *int   `json:"seq"`
		At     string `json:"at"`
		Nested struct {
			A []any `json:"a"`
		} `json:"nested"`
		PartialID      string `json:"partial_id"`
		PartialOrdinal string `json:"partial_ordinal"`
		PartialLast    string `json:"partial_last"`
	} `json:"json"`
}

// archive keeps documents by tag, beside a store that judges ids.
type archive struct {
	*elastictest.CountStore
	mu    sync.Mutex
	byTag map[string][]document
	grew  chan struct{}
}

func newArchive() *archive {
	return &archive{CountStore: elastictest.NewCountStore(), byTag: map[string][]document{}, grew: make(chan struct{}, 1)}
}

// Create implements elastictest.Store.
func (a *archive) Create(docs []elastictest.Doc, created []bool) {
	a.CountStore.Create(docs, created)
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range docs {
		var d document
		if err := json.Unmarshal(docs[i].Source, &d); err != nil {
			d.Message = fmt.Sprintf("cannot read the document: %v: %.200s", err, docs[i].Source)
		}
		if created[i] {
			a.byTag[d.Labels.Tag] = append(a.byTag[d.Labels.Tag], d)
		}
	}
	select {
	case a.grew <- struct{}{}:
	default:
	}
}

// await waits until a tag has n documents of which enough holds, and returns
// all that the tag has.
func (a *archive) await(tag string, most time.Duration, enough func([]document) bool) []document {
	late := time.After(most)
	for {
		a.mu.Lock()
		docs := append([]document(nil), a.byTag[tag]...)
		a.mu.Unlock()
		if enough(docs) {
			return docs
		}
		select {
		case <-a.grew:
		case <-late:
			return docs
		}
	}
}

// judge says what is wrong with what came of n records that carry their number
// and time; a client's time is exact to the unit.
func judge(docs []document, n int, unit time.Duration) error {
	times := make([]int, n)
	var wrong []string
	for _, d := range docs {
		if d.JSON.Seq == nil || *d.JSON.Seq < 0 || *d.JSON.Seq >= n {
			wrong = append(wrong, "a document without its number: "+d.Message)
			continue
		}
		times[*d.JSON.Seq]++
		sec, nanos, _ := strings.Cut(d.JSON.At, ".")
		s, err1 := strconv.ParseInt(sec, 10, 64)
		ns, err2 := strconv.ParseInt(nanos, 10, 64)
		if at := time.Unix(s, ns).Truncate(unit); err1 != nil || err2 != nil || !d.Time.Equal(at) {
			wrong = append(wrong, fmt.Sprintf("record %d of %s has the time %v", *d.JSON.Seq, d.JSON.At, d.Time))
		}
		if a := d.JSON.Nested.A; len(a) != 5 || a[1] != 2.5 || a[4] != "é" {
			wrong = append(wrong, fmt.Sprintf("record %d has the nested values %v", *d.JSON.Seq, a))
		}
	}
	lost, doubled := 0, 0
	for _, k := range times {
		if k == 0 {
			lost++
		} else {
			doubled += k - 1
		}
	}
	if lost+doubled > 0 {
		wrong = append(wrong, fmt.Sprintf("of %d records %d are lost and %d came again", n, lost, doubled))
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%d things are wrong, the last: %s", len(wrong), wrong[len(wrong)-1])
	}
	return nil
}

// The judge must find what it is there to find.
func TestJudge(t *testing.T) {
	doc := func(seq int, at string, when time.Time) (d document) {
		d.JSON.Seq, d.JSON.At, d.Time = &seq, at, when
		d.JSON.Nested.A = []any{1.0, 2.5, true, nil, "é"}
		return d
	}
	when := time.Unix(5, 7)
	good := []document{doc(0, "5.000000007", when), doc(1, "5.000000007", when)}
	for _, tt := range []struct {
		docs []document
		unit time.Duration
		want string
	}{
		{good, 1, ""},
		{good[:1], 1, "1 are lost and 0 came again"},
		{append(good[:2:2], good[1]), 1, "0 are lost and 1 came again"},
		{good, time.Second, "has the time"},
		{[]document{good[0], doc(1, "5.000000008", when)}, 1, "record 1 of 5.000000008 has the time"},
		{append(good[:2:2], document{}), 1, "without its number"},
	} {
		err := judge(tt.docs, 2, tt.unit)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
}
