package admin

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAPI(t *testing.T) {
	n := 0
	views := map[string]func() any{"ledger": func() any { n++; return map[string]int{"asked": n} }}
	ask := func(c Config, host, path, authorization string) (int, string) {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = host
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		API(c, views, slog.New(slog.DiscardHandler)).ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	secret := Config{Token: "s3cret"}
	for _, c := range []struct {
		name, host, path, auth string
		config                 Config
		status                 int
	}{
		{"a view", "127.0.0.1:24220", "/api/v1/ledger", "", Config{}, 200},
		{"by name", "localhost", "/api/v1/ledger", "", Config{}, 200},
		{"IPv6", "[::1]:1", "/api/v1/ledger", "", Config{}, 200},
		{"another's name for this machine", "evil.example:24220", "/api/v1/ledger", "", Config{}, 403},
		{"no such view", "localhost", "/api/v1/nothing", "", Config{}, 404},
		{"no token", "localhost", "/api/v1/ledger", "", secret, 401},
		{"a wrong token", "localhost", "/api/v1/ledger", "Bearer s3cre", secret, 401},
		{"not as Bearer", "localhost", "/api/v1/ledger", "s3cret", secret, 401},
		{"the token, by any name", "agent.example", "/api/v1/ledger", "Bearer s3cret", secret, 200},
		{"pprof not asked for", "localhost", "/debug/pprof/", "", Config{}, 404},
		{"pprof", "localhost", "/debug/pprof/cmdline", "", Config{PProf: true}, 200},
		{"pprof without the token", "localhost", "/debug/pprof/cmdline", "", Config{PProf: true, Token: "x"}, 401},
	} {
		status, body := ask(c.config, c.host, c.path, c.auth)
		if status != c.status {
			t.Errorf("%s: %d %s", c.name, status, body)
		}
		if status == 200 && strings.HasPrefix(c.path, "/api") {
			var got struct{ Asked int }
			if err := json.Unmarshal([]byte(body), &got); err != nil || got.Asked != n {
				t.Errorf("%s: %s, %v", c.name, body, err)
			}
		}
		if strings.Contains(body, "s3cret") {
			t.Errorf("%s: the token is in the answer", c.name)
		}
	}
}

func TestAnAPIThatOthersCouldReadNeedsAToken(t *testing.T) {
	for addr, good := range map[string]bool{
		"": true, "127.0.0.1:24220": true, "localhost:1": true, "[::1]:1": true, "127.1.2.3:1": true,
		":24220": false, "0.0.0.0:1": false, "10.0.0.1:1": false, "[::]:1": false, "node.example:1": false,
	} {
		if err := (&Config{Listen: addr}).Check(); (err == nil) != good {
			t.Errorf("%s: %v", addr, err)
		}
		if err := (&Config{Listen: addr, Token: "x"}).Check(); err != nil {
			t.Errorf("%s with a token: %v", addr, err)
		}
	}
}
