package elastic

import (
	"fmt"
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

// header is the value of Authorization; empty: none. With an error it is the
// one before.
func (c *credentials) header() (string, error) {
	switch {
	case c.key != nil:
		key, err := c.key.Get()
		if err != nil {
			err = fmt.Errorf("cannot read elasticsearch.api_key: %w", err)
		}
		return authorization(key, nil), err
	case c.word != nil:
		word, err := c.word.Get()
		if err != nil {
			err = fmt.Errorf("cannot read elasticsearch.password: %w", err)
		}
		return authorization("", url.UserPassword(c.user, word)), err
	}
	return c.fixed, nil
}
