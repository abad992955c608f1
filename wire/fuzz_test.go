package wire

import (
	"bytes"
	"fmt"
	"testing"
	"testing/iotest"
)

// FuzzFrame: no input makes the reader or what takes frames apart panic, hold
// much more than the limit, or depend on where the network cut.
func FuzzFrame(f *testing.F) {
	f.Add(stream())
	f.Add([]byte(" [\"a\",1,{\"b\":[2.5]}]\n[]"))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add([]byte("\x92\xa1a\xdd\xff\xff\xff\xff"))
	f.Add([]byte("\x93\xa1a\xdb\xff\xff\xff\xff"))
	f.Add(append([]byte{0x93, 0xa1, 'a', 0}, nested(300)...))
	f.Fuzz(func(t *testing.T, s []byte) {
		const limit = 1 << 12
		r := NewReader(bytes.NewReader(s), limit)
		n := 0
		for {
			fr, err := r.Next()
			if r.Size() > 2*fullRead {
				t.Fatalf("holds %d bytes", r.Size())
			}
			if err != nil {
				break
			}
			n += fr.Size
			if got, err := Skip(fr.Raw); err != nil || got != len(fr.Raw) {
				t.Fatalf("a frame of %d bytes is a value of %d: %v", len(fr.Raw), got, err)
			}
			for body := fr.Parts().Body; len(body) > 0; {
				ReadTime(body)
				v, end, err := Measure(body, MaxDepth)
				skip, skipErr := Skip(body)
				if err == nil && (skipErr != nil || skip != end || v.Type < Array && v.Head+v.Body != end) {
					t.Fatalf("%x: Measure %d, Skip %d, %v", body, end, skip, skipErr)
				}
				if skipErr != nil {
					break
				}
				body = body[skip:]
			}
		}
		if n > len(s) {
			t.Fatalf("%d bytes of frames out of %d", n, len(s))
		}
		whole, err := frames(bytes.NewReader(s), limit)
		parts, partsErr := frames(iotest.OneByteReader(bytes.NewReader(s)), limit)
		// A wrong byte is seen as soon as it comes, a frame's size perhaps before.
		if fmt.Sprint(whole) != fmt.Sprint(parts) || (err == nil) != (partsErr == nil) {
			t.Fatalf("whole: %v %v\nbyte by byte: %v %v", whole, err, parts, partsErr)
		}
	})
}
