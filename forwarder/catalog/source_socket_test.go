package catalog

import (
	"strings"
	"testing"

	"sluice/conf"
)

// sourceProblems makes a source, and a match that takes its records.
func sourceProblems(t *testing.T, e *conf.Element) string {
	t.Helper()
	s := Default()
	s.Tree = el("", "", []*conf.Element{e, el("match", "**", nil, "@type", "null")})
	p, problems := trial(&conf.Tree{Root: s.Tree}, s)
	defer p.Close()
	if !problems.Bad() && len(p.Config.Sources) != 1 {
		t.Errorf("%d sources", len(p.Config.Sources))
	}
	return problems.String()
}

func TestFluentdsSockets(t *testing.T) {
	none := func() *conf.Element { return el("parse", "", nil, "@type", "none") }
	for _, c := range []struct {
		source *conf.Element
		want   string // empty: nothing is wrong
	}{
		{el("source", "", []*conf.Element{none()}, "@type", "tcp", "tag", "t", "port", "0"), ""},
		{el("source", "", []*conf.Element{none()}, "@type", "udp", "tag", "t", "message_length_limit", "1k", "source_address_key", "a"), ""},
		{el("source", "", nil, "@type", "syslog", "tag", "t"), ""},
		{el("source", "", []*conf.Element{none(), el("extract", "", nil, "tag_key", "a", "time_key", "b", "time_type", "unixtime")}, "@type", "tcp", "tag", "t", "port", "0"), ""},
		{el("source", "", []*conf.Element{none(), el("extract", "", nil, "time_key", "b", "time_type", "date")}, "@type", "udp", "tag", "t"), "not one of float, unixtime, string"},
		{el("source", "", []*conf.Element{none(), el("extract", "", nil, "time_format", "%Y")}, "@type", "tcp", "tag", "t"), "add time_key NAME"},
		{el("source", "", []*conf.Element{el("extract", "", nil, "tag_key", "a")}, "@type", "syslog", "tag", "t"), "warning: <extract> of <source> is not supported"},
		{el("source", "", []*conf.Element{el("transport", "tcp", nil)}, "@type", "syslog", "tag", "t", "frame_type", "octet_count"), ""},
		{el("source", "", nil, "@type", "http", "port", "0", "cors_allow_origins", `["*"]`), ""},
		{el("source", "", []*conf.Element{el("parse", "", nil, "@type", "regexp")}, "@type", "http"), "expression"},
		{el("source", "", nil, "@type", "http", "cors_allow_credentials", "true"), "credentials need"},
		{el("source", "", []*conf.Element{el("parse", "", nil, "@type", "regexp", "expression", "/(?<a>x)(?=y)/")}, "@type", "tcp", "tag", "t"), "warning: the expression /(?<a>x)(?=y)/ needs backtracking"},
		{el("source", "", nil, "@type", "sample", "tag", "t", "sample", `{"a":1}`), ""},
		{el("source", "", nil, "@type", "dummy", "tag", "t", "dummy", "x"), "neither a JSON object"},
		{el("source", "", nil, "@type", "monitor_agent", "port", "0"), ""},
		{el("source", "", nil, "@type", "prometheus", "port", "0", "metrics_path", "m"), "no path"},
		{el("source", "", nil, "@type", "unix", "path", "/run/x.sock"), ""},
		{el("source", "", []*conf.Element{none()}, "@type", "tcp", "tag", "t", "blocking_timeout", "1s"), "warning: blocking_timeout of <source> is not needed"},
		{el("source", "", []*conf.Element{none()}, "@type", "tcp"), "tag is required"},
		{el("source", "", nil, "@type", "tcp", "tag", "t"), "a type is missing"},
		{el("source", "", []*conf.Element{el("parse", "", nil, "@type", "regexp", "expression", "/(/")}, "@type", "tcp", "tag", "t"), "not closed"},
		{el("source", "", []*conf.Element{none()}, "@type", "udp", "tag", "t", "message_length_limit", "1m"), ""}, // as in Fluentd's documentation: cut nowhere
		{el("source", "", []*conf.Element{none()}, "@type", "udp", "tag", "t", "message_length_limit", "0"), "cannot be"},
		{el("source", "", []*conf.Element{none()}, "@type", "udp", "tag", "t", "port", "70000"), "no port"},
		{el("source", "", []*conf.Element{none(), el("transport", "tls", nil)}, "@type", "tcp", "tag", "t"), "no certificate"},
		{el("source", "", []*conf.Element{none(), el("security", "", []*conf.Element{el("client", "", nil, "network", "ten")})}, "@type", "tcp", "tag", "t"), "neither a network nor an address"},
		{el("source", "", []*conf.Element{none(), el("security", "", []*conf.Element{el("client", "", nil, "host", "localhost")})}, "@type", "tcp", "tag", "t", "port", "0"), ""},
		{el("source", "", []*conf.Element{none(), el("transport", "tls", nil, "cert_path", "/none/c.pem", "private_key_path", "/none/k.pem")}, "@type", "tcp", "tag", "t"), "transport.cert_path: cannot read the file: open /none/c.pem: no such file or directory (check its path"},
	} {
		got := sourceProblems(t, c.source)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%v: got %q, want %q", c.source.Params, got, c.want)
		}
	}
}
