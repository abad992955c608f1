package load

import (
	"math/rand/v2"
	"strconv"

	"sluice/bench/mark"
)

// Text makes log messages: of 100, 40 are JSON, 30 look like klog's, 20 like
// an access log's, 7 hold escapes and letters beyond ASCII, and 3 are about
// 1 KB long. Equal seeds make equal texts. Not for two goroutines at once.
type Text struct {
	rng  *rand.Rand
	size int
}

// NewText makes messages of about size bytes, the long ones aside.
func NewText(seed uint64, size int) *Text {
	return &Text{rng: rand.New(rand.NewPCG(seed, 0x5eed)), size: size}
}

const longText = 1000

// Append appends a message with its mark, without a line end.
func (t *Text) Append(dst []byte, m mark.Mark) []byte {
	size := t.size*3/4 + t.rng.IntN(t.size/2+1)
	end := len(dst) + size
	switch n := t.rng.IntN(100); {
	case n < 40:
		return t.json(dst, end, m)
	case n < 70:
		return t.klog(dst, end, m)
	case n < 90:
		return t.access(dst, end, m)
	case n < 97:
		dst = append(dst, "\"größer\"\tпроверка\\日本語 "...)
		return t.fill(mark.Append(dst, m), end)
	}
	return t.klog(dst, len(dst)+longText, m)
}

func (t *Text) json(dst []byte, end int, m mark.Mark) []byte {
	dst = append(dst, `{"level":"`...)
	dst = append(dst, pick(t.rng, levels)...)
	dst = append(dst, `","caller":"`...)
	dst = append(dst, pick(t.rng, callers)...)
	dst = append(dst, `","duration_ms":`...)
	dst = strconv.AppendInt(dst, int64(t.rng.IntN(900)), 10)
	dst = append(dst, `,"user":`...)
	dst = strconv.AppendInt(dst, int64(t.rng.IntN(1_000_000)), 10)
	dst = append(dst, `,"msg":"`...)
	dst = t.fill(mark.Append(dst, m), end-2)
	return append(dst, `"}`...)
}

func (t *Text) klog(dst []byte, end int, m mark.Mark) []byte {
	dst = append(dst, "IWE"[t.rng.IntN(3)])
	dst = append(dst, "1122 08:30:"...)
	dst = strconv.AppendInt(dst, int64(10+t.rng.IntN(50)), 10)
	dst = append(dst, '.')
	dst = strconv.AppendInt(dst, int64(100_000+t.rng.IntN(900_000)), 10)
	dst = append(dst, "       1 "...)
	dst = append(dst, pick(t.rng, callers)...)
	dst = append(dst, "] "...)
	return t.fill(mark.Append(dst, m), end)
}

func (t *Text) access(dst []byte, end int, m mark.Mark) []byte {
	dst = append(dst, "10.42."...)
	dst = strconv.AppendInt(dst, int64(t.rng.IntN(8)), 10)
	dst = append(dst, '.')
	dst = strconv.AppendInt(dst, int64(t.rng.IntN(256)), 10)
	dst = append(dst, ` - - "GET /`...)
	dst = append(dst, pick(t.rng, words)...)
	dst = append(dst, '/')
	dst = strconv.AppendInt(dst, int64(t.rng.IntN(1_000_000)), 10)
	dst = append(dst, '?')
	dst = mark.Append(dst, m)
	dst = append(dst, ` HTTP/1.1" 200 `...)
	dst = strconv.AppendInt(dst, int64(t.rng.IntN(60_000)), 10)
	dst = append(dst, ` "Mozilla/5.0 (X11; Linux x86_64)"`...)
	return t.fill(dst, end)
}

// fill appends words until dst is about end long.
func (t *Text) fill(dst []byte, end int) []byte {
	for len(dst) < end {
		dst = append(dst, ' ')
		switch n := t.rng.Uint32(); {
		case n&7 == 0: // numbers compress worse than words, and logs are full of them
			dst = strconv.AppendUint(dst, uint64(n>>3)%100_000, 10)
		default:
			dst = append(dst, words[(n>>3)%uint32(len(words))]...)
		}
	}
	return dst
}

func pick(rng *rand.Rand, from []string) string { return from[rng.IntN(len(from))] }

var (
	levels  = []string{"debug", "info", "info", "info", "info", "warn", "error"}
	callers = []string{
		"checkout/handler.go:142", "server/server.go:88", "cache/lru.go:57", "db/pool.go:311", "auth/token.go:29",
		"queue/worker.go:204", "http/router.go:73", "billing/invoice.go:418", "search/index.go:160", "mail/send.go:95",
	}
	words = []string{
		"request", "completed", "for", "user", "with", "status", "in", "connection", "from", "closed", "retry", "after",
		"timeout", "reading", "response", "body", "cache", "hit", "miss", "key", "expired", "session", "started", "payment",
		"order", "created", "updated", "item", "stock", "reserved", "shipment", "queued", "worker", "finished", "job", "batch",
		"of", "rows", "inserted", "into", "table", "slow", "query", "took", "ms", "transaction", "committed", "rolled", "back",
		"token", "issued", "to", "client", "refreshed", "permission", "denied", "resource", "loaded", "configuration", "reloaded",
		"health", "check", "passed", "leader", "elected", "replica", "caught", "up", "snapshot", "written", "bytes", "offset",
		"partition", "assigned", "consumer", "group", "rebalanced", "message", "published", "topic", "metrics", "exported",
		"deadline", "exceeded", "upstream", "unavailable", "circuit", "opened", "fallback", "used", "feature", "flag", "enabled",
		"image", "resized", "upload", "stored", "bucket", "object", "deleted", "lock", "acquired", "released", "by", "node",
	}
)
