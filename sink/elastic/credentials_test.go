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
			before, err := c.header()
			if err != nil || before[:6] != want[:6] {
				t.Fatalf("%s, %v", before, err)
			}
			text = "second"
			time.Sleep(time.Minute)
			if after, err := c.header(); err != nil || after == before || after[:6] != want[:6] {
				t.Fatalf("%s, %v", after, err)
			}
			text = ""
			time.Sleep(time.Minute)
			if _, err := c.header(); err == nil {
				t.Fatal("an empty file is no secret")
			}
		}
	})
}
