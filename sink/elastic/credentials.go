package elastic

import (
	"log/slog"
	"net/url"

	"sluice/secret"
)

// credentials are what requests prove themselves with.
type credentials struct {
	fixed string        // what the settings say for good
	key   *secret.Value // nil: there is no API key
	user  string
	word  *secret.Value // the user's password; nil: there is no user
}

// credentials are those of the settings, of which files may change. fixed is
// the header without a change.
func (c *Config) credentials(fixed string) credentials {
	switch {
	case c.APIKey != "":
		return credentials{key: c.Value("api_key", c.APIKey)}
	case c.Username != "":
		return credentials{user: c.Username, word: c.Value("password", c.Password)}
	}
	return credentials{fixed: fixed}
}

// header is the value of Authorization; empty: none.
func (c *credentials) header(log *slog.Logger) string {
	switch {
	case c.key != nil:
		return authorization(c.key.Get(log), nil)
	case c.word != nil:
		return authorization("", url.UserPassword(c.user, c.word.Get(log)))
	}
	return c.fixed
}
