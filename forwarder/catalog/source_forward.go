package catalog

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	"sluice/forwarder/listen"
)

// forwardSource is Fluentd's source forward.
type forwardSource struct {
	Port           int             `conf:"port"`
	Bind           string          `conf:"bind"`
	ChunkSizeLimit int64           `conf:"chunk_size_limit,size"`
	Tag            string          `conf:"tag"`            // instead of the client's
	AddTagPrefix   string          `conf:"add_tag_prefix"` // before the client's, with a dot
	Transport      transport       `conf:"transport"`
	Security       forwardSecurity `conf:"security"`
}

// transport is the section <transport tls> of a server.
type transport struct {
	Protocol       string `conf:"protocol,arg"`
	CertPath       string `conf:"cert_path"`
	PrivateKeyPath string `conf:"private_key_path"`
	ClientCertAuth bool   `conf:"client_cert_auth"`
	CAPath         string `conf:"ca_path"`
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
		"resolve_hostname":      "names are not asked for",
	},
	missing: map[string]string{
		"source_address_key":  "records come without the sender's address",
		"source_hostname_key": "records come without the sender's name; with TLS the settings file's peer_name_key has it",
		"deny_keepalive":      "connections stay open",
	},
}

// newForwardSource makes the Forward protocol's source of Fluentd's parameters.
func newForwardSource(c *Context, p forwardSource) (input, error) {
	cfg := listen.DefaultConfig()
	cfg.Listen = []string{net.JoinHostPort(p.Bind, strconv.Itoa(p.Port))}
	if p.ChunkSizeLimit > 0 {
		cfg.MaxChunk = p.ChunkSizeLimit
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
		return in, err
	}
	in.Source = retagged(in.Source, p.Tag, p.AddTagPrefix)
	return in, nil
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
	cfg.Cert, cfg.Key = t.CertPath, t.PrivateKeyPath
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
	var errs []error
	for i, client := range s.Client {
		field := fmt.Sprintf("security.client[%d].", i)
		if client.SharedKey != "" {
			errs = append(errs, fieldError{field + "shared_key", "one key for each client is not supported", "give each client a <user>"})
		}
		if client.Users != nil {
			errs = append(errs, fieldError{field + "users", "users for each client are not supported", "remove it: every <user> may come from every client"})
		}
		from := client.Network
		if from == "" {
			from = client.Host
		}
		if net.ParseIP(from) == nil {
			if _, _, err := net.ParseCIDR(from); err != nil {
				errs = append(errs, fieldError{field + "host", fmt.Sprintf("%q is neither a network nor an address", from), "write network 10.0.0.0/8, or an address"})
			}
		}
		if !s.Anonymous { // else the others may come, too
			cfg.Allow = append(cfg.Allow, from)
		}
	}
	return errors.Join(errs...)
}
