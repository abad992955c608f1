package wire

import (
	"encoding/binary"
	"math"

	"github.com/tinylib/msgp/msgp"
)

// Time is an event's time as sent: seconds since 1970 and nanoseconds below
// 1e9. The zero Time is one that was sent as nil, 0 or EventTime 0/0: unset.
type Time struct {
	Sec  int64
	Nsec uint32
}

const (
	extEventTime = 0    // Fluentd's: uint32 seconds, uint32 nanoseconds
	extTimestamp = 0xff // msgpack's own, type -1
	maxFloatSec  = 1 << 53
)

// ReadTime reads the time at the start of p in any of its encodings: EventTime
// behind any ext header, integer or float seconds, nil, msgpack's Timestamp.
// n is its length; ok is false for what is no time, or one out of range.
//
// The ext types are read by hand: a program that links fluent-logger-golang
// has its decoder of type 0 registered, which reads seconds as signed.
func ReadTime(p []byte) (t Time, n int, ok bool) {
	if len(p) >= 10 && p[0] == 0xd7 && p[1] == extEventTime {
		return eventTime(p[2:10]), 10, true
	}
	v, n, err := Measure(p, 0)
	if err != nil {
		return t, 0, false
	}
	body := p[v.Head:n]
	switch v.Type {
	case Nil:
		ok = true
	case Int:
		sec, _, err := msgp.ReadInt64Bytes(p)
		t, ok = Time{Sec: sec}, err == nil
	case Float:
		var f float64
		if len(body) == 4 {
			f = float64(math.Float32frombits(binary.BigEndian.Uint32(body)))
		} else {
			f = math.Float64frombits(binary.BigEndian.Uint64(body))
		}
		t, ok = floatTime(f)
	case Ext:
		switch typ := p[v.Head-1]; {
		case typ == extEventTime && len(body) == 8:
			t, ok = eventTime(body), true
		case typ == extTimestamp:
			t, ok = timestamp(body)
		}
	}
	return t, n, ok
}

// eventTime carries nanoseconds beyond a second, as Fluentd does.
func eventTime(b []byte) Time {
	sec, nsec := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	return Time{Sec: int64(sec) + int64(nsec/1e9), Nsec: nsec % 1e9}
}

func timestamp(b []byte) (t Time, ok bool) {
	switch len(b) {
	case 4:
		t.Sec = int64(binary.BigEndian.Uint32(b))
	case 8:
		w := binary.BigEndian.Uint64(b)
		t = Time{Sec: int64(w & (1<<34 - 1)), Nsec: uint32(w >> 34)}
	case 12:
		t = Time{Sec: int64(binary.BigEndian.Uint64(b[4:])), Nsec: binary.BigEndian.Uint32(b)}
	default:
		return t, false
	}
	return t, t.Nsec < 1e9
}

func floatTime(f float64) (t Time, ok bool) {
	if !(math.Abs(f) < maxFloatSec) { // not for NaN either
		return t, false
	}
	sec := math.Floor(f)
	nsec := min(int64((f-sec)*1e9), 1e9-1)
	return Time{Sec: int64(sec), Nsec: uint32(nsec)}, true
}
