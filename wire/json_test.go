package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tinylib/msgp/msgp"
)

// asJSON is what a frame's msgpack says, as JSON.
func asJSON(t testing.TB, raw []byte) string {
	t.Helper()
	var b bytes.Buffer
	if rest, err := msgp.UnmarshalAsJSON(&b, raw); err != nil || len(rest) > 0 {
		t.Fatalf("%x: %v, %d bytes behind", raw, err, len(rest))
	}
	return b.String()
}

func TestJSONStream(t *testing.T) {
	const s = " \n[\"a\\u00e9\\ud83d\\ude00\",1,{\"k\":\"]}\\\"\\\\\"}]{}\n[ \"b\" , [ [ 1.5 , { } ] , [ -7 , {\"x\":[true,false,null]} ] ] ]\r\n" +
		`["c",18446744073709551615,{"a":-9223372036854775808,"b":123456789012345678901,"c":1e3}]` + "\n"
	want := []string{
		`["aé😀",1,{"k":"]}\"\\"}]`, `{}`, `["b",[[1.5,{}],[-7,{"x":[true,false,null]}]]]`,
		`["c",18446744073709551615,{"a":-9223372036854775808,"b":123456789012345680000,"c":1000}]`,
	}
	for _, src := range []io.Reader{strings.NewReader(s), iotest.OneByteReader(strings.NewReader(s))} {
		r := NewReader(src, 1000)
		var got []string
		size := 0
		for {
			f, err := r.Next()
			if err != nil {
				if err != io.EOF {
					t.Error(err)
				}
				break
			}
			if !bytes.Equal(r.Span(f.Off, f.Off+len(f.Raw)), f.Raw) {
				t.Error("Span is another")
			}
			got = append(got, asJSON(t, f.Raw))
			size += f.Size
		}
		if !reflect.DeepEqual(got, want) || !r.JSON() || size != len(s)-6 { // white space between
			t.Errorf("%d bytes, got %q", size, got)
		}
	}
}

func TestJSONEnds(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		frames     int
		want       error
	}{
		{"cut", `["a",1`, 0, io.ErrUnexpectedEOF},
		{"cut in a string", `["a`, 0, io.ErrUnexpectedEOF},
		{"only white space", " \n", 0, io.ErrUnexpectedEOF},
		{"no value", `["a",1,{"m":}]`, 0, ErrJSON},
		{"wrong bracket", `["a",1,{"m":1]}`, 0, ErrJSON},
		{"a number between", `[]5[]`, 1, ErrJSON},
		{"msgpack behind", "[]\n\x93\xa1a\x01\x80", 1, ErrJSON},
		{"too large", `["` + strings.Repeat("x", 1000) + `"]`, 0, TooLargeError{1000}},
		{"too large as msgpack", `[` + strings.Repeat("{},", 300) + `0]`, 0, TooLargeError{1000}},
		{"just fits", `["` + strings.Repeat("x", 980) + `"]`, 1, io.EOF},
		{"nested far too deep", strings.Repeat("[", 900), 0, io.ErrUnexpectedEOF},
	} {
		got, err := frames(strings.NewReader(tt.text), 1000)
		if len(got) != tt.frames || !errors.Is(err, tt.want) {
			t.Errorf("%s: %d frames, %v", tt.name, len(got), err)
		}
	}
	deep := strings.Repeat("[", 20000) + strings.Repeat("]", 20000)
	if _, err := frames(strings.NewReader(deep), 1<<20); !errors.Is(err, ErrJSON) {
		t.Errorf("20,000 deep: %v", err)
	}
}

func TestJSONAck(t *testing.T) {
	for _, id := range []string{`"abc"`, `"a\"\n"`, `7`} {
		chunk, ok := AppendJSON(nil, []byte(id))
		if !ok {
			t.Fatal(id)
		}
		if got := string(AppendJSONAck(nil, chunk)); got != fmt.Sprintf(`{"ack":%s}`, id) {
			t.Errorf("%s: %s", id, got)
		}
	}
}

// FuzzJSON: what the standard library reads of a value, msgpack reads of what
// was made of it; and it grows by no more than was reckoned with.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`[[],{}]`, `{"a":1.5,"b":"\u00e9\\"}`, `[1e400]`, `[-0,0.0]`, " [1]\n", `["\ud800"]`, "[\"\xff\"]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		raw, ok := AppendJSON(nil, p)
		if ok != json.Valid(p) {
			t.Fatal("valid?")
		}
		if !ok {
			return
		}
		if n, err := Skip(raw); err != nil || n != len(raw) || len(raw) > 3*len(p)+9 {
			t.Fatalf("%d bytes made %d, of which %d are one value: %v", len(p), len(raw), n, err)
		}
		if v, _ := Head(raw); v.Type != Array && v.Type != Map || bytes.Contains(p, []byte("\xff")) {
			return
		}
		got, err := frames(bytes.NewReader(p), 1<<20)
		parts, partsErr := frames(iotest.OneByteReader(bytes.NewReader(p)), 1<<20)
		if len(got) != 1 || err != io.EOF || fmt.Sprint(got) != fmt.Sprint(parts) || partsErr != io.EOF {
			t.Fatalf("%d frames, %v; byte by byte %d, %v", len(got), err, len(parts), partsErr)
		}
	})
}

// FuzzOption: no option makes reading it panic or return what is not in it.
func FuzzOption(f *testing.F) {
	f.Add(Send{Chunk: "c", Size: 1, Compressed: "gzip"}.bytes())
	f.Add([]byte("\x82\xa5chunk\xc0\xa3ids\xc4\x02ab"))
	f.Add(Send{Metadata: []byte("\x81\xa3pod\xa1p")}.bytes())
	f.Add([]byte("\xdf\xff\xff\xff\xff\xa5chunk"))
	f.Fuzz(func(t *testing.T, p []byte) {
		o := readOption(p)
		for _, part := range [][]byte{o.Chunk, o.Compressed, o.IDs, o.Metadata} {
			if !bytes.Contains(p, part) {
				t.Fatalf("%x is not in %x", part, p)
			}
		}
		if n, err := Skip(o.Chunk); o.Chunk != nil && (err != nil || n != len(o.Chunk)) {
			t.Fatalf("chunk %x is no value: %v", o.Chunk, err)
		}
		if n, err := Skip(o.Metadata); o.Metadata != nil && (err != nil || n != len(o.Metadata)) {
			t.Fatalf("metadata %x is no value: %v", o.Metadata, err)
		}
	})
}

func (s Send) bytes() []byte { return s.AppendTo(nil) }

func TestOptionIDs(t *testing.T) {
	ids := bytes.Repeat([]byte("0123456789abcdefgh"), 2)
	raw := AppendForward(nil, "f", 1, AppendEntry(nil, Time{Sec: 1}, []byte{0x80}), Send{IDs: ids})
	f, err := NewReader(bytes.NewReader(raw), 1000).Next()
	if p := f.Parts(); err != nil || !bytes.Equal(p.Option.IDs, ids) || p.Option.Chunk != nil {
		t.Errorf("%v, %x", err, f.Parts().Option.IDs)
	}
}

// Memory is asked for before it grows, and frames go on where it is refused
// for speed alone.
func TestReaderAsksBeforeItGrows(t *testing.T) {
	frame := AppendPacked(nil, "t", make([]byte, 20000), Send{})
	r := NewReader(bytes.NewReader(bytes.Repeat(frame, 50)), 1<<20)
	asked, n := 0, 0
	r.Grow = func(more int, must bool) error {
		if !must {
			return errors.New("not for speed")
		}
		asked += more
		return nil
	}
	for {
		if _, err := r.Next(); err != nil {
			break
		}
		n++
	}
	if n != 50 || asked != r.Size()-firstRead || r.Size() > 32<<10 {
		t.Errorf("%d frames, asked for %d, holds %d", n, asked, r.Size())
	}
	r = NewReader(bytes.NewReader(frame), 1<<20)
	full := errors.New("full")
	r.Grow = func(int, bool) error { return full }
	if _, err := r.Next(); err != full {
		t.Error(err)
	}
	r.Grow = nil // and later there is room
	if f, err := r.Next(); err != nil || len(f.Raw) != len(frame) {
		t.Error(err)
	}
}

// Trim moves what is unfinished into little memory.
func TestTrimKeepsWhatIsUnfinished(t *testing.T) {
	large, small := AppendPacked(nil, "t", make([]byte, 60000), Send{}), AppendPacked(nil, "t", make([]byte, 5000), Send{})
	src := append(append(bytes.Clone(large), small[:4999]...), small[4999:]...)
	r := NewReader(io.MultiReader(bytes.NewReader(src[:len(large)+4999]), bytes.NewReader(small[4999:])), 1<<20)
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	before := r.Size()
	if r.Trim(); r.Size() >= before || r.Size() > 8<<10 {
		t.Errorf("%d bytes, then %d", before, r.Size())
	}
	if f, err := r.Next(); err != nil || !bytes.Equal(f.Raw, small) {
		t.Error(err)
	}
}

// A record's JSON is made msgpack for another server: that costs no garbage.
func TestAppendJSONAllocatesNothing(t *testing.T) {
	text := []byte(`{"a":"plain","b":"a\ttab, \"quotes\", \u00e9 and \ud83d\ude00, \ud83d alone, \\ \/","n":[1,-2.5e3,18446744073709551615],"t":true,"o":{}}`)
	out, ok := AppendJSON(nil, text)
	const want = `{"a":"plain","b":"a\ttab, \"quotes\", é and 😀, � alone, \\ /","n":[1,-2500,18446744073709551615],"t":true,"o":{}}`
	if got := asJSON(t, out); !ok || got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if n := testing.AllocsPerRun(100, func() { out, _ = AppendJSON(out[:0], text) }); n > 0 && !race {
		t.Errorf("%v allocations", n)
	}
}
