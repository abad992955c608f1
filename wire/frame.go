package wire

import "github.com/tinylib/msgp/msgp"

// Frame is one value of a connection's stream. Offsets are the reader's.
type Frame struct {
	Raw  []byte // as msgpack, also when it came in JSON
	Size int    // bytes on the wire
	Off  int    // where Raw begins, for Reader.Span
	N    int    // elements, when it is an array; else -1
	ends [maxElems]int
}

// elem is element i with its offset in Raw.
func (f *Frame) elem(i int) (at int, p []byte) {
	if i >= f.N {
		return 0, nil
	}
	if i == 0 {
		v, _ := Head(f.Raw)
		at = v.Head
	} else {
		at = f.ends[i-1]
	}
	return at, f.Raw[at:f.ends[i]]
}

// Mode is how a frame carries its events.
type Mode uint8

// The frames of a Forward stream. Broken is what is none: no array, or one of
// fewer than two elements.
const (
	Broken    Mode = iota
	Heartbeat      // nil
	Message        // [tag, time, record, option]
	Forward        // [tag, [[time, record], ...], option]
	Packed         // [tag, "entries", option], compressed or not
)

// Parts is a frame taken apart. All slices are the frame's.
type Parts struct {
	Mode   Mode
	Tag    []byte // nil: the tag is neither str nor bin
	Event  []byte // Message: time and record, from Frame.Raw[At:]
	Time   []byte // Message
	Record []byte // Message; empty: there is none
	Count  int    // Forward: entries
	Body   []byte // Forward and Packed: the entries without their header
	At     int    // where Event or Body begins in Frame.Raw
	Option Option
}

// Option is what a frame's option says, where it matters here.
type Option struct {
	Chunk      []byte // the msgpack value of the chunk id as it came; nil: no ack is due
	Compressed []byte // nil: not said
	Signal     int64  // Fluent Bit's: 0 logs, 1 metrics, 2 traces, 3 profiles, 4 blobs
	IDs        []byte // Sluice's: the ids of the entries in order, 18 bytes each; nil: not said
	Metadata   []byte // Sluice's: the msgpack value of what is true of every entry; nil: not said
}

// Parts takes the frame apart.
func (f *Frame) Parts() (p Parts) {
	if f.N < 2 {
		if f.N < 0 && headers[f.Raw[0]].typ == Nil {
			p.Mode = Heartbeat
		}
		return p
	}
	_, tag := f.elem(0)
	p.Tag, _ = Bytes(tag)
	at, second := f.elem(1)
	v, _ := Head(second)
	option := 2
	switch v.Type {
	case Str, Bin:
		p.Mode, p.At, p.Body = Packed, at+v.Head, second[v.Head:]
	case Array:
		p.Mode, p.At, p.Body, p.Count = Forward, at+v.Head, second[v.Head:], v.Count
	default:
		option = 3
		p.Mode, p.At, p.Time = Message, at, second
		_, p.Record = f.elem(2)
		p.Event = f.Raw[at : at+len(p.Time)+len(p.Record)]
	}
	_, o := f.elem(option)
	p.Option = readOption(o)
	return p
}

// Bytes returns the bytes of a str or bin, not nil even when there are none.
func Bytes(p []byte) (b []byte, ok bool) {
	v, end, err := Measure(p, 0)
	if err != nil || v.Type != Str && v.Type != Bin {
		return nil, false
	}
	return p[v.Head:end:end], true
}

// readOption reads an option map. What is no map says nothing; of a key that
// comes twice the last counts, as in Fluentd.
func readOption(p []byte) (o Option) {
	pairs(p, o.set)
	return o
}

// pairs calls visit for every pair of a map, up to where it is cut; key is nil
// where it is neither str nor bin.
func pairs(p []byte, visit func(key, value []byte)) {
	v, err := Head(p)
	if err != nil || v.Type != Map {
		return
	}
	p = p[v.Head:]
	for range v.Count {
		n, err := Skip(p)
		if err != nil {
			return
		}
		key, _ := Bytes(p[:n])
		p = p[n:]
		if n, err = Skip(p); err != nil {
			return
		}
		visit(key, p[:n:n])
		p = p[n:]
	}
}

func (o *Option) set(key, value []byte) {
	switch string(key) {
	case "chunk":
		o.Chunk = value
		if headers[value[0]].typ == Nil {
			o.Chunk = nil
		}
	case "compressed":
		o.Compressed, _ = Bytes(value)
	case "ids":
		o.IDs, _ = Bytes(value)
	case "sluice_metadata":
		o.Metadata = value
	case "fluent_signal":
		if n, _, err := msgp.ReadInt64Bytes(value); err == nil {
			o.Signal = n
		}
	}
}
