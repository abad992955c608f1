package filter

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"testing"

	"sluice/event"
	"sluice/parser"
	"sluice/setting"
	"sluice/wire"
	"sluice/wire/quote"

	"github.com/tinylib/msgp/msgp"
)

type applier interface{ Apply(*event.Batch) }

var when = event.Time{Sec: 1700000000}

// batch makes a batch with a record for each JSON object, as a parsed log
// line's: text and JSON.
func batch(t testing.TB, objects ...string) *event.Batch {
	t.Helper()
	b := &event.Batch{Tag: "kubernetes.var.log.app"}
	for i, o := range objects {
		b.Begin(event.Record{Time: when, ID: event.ID{17: byte(i)}, Weight: 1})
		if !parser.ParseObject(b, i, b.PutString(o, event.Text), "") {
			t.Fatalf("not an object: %s", o)
		}
	}
	return b
}

// packed is batch with values in msgpack, as a Forward client's.
func packed(t testing.TB, objects ...string) *event.Batch {
	t.Helper()
	b := batch(t, objects...)
	for i := range b.Fields {
		f := &b.Fields[i]
		raw := append([]byte(nil), b.Bytes(f.Val)...)
		if f.Val.Kind == event.Text {
			f.Val = b.Put(msgp.AppendString(nil, string(raw)), event.Msgp)
		} else {
			f.Val = b.Put(appendPacked(t, nil, raw), event.Msgp)
		}
	}
	return b
}

// appendPacked appends the JSON value p as msgpack, members in their order.
func appendPacked(t testing.TB, dst, p []byte) []byte {
	t.Helper()
	m, ok := parser.OpenMembers(p)
	if !ok {
		d := json.NewDecoder(bytes.NewReader(p))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		dst, err := msgp.AppendIntf(dst, v)
		if err != nil {
			t.Fatal(err)
		}
		return dst
	}
	var inner []byte
	n := uint32(0)
	for ; m.Next(); n++ {
		if m.Object() {
			inner = msgp.AppendString(inner, string(m.AppendName(nil)))
		}
		inner = appendPacked(t, inner, m.Value())
	}
	if m.Object() {
		dst = msgp.AppendMapHeader(dst, n)
	} else {
		dst = msgp.AppendArrayHeader(dst, n)
	}
	return append(dst, inner...)
}

// show writes record i as a JSON object.
func show(b *event.Batch, i int) string {
	out := []byte{'{'}
	for j, f := range b.FieldsOf(i) {
		if j > 0 {
			out = append(out, ',')
		}
		out = append(quote.Append(out, []byte(b.Keys[f.Key])), ':')
		switch p := b.Bytes(f.Val); f.Val.Kind {
		case event.Text:
			out = quote.Append(out, p)
		case event.JSON:
			out = append(out, p...)
		case event.Msgp:
			out, _ = wire.ToJSON(out, p)
		}
	}
	return string(append(out, '}'))
}

// apply runs f over the middle one of three records and returns it. The others
// are Dropped and Failed: a filter must not touch them, nor any record's ID,
// nor a branch of the batch made before.
func apply(t *testing.T, f applier, make func(testing.TB, ...string) *event.Batch, object string) (b *event.Batch) {
	t.Helper()
	b = make(t, object, object, object)
	b.Recs[0].State, b.Recs[2].State = event.Dropped, event.Failed
	branch := b.Branch()
	want := [3]string{show(b, 0), show(b, 1), show(b, 2)}
	recs := append([]event.Record(nil), b.Recs...)
	f.Apply(b)
	for _, i := range []int{0, 2} {
		if show(b, i) != want[i] || b.Recs[i].State != recs[i].State || b.Recs[i].Time != when {
			t.Errorf("record %d was touched: %s", i, show(b, i))
		}
	}
	for i := range recs {
		if b.Recs[i].ID != recs[i].ID {
			t.Errorf("the ID of record %d changed", i)
		}
		if show(branch, i) != want[i] || !reflect.DeepEqual(branch.Recs, recs) {
			t.Errorf("the branch's record %d changed: %s", i, show(branch, i))
		}
	}
	return b
}

// together runs one filter from several goroutines, for the race detector.
func together(t *testing.T, f applier, object string) {
	want := batch(t, object)
	f.Apply(want)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				b := batch(t, object)
				f.Apply(b)
				if show(b, 0) != show(want, 0) || b.Recs[0].State != want.Recs[0].State {
					t.Errorf("got %s, want %s", show(b, 0), show(want, 0))
				}
			}
		})
	}
	wg.Wait()
}

func bench(b *testing.B, f applier, object string) {
	source := batch(b, object)
	first := append([]event.Field(nil), source.FieldsOf(0)...)
	arena := append(make([]byte, 0, 1<<16), source.Arena...)
	work := source.Branch()
	b.ReportAllocs()
	for b.Loop() {
		work.Reset(arena)
		for range 100 {
			work.Begin(event.Record{Time: when})
			for _, field := range first {
				work.Add(field.Key, field.Val)
			}
		}
		f.Apply(work)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/record")
}

// refused checks that err, or one joined in it, is about the field and says
// so in these words.
func refused(t *testing.T, err error, field, words string) {
	t.Helper()
	errs := []error{err}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		errs = many.Unwrap()
	}
	for _, err := range errs {
		if e, ok := err.(*setting.Error); ok && e.Field() == field && strings.Contains(e.Error(), words) {
			return
		}
	}
	t.Errorf("got error %v, want one of %s with %q", err, field, words)
}
