package listen

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sluice/forwarder/netin"
	"sluice/secret"
)

// User may send, with this password.
type User struct {
	secret.Files // what password is when its file changes

	Username string `conf:"username,required"`
	Password string `conf:"password,required,secret"`
}

// Client is what the clients of a network must know, where that is not what
// all must know.
type Client struct {
	secret.Files // what shared_key is when its file changes

	Network   string   `conf:"network,required"` // or one address
	SharedKey string   `conf:"shared_key,secret"`
	Users     []string `conf:"users"` // names of users; empty: any of them
}

// client is a Client as the handshake needs it.
type client struct {
	network netin.Networks
	key     *secret.Value
	users   []string
}

// client checks the i-th of inputs.forward.clients.
func (a *auth) client(i int, c *Client) (made client, err error) {
	at := fmt.Sprintf("inputs.forward.clients[%d]", i)
	if made.network, err = netin.ParseNetworks(at+".network", []string{c.Network}); err != nil {
		return made, err
	}
	for j, name := range c.Users {
		if a.users[name] == nil {
			return made, fmt.Errorf("%s.users[%d] is %q, which is not among users: write a user of that name, with its password", at, j, name)
		}
	}
	made.key, made.users = a.key, c.Users
	if c.SharedKey != "" {
		made.key = c.Value("shared_key", c.SharedKey)
	}
	return made, nil
}

// of is what a client at that address must know.
func (a *auth) of(host netip.Addr) client {
	for _, c := range a.clients {
		if c.network.Contain(host) {
			return c
		}
	}
	return client{key: a.key}
}

// may reports whether the client may come as that user.
func (c *client) may(user string) bool { return len(c.users) == 0 || slices.Contains(c.users, user) }

// nameTimeout is how long a client's name is asked for. Until then it is not read.
const nameTimeout = 2 * time.Second

// source puts on the connection's records where they come from.
func (c *conn) source() {
	if !c.host.IsValid() { // at the unix socket
		return
	}
	address := c.host.String()
	if key := c.l.cfg.AddressKey; key != "" {
		c.base = withField(c.base, key, address)
	}
	if key := c.l.cfg.HostnameKey; key != "" {
		ctx, cancel := context.WithTimeout(c.ctx, nameTimeout)
		defer cancel()
		name := address // where it has none
		if names, err := c.l.lookup(ctx, address); err == nil && len(names) > 0 {
			name = strings.TrimSuffix(names[0], ".")
		}
		c.base = withField(c.base, key, name)
	}
}

// lookup asks the system for the names of an address.
func lookup(ctx context.Context, address string) ([]string, error) {
	return net.DefaultResolver.LookupAddr(ctx, address)
}
