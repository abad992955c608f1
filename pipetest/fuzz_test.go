package pipetest

import (
	"testing"

	"sluice/forwarder/catalog"
)

// Whatever a file holds is records or an error with the line, and a record that
// was read can be put into a pipeline.
func FuzzRecords(f *testing.F) {
	for _, seed := range []string{`{"tag":"a","record":{"x":[1.50]}}`, "# no\n\n" + `{"tag":"a","time":"2026-01-31T23:59:59.5Z","record":{}}`, `{"tag":"a","time":1.5,"record":{"a":1,"a":2}}`, `{"tag":"a","record":{"\u0000":"\ud800"}}`} {
		f.Add([]byte(seed))
	}
	rec, err := newRecorder()
	if err != nil {
		f.Fatal(err)
	}
	p := &pipeline{rec: rec, cfg: Config{Settings: catalog.Default()}}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := records("x", data)
		if err != nil {
			return
		}
		for i := range list {
			b, err := p.batch(&list[i], uint64(i))
			if err != nil {
				continue
			}
			rec.list, rec.err = nil, nil
			sink{rec, "o"}.Encode(nil, b)
			lines, err := rec.lines()
			if err != nil || len(lines) != 1 {
				t.Fatalf("%q: %v %v", data, lines, err)
			}
			var o Outcome
			if err := decode([]byte(lines[0]), &o); err != nil {
				t.Fatal(err)
			}
			if again, err := o.line(); err != nil || again != lines[0] {
				t.Fatalf("%s is read as %s %v", lines[0], again, err)
			}
		}
	})
}
