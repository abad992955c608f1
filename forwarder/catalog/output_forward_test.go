package catalog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/conf"
	"sluice/sink/forward"
)

// what makes of a match forward: the configuration, or what is wrong.
func matchOf(t *testing.T, e *conf.Element) string {
	t.Helper()
	s := Default()
	s.Tree = el("", "", []*conf.Element{e})
	p, problems := trial(&conf.Tree{Root: s.Tree}, s)
	defer p.Close()
	if !problems.Bad() {
		if _, ok := p.sinks[0].(*forward.Sink); !ok || len(p.Config.Lanes) != 1 {
			t.Errorf("%d lanes, first sink %T", len(p.Config.Lanes), p.sinks[0])
		}
	}
	return problems.String()
}

func TestMatchForward(t *testing.T) {
	server := func() *conf.Element {
		return el("server", "", nil, "host", "a", "port", "24225", "weight", "30", "name", "first", "standby", "true")
	}
	other := el("server", "", nil, "host", "b", "shared_key", "k", "username", "u", "password", "p")
	for _, tt := range []struct {
		name     string
		children []*conf.Element
		params   []string
		want     string // "" for none at all
	}{
		{"plain", []*conf.Element{other}, nil, ""},
		{"everything", []*conf.Element{server(), other, el("security", "", nil, "self_hostname", "me", "shared_key", "k")}, []string{
			"transport", "tls", "tls_verify_hostname", "false", "compress", "gzip", "time_as_integer", "true",
			"require_ack_response", "true", "ack_response_timeout", "30s", "send_timeout", "60s", "connect_timeout", "5s",
			"keepalive", "true", "keepalive_timeout", "20s", "dns_round_robin", "true", "heartbeat_type", "tcp", "heartbeat_interval", "1s",
			"hard_timeout", "60s", "recover_wait", "10s", "phi_failure_detector", "true", "phi_threshold", "8",
		}, ""},
		{"not needed", []*conf.Element{other}, []string{"expire_dns_cache", "5"}, "warning: expire_dns_cache of <match> is not needed"},
		{"a threshold that nothing is below", []*conf.Element{other}, []string{"phi_threshold", "0"}, "error: phi_threshold: phi_threshold is not above 0 (write 16, or phi_failure_detector false)"},
		{"refused", []*conf.Element{other}, []string{"tls_cert_thumbprint", "x"}, "error: tls_cert_thumbprint of <match> is not supported"},
		{"a passphrase without a key", []*conf.Element{other}, []string{"transport", "tls", "tls_client_private_key_passphrase", "x"}, "name the private key's file too"},
		{"an old version", []*conf.Element{other}, []string{"transport", "tls", "tls_version", "TLSv1"}, `"TLSv1" is not one of`},
		{"unknown compression", []*conf.Element{other}, []string{"compress", "snappy"}, `error: match.compress: "snappy" is not one of text, gzip, zstd`},
		{"no server", nil, nil, "there is no server (add <server> with host HOST)"},
		{"no host", []*conf.Element{el("server", "", nil, "port", "1")}, nil, "host is required"},
		{"a file that is not there", []*conf.Element{other}, []string{"transport", "tls", "tls_ca_cert_path", "/nonexistent"}, "tls_ca_cert_path: cannot read the file"},
		{"two files", []*conf.Element{other}, []string{"transport", "tls", "tls_ca_cert_path", "/a,/b"}, "put the certificates into one file"},
		{"SRV records", []*conf.Element{el("service_discovery", "", nil, "@type", "srv", "service", "fluentd", "hostname", "agg.example", "interval", "30s")}, nil, ""},
		{"a list", []*conf.Element{el("service_discovery", "", []*conf.Element{el("service", "", nil, "host", "a")}, "@type", "static")}, nil, ""},
		{"no type", []*conf.Element{el("service_discovery", "", nil)}, nil, "error: <service_discovery> has no @type (add @type static, file or srv)"},
		{"a file of servers", []*conf.Element{el("service_discovery", "", nil, "@type", "file", "path", "testdata/services.yaml")}, nil, ""},
		{"a file in JSON", []*conf.Element{el("service_discovery", "", nil, "@type", "file", "path", "testdata/services.json")}, nil, ""},
		{"no such file", []*conf.Element{el("service_discovery", "", nil, "@type", "file", "path", "testdata/none.yaml")}, nil, "path: cannot read the servers in testdata/none.yaml: open testdata/none.yaml: no such file or directory (write a list of services such as - { host: HOST, port: 24224 })"},
		{"another encoding", []*conf.Element{el("service_discovery", "", nil, "@type", "file", "path", "testdata/services.yaml", "conf_encoding", "sjis")}, nil, "conf_encoding sjis is not supported (write the file in UTF-8)"},
		{"a file, and a server", []*conf.Element{other, el("service_discovery", "", nil, "@type", "file", "path", "testdata/services.yaml")}, nil, "servers are named in several ways"},
		{"another type", []*conf.Element{el("service_discovery", "", nil, "@type", "dns")}, nil, `unknown service_discovery type "dns"`},
		{"the same server twice", []*conf.Element{other, other}, nil, ""},
		{"a port that is none", []*conf.Element{el("server", "", nil, "host", "a", "port", "70000")}, nil, "server[0].port: server a: 70000 is no port (write 1 to 65535)"},
		{"a port of a service", []*conf.Element{el("service_discovery", "", []*conf.Element{el("service", "", nil, "host", "a", "port", "0")}, "@type", "static")}, nil, "service[0].port: server a: 0 is no port (write 1 to 65535)"},
		{"no weight", []*conf.Element{el("server", "", nil, "host", "a", "weight", "0")}, nil, "server: no server has a weight (give one of them weight 60)"},
		{"a time", []*conf.Element{other}, []string{"ack_response_timeout", "0"}, "ack_response_timeout: ack_response_timeout is too short (write a time such as 10s)"},
		{"no hostname", []*conf.Element{el("service_discovery", "", nil, "@type", "srv")}, nil, "hostname is required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := matchOf(t, el("match", "**", tt.children, append([]string{"@type", "forward"}, tt.params...)...))
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Fluentd's defaults hold in its language, where they differ from ours.
func TestMatchForwardDefaults(t *testing.T) {
	p := defaultForwardMatch()
	if p.RequireAck || p.Keepalive || p.Compress != "text" || !p.VerifyHostname || p.Transport != "tcp" {
		t.Errorf("%+v", p)
	}
	f := found{srv: &srvDiscovery{Service: "fluentd", Proto: "tcp", Hostname: "agg.example", SharedKey: "k"}}
	var cfg forward.Config
	f.into(&cfg)
	if cfg.SRV != "_fluentd._tcp.agg.example" || cfg.SharedKey != "k" {
		t.Errorf("%+v", cfg)
	}
	for _, tt := range []struct {
		p    forwardMatch
		want string
	}{
		{forwardMatch{Transport: "tls", VerifyHostname: true}, "full"},
		{forwardMatch{Transport: "tls"}, "ca"},
		{forwardMatch{Transport: "tls", VerifyHostname: true, SelfSigned: true}, "self_signed"},
		{forwardMatch{Transport: "tls", VerifyHostname: true, Insecure: true}, "none"},
	} {
		cfg := forward.DefaultConfig()
		if err := tt.p.tls(&cfg); err != nil || cfg.TLS.Verify != tt.want || !cfg.UseTLS() {
			t.Errorf("%+v: %v %+v", tt.p, err, cfg.TLS)
		}
	}
}

func TestSettingsForward(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"output: forward\nforward: { servers: [{ host: a }] }\n", ""},
		{"output: forward\nforward: { srv: _fluent._tcp.agg }\n", ""},
		{"output: forward\n", "forward.servers is not set (write forward: { servers: [{ host: \"HOST\" }] })"},
		{"output: forward\nforward: { servers: [{ port: 1 }] }\n", "forward.servers[0].host is required"},
		{"output: forward\nforward: { servers: [{ host: a, weight: -1 }] }\n", "s.yaml:2:33: error: forward.servers[0].weight is -1"},
		{"output: forward\nforward: { servers: [{ host: a }], tls: { ca: /nonexistent } }\n", "forward.tls: cannot read ca"},
		{"output: forward\nforward: { servers: [{ host: a }], transport: tls }\n", ""},
		{"output: forward\nforward: { servers: [{ host: a }], transport: udp }\n", `"udp" is not one of ""`},
	} {
		if got := check(t, tt.text); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s\ngot:  %swant: %s", tt.text, got, tt.want)
		}
	}
}

func TestFilesOfTLSHaveTheirPlace(t *testing.T) {
	for param, want := range map[string]string{
		"tls_ca_cert_path /none/ca.pem": "fluent.conf:4:1: error: tls_ca_cert_path: cannot read the file: open /none/ca.pem: no such file or directory (check its path and who may read it)",
		"tls_cert_path /none/ca.pem":    "fluent.conf:4:1: error: tls_cert_path: cannot read the file: open /none/ca.pem",
		"tls_client_cert_path /none/c.pem\ntls_client_private_key_path /none/k.pem": "fluent.conf:4:1: error: tls_client_cert_path: cannot read the file: open /none/c.pem",
	} {
		got := checkFluent("<match **>\n@type forward\ntransport tls\n" + param + "\n<server>\nhost 127.0.0.1\n</server>\n</match>\n").String()
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAServerThatIsThereTwice(t *testing.T) {
	a, b := forward.Server{Host: "a", Port: 1, Weight: 60}, forward.Server{Host: "a", Port: 2, Weight: 60}
	heavy := a
	heavy.Weight = 30
	got := distinct([]forward.Server{a, b, a, heavy})
	if len(got) != 2 || got[0].Port != 1 || got[0].Weight != 90 || got[1].Port != 2 || got[1].Weight != 60 {
		t.Errorf("%+v", got)
	}
}

func TestFileOfServers(t *testing.T) {
	for _, path := range []string{"testdata/services.yaml", "testdata/services.json"} {
		got, err := (&fileDiscovery{Path: path}).find(t.Context())
		if err != nil || len(got) != 2 {
			t.Fatalf("%s: %+v, %v", path, got, err)
		}
		if s := got[0]; s.Host != "10.0.0.1" || s.Port != 24224 || s.Weight != 60 || s.Standby || s.Name != "" {
			t.Errorf("%s: %+v", path, s)
		}
		if s := got[1]; s.Host != "agg-2.example" || s.Weight != 10 || !s.Standby || s.Name != "second" || s.Username != "u" || s.Password != "p" || s.SharedKey != "k" {
			t.Errorf("%s: %+v", path, s)
		}
	}
	for text, want := range map[string]string{
		"":                                 "there are none",
		"[]":                               "there are none",
		"- host: a":                        "server a: 0 is no port",
		"- port: 24224":                    "a server has no host",
		"- {host: a, port: 1, weigth: 3}":  "line 1: field weigth not found",
		"- {host: a, port: 1, weight: 0}":  "no server has a weight",
		"host: a":                          "line 1: cannot unmarshal !!map into a list of services",
		"- {host: a, port: x}":             "cannot unmarshal",
		"- {host: a, port: 1, weight: -1}": "server a: -1 is no weight",
	} {
		path := filepath.Join(t.TempDir(), "services.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readServices(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
