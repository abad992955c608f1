package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/forwarder/listen"
	"sluice/forwarder/netin"
	"sluice/secret"
)

// forwardSource is Fluentd's source forward.
type forwardSource struct {
	Port           int             `conf:"port"`
	Bind           string          `conf:"bind"`
	ChunkSizeLimit int64           `conf:"chunk_size_limit,size"`
	Tag            string          `conf:"tag"`            // instead of the client's
	AddTagPrefix   string          `conf:"add_tag_prefix"` // before the client's, with a dot
	UnpackedLimit  int64           `conf:"decompression_size_limit,size"`
	AddressKey     string          `conf:"source_address_key"`
	HostnameKey    string          `conf:"source_hostname_key"`
	Transport      transport       `conf:"transport"`
	Security       forwardSecurity `conf:"security"`
}

// transport is the section <transport tls> of a server.
type transport struct {
	Protocol       string `conf:"protocol,arg"`
	CertPath       string `conf:"cert_path"`
	PrivateKeyPath string `conf:"private_key_path"`
	Passphrase     string `conf:"private_key_passphrase,secret"`
	ClientCertAuth bool   `conf:"client_cert_auth"`
	CAPath         string `conf:"ca_path"`
	Version        string `conf:"version,oneof=|TLSv1_1|TLSv1_2|TLSv1_3|TLS1_1|TLS1_2|TLS1_3"`
	MinVersion     string `conf:"min_version,oneof=|TLSv1_1|TLSv1_2|TLSv1_3|TLS1_1|TLS1_2|TLS1_3"` // goes before version
}

// oldestTLS is the oldest version to speak, of Fluentd's parameters for the
// only one and the oldest one.
func oldestTLS(only, oldest string) string {
	if strings.HasSuffix(cmp.Or(oldest, only), "1_3") { // TLSv1_3, or TLS1_3
		return "1.3"
	}
	return "" // older ones than 1.2 are not spoken
}

type forwardSecurity struct {
	SelfHostname string          `conf:"self_hostname"`
	SharedKey    string          `conf:"shared_key,secret"`
	UserAuth     bool            `conf:"user_auth"`
	Anonymous    bool            `conf:"allow_anonymous_source"`
	User         []listen.User   `conf:"user"`
	Client       []forwardClient `conf:"client"`
}

type forwardClient struct {
	secret.Files

	Host      string   `conf:"host"`
	Network   string   `conf:"network"`
	SharedKey string   `conf:"shared_key,secret"`
	Users     []string `conf:"users"`
}

func defaultForwardSource() forwardSource {
	return forwardSource{Port: 24224, Bind: "0.0.0.0", Security: forwardSecurity{Anonymous: true}}
}

var forwardSourceParams = params{
	unneeded: map[string]string{
		"backlog":               "the system's limit is used",
		"blocking_timeout":      "sockets are waited for by the runtime",
		"linger_timeout":        "a connection ends when its last acknowledgement is out",
		"skip_invalid_event":    "an invalid entry is counted and kept as a dead letter, and the others go on",
		"chunk_size_warn_limit": "sizes are in the metrics",
		"send_keepalive_packet": "keepalive packets are always sent",
		"resolve_hostname":      "names are asked for where source_hostname_key is set",
	},
	missing: map[string]string{
		"deny_keepalive": "connections stay open",
	},
}

// newForwardSource makes the Forward protocol's source of Fluentd's parameters.
func newForwardSource(c *Context, p forwardSource) (input, error) {
	cfg := listen.DefaultConfig()
	cfg.Listen = []string{net.JoinHostPort(p.Bind, strconv.Itoa(p.Port))}
	cfg.AddressKey, cfg.HostnameKey = p.AddressKey, p.HostnameKey
	if p.ChunkSizeLimit > 0 {
		cfg.MaxChunk = p.ChunkSizeLimit
	}
	if p.UnpackedLimit > 0 {
		cfg.MaxUnpacked = p.UnpackedLimit
	}
	if p.Port < 0 || p.Port > 65535 {
		return input{}, fieldError{"port", "is no port", "write a number from 1 to 65535"}
	}
	if err := p.Transport.into(&cfg.TLS); err != nil {
		return input{}, err
	}
	if err := p.Security.into(&cfg); err != nil {
		return input{}, err
	}
	in, err := newListen(c, cfg)
	if err != nil {
		return in, atTransport(err)
	}
	in.Source = retagged(in.Source, p.Tag, p.AddTagPrefix)
	return in, nil
}

// atTransport places an error about a file in <transport>.
func atTransport(err error) error {
	return atFile(err, "transport.cert_path", "transport.private_key_path", "transport.ca_path")
}

func (t *transport) into(cfg *listen.TLS) error {
	switch {
	case t.Protocol == "" || t.Protocol == "tcp":
		return nil
	case t.Protocol != "tls":
		return fieldError{"transport", fmt.Sprintf("%q is not supported", t.Protocol), "write <transport tls> or leave it out"}
	case t.CertPath == "" || t.PrivateKeyPath == "":
		return fieldError{"transport", "there is no certificate", "add cert_path FILE and private_key_path FILE: none is made"}
	case t.ClientCertAuth && t.CAPath == "":
		return fieldError{"transport.client_cert_auth", "client_cert_auth needs the clients' authority", "add ca_path FILE"}
	}
	cfg.Cert, cfg.Key, cfg.Passphrase = t.CertPath, t.PrivateKeyPath, t.Passphrase
	cfg.MinVersion = oldestTLS(t.Version, t.MinVersion)
	if t.ClientCertAuth {
		cfg.ClientCA = t.CAPath
	}
	return nil
}

func (s *forwardSecurity) into(cfg *listen.Config) error {
	cfg.SharedKey, cfg.SelfHostname = s.SharedKey, s.SelfHostname
	if s.UserAuth {
		cfg.Users = s.User
		if len(s.User) == 0 {
			return fieldError{"security.user_auth", "user_auth without a user lets nobody in", "add <user> with username and password"}
		}
	}
	if !s.Anonymous && len(s.Client) == 0 {
		return fieldError{"security.allow_anonymous_source", "allow_anonymous_source false without a client lets nobody in", "add <client> with network 10.0.0.0/8, or host ADDRESS"}
	}
	var errs []error
	for i := range s.Client {
		errs = append(errs, s.client(cfg, i))
	}
	return errors.Join(errs...)
}

// client makes settings of the i-th <client>.
func (s *forwardSecurity) client(cfg *listen.Config, i int) error {
	client, field := s.Client[i], fmt.Sprintf("security.client[%d].", i)
	from, err := client.from()
	if err != nil {
		return fieldError{field + "host", err.Error(), "write network 10.0.0.0/8, an address, or a name that has one"}
	}
	if !s.Anonymous { // else the others may come, too
		cfg.Allow = append(cfg.Allow, from...)
	}
	if !s.UserAuth {
		client.Users = nil // nobody is asked for a name
	}
	for j, name := range client.Users {
		if !slices.ContainsFunc(s.User, func(u listen.User) bool { return u.Username == name }) {
			return fieldError{fmt.Sprintf("%susers[%d]", field, j), fmt.Sprintf("%q is no user", name), "add <user> with this username and a password"}
		}
	}
	switch {
	case s.SharedKey != "" || s.UserAuth:
	case client.SharedKey != "":
		return fieldError{field + "shared_key", "it says nothing of the other clients", "add shared_key KEY to <security>, for them"}
	default:
		return nil // nobody is asked for anything
	}
	for _, network := range from {
		cfg.Clients = append(cfg.Clients, listen.Client{Files: client.Files, Network: network, SharedKey: client.SharedKey, Users: client.Users})
	}
	return nil
}

// mostOfLookup bounds how long a client's name is asked for.
const mostOfLookup = 5 * time.Second

// from is the network, the address, or the addresses that the name has now, as
// in Fluentd, which asks for them at its start.
func (c *forwardClient) from() ([]string, error) {
	from := cmp.Or(c.Network, c.Host)
	if _, err := netin.ParseNetworks("", []string{from}); err == nil {
		return []string{from}, nil
	}
	if c.Network != "" || c.Host == "" {
		return nil, fmt.Errorf("%q is neither a network nor an address", from)
	}
	ctx, cancel := context.WithTimeout(context.Background(), mostOfLookup)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, c.Host)
	if err != nil {
		return nil, fmt.Errorf("%q is neither a network nor an address, and has none by name: %w", from, err)
	}
	return addresses, nil
}
