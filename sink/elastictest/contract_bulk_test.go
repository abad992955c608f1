package elastictest

import "strings"

func actionCases() []contractCase {
	line := func(name, action string) contractCase { return one("action-"+name, bulkCall(action, doc)) }
	odd := func(name, action string) contractCase { return loosely("action-"+name, bulkCall(action, doc)) }
	return []contractCase{
		line("string", `"x"`), line("array", `[1]`), line("number", `5`), line("true", `true`), line("null", `null`),
		one("action-empty-object", bulkCall(auto, doc, `{}`, doc)),
		line("unknown-op", `{"upsert":{"_index":"{i}"}}`), line("op-number", `{"create":5}`), line("op-null", `{"create":null}`), line("op-array", `{"create":[]}`),
		line("unknown-key", `{"create":{"_index":"{i}","foo":"1"}}`), line("type", `{"create":{"_index":"{i}","_type":"_doc"}}`),
		line("unknown-key-null", `{"create":{"_index":"{i}","foo":null}}`), line("unknown-key-object", `{"create":{"_index":"{i}","foo":{}}}`),
		line("array-value", `{"create":{"_index":"{i}","_id":["1"]}}`), line("object-value", `{"create":{"_index":{}}}`),
		line("null-id", `{"create":{"_index":"{i}","_id":null}}`), line("number-id", `{"create":{"_index":"{i}","_id":5}}`),
		line("escaped-id", `{"create":{"_index":"{i}","_id":"\u00e9\n\"\\\/"}}`), line("empty-id", `{"create":{"_index":"{i}","_id":""}}`),
		line("no-index", `{"create":{"_id":"1"}}`), line("null-index", `{"create":{"_index":null}}`),
		one("action-two-problems", bulkCall(`{"create":{}}`, doc, `{"create":{"_id":"`+strings.Repeat("a", 513)+`"}}`, doc)),
		line("version", `{"create":{"_index":"{i}","_id":"1","version":3}}`), line("version-word", `{"create":{"_index":"{i}","version":"x"}}`),
		line("external", `{"create":{"_index":"{i}","_id":"1","version_type":"external","version":3}}`),
		line("empty-pipeline", `{"create":{"_index":"{i}","pipeline":""}}`), line("missing-pipeline", `{"create":{"_index":"{i}","pipeline":"sluice-nope"}}`),
		line("flag-word", `{"create":{"_index":"{i}","require_data_stream":"yes"}}`), line("flag-text", `{"create":{"_index":"{i}","require_data_stream":"false"}}`),
		line("dynamic-templates", `{"create":{"_index":"{i}","dynamic_templates":{}}}`),
		line("extra-key", `{"create":{"_index":"{i}"},"x":1}`), line("not-closed", `{"create":{"_index":"{i}"}`),
		line("trailing-data", `{"create":{"_index":"{i}"}} {"x":1}`), line("comment", `/* c */{"create":{"_index":"{i}"}}`),
		line("bom", "\ufeff"+auto), line("spaces", " { \"create\" : { \"_index\" : \"{i}\" } } "),
		odd("bad-json", `(hello`), odd("bad-utf8", "{\"create\":{\"_index\":\"{i}\",\"_id\":\"\xff\"}}"), odd("inner-not-closed", `{"create":{"_index":"{i}"`),
		odd("trailing-word", auto+" x"), odd("trailing-brace", auto+"}"), odd("no-value", `{"create"}`), odd("no-value-2", `{"create":}`),
		odd("no-colon", `{"create":{"_index" "a"}}`), odd("twice-a-key", `{"create":{"_index":"{i}","_index":"b"}}`), odd("trailing-comma", `{"create":{"_index":"{i}",}}`),
		odd("control-character", "{\"create\":{\"_index\":\"{i}\",\"_id\":\"a\tb\"}}"), odd("bad-escape", `{"create":{"_index":"{i}","_id":"\x7f"}}`),
		odd("extra-key-cut", `{"create":{"_index":"{i}"},`), odd("two-objects-cut", auto+" {"),
		one("id-512", bulkCall(create(strings.Repeat("a", 512)), doc)), one("id-513", bulkCall(auto, doc, create(strings.Repeat("a", 513)), doc)),
		one("id-171-times-3-bytes", bulkCall(create(strings.Repeat("€", 171)), doc)),
		one("index-auto-id", bulkCall(`{"index":{"_index":"{i}"}}`, doc)),
		one("index-op-type-create", bulkCall(`{"index":{"_index":"{i}","op_type":"create","_id":"1"}}`, doc, `{"create":{"_index":"{i}","op_type":"index","_id":"1"}}`, doc)),
	}
}

func answerCases() []contractCase {
	mixed := []string{create("1"), doc, create("2"), `{"a":1,}`, create("1"), doc}
	filter := func(name, f string) contractCase {
		return loosely("filter-"+name, bulkCall(create("1"), doc), at("/_bulk?filter_path="+f, bulkCall(mixed...)), at("/_bulk?filter_path="+f, bulkCall(create("new"), doc)))
	}
	return []contractCase{
		one("conflict", bulkCall(create("{run}"), doc), bulkCall(create("{run}"), `{"a":"other"}`)),
		one("conflict-in-one-body", bulkCall(create("9"), doc, create("9"), doc)),
		one("conflict-odd-id", bulkCall(create(`a\"b€`), doc, create(`a\"b€`), doc)),
		loosely("mixed", bulkCall(mixed...)),
		filter("errors", "errors,items.*.error"), filter("status", "errors,items.*.status,items.*.error.type,items.*.error.reason"),
		filter("sink", "errors,took,items.*.status,items.*.error.type,items.*.error.reason,items.*.failure_store,items.*._index"),
		filter("minus", "-took,-items.*._shards"), filter("op", "items.create.status"), filter("took", "took"), filter("nothing", "nope"),
		filter("anywhere", "**.status"), filter("mix", "items,-items.*._shards,-items.**._id"), filter("globs", "e*s,items.*._*d*"),
		filter("inner", "items.create._shards.failed,items.*.s*"), filter("minus-all", "-items.*"), filter("below-a-leaf", "took.x,items.*.status.y"),
		filter("cause", "items.*.error.caused_by.type"),
		one("filter-not-on-errors", at("/_bulk?filter_path=took", bulkCall("[1]", "{}"))),
		one("filter-root", call{method: "GET", path: "/?filter_path=version.number,tagline"}),
		one("require-alias-item", bulkCall(`{"create":{"_index":"{i}","require_alias":true}}`, doc)),
		one("root-head", call{method: "HEAD", path: "/"}),
		one("root-post", call{method: "POST", path: "/"}),
	}
}

func nameCases() []contractCase {
	name := func(name, index string) contractCase {
		return one("name-"+name, bulkCall(`{"create":{"_index":"`+index+`"}}`, doc))
	}
	return []contractCase{
		name("upper", "Foo"), name("hash", "a#b"), name("colon", "a:b"), name("comma", "a,b"), name("star", "a*"), name("question", "a?"), name("slash", "a/b"),
		name("backslash", `a\\b`), name("less", "a<b"), name("pipe", "a|b"), name("quote", `a\"b`), name("space", "a b"), name("underscore", "_a"), name("dash", "-a"),
		name("plus", "+a"), name("dotdot", ".."), name("dot", "."), name("empty", ""), name("256", strings.Repeat("a", 256)), name("256-bytes", strings.Repeat("é", 128)),
		name("upper-beyond-ascii", "É"), name("upper-and-hash", "A#b"),
	}
}

func documentCases() []contractCase {
	var all []contractCase
	add := func(strict bool, name string, sources ...string) {
		var lines []string
		for _, s := range sources {
			lines = append(lines, create("1"), s) // refused ones leave the id free, good ones take it
		}
		all = append(all, contractCase{name: "doc-" + name, loose: !strict, calls: []call{bulkCall(lines...)}})
	}
	deep := func(key string, n int) string { return strings.Repeat(`{"`+key+`":`, n) + "1" + strings.Repeat("}", n) }
	add(true, "good", `{}`)
	add(true, "not-an-object", `[]`, `"x"`, `5`, `null`, `true`, `  `)
	add(true, "extra-data", `{"a":1}{"b":2}`, `{"a":1} {"b":2}`, `{"a":1} 5`, `{"a":1} []`, `{"a":1} "x"`, `{"a":1} null`)
	add(false, "not-json", `hello`, `{bad`, `{"a":"x"`, `{"a":1,}`, `{'a':1}`, `{"a":[1,]}`, `{"a":[1 2]}`, `{"a" 1}`, `{"a":1 "b":2}`, `{"a":}`, `{"a"}`, `{"a":1}}`, `{"a":1}]`, `{"a":[1}`, `{"a":tru}`, `{"a":1} x`, `{"a":1} # x`, `{,}`, `{`, `{"a`)
	add(false, "not-utf8", "{\"a\":\"\xff\xfe\"}", "{\"\xff\":1}", "{\"a\":\"\xe2\x82\"}", "{\"a\":\"\x80\"}", "{\"a\":\"\xf8\x88\x80\x80\x80\"}")
	add(false, "control-characters", "{\"a\":\"x\x01y\"}", "{\"a\":\"x\ty\"}", "{\"a\tb\":1}")
	add(true, "control-character-words", "{\"a\":\"x\x01y\"}", "{\"a\":\"\xff\xfe\"}", `{"a":1,"a":2}`, `{"a":1,}`, `{'a':1}`)
	add(true, "odd-utf8-passes", "{\"a\":\"\xc0\x80\xed\xa0\x80\xe0\x80\x80\xf7\xbf\xbf\xbf\x7f\\u0000\\ud800\"}")
	add(false, "escapes", `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\`, `{"a":"\u"}`)
	add(false, "duplicates", `{"a":1,"a":2}`, `{"b":{"a":1,"\u0061":2}}`, `{"":1,"":1}`)
	add(true, "no-duplicates", `{"b":[{"a":1},{"a":2}],"c":{"a":1},"aa":{"aa":1}}`)
	many := func(last string) string {
		var b strings.Builder
		for i := range 120 {
			b.WriteString(`"k` + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26) + `":1,`)
		}
		return `{"m":{` + b.String() + `"` + last + `":1}}`
	}
	add(false, "duplicate-among-many", many("kxxc"))
	add(true, "many", many("kxxc-"))
	add(false, "numbers", `{"a":01}`, `{"a":1.}`, `{"a":.5}`, `{"a":-}`, `{"a":+1}`, `{"a":0.1e}`, `{"a":NaN}`, `{"a":Infinity}`, `{"a":`+strings.Repeat("1", 1001)+`}`)
	add(true, "numbers-too-large", `{"a":123456789012345678901234567890}`, `{"a":9223372036854775808}`, `{"b":1e400}`, `{"b":-1e39}`)
	add(true, "numbers-that-fit", `{"a":9223372036854775807,"b":-9223372036854775808,"c":1e38,"d":1e-400,"e":-0,"f":0.1234567890123456789}`)
	add(true, "names", `{"":1}`, `{".":1}`, `{"..":1}`, `{"a..b":1}`, `{".a":1}`, `{"a. .b":1}`, `{"a. ":1}`, `{" ":1}`, `{"\t":1}`, "{\"\u3000\":1}", `{"b":{"":1}}`, `{"b":[{" ":1}]}`)
	add(true, "odd-names-pass", `{"a.":1,"b\u0000c":1,"d*e":1,"_foo":1," f":1,"`+"\u00a0"+`":1,"g":{"_id":1},"_type":1}`)
	add(false, "metadata-names", `{"_id":1}`, `{"_source":1}`, `{"_index":"x"}`, `{"_routing":1}`, `{"_seq_no":1}`, `{"_version":1}`, `{"_ignored":1}`, `{"_field_names":1}`, `{"_id.x":1}`)
	add(true, "metadata-name-words", `{"_id":1}`, `{"_version":1}`)
	add(true, "depth-20", deep("a", 20))
	add(true, "depth-21", deep("a", 21))
	add(true, "depth-1001", deep("a", 1001))
	add(true, "depth-empty-object", `{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{}}}}}}}}}}}}}}}}}}}}}`)
	add(true, "depth-dotted-20", `{"`+strings.Repeat("y.", 19)+`y":1}`)
	add(false, "depth-dotted-21", `{"`+strings.Repeat("y.", 20)+`y":1}`)
	add(true, "depth-arrays", `{"a":`+strings.Repeat("[", 900)+strings.Repeat("]", 900)+`}`)
	add(false, "depth-arrays-1001", `{"a":`+strings.Repeat("[", 1001)+strings.Repeat("]", 1001)+`}`)
	add(true, "bom", "\ufeff{\"a\":1}")
	add(true, "comments", `{"a":1/*c*/} // x`)
	add(true, "spaces", ` { "a" : [ 1 , [ ] ] , "b" : { } } `)
	return all
}
