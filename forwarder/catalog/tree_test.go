package catalog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"sluice/conf"
	"sluice/conf/fluent"
	"sluice/event"
	"sluice/sink/elastic"
)

// el makes an element of Fluentd's language: params are names and values.
func el(name, arg string, children []*conf.Element, params ...string) *conf.Element {
	e := &conf.Element{Name: name, Arg: arg, Children: children, Dialect: conf.Fluentd}
	for i := 0; i < len(params); i += 2 {
		e.Params = append(e.Params, conf.Param{Name: params[i], Value: params[i+1]})
	}
	return e
}

func TestATreeBecomesAPipeline(t *testing.T) {
	s := Default()
	s.Tree = el("", "", []*conf.Element{
		el("filter", "", []*conf.Element{el("regexp", "", nil, "key", "a", "pattern", "x", "key_nme", "b")}, "@type", "grep"),
		el("match", "a.**", nil, "@type", "relabel", "@label", "@X"),
		el("label", "@X", []*conf.Element{el("match", "", nil, "@type", "null", "never_flush", "true")}),
	})
	p, problems := trial(&conf.Tree{Root: s.Tree}, s)
	defer p.Close()
	if problems.Bad() || len(problems) != 2 {
		t.Fatalf("%v", problems)
	}
	pipe := p.Config.Pipeline
	if len(pipe.Root) != 2 || pipe.Root[0].Filter == nil || pipe.Root[1].Outputs[0].Label != "@X" || !pipe.Labels["@X"][0].Outputs[0].Null {
		t.Fatalf("%+v", pipe)
	}
}

func TestElasticsearchsAddressesOfFluentds(t *testing.T) {
	for _, c := range []struct {
		set  func(*elasticMatch)
		want string
	}{
		{func(*elasticMatch) {}, "http://localhost:9200"},
		{func(p *elasticMatch) { p.Host, p.Port = "", 0 }, "http://localhost:9200"},
		{func(p *elasticMatch) { p.Host, p.Port, p.Scheme, p.Path = "es", 9243, "https", "/es" }, "https://es:9243/es"},
		{func(p *elasticMatch) { p.Host = "[::1]" }, "http://[::1]:9200"},
		{func(p *elasticMatch) { p.Hosts = []string{"a:1", "b", "https://u:p@c:2/x", "https://d"} }, "http://a:1 http://b:9200 https://u:p@c:2/x https://d:9200"},
	} {
		p := defaultElasticMatch()
		c.set(&p)
		var cfg elastic.Config
		if err := p.into(&cfg); err != nil || strings.Join(cfg.URLs, " ") != c.want {
			t.Errorf("%v, %v, want %s", cfg.URLs, err, c.want)
		}
	}
	for in, want := range map[string]string{
		"logs-${tag[0]}-%Y": "logs-${tag[0]}-%Y", "${team}": "${$.team}", "${$.a.b}": "${$.a.b}", "${$['a']['b']}": "${$.a.b}",
	} {
		p := defaultElasticMatch()
		p.IndexName = in
		var cfg elastic.Config
		if err := p.into(&cfg); err != nil || cfg.Index != want {
			t.Errorf("%s: %s, %v", in, cfg.Index, err)
		}
	}
}

// TestParametersWithoutAValue: an image's file names what its environment may
// set, and nothing is said of what it does not.
func TestParametersWithoutAValue(t *testing.T) {
	match := func(value string) string {
		return "<match **>\n  @type opensearch\n  client_key_pass " + value + "\n  ssl_version " + value + "\n</match>\n"
	}
	if got := checkFluent(match(`"#{ENV['PASS']}"`)).String(); got != "" {
		t.Errorf("an environment that sets nothing: got %q", got)
	}
	got := checkFluent(match("secret")).String()
	if !strings.Contains(got, "client_key_pass of <match> is not supported") || !strings.Contains(got, "ssl_version of <match> is not needed") {
		t.Errorf("values: got %q", got)
	}
}

// TestLabelRoutersMistakes: each has its place and a fix.
func TestLabelRoutersMistakes(t *testing.T) {
	label := "<label @A>\n<match **>\n@type null\n</match>\n</label>\n"
	for text, want := range map[string]string{
		"default_route @A\n<route>\n@label @A\n<match>\nlabels a:b\n</match>\n</route>": "",
		"<route>\n@label @A\n</route>":                              "",
		"<route>\n@label @B\n</route>":                              `fluent.conf:9:1: error: unknown label "@B" (write @A)`,
		"<route>\n<match>\n</match>\n</route>":                      "fluent.conf:8:1: error: a route without @label: its records would come back here (add @label @NAME)",
		"default_route @C":                                          `fluent.conf:8:1: error: unknown label "@C" (`,
		"default_tag x":                                             "fluent.conf:8:1: error: default_tag without default_route: the records would come back here (add default_route @NAME)",
		"<route>\n@label @A\n<match>\nlabels b\n</match>\n</route>": `fluent.conf:11:1: error: route[0].match[0].labels: "b" is not KEY:VALUE (write KEY:VALUE,KEY:VALUE)`,
	} {
		got := checkFluent(label + "<match **>\n@type label_router\n" + text + "\n</match>\n").String()
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
	}
}

// TestPrometheusAsAnOutput: alone, and as one of a copy's stores, in which it
// stands before all of them.
func TestPrometheusAsAnOutput(t *testing.T) {
	metric := "@type prometheus\n<metric>\nname seen_%s\ntype counter\ndesc Seen.\n<labels>\nhost ${host}\n</labels>\n</metric>\n"
	store := func(text string) string { return "<store>\n" + text + "</store>\n" }
	copied := "@type copy\n" + store("@type null\n") + store(fmt.Sprintf(metric, "a"))
	nested := "@type copy\n" + store(copied) + store(fmt.Sprintf(metric, "b"))
	for text, want := range map[string]int{fmt.Sprintf(metric, "c"): 1, copied: 1, nested: 2} {
		root, problems := fluent.Parse("fluent.conf", []byte("<match **>\n"+text+"</match>\n"), fluent.Options{})
		s := Default()
		problems = append(problems, FromTree(s, root)...)
		p, found := trial(&conf.Tree{Root: root}, s)
		p.Close()
		if problems = append(problems, found...); len(problems) > 0 {
			t.Errorf("%s\n%s", text, problems)
		}
		filters := 0
		for _, step := range p.Config.Pipeline.Root {
			if step.Filter != nil {
				filters++
			}
		}
		if filters != want {
			t.Errorf("%s\n%d filters, want %d", text, filters, want)
		}
	}
	turn := checkFluent("<match **>\n@type roundrobin\n" + store(fmt.Sprintf(metric, "d")) + "</match>\n").String()
	if !strings.Contains(turn, "prometheus in a <store> is not supported") {
		t.Error(turn)
	}
	once := checkFluent("<match **>\n@type copy\n" + store("@type null\n") + "<store ignore_if_prev_success ignore_error>\n@type stdout\n</store>\n</match>\n").String()
	if !strings.Contains(once, "fluent.conf:6:8: error: ignore_if_prev_success is not supported") {
		t.Error(once)
	}
}

// TestMultilineOfAField: its formats are one expression, whose dots match line
// ends, and nothing is joined.
func TestMultilineOfAField(t *testing.T) {
	text := "<filter **>\n@type parser\nkey_name log\n<parse>\n@type multiline\nformat_firstline /^\\d/\nformat1 /^(?<day>\\S+) /\nformat2 /(?<message>.*)/\n</parse>\n</filter>\n<match **>\n@type null\n</match>\n"
	root, _ := fluent.Parse("fluent.conf", []byte(text), fluent.Options{})
	s := Default()
	problems := FromTree(s, root)
	p, found := trial(&conf.Tree{Root: root}, s)
	defer p.Close()
	if problems = append(problems, found...); len(problems) != 1 || !strings.Contains(problems.String(), "fluent.conf:6:1: warning: format_firstline of <parse> is not needed") {
		t.Fatal(problems)
	}
	b := &event.Batch{}
	b.Begin(event.Record{Weight: 1})
	b.Add(b.KeyString("log"), b.PutString("2025-01-02 a\n  at b", event.Text))
	p.Config.Pipeline.Root[0].Filter.Apply(b)
	if v, ok := b.Get(0, b.KeyString("message")); !ok || string(b.Bytes(v)) != "a\n  at b" {
		t.Errorf("message is %q", b.Bytes(v))
	}
	grok := checkFluent(strings.ReplaceAll(text, "@type multiline", "@type grok")).String()
	if !strings.Contains(grok, "fluent.conf:5:1: error: parse.type: grok is not supported (write @type regexp with the expression") {
		t.Error(grok)
	}
}

// TestOneMetricOfSeveralParts: a filter and an output may count into the same
// metric, whose labels are the user's alone.
func TestOneMetricOfSeveralParts(t *testing.T) {
	metric := func(desc string) string {
		return "@type prometheus\n<metric>\nname foo_total\ntype counter\ndesc " + desc + "\n</metric>\n"
	}
	text := "<filter **>\n" + metric("Foo.") + "</filter>\n<filter **>\n" + metric("Foo.") + "</filter>\n<match **>\n" + metric("Foo.") + "</match>\n"
	root, _ := fluent.Parse("fluent.conf", []byte(text), fluent.Options{})
	s, d := Default(), trialDeps()
	problems := FromTree(s, root)
	p, found := made(&conf.Tree{Root: root}, s, d)
	defer p.Close()
	if problems = append(problems, found...); len(problems) > 0 {
		t.Fatal(problems)
	}
	b := &event.Batch{}
	b.Begin(event.Record{Weight: 1})
	for _, step := range p.Config.Pipeline.Root {
		if step.Filter != nil {
			step.Filter.Apply(b)
		}
	}
	want := "# HELP foo_total Foo.\n# TYPE foo_total counter\nfoo_total 3\n"
	if err := testutil.GatherAndCompare(d.Registerer.(prometheus.Gatherer), strings.NewReader(want), "foo_total"); err != nil {
		t.Error(err)
	}
	other := checkFluent(strings.Replace(text, "Foo.", "Bar.", 1)).String()
	if !strings.Contains(other, "error: metric[0].name: there is a metric foo_total with another type, desc or other labels (write the same in both, or another name)") {
		t.Error(other)
	}
}

// TestALabelWithoutAt is a label all the same, as in Fluentd.
func TestALabelWithoutAt(t *testing.T) {
	got := checkFluent("<source>\n@type sample\ntag t\n@label other\n</source>\n<label other>\n<match **>\n@type null\n</match>\n</label>\n").String()
	if want := "fluent.conf:6:1: warning: label \"other\" does not begin with @ (write <label @NAME>)\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
