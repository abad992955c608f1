package elastic

import (
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tinylib/msgp/msgp"

	"sluice/event"
)

// newSink makes a sink for a server at url; change may alter the settings.
func newSink(t testing.TB, url string, change func(*Config)) *Sink {
	t.Helper()
	cfg := DefaultConfig()
	cfg.URLs = []string{url}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// podFragment is what a container's lines share.
func podFragment() *event.Fragment {
	return &event.Fragment{
		File:        "/var/log/containers/nginx-66b6-ffdxp_web-shop_nginx-6a5a0b6f0a4d4d1fb2d9c3c2a1f0e9d8c7b6a5948372615049382716a5b4c3d2.log",
		Runtime:     "containerd",
		Namespace:   "web-shop",
		Pod:         "nginx-66b6-ffdxp",
		PodUID:      "bf26a3a1-8bb5-4a2e-9a0b-0f3c7f0c2f11",
		Container:   "nginx",
		ContainerID: "6a5a0b6f0a4d4d1fb2d9c3c2a1f0e9d8c7b6a5948372615049382716a5b4c3d2",
		Cluster:     "kind",
		Node:        "kind-control-plane",
		Labels:      []event.Pair{{Name: "app", Value: "nginx"}, {Name: "app.kubernetes.io/name", Value: "nginx"}, {Name: "pod-template-hash", Value: "66b6"}},
		Annotations: []event.Pair{{Name: "prometheus.io/scrape", Value: "true"}},
		Fields:      []event.Pair{{Name: "env", Value: "prod"}, {Name: "service.environment", Value: "live"}},
	}
}

// enrichedFragment is one with all that the Kubernetes API tells.
func enrichedFragment() *event.Fragment {
	f := podFragment()
	f.Image, f.ImageDigest = "docker.io/library/nginx:1.27", "sha256:6a5a0b6f"
	f.Owners = []event.Pair{{Name: "ReplicaSet", Value: "nginx-66b6"}, {Name: "Deployment", Value: "nginx"}, {Name: "Rollout", Value: "blue"}}
	f.NodeLabels = []event.Pair{{Name: "topology.kubernetes.io/zone", Value: "a"}}
	f.SpaceLabels = []event.Pair{{Name: "team", Value: "shop"}}
	f.Partial = true
	return f
}

var testTime = event.Time{Sec: 1795340550, Nsec: 686123456} // 2026-11-22T09:42:30

// criBatch is n container lines of about 550 bytes as items.
func criBatch(n int) *event.Batch {
	b := &event.Batch{Stream: 7, Tag: "kubernetes.var.log.containers.nginx", Shared: podFragment(), Read: 1795340551e9}
	line := `10.244.0.1 - - [22/Nov/2026:09:42:30 +0000] "GET /api/v1/cart/items?page=3&size=50 HTTP/1.1" 200 5316 "-" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"`
	message, stream, logtag := b.KeyString("message"), b.KeyString("stream"), b.KeyString("logtag")
	for i := range n {
		b.Begin(event.Record{Time: testTime, ID: event.MakeID(testTime.Millis(), event.SourceKey{Hi: 1, Lo: 2}, uint64(i)), Pos: int64(3673 + 200*i), Weight: 1})
		b.Add(message, b.PutString(line, event.Text))
		b.Add(stream, b.PutString("stdout", event.Text))
		b.Add(logtag, b.PutString("F", event.Text))
	}
	return b
}

// forwardBatch is n records as a Forward client sends them.
func forwardBatch(n int) *event.Batch {
	b := &event.Batch{Stream: 8, Tag: "app.web", Read: 1795340551e9}
	var v []byte
	for i := range n {
		b.Begin(event.Record{Time: testTime, ID: event.MakeID(0, event.SourceKey{Hi: 3}, uint64(i)), Pos: int64(i), Weight: 1})
		b.Add(b.KeyString("message"), b.PutString("user logged in after two attempts", event.Text))
		b.Add(b.KeyString("level"), b.Put(msgp.AppendString(v[:0], "INFO"), event.Msgp))
		b.Add(b.KeyString("user_id"), b.Put(msgp.AppendInt(v[:0], 4711), event.Msgp))
		b.Add(b.KeyString("took"), b.Put(msgp.AppendFloat64(v[:0], 0.25), event.Msgp))
		v = msgp.AppendMapHeader(v[:0], 2)
		v = msgp.AppendString(msgp.AppendString(v, "method"), "POST")
		v = msgp.AppendInt(msgp.AppendString(v, "status"), 200)
		b.Add(b.KeyString("http"), b.Put(v, event.Msgp))
	}
	return b
}

// encode runs Encode into fresh blocks.
func encode(s *Sink, b *event.Batch) *event.Blocks {
	dst := &event.Blocks{New: func() *event.Block { return &event.Block{} }}
	s.Encode(dst, b)
	return dst
}

// warm are blocks that are used again and again, as a lane's are.
type warm struct {
	event.Blocks
	free []*event.Block
}

func newWarm() *warm {
	w := &warm{}
	w.New = func() *event.Block {
		if n := len(w.free); n > 0 {
			b := w.free[n-1]
			w.free = w.free[:n-1]
			return b
		}
		return &event.Block{}
	}
	return w
}

func (w *warm) encode(s *Sink, b *event.Batch) (bytes int) {
	for _, blk := range w.List {
		blk.Reset()
		w.free = append(w.free, blk)
	}
	w.List = w.List[:0]
	s.Encode(&w.Blocks, b)
	for _, blk := range w.List {
		bytes += len(blk.Body)
	}
	return bytes
}
