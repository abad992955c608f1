package elastictest

import (
	"fmt"
	"strings"
)

const stamped = `{"@timestamp":"2026-11-22T19:13:36.123456789Z","n":1}`

func inStream(id string) string { return `{"create":{"_index":"{s}","_id":"` + id + `"}}` }

func streamCases() []contractCase {
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	fs := `{"create":{"_index":"{f}","_id":"{run}%s"}}`
	return []contractCase{
		one("stream-create", bulkCall(inStream("{run}A"), stamped)),
		one("stream-conflict", bulkCall(inStream("{run}B"), stamped, inStream("{run}B"), stamped)),
		one("stream-op-index", bulkCall(`{"index":{"_index":"{s}","_id":"B"}}`, stamped)),
		one("stream-op-index-auto", bulkCall(`{"index":{"_index":"{s}"}}`, stamped)),
		one("stream-op-update", bulkCall(`{"update":{"_index":"{s}","_id":"A"}}`, `{"doc":{"n":2}}`)),
		one("stream-op-delete", bulkCall(`{"delete":{"_index":"{s}","_id":"A"}}`)),
		one("stream-routing", bulkCall(`{"create":{"_index":"{s}","_id":"{run}R","routing":"x"}}`, stamped)),
		one("stream-no-timestamp", bulkCall(inStream("{run}C"), `{"n":1}`)),
		one("stream-require", bulkCall(`{"create":{"_index":"{s}","require_data_stream":true}}`, stamped, `{"create":{"_index":"contract-nothing","require_data_stream":true}}`, stamped)),
		one("stream-mixed-names", bulkCall(inStream("{run}M"), stamped, `{"create":{"_index":"A B"}}`, stamped, inStream("{run}N"), stamped)),
		one("stream-rollover", bulkCall(inStream("{run}D"), stamped), call{method: "POST", path: "/{s}/_rollover"},
			bulkCall(inStream("{run}D"), stamped, inStream("{run}D"), stamped)),
		one("stream-rollover-looked-for", bulkCall(inStream("{run}L"), stamped), call{method: "POST", path: "/{s}/_rollover"},
			call{method: "GET", path: "/{s}/_settings/index.creation_date?flat_settings=true"}),
		one("stream-rollover-absent", call{method: "POST", path: "/contract-absent/_rollover"}),
		one("stream-flattened", bulkCall(inStream("{run}F"), `{"@timestamp":1795374816123,"json":{"a":123456789012345678901234567890,"b":1e400,"":1,"..":2,"c":{" ":1}}}`)),
		one("stream-flattened-deep", bulkCall(inStream("{run}G"), `{"@timestamp":1795374816123,"json":`+deep(20)+`}`)),
		loosely("stream-flattened-too-deep", bulkCall(inStream("{run}H"), `{"@timestamp":1795374816123,"json":`+deep(21)+`}`)),
		one("stream-delete", call{method: "DELETE", path: "/{s}"}),
		one("failure-store", bulkCall(fmt.Sprintf(fs, "A"), stamped, fmt.Sprintf(fs, "B"), `{"n":1}`, fmt.Sprintf(fs, "A"), stamped)),
		one("failure-store-alone", bulkCall(fmt.Sprintf(fs, "C"), `{"n":1}`), bulkCall(fmt.Sprintf(fs, "C"), `{"n":1}`)),
		loosely("failure-store-not-json", bulkCall(fmt.Sprintf(fs, "D"), `{bad`, fmt.Sprintf(fs, "E"), "{\"@timestamp\":1,\"m\":\"\xff\"}", fmt.Sprintf(fs, "F"), `[]`, fmt.Sprintf(fs, "G"), `5`, fmt.Sprintf(fs, "H"), `{"a":1}{"b":2}`, fmt.Sprintf(fs, "I"), `{"a":1} x`,
			fmt.Sprintf(fs, "J"), ``, fmt.Sprintf(fs, "K"), ` `, fmt.Sprintf(fs, "L"), `{"":1,`, fmt.Sprintf(fs, "M"), `{"a":1,"a":1}`)),
		one("failure-store-op-index", bulkCall(`{"index":{"_index":"{f}","_id":"B"}}`, stamped)),
	}
}

func timeCases() []contractCase {
	var all []contractCase
	add := func(name string, values ...string) {
		var lines []string
		for i, v := range values {
			lines = append(lines, inStream(fmt.Sprintf("{run}%s%d", name, i)), `{"@timestamp":`+v+`}`)
		}
		all = append(all, one("time-"+name, bulkCall(lines...)))
	}
	add("taken", `"2026"`, `"2026-11"`, `"2026-11-22"`, `"2026-11-22T10:11:12"`, `"2026-11-22T10:11:12Z"`, `"2026-11-22T10:11:12,5Z"`, `"2026-11-22T10:11:12.123456789Z"`,
		`"2026-11-22T10:11:12+02"`, `"2026-11-22T10:11:12+0200"`, `"2026-11-22T10:11:12.5-01:30"`, `"2026-11-22T10:11:12UTC"`, `1795374816`, `1795374816.5`,
		`"1795374816123.456789"`, `"2262-04-11T23:47:16.854775807Z"`, `["2026-11-22T10:11:12Z"]`)
	add("refused", `"soon"`, `"2026-11-22T10"`, `"2026-11-22T10:11"`, `"2026-11-22T10:11:12.1234567891Z"`, `"2026-11-22t10:11:12Z"`, `"2026-11-22T10:11:12z"`,
		`"2026-11-22T10:11:12 Z"`, `"2026-11-22 10:11:12"`, `"2026-11-22T24:00:00Z"`, `"2026-11-22T23:59:60Z"`, `"2026-1-2"`, `"2026-11-22Z"`, `"2026-11-22T10:11:12.Z"`,
		`" 2026-11-22"`, `"2026-11-22T10:11:12+19:00"`, `"2026-11-22T10:11:12+2"`, `"1795374816123.4567891"`, `"1e12"`, `true`, `"2026-13-01"`)
	add("out-of-range", `-5`, `"1969-12-31T23:59:59Z"`, `"2262-04-11T23:47:16.854775808Z"`, `"3000-01-01"`)
	add("missing", `null`, `[]`, `[null]`, `""`)
	all = append(all, loosely("time-several", bulkCall(inStream("{run}x"), `{"@timestamp":["2026-11-22T19:13:36Z","2026-11-22T19:13:37Z"]}`)),
		loosely("time-object", bulkCall(inStream("{run}y"), `{"@timestamp":{}}`)), loosely("time-no-such-day", bulkCall(inStream("{run}z"), `{"@timestamp":"2026-02-30T10:11:12Z"}`)))
	return all
}

func readCases() []contractCase {
	asJSON := func(method, path, body string) call {
		return call{method: method, path: path, body: body, header: map[string]string{"Content-Type": "application/json"}}
	}
	get := func(path string) call { return call{method: "GET", path: path} }
	refresh := call{method: "POST", path: "/{i}/_refresh"}
	two := bulkCall(create("A"), doc, create("B"), doc)
	return []contractCase{
		one("mget", bulkCall(create("A"), doc), asJSON("POST", "/{i}/_mget", `{"ids":["A","Z"]}`)),
		one("mget-no-source", bulkCall(create("A"), doc), asJSON("POST", "/{i}/_mget?_source=false", `{"ids":["A","Z"]}`)),
		one("mget-filter", bulkCall(create("A"), doc), asJSON("POST", "/{i}/_mget?filter_path=docs.found,docs._id", `{"ids":["A","Z"]}`)),
		one("mget-docs", bulkCall(create("A"), doc), asJSON("POST", "/_mget", `{"docs":[{"_index":"{i}","_id":"A"},{"_index":"contract-absent","_id":"A"}]}`)),
		one("mget-stream", bulkCall(inStream("{run}mget"), stamped), asJSON("POST", "/{s}/_mget", `{"ids":["{run}mget"]}`)),
		one("mget-absent", asJSON("POST", "/contract-absent/_mget", `{"ids":["A"]}`)),
		one("mget-empty", asJSON("POST", "/contract-absent/_mget", `{"ids":[]}`)),
		one("mget-no-body", call{method: "POST", path: "/contract-absent/_mget"}),
		loosely("mget-bad", asJSON("POST", "/contract-absent/_mget", `{bad`)),
		one("mget-method", call{method: "DELETE", path: "/contract-absent/_mget"}),
		one("settings-index", bulkCall(create("A"), doc), get("/{i}/_settings/index.creation_date")),
		one("settings-flat", bulkCall(create("A"), doc), get("/{i}/_settings/index.creation_date?flat_settings=true")),
		one("settings-absent", get("/contract-absent/_settings/index.creation_date?flat_settings=true")),
		one("settings-method", call{method: "DELETE", path: "/contract-absent/_settings/index.creation_date"}),
		one("count", two, refresh, get("/{i}/_count")), one("count-absent", get("/contract-absent/_count")), one("count-absent-pattern", get("/contract-absent*/_count")),
		one("count-one-absent", two, refresh, get("/{i},contract-absent/_count"), get("/{i},contract-absent/_count?ignore_unavailable=true")),
		one("count-method", call{method: "PUT", path: "/contract-absent/_count"}),
		one("refresh-absent", call{method: "POST", path: "/contract-absent/_refresh"}), one("refresh-method", call{method: "DELETE", path: "/contract-absent/_refresh"}),
		one("search", bulkCall(create("A"), doc), refresh, get("/{i}/_search")), one("search-size-0", two, refresh, get("/{i}/_search?size=0")),
		one("search-body", bulkCall(create("A"), doc), refresh, asJSON("POST", "/{i}/_search", `{"query":{"match_all":{}},"size":5,"track_total_hits":true}`)),
		one("search-absent", get("/contract-absent/_search")), one("search-absent-pattern", get("/contract-absent*/_search")),
		one("search-negative", get("/contract-absent*/_search?size=-1")),
		one("index-delete", two, call{method: "DELETE", path: "/{i}"}, get("/{i}/_count"), two),
		one("index-delete-absent", call{method: "DELETE", path: "/contract-absent"}), one("index-delete-pattern", call{method: "DELETE", path: "/contract-absent*"}),
		one("index-get-absent", get("/contract-absent")), one("index-head-absent", call{method: "HEAD", path: "/contract-absent"}),
		one("template-without-patterns", asJSON("PUT", "/_index_template/contract-x", `{"data_stream":{}}`)),
		one("template-get-absent", get("/_index_template/contract-x")), one("template-delete-absent", call{method: "DELETE", path: "/_index_template/contract-x"}),
		one("template-head-absent", call{method: "HEAD", path: "/_index_template/contract-x"}),
		one("health-method", call{method: "POST", path: "/_cluster/health"}), one("health", get("/_cluster/health?filter_path=cluster_name,timed_out,number_of_nodes")),
	}
}
