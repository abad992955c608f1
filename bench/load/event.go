package load

import (
	"math/rand/v2"

	"github.com/tinylib/msgp/msgp"

	"sluice/bench/mark"
)

// eventMaker makes records as an application's logger sends them.
type eventMaker struct {
	text *Text
	rng  *rand.Rand
	msg  []byte
}

func newEventMaker(seed uint64, size int) *eventMaker {
	return &eventMaker{text: NewText(seed, size), rng: rand.New(rand.NewPCG(seed, 0xe7e7))}
}

// append appends a record as a msgpack map.
func (e *eventMaker) append(dst []byte, m mark.Mark) []byte {
	dst = msgp.AppendMapHeader(dst, 8)
	e.msg = e.text.Append(e.msg[:0], m)
	dst = msgp.AppendStringFromBytes(msgp.AppendString(dst, "message"), e.msg)
	dst = msgp.AppendString(msgp.AppendString(dst, "severity"), pick(e.rng, levels))
	dst = msgp.AppendString(msgp.AppendString(dst, "caller"), pick(e.rng, callers))
	dst = msgp.AppendString(msgp.AppendString(dst, "environment"), "production")
	dst = msgp.AppendString(msgp.AppendString(dst, "application"), "checkout-api")
	dst = msgp.AppendInt(msgp.AppendString(dst, "user"), e.rng.IntN(1_000_000))
	dst = msgp.AppendFloat64(msgp.AppendString(dst, "duration"), float64(e.rng.IntN(1_000_000))/1000)
	return msgp.AppendBool(msgp.AppendString(dst, "cached"), e.rng.IntN(2) == 0)
}
