package catalog

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sluice/conf"
	"sluice/forwarder/filter"
	"sluice/forwarder/sample"
	"sluice/sink/file"
	"sluice/sink/stdout"
)

// documented is a part as docs/from-fluentd.md shows it.
type documented struct {
	config any // its settings with the defaults
	not    params
	note   string // what is not the same
}

func documentedSources() map[string]documented {
	socket, udp, syslog := defaultSocket(5170, 1<<20)(), defaultSocket(5160, 4096)(), defaultSyslog()
	tail, forward, web, unix := defaultTailSource(), defaultForwardSource(), defaultWeb(), defaultUnix()
	dummy, monitor, prometheus := sample.DefaultConfig(), defaultMonitor(), defaultPrometheus()
	return map[string]documented{
		"tail":    {&tail, tailSourceParams, "Lines of container runtimes are known by themselves. Codes of time in a path stand for any time. A line that cannot be parsed is not thrown away. `offset_key` is Fluent Bit's. See tail.md."},
		"forward": {&forward, forwardSourceParams, "A chunk is acknowledged when it is safe, not when it is buffered. See forward.md."},
		"tcp":     {&socket, socketParams, "See sockets.md."},
		"udp":     {&udp, socketParams, "Losses are counted from the kernel. See sockets.md."},
		"syslog":  {&syslog, syslogParams, "See sockets.md."},
		"http":    {&web, webParams, "200 is answered when the records are safe. See http.md."},
		"unix":    {&unix, params{}, ""},
		"sample":  {&dummy, params{}, "Also as `dummy`."}, "dummy": {nil, params{}, ""},
		"monitor_agent": {&monitor, monitorParams, "See monitors.md."},
		"prometheus":    {&prometheus, prometheusParams, "See monitors.md."},
	}
}

func documentedOutputs() map[string]documented {
	elastic, forward, out, print := defaultElasticMatch(), defaultForwardMatch(), file.DefaultConfig(), stdout.DefaultConfig()
	normaliser := filter.DefaultTagNormaliserConfig()
	metrics := filter.DefaultPrometheusConfig()
	rewrite, router, exceptions := filter.RewriteTagConfig{}, filter.LabelRouterConfig{}, filter.DefaultDetectExceptionsConfig()
	return map[string]documented{
		"elasticsearch":             {&elastic, elasticMatchParams, "Also as `opensearch`. `update` and `upsert` need `id_key`; what is to update and is not there becomes a dead letter, and a record without the field is a document of its own. With the chunk key `time` the date in an index's name is that of the time slice, in `timekey_zone`, else in local time. Documents have ids, so that a repeat is stored once; what the server refuses goes to the dead letters; a full queue (429) is waited for."},
		"opensearch":                {nil, params{}, ""},
		"elasticsearch_data_stream": {&streamMatch{}, streamParams, "And the parameters of elasticsearch about servers, `id_key`, `remove_keys`, `pipeline`, `include_tag_key` and the rest. Also as `opensearch_data_stream`. The data stream must exist, or an index template for it: else the server makes an index of that name."},
		"opensearch_data_stream":    {nil, params{}, ""},
		"forward":                   {&forward, forwardMatchParams, "Of service_discovery the types static, file and srv. A server that is written twice counts once, and if its weights differ, they add up. See forward.md."},
		"file":                      {&out, outputFileParams, "See files.md."},
		"stdout":                    {&print, stdoutParams, ""},
		"null":                      {&noParams{}, params{unneeded: map[string]string{"never_flush": "nothing is kept"}}, ""},
		"copy":                      {&noParams{}, copyParams, "Each `<store>` gets records of its own, in a buffer of its own: none waits for another."},
		"roundrobin":                {&noParams{}, params{}, "In turn by batches, `weight` in a `<store>` as in the plug-in. A store may not be a copy."},
		"relabel":                   {&noParams{}, params{}, ""}, "rewrite_tag_filter": {&rewrite, rewriteParams, "Also `rewriterule1 KEY PATTERN TAG` and so on. A tag that leads back to its own rule ends after 16 rounds, counted."},
		"tag_normaliser":    {&normaliser, normaliserParams, ""},
		"prometheus":        {&metrics, prometheusFilterParams(), "Also as a `<store>` of a copy. See filters.md."},
		"label_router":      {&router, routerParams, "Of the logging operator: each `<route>` with `@label`. Labels of a namespace are also found where kubernetes_metadata puts them. What no route takes, and for which there is no `default_route`, is dropped and counted."},
		"detect_exceptions": {&exceptions, exceptionParams, "Also as a filter. See filters.md."},
	}
}

func documentedFilters() map[string]documented {
	grep, transformer, parser, kubernetes := filter.DefaultGrepConfig(), filter.DefaultRecordTransformerConfig(), filter.DefaultParserConfig(), noKubernetesFilter()
	dedot, flatten, sampling, throttle := filter.DefaultDedotConfig(), filter.DefaultFlattenConfig(), filter.DefaultSamplingConfig(), filter.DefaultThrottleConfig()
	concat, exceptions, modifier := defaultConcat(), filter.DefaultDetectExceptionsConfig(), filter.DefaultRecordModifierConfig()
	metrics, print := filter.DefaultPrometheusConfig(), filter.DefaultStdoutConfig()
	none := params{}
	return map[string]documented{
		"grep":                {&grep, none, "Also `regexp1 KEY PATTERN` to `regexp20`, `exclude1` to `exclude20`. See filters.md."},
		"record_transformer":  {&transformer, none, "filters.md lists the Ruby that there is; other Ruby is refused with its place. A record whose Ruby raises goes to `@ERROR`, or on as it came. `remove_keys` also takes accessors."},
		"parser":              {&parser, parserFilterParams, ""},
		"kubernetes_metadata": {&kubernetes, kubernetesFilterParams, "See kubernetes.md."},
		"dedot":               {&dedot, none, "Also as `dedot_filter`."}, "dedot_filter": {nil, none, ""},
		"flatten_hash": {&flatten, none, "Also as `flatten`."}, "flatten": {nil, none, ""},
		"sampling": {&sampling, none, "Also as `sampling_filter`."}, "sampling_filter": {nil, none, ""},
		"throttle":            {&throttle, none, ""},
		"concat":              {&concat, none, "What waited too long and has no `timeout_label` goes on; in the plug-in it goes to `@ERROR`. See filters.md."},
		"detect_exceptions":   {&exceptions, exceptionParams, "In the plug-in an output, which is there as well."},
		"record_modifier":     {&modifier, none, "`prepare_value`, and a `char_encoding` other than utf-8, are refused. See filters.md."},
		"elasticsearch_genid": {&noParams{}, none, "Not needed, with a warning: records have ids of their source. An `id_key` that names its field finds none, and the record's own id is used. Also `opensearch_genid`."},
		"opensearch_genid":    {nil, none, ""},
		"redact":              {&noParams{}, none, "Not one of Fluentd's: see filters.md."},
		"prometheus":          {&metrics, prometheusFilterParams(), "See filters.md."},
		"stdout":              {&print, stdoutFilterParams(), ""},
	}
}

// paragraph writes one part.
func (d documented) write(out *strings.Builder, kind, name string) {
	if d.config == nil {
		return
	}
	fmt.Fprintf(out, "\n### %s `%s`\n\n", kind, name)
	var same []string
	if reflect.TypeOf(d.config).Elem().NumField() > 0 {
		for _, s := range conf.Settings(d.config) {
			same = append(same, "`"+s.Name+"`")
		}
	}
	if len(same) > 0 {
		fmt.Fprintf(out, "The same: %s.", strings.Join(same, ", "))
	}
	if d.note != "" {
		out.WriteString(strings.TrimPrefix(" "+d.note, map[bool]string{true: " "}[len(same) == 0]))
	}
	if len(same) > 0 || d.note != "" {
		out.WriteString("\n")
	}
	d.not.write(out)
}

func (p params) write(out *strings.Builder) {
	if len(p.unneeded)+len(p.missing)+len(p.refused) == 0 {
		return
	}
	out.WriteString("\n| parameter | |\n|---|---|\n")
	for _, t := range []struct {
		what  string
		table map[string]string
	}{{"not needed: ", p.unneeded}, {"not there, with a warning: ", p.missing}, {"refused: ", p.refused}} {
		byReason := map[string][]string{}
		for name, why := range t.table {
			byReason[why] = append(byReason[why], "`"+strings.TrimPrefix(name, "transport.")+"`")
		}
		for _, why := range slices.Sorted(maps.Keys(byReason)) {
			names := byReason[why]
			slices.Sort(names)
			fmt.Fprintf(out, "| %s | %s |\n", strings.Join(names, ", "), t.what+why)
		}
	}
}

// docs/from-fluentd.md has a paragraph for every source and output that is in
// the registry, and a line for every parameter and plug-in that is known: what
// stands below its mark is written from the code.
func TestFromFluentdIsComplete(t *testing.T) {
	var out strings.Builder
	sys := system{}
	documented{&sys, systemParams, "`root_dir` is data_dir."}.write(&out, "section", "<system>")
	buf := bufferSection{}
	documented{&buf, bufferParams, "Chunk keys need nothing: records are kept by where they go. `@type file` is the buffer on disk, `memory` one in memory; without @type the settings' own holds."}.write(&out, "section", "<buffer>")
	second := defaultSecondaryFile()
	documented{&second, params{}, "Any `<secondary>` has its own buffer and no `<buffer>`. Each run begins files of its own unless `append true`, so that `${chunk_id}` is left out."}.write(&out, "section", "<secondary> of the type secondary_file")
	tls := transport{}
	documented{&tls, transportParams, "Of every server."}.write(&out, "section", "<transport tls>")
	for _, part := range []struct {
		kind string
		docs map[string]documented
		rows []string
	}{
		{"source", documentedSources(), slices.Collect(maps.Keys(sources()))},
		{"match", documentedOutputs(), slices.Collect(maps.Keys(outputs()))},
		{"filter", documentedFilters(), slices.Collect(maps.Keys(filters()))},
	} {
		for _, name := range part.rows {
			if _, ok := part.docs[name]; !ok {
				t.Errorf("%s %s is in the registry and not in docs_test.go", part.kind, name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(part.docs)) {
			if !slices.Contains(part.rows, name) {
				t.Errorf("%s %s is not in the registry", part.kind, name)
			}
			part.docs[name].write(&out, part.kind, name)
		}
	}
	writeElsewhere(&out)

	const name = "../../docs/from-fluentd.md"
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const mark = "<!-- From here on written by go test ./forwarder/catalog -run FromFluentd -update -->\n"
	head, _, ok := strings.Cut(string(raw), mark)
	if !ok {
		t.Fatal("the mark is missing")
	}
	golden(t, name, head+mark+out.String())
}

func writeElsewhere(out *strings.Builder) {
	out.WriteString("\n### Not supported\n\n| | what to use |\n|---|---|\n")
	for _, section := range []string{"source", "filter", "match"} {
		byFix := map[string][]string{}
		for kind, fix := range unsupported[section] {
			byFix[fix] = append(byFix[fix], "`"+kind+"`")
		}
		for _, fix := range slices.Sorted(maps.Keys(byFix)) {
			slices.Sort(byFix[fix])
			fmt.Fprintf(out, "| %s %s | %s |\n", section, strings.Join(byFix[fix], ", "), fix)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(skipped)) {
		if _, there := sources()[kind]; !there {
			fmt.Fprintf(out, "| source `%s` (left out, with a warning) | %s |\n", kind, skipped[kind])
		}
	}
}
