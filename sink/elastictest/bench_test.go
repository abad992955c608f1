package elastictest

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// sluiceBody is a body as Sluice writes them: n documents of about 550 bytes.
func sluiceBody(n int, start uint64) []byte {
	var b []byte
	for i := range n {
		var id [18]byte
		binary.BigEndian.PutUint64(id[:], 0x6a5fa)
		binary.BigEndian.PutUint64(id[10:], start+uint64(i))
		b = append(b, `{"create":{"_index":"logs-kubernetes.container_logs-default","_id":"`...)
		b = base64.RawURLEncoding.AppendEncode(b, id[:])
		b = append(b, "\"}}\n"...)
		b = fmt.Appendf(b, `{"@timestamp":"2026-11-22T19:13:36.%09dZ","message":"GET /api/v1/items/%d?expand=all HTTP/1.1 200 %d \"Mozilla/5.0\"","stream":"stdout",`+
			`"data_stream":{"type":"logs","dataset":"kubernetes.container_logs","namespace":"default"},"log":{"file":{"path":"/var/log/containers/web-66b6-ffdxp_default_nginx-6a5a.log"},"offset":%d},`+
			`"kubernetes":{"namespace":"default","pod":{"name":"web-66b6-ffdxp","uid":"bf26ac10-58cc-4372-a567-0e02b2c3d479"},"container":{"name":"nginx"},"node":{"name":"node-1"},"labels":{"app":"web"}},"host":{"name":"node-1"}}`,
			i, i*7919%100003, i*31%5000, i*210)
		b = append(b, '\n')
	}
	return b
}

func packed(b []byte) []byte {
	var z bytes.Buffer
	w, _ := gzip.NewWriterLevel(&z, 1)
	w.Write(b)
	w.Close()
	return z.Bytes()
}

// sinkFilter is the filter_path that a sink sends.
const sinkFilter = "/_bulk?filter_path=errors,took,items.*.status,items.*.error.type,items.*.error.reason,items.*.failure_store,items.*._index"

// sink is a ResponseWriter that forgets.
type sink struct {
	h    http.Header
	n    int
	code int
}

func (s *sink) Header() http.Header         { return s.h }
func (s *sink) WriteHeader(code int)        { s.code = code }
func (s *sink) Write(b []byte) (int, error) { s.n += len(b); return len(b), nil }

func BenchmarkBulk(b *testing.B) {
	const docs = 5000
	plainBody := sluiceBody(docs, 0)
	zipped := packed(plainBody)
	for _, bench := range []struct {
		name string
		body []byte
		path string
		st   Store
	}{
		{"plain/null", plainBody, "/_bulk", NewNullStore()},
		{"gzip/null", zipped, "/_bulk", NewNullStore()},
		{"gzip/null/filtered", zipped, sinkFilter, NewNullStore()},
		{"gzip/count/conflicts", zipped, sinkFilter, NewCountStore()},
	} {
		b.Run(bench.name, func(b *testing.B) {
			s := New(bench.st)
			b.ReportAllocs()
			b.SetBytes(int64(len(plainBody)))
			for b.Loop() {
				req := httptest.NewRequest("POST", bench.path, bytes.NewReader(bench.body))
				req.Header.Set("Content-Type", "application/x-ndjson")
				if &bench.body[0] == &zipped[0] {
					req.Header.Set("Content-Encoding", "gzip")
				}
				w := &sink{h: http.Header{}}
				s.ServeHTTP(w, req)
				if w.code != 200 {
					b.Fatal(w.code)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/docs, "ns/doc")
		})
	}
}

func BenchmarkScan(b *testing.B) {
	doc := bytes.Split(sluiceBody(1, 0), []byte("\n"))[1]
	if !json.Valid(doc) {
		b.Fatal("not JSON")
	}
	var s scanner
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if err := s.document(doc, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIDSet(b *testing.B) {
	s := newIDSet()
	var id [24]byte
	n := uint64(0)
	for b.Loop() {
		var raw [18]byte
		n++
		binary.BigEndian.PutUint64(raw[10:], n)
		base64.RawURLEncoding.Encode(id[:], raw[:])
		s.add(id[:])
	}
}
