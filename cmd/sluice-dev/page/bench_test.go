package page

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sluice/cmd/sluice-dev/page/query"
	"sluice/sink/elastictest"
)

// full is a store of 200,000 documents of about 1.1 KB, as container lines with
// metadata are.
func full(b *testing.B) *elastictest.MemoryStore {
	s := elastictest.NewMemoryStore(elastictest.MemoryLimits{Bytes: 1 << 30})
	rng := rand.New(rand.NewPCG(1, 1))
	pad := strings.Repeat("label-value-", 5)
	docs := make([]elastictest.Doc, 1000)
	created := make([]bool, len(docs))
	for i := range 200 {
		for j := range docs {
			at := noon.Add(-time.Duration(200000-1000*i-j) * time.Millisecond)
			src := fmt.Appendf(nil, `{"@timestamp":%q,"message":"2026-11-22 12:00:00,000 INFO [dispatcher-%d] c.e.l.api.LoanRoutes - GET /v1/loans/%d 200 took=%dms","stream":"stdout",`+
				`"data_stream":{"type":"logs","dataset":"kubernetes.container_logs","namespace":"default"},"log":{"file":{"path":"/var/log/containers/loan-api_lending_loan-api-%064d.log"},"offset":%d},`+
				`"container":{"id":"%064d","runtime":"containerd"},"kubernetes":{"namespace":"lending","pod":{"name":"loan-api-%d","uid":"%032d"},"container":{"name":"loan-api"},"labels":{"a":%q,"b":%q,"c":%q,"d":%q}},`+
				`"json":{"status":%d,"duration_ms":%d}}`, at.Format(time.RFC3339Nano), rng.IntN(12), rng.IntN(9000), rng.IntN(400), 1, j, 1, rng.IntN(10), 1, pad, pad, pad, pad, 200+rng.IntN(4)*100, rng.IntN(500))
			docs[j] = elastictest.Doc{Index: "logs-x", ID: fmt.Appendf(nil, "%024d", 1000*i+j), Source: src, Timestamp: at}
		}
		s.Create(docs, created)
	}
	n, size := s.Held()
	b.Logf("%d documents, %d bytes each", n, size/int64(n))
	return s
}

func BenchmarkSearch(b *testing.B) {
	s := full(b)
	for _, text := range []string{"", "loans", "absent", "4711", "json.status:500", "json.absent:x", "level:error", "kubernetes.namespace:lending and took and not json.duration_ms>250"} {
		b.Run(text, func(b *testing.B) {
			q, err := query.Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				search(b.Context(), s, q, &state{Range: "all"}, noon, 100)
			}
		})
	}
}
