package catalog

import (
	"strings"
	"testing"

	"sluice/conf"
	"sluice/event"
)

func TestMatchDataStream(t *testing.T) {
	for params, want := range map[string]string{
		"data_stream_name logs-app-prod": "",
		"":                               "data_stream_name is required",
		"data_stream_name logs-%N":       "fluent.conf:3:1: error: data_stream_name: cannot read index",
		"data_stream_name a\ndata_stream_template_name t":                   "warning: data_stream_template_name of <match> is not supported: index templates and lifecycle policies are not made",
		"data_stream_name a\nlogstash_format true":                          "warning: logstash_format of <match> is not needed: documents go to data_stream_name",
		"data_stream_name a\nreload_connections false":                      "warning: reload_connections of <match> is not needed",
		"data_stream_name a\ntemplate_nam x":                                `parameter "template_nam" of match is not used`,
		"data_stream_name a\n@type elasticsearch":                           "data_stream_name of <match> is not supported (write @type elasticsearch_data_stream",
		"index_name a\nwrite_operation upsert\n@type elasticsearch":         "needs to know the documents' ids (add id_key FIELD)",
		"write_operation update\nid_key i\n@type elasticsearch":             "",
		"remove_keys_on_update a\n@type elasticsearch":                      "warning: remove_keys_on_update of <match> is not needed",
		"remove_keys_on_update a\nwrite_operation update\n@type opensearch": "error: remove_keys_on_update of <match> is not supported",
		"suppress_doc_wrap true\nwrite_operation upsert\n@type opensearch":  "error: suppress_doc_wrap of <match> is not supported",
		"suppress_doc_wrap false\nwrite_operation create\n@type opensearch": "warning: suppress_doc_wrap of <match> is not needed",
	} {
		if !strings.Contains(params, "@type") {
			params = "@type elasticsearch_data_stream\n" + params
		}
		got := checkFluent("<match **>\n" + params + "\n</match>\n").String()
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s\ngot  %s\nwant %s", params, got, want)
		}
	}
}

// A data stream's documents are created, and have @timestamp.
func TestDataStreamDocuments(t *testing.T) {
	for params, want := range map[string]string{
		"data_stream_name logs-${tag}-%Y": `logs-app-2026 {"create":{"_id":"AAAAAAAAAAAAAAAAAAAAAAAA"}} {"@timestamp":"2026-11-22T19:13:36.000000000+00:00","id":"a"}`,
		"data_stream_name s\nid_key id":   `s {"create":{"_id":"a"}} {"@timestamp":"2026-11-22T19:13:36.000000000+00:00","id":"a"}`,
	} {
		words := strings.FieldsFunc("@type elasticsearch_data_stream\n"+params, func(r rune) bool { return r == ' ' || r == '\n' })
		s := Default()
		s.Tree = el("", "", []*conf.Element{el("match", "**", nil, words...)})
		p, problems := trial(&conf.Tree{Root: s.Tree}, s)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		b := &event.Batch{Tag: "app"}
		b.Begin(event.Record{Time: event.Time{Sec: 1795374816}, Weight: 1})
		b.Add(b.KeyString("id"), b.PutString("a", event.Text))
		blocks := event.Blocks{New: func() *event.Block { return &event.Block{} }}
		p.sinks[0].Encode(&blocks, b)
		got := blocks.List[0].Key + " " + strings.ReplaceAll(strings.TrimSuffix(string(blocks.List[0].Body), "\n"), "\n", " ")
		if got != want {
			t.Errorf("%s\ngot  %s\nwant %s", params, got, want)
		}
		p.Close()
	}
}
