package elastic

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestASecretThatChangesIsTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := "first"
		read := func() (string, error) { return text, nil }
		key, user := DefaultConfig(), DefaultConfig()
		key.APIKey, user.Username, user.Password = "first", "u", "first"
		key.Again("api_key", read)
		user.Again("password", read)
		for want, cfg := range map[string]*Config{"ApiKey ": &key, "Basic ": &user} {
			text = "first"
			c := cfg.credentials("")
			before := c.header(nil)
			if before[:6] != want[:6] {
				t.Fatal(before)
			}
			text = "second"
			time.Sleep(time.Minute)
			if after := c.header(nil); after == before || after[:6] != want[:6] {
				t.Fatal(after)
			}
		}
	})
}
