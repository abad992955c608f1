package listen

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

// What is asked of some clients takes the place of what is asked of all.
func TestClients(t *testing.T) {
	const here, elsewhere = "127.0.0.0/8", "10.0.0.0/8"
	alice, bob := User{Username: "alice", Password: "wonder"}, User{Username: "bob", Password: "builder"}
	for _, tt := range []struct {
		name           string
		clients        []Client
		users          []User
		with, user, pw string
		reason         string // empty: it gets through
	}{
		{"its key", []Client{{Network: here, SharedKey: "own"}}, nil, "own", "", "", ""},
		{"the others' key", []Client{{Network: here, SharedKey: "own"}}, nil, "all", "", "", "shared_key mismatch"},
		{"another network's key", []Client{{Network: elsewhere, SharedKey: "own"}}, nil, "own", "", "", "shared_key mismatch"},
		{"of no such network", []Client{{Network: elsewhere, SharedKey: "own"}}, nil, "all", "", "", ""},
		{"the first that fits", []Client{{Network: "127.0.0.1", SharedKey: "first"}, {Network: here, SharedKey: "second"}}, nil, "first", "", "", ""},
		{"its user", []Client{{Network: here, Users: []string{"bob"}}}, []User{alice, bob}, "all", "bob", "builder", ""},
		{"not its user", []Client{{Network: here, Users: []string{"bob"}}}, []User{alice, bob}, "all", "alice", "wonder", "username/password mismatch"},
		{"any user", []Client{{Network: here, SharedKey: "own"}}, []User{alice, bob}, "own", "alice", "wonder", ""},
		{"any user, wrong password", []Client{{Network: here, SharedKey: "own"}}, []User{alice, bob}, "own", "alice", "builder", "username/password mismatch"},
	} {
		s := start(t, &fakeOut{}, func(c *Config) { c.SharedKey, c.Users, c.Clients = "all", tt.users, tt.clients })
		nc := s.dial(t)
		ok, reason, _, digest, want := login(t, nc, tt.with, tt.user, tt.pw)
		if ok != (tt.reason == "") || reason != tt.reason || ok && digest != want {
			t.Errorf("%s: %v, %q", tt.name, ok, reason)
		}
	}
}

func TestClientsThatMakeNoSense(t *testing.T) {
	for _, tt := range []struct {
		key     string
		clients []Client
		want    string
	}{
		{"k", []Client{{Network: "ten"}}, "inputs.forward.clients[0].network"},
		{"k", []Client{{Network: "10.0.0.1", Users: []string{"eve"}}}, `clients[0].users[0] is "eve", which is not among users`},
		{"", []Client{{Network: "10.0.0.1", SharedKey: "k"}}, "say nothing of the others"},
	} {
		cfg := DefaultConfig()
		cfg.SharedKey, cfg.Clients = tt.key, tt.clients
		if _, err := newAuth(&cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v, want %q", err, tt.want)
		}
	}
}

func TestWhereRecordsComeFrom(t *testing.T) {
	for _, tt := range []struct {
		names []string
		err   error
		want  string
	}{
		{[]string{"agent.example.", "other.example."}, nil, "agent.example"},
		{nil, errors.New("no such name"), "127.0.0.1"},
		{nil, nil, "127.0.0.1"},
	} {
		out := &fakeOut{}
		s := newListener(t, func(c *Config) { c.AddressKey, c.HostnameKey = "from", "host" })
		s.lookup = func(_ context.Context, address string) ([]string, error) {
			if address != "127.0.0.1" {
				t.Errorf("asked for %q", address)
			}
			return tt.names, tt.err
		}
		s.start(t, out)
		nc := s.dial(t)
		send(t, nc, message("m", "hello", "c"))
		expect(t, nc, ack("c"))
		s.stop(t)
		if from, host := fieldOf(out.shared, "from"), fieldOf(out.shared, "host"); from != "127.0.0.1" || host != tt.want {
			t.Errorf("from %q, host %q; want %q", from, host, tt.want)
		}
	}
}
