package web

import (
	"bytes"
	"testing"

	"sluice/parser"
)

// Whatever a body is, it is answered.
func FuzzBody(f *testing.F) {
	cfg := DefaultConfig()
	p := parser.DefaultConfig()
	p.Type = "json"
	var err error
	if cfg.Parse, err = parser.New(p); err != nil {
		f.Fatal(err)
	}
	s := &Server{cfg: cfg}
	f.Add([]byte(`[{"a":1},{"time":1}]`), uint8(1))
	f.Add([]byte("{}\n{}"), uint8(2))
	f.Add([]byte("\x91\x81\xa4time\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x02"), uint8(3))
	f.Fuzz(func(t *testing.T, body []byte, k uint8) {
		in := &intake{body: body}
		in.b.Arena = bytes.Clone(body)
		switch kind(k % 4) {
		case kindMsgpack:
			err = in.msgpack()
		case kindLines:
			err = in.lines(s)
		default:
			err = in.json(s, 0, len(body))
		}
		for i := range in.b.Recs {
			for _, f := range in.b.FieldsOf(i) {
				in.b.Bytes(f.Val) // panics outside the arena
			}
		}
	})
}
