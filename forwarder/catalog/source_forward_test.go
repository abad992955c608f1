package catalog

import (
	"strings"
	"testing"

	"sluice/conf"
)

func TestFluentdsForwardSource(t *testing.T) {
	security := func(children []*conf.Element, params ...string) []*conf.Element {
		return []*conf.Element{el("security", "", children, params...)}
	}
	client := func(params ...string) []*conf.Element { return []*conf.Element{el("client", "", nil, params...)} }
	alice := el("user", "", nil, "username", "alice", "password", "p")
	for _, tt := range []struct {
		name     string
		children []*conf.Element
		params   []string
		want     string // "" for none at all
	}{
		{"plain", nil, nil, ""},
		{"where records come from", nil, []string{"source_address_key", "a", "source_hostname_key", "h", "decompression_size_limit", "64m"}, ""},
		{"a key of one client", security(client("network", "10.0.0.0/8", "shared_key", "other"), "shared_key", "k"), nil, ""},
		{"a key of one client alone", security(client("host", "10.0.0.1", "shared_key", "other")), nil, "add shared_key KEY to <security>"},
		{"a network alone", security(client("network", "10.0.0.0/8")), nil, ""},
		{"users of one client", security(append(client("host", "10.0.0.1", "users", "alice"), alice), "shared_key", "k", "user_auth", "true"), nil, ""},
		{"a user nobody knows", security(append(client("host", "10.0.0.1", "users", "alice,bob"), alice), "shared_key", "k", "user_auth", "true"), nil, `"bob" is no user`},
		{"no network", security(client("host", "no host"), "shared_key", "k"), nil, "neither a network nor an address"},
		{"by name, as in Fluentd", security(client("host", "localhost"), "shared_key", "k", "allow_anonymous_source", "false"), nil, ""},
		{"no certificate", []*conf.Element{el("transport", "tls", nil, "cert_path", "/none/c.pem", "private_key_path", "/none/k.pem")}, nil, "transport.cert_path: cannot read the file: open /none/c.pem"},
		{"nobody", security(nil, "shared_key", "k", "allow_anonymous_source", "false"), nil, "lets nobody in"},
		{"connections that stay open", nil, []string{"deny_keepalive", "true"}, "warning: deny_keepalive of <source> is not supported"},
	} {
		got := sourceProblems(t, el("source", "", tt.children, append([]string{"@type", "forward", "port", "0"}, tt.params...)...))
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
