package metadata

import (
	"bytes"
	"encoding/hex"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"

	"sluice/event"
	"sluice/wire"
)

// whole has something in every field that travels.
func whole() *event.Fragment {
	two := func(s string) []event.Pair {
		return []event.Pair{{Name: s + "/b", Value: "1"}, {Name: s + "/a", Value: ""}}
	}
	return &event.Fragment{
		File: "/var/log/containers/web.log", Runtime: "containerd", Namespace: "shop", Pod: "web-1", PodUID: "uid", Container: "app",
		ContainerID: "cid", Image: "shop/web:1", ImageDigest: "sha256:1", Cluster: "berlin", Node: "node-1",
		Labels: two("l"), Annotations: two("a"), Owners: two("o"), NodeLabels: two("n"), SpaceLabels: two("s"), Fields: two("f"),
		Partial: true, Wishes: event.Wishes{Dataset: "shop.web"},
	}
}

// Every field of a fragment travels, but for the wishes that were heeded: a
// field that is added to event.Fragment must be added here.
func TestWhatTravels(t *testing.T) {
	f := whole()
	for i, v := 0, reflect.ValueOf(f).Elem(); i < v.NumField(); i++ {
		if v.Type().Field(i).IsExported() && v.Field(i).IsZero() {
			t.Errorf("%s is not tested", v.Type().Field(i).Name)
		}
	}
	for _, f := range []*event.Fragment{f, {}, {Pod: "p"}, {Owners: []event.Pair{{Name: "Job", Value: "j"}, {Name: "Job", Value: "j"}}}} {
		raw, ok := Append([]byte("before"), f)
		if !ok {
			t.Fatal("not taken")
		}
		got, err := Read(raw[len("before"):])
		if err != nil || !reflect.DeepEqual(got, f) {
			t.Errorf("%v\ngot  %+v\nwant %+v", err, got, f)
		}
	}
	f.Wishes.Multiline, f.Wishes.Stdout.Parser = "java", "json"
	raw, _ := Append(nil, f)
	if got, _ := Read(raw); got == nil || !reflect.DeepEqual(got, whole()) {
		t.Errorf("wishes that were heeded: %+v", got)
	}
}

// The bytes, written down by hand: they are what other versions read.
func TestBytes(t *testing.T) {
	const want = "83" + "a3706f64" + "a57765622d31" + "a66c6162656c73" + "92" + "a3617070" + "a3776562" + "a77061727469616c" + "c3"
	raw, ok := Append(nil, &event.Fragment{Pod: "web-1", Labels: []event.Pair{{Name: "app", Value: "web"}}, Partial: true})
	if got := hex.EncodeToString(raw); got != want || !ok {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	const place = "82" + "a66f6666736574" + "d11234" + "a5666c616773" + "03"
	if got := hex.EncodeToString(Record{Offset: 0x1234, Flags: 3}.Append(nil)); got != place {
		t.Errorf("got  %s\nwant %s", got, place)
	}
}

func TestReadRefuses(t *testing.T) {
	one := func(name string, value ...byte) []byte {
		return append(msgp.AppendString([]byte{0x81}, name), value...)
	}
	deep := one("new", append(bytes.Repeat([]byte{0x91}, 20), 1)...)
	many := one("owners", msgp.AppendArrayHeader(nil, 34)...)
	many = append(many, bytes.Repeat([]byte{0xa0}, 34)...)
	large := one("file", msgp.AppendString(nil, strings.Repeat("x", Max))...)
	for name, raw := range map[string][]byte{
		"nothing": nil, "nil": {0xc0}, "an array": {0x90}, "a text": {0xa1, 'x'}, "no msgpack": {0xc1}, "two values": {0x80, 0x80},
		"cut": {0x81, 0xa1}, "a promise": {0xdf, 0xff, 0xff, 0xff, 0xff}, "too deep": deep, "too large": large, "too many pairs": many,
		"a name that is a number": {0x81, 1, 1}, "a text that is a number": one("pod", 1), "a text that is bin": one("pod", 0xc4, 0),
		"a text that is not UTF-8": one("pod", 0xa1, 0xff), "a list that is a map": one("labels", 0x81, 0xa0, 0xa0),
		"a name without value": one("labels", 0x91, 0xa0), "a value that is nil": one("labels", 0x92, 0xa0, 0xc0),
		"a pair that is an array": one("labels", 0x92, 0xa0, 0x90), "partial is a number": one("partial", 1),
	} {
		if f, err := Read(raw); err == nil || f != nil {
			t.Errorf("%s was taken: %+v", name, f)
		}
	}
	if f, err := Read(one("new", 0x81, 0xa1, 'x', 0x92, 1, 2)); err != nil || !reflect.DeepEqual(f, &event.Fragment{}) {
		t.Errorf("a name of a newer Sluice: %v %+v", err, f)
	}
}

// What a reader would not take is not written.
func TestAppendRefuses(t *testing.T) {
	for name, f := range map[string]*event.Fragment{
		"too large": {File: strings.Repeat("x", Max)},
		"too many":  {Labels: make([]event.Pair, 257)},
		"not UTF-8": {File: "/var/log/\xff.log"},
	} {
		if _, ok := Append(nil, f); ok {
			t.Errorf("%s was written", name)
		}
	}
}

func TestRecord(t *testing.T) {
	when := wire.AppendEventTime(nil, wire.Time{Sec: 1})
	nobody := Record{Offset: -1}
	for _, r := range []Record{{}, {Offset: 1 << 40}, {Offset: -1, Flags: event.Truncated}, {Offset: 5, Flags: event.Multiline | event.Partial}} {
		if !r.Told(event.Time{Sec: 1}) || r.Told(event.Time{Sec: math.MaxUint32}) || r.Told(event.Time{Sec: math.MaxUint32 - 1}) {
			t.Errorf("%+v is not told, or is at a marker's time", r)
		}
		if got := ReadRecord(r.Append(append([]byte{0x92}, when...))); got != r {
			t.Errorf("got %+v, want %+v", got, r)
		}
	}
	if nobody.Told(event.Time{}) {
		t.Error("nothing is told")
	}
	for name, raw := range map[string]string{
		"a time": string(when), "alone": "\x91" + string(when), "an array": "\x92" + string(when) + "\x90", "cut": "\x92" + string(when) + "\x81\xa6off",
		"a promise": "\x92" + string(when) + "\xdf\xff\xff\xff\xff", "below 0": "\x92\x01\x81\xa6offset\xff", "a text": "\x92\x01\x81\xa6offset\xa11",
		"another": "\x92\x01\x82\x01\x02\xa5level\x03", "unknown flags": "\x92\x01\x81\xa5flags\xcc\xf8", "nothing": "", "no time": "\x92",
	} {
		if got := ReadRecord([]byte(raw)); got != nobody {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// FuzzRead: no bytes make reading panic, and what was read can be written and
// is the same again.
func FuzzRead(f *testing.F) {
	raw, _ := Append(nil, whole())
	f.Add(raw)
	f.Add([]byte{0x80})
	f.Add(Record{Offset: 5, Flags: 7}.Append([]byte{0x92, 1}))
	f.Add([]byte("\x82\xa3new\x93\x01\x02\x03\xa6labels\x92\xa1a\xa1b"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if r := ReadRecord(raw); r.Offset < -1 || r.Flags&^known != 0 {
			t.Fatalf("%+v", r)
		}
		one, err := Read(raw)
		if err != nil {
			return
		}
		again, ok := Append(nil, one)
		if !ok {
			t.Fatalf("%x was read and cannot be written", raw)
		}
		// A list that is there and empty becomes one that is not there.
		two, err := Read(again)
		if third, _ := Append(nil, two); err != nil || !bytes.Equal(third, again) {
			t.Fatalf("%v: %x became %x", err, again, third)
		}
	})
}
