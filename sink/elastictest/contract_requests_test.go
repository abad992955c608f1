package elastictest

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
)

// contractCases is the table that the stand-in and the real server must both
// answer as recorded.
func contractCases() []contractCase {
	var all []contractCase
	for _, group := range [][]contractCase{
		requestCases(), actionCases(), mediaCases(), paramCases(), gzipCases(), answerCases(),
		nameCases(), documentCases(), streamCases(), timeCases(), readCases(),
	} {
		all = append(all, group...)
	}
	return all
}

func bulkCall(lines ...string) call {
	return call{method: "POST", path: "/_bulk", body: strings.Join(lines, "\n") + "\n"}
}

func one(name string, c ...call) contractCase { return contractCase{name: name, calls: c} }

func loosely(name string, c ...call) contractCase {
	return contractCase{name: name, calls: c, loose: true}
}

func with(c call, header ...string) call {
	c.header = map[string]string{}
	for i := 0; i < len(header); i += 2 {
		c.header[header[i]] = header[i+1]
	}
	return c
}

func at(path string, c call) call { c.path = path; return c }

func create(id string) string { return `{"create":{"_index":"{i}","_id":"` + id + `"}}` }

const (
	doc  = `{"a":"x"}`
	auto = `{"create":{"_index":"{i}"}}`
)

// zip packs s as one gzip member.
func zip(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

// zipFlushed packs s and ends after a flush, without a trailer.
func zipFlushed(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Flush()
	return b.String()
}

func gunzip(t *testing.T, b []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func requestCases() []contractCase {
	good := bulkCall(auto, doc)
	return []contractCase{
		one("no-body", call{method: "POST", path: "/_bulk"}),
		one("no-final-newline", call{method: "POST", path: "/_bulk", body: auto + "\n" + doc}),
		one("one-line-no-newline", call{method: "POST", path: "/_bulk", body: auto}),
		one("newlines-only", bulkCall("", "", "")),
		one("blank-action-line", bulkCall("  ", auto, doc)),
		one("blank-line-between", bulkCall(create("1"), doc, "", create("2"), doc)),
		one("crlf", call{method: "POST", path: "/_bulk", body: create("1") + "\r\n" + doc + "\r\n"}),
		one("missing-source-line", bulkCall(create("1"), doc, create("2"))),
		one("empty-source-line", bulkCall(create("1"), "", create("2"), doc)),
		one("blank-source-line", bulkCall(create("1"), "   ")),
		one("get", call{method: "GET", path: "/_bulk"}),
		one("delete", call{method: "DELETE", path: "/_bulk"}),
		one("get-target", call{method: "GET", path: "/some-index/_bulk"}),
		one("put", call{method: "PUT", path: "/_bulk", body: auto + "\n" + doc + "\n"}),
		one("unknown-path", with(call{method: "POST", path: "/_foo/bar", body: "{}"}, "Content-Type", "application/json")),
		one("other-expect", with(good, "Expect", "foo")),
		one("too-large-declared", with(call{method: "POST", path: "/_bulk", head: true}, "Expect", "100-continue", "Content-Length", "104857601", "Content-Type", "application/x-ndjson")),
		one("expect-continue", with(good, "Expect", "100-continue")),
		one("target-in-path", call{method: "POST", path: "/{i}/_bulk", body: "{\"create\":{}}\n" + doc + "\n"}),
		one("target-both", call{method: "POST", path: "/unused/_bulk", body: create("1") + "\n" + doc + "\n"}),
		one("target-upper-case", call{method: "POST", path: "/Foo/_bulk", body: "{\"create\":{}}\n" + doc + "\n"}),
		one("malformed-before-newline-check", call{method: "POST", path: "/_bulk", body: "[1]\n{}"}),
		one("unknown-parameter-before-malformed", at("/_bulk?foo=1", bulkCall("[1]", "{}"))),
		one("malformed-late-stores-nothing", bulkCall(create("1"), doc, `{"create":{"_index":"{i}",,}}`, doc),
			call{method: "GET", path: "/{i}/_count"}),
		loosely("malformed-after-8mb", call{method: "POST", path: "/_bulk", body: strings.Repeat(create("1")+"\n{\"a\":\""+strings.Repeat("x", 1000)+"\"}\n", 8000) + "{\"create\":{\"_index\":\"{i}\",,}}\n{}\n"}),
	}
}

func mediaCases() []contractCase {
	good := bulkCall(auto, doc)
	typ := func(name, t string) contractCase { return one("type-"+name, with(good, "Content-Type", t)) }
	compat := "application/vnd.elasticsearch+x-ndjson; compatible-with="
	return []contractCase{
		typ("none", "-"), typ("json", "application/json"), typ("upper", "APPLICATION/X-NDJSON"), typ("charset", "application/x-ndjson; charset=utf-8"),
		typ("other-charset", "application/x-ndjson;charset=iso-8859-1"), typ("text", "text/plain"), typ("form", "application/x-www-form-urlencoded"),
		typ("garbage", "garbage"), typ("compat-8-alone", compat+"8"), typ("compat-7-alone", compat+"7"), typ("compat-9-alone", compat+"9"),
		one("accept-html", with(good, "Accept", "text/html")),
		one("compat-both", with(good, "Content-Type", compat+"8", "Accept", "application/vnd.elasticsearch+json; compatible-with=8")),
		one("compat-mismatch", with(good, "Content-Type", compat+"8", "Accept", "application/json")),
		one("compat-versions-differ", with(good, "Content-Type", compat+"8", "Accept", "application/vnd.elasticsearch+json; compatible-with=7")),
		one("encoding-identity", with(good, "Content-Encoding", "identity")),
		one("encoding-unknown", with(good, "Content-Encoding", "foo")),
		loosely("encoding-zstd-is-ignored", with(call{method: "POST", path: "/_bulk", body: "(\xb5/\xfd\x04\x00abc\n"}, "Content-Encoding", "zstd")),
		one("encoding-snappy", with(call{method: "POST", path: "/_bulk", body: "(\xb5/\xfd\x04\x00abc\n"}, "Content-Encoding", "snappy")),
	}
}

func paramCases() []contractCase {
	good := bulkCall(auto, doc)
	param := func(name, q string) contractCase { return one("param-"+name, at("/_bulk?"+q, good)) }
	return []contractCase{
		param("unknown", "foo=1"), param("two-unknown", "foo=1&bar=2"), param("near", "require_data_strem=true"),
		param("timeout", "timeout=30s"), param("timeout-without-unit", "timeout=30"), param("refresh", "refresh=true"), param("refresh-empty", "refresh"),
		param("refresh-wait", "refresh=wait_for"), param("refresh-foo", "refresh=foo"), param("pipeline-none", "pipeline=_none"),
		param("pipeline-missing", "pipeline=sluice-nope"), param("require-alias", "require_alias=true"), param("require-data-stream", "require_data_stream=true"),
		param("require-data-stream-maybe", "require_data_stream=maybe"), param("list-pipelines", "list_executed_pipelines=true"),
		param("no-source-in-errors", "include_source_on_error=false"), param("routing", "routing=r1"), param("error-trace", "error_trace=true"),
		param("active-shards-word", "wait_for_active_shards=x"),
	}
}

func gzipCases() []contractCase {
	packed := func(name, body string) contractCase {
		return one("gzip-"+name, call{method: "POST", path: "/_bulk", body: body, header: map[string]string{"Content-Encoding": "gzip"}})
	}
	pair := `{"create":{"_index":"contract-gzip-refused"}}` + "\n" + doc + "\n"
	bad := []byte(zip(pair))
	bad[len(bad)-8] ^= 1
	cases := []contractCase{
		packed("of-nothing", zip("")),
		packed("bad-crc", string(bad)),
		packed("plain", pair),
		packed("cut-in-a-line", zipFlushed(pair+`{"cre`)),
		packed("long-garbage-behind", zip(pair)+"garbage, and more than a header of it"),
		packed("twice", zip(zip(pair))),
		packed("empty-members", zip("")+zip("")),
		packed("bomb", strings.Repeat(zip(strings.Repeat("\n", 1<<20)), 101)),
	}
	cases = append(cases, one("gzip-refused-stores-nothing", call{method: "HEAD", path: "/contract-gzip-refused"}))
	return append(cases, gzipStored()...)
}

// gzipStored are packed bodies of which something is stored: in an index that is
// always the same, by ids that the server makes, so that nothing need be filled in.
func gzipStored() []contractCase {
	pair := `{"create":{"_index":"contract-gzip"}}` + "\n" + doc + "\n"
	packed := func(name, encoding, body string) contractCase {
		return one("gzip-"+name, call{method: "POST", path: "/_bulk", body: body, header: map[string]string{"Content-Encoding": encoding}})
	}
	return []contractCase{
		packed("one", "gzip", zip(pair+pair)), packed("two-members", "gzip", zip(pair)+zip(pair)), packed("twenty-members", "gzip", strings.Repeat(zip(pair), 20)),
		packed("member-ends-in-a-line", "gzip", zip(pair[:20])+zip(pair[20:])), packed("cut-at-a-flush", "gzip", zipFlushed(pair)),
		packed("no-trailer", "gzip", zip(pair)[:len(zip(pair))-8]), packed("half-trailer", "gzip", zip(pair)[:len(zip(pair))-4]),
		packed("second-member-cut", "gzip", zip(pair)+zipFlushed(pair)), packed("second-header-cut", "gzip", zip(pair)+zip(pair)[:7]),
		packed("short-garbage-behind", "gzip", zip(pair)+"garbage"), packed("upper-case", "GZIP", zip(pair)), packed("x-gzip", "x-gzip", zip(pair)),
		one("gzip-answer", with(bulkCall(`{"create":{"_index":"contract-gzip"}}`, doc), "Accept-Encoding", "gzip")),
		one("gzip-undeclared", call{method: "POST", path: "/_bulk", body: zip(pair)}),
	}
}
