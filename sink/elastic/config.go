package elastic

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"sluice/event"
	"sluice/secret"
)

// Config is the section elasticsearch of the settings.
type Config struct {
	secret.Files // what api_key and password are when their files change

	URLs           []string      `conf:"urls"`                        // http or https, with a path prefix if wanted
	CloudID        string        `conf:"cloud_id"`                    // instead of urls
	APIKey         string        `conf:"api_key,secret"`              // encoded, or as id:key
	Username       string        `conf:"username"`                    //
	Password       string        `conf:"password,secret"`             //
	CA             string        `conf:"ca"`                          // PEM file; empty: the system's
	Schema         string        `conf:"schema,oneof=ecs|fluentd"`    //
	IDs            string        `conf:"ids,oneof=own|server"`        // server: a repeated send doubles
	Index          string        `conf:"index"`                       // template: see target
	DataStream     DataStream    `conf:"data_stream"`                 // of schema ecs without index
	Compression    string        `conf:"compression,oneof=gzip|none"` //
	RequestTimeout time.Duration `conf:"request_timeout"`             // from connecting to the answer's last byte

	Like Like // set by the program
}

// Like is what fluent-plugin-elasticsearch's parameters say beyond the
// settings: the shape of schema fluentd, and how the servers are spoken to.
type Like struct {
	TagKey     string       // the field that gets the tag; empty: none does
	Timestamp  bool         // documents have @timestamp
	Dates      Dates        // what fields of the record say of times
	Metadata   bool         // container lines have docker and kubernetes
	Flat       string       // what joins the names of docker and kubernetes and of what is in them; empty: they are objects
	Pipeline   string       // ingest pipeline; empty: the index's own
	Insecure   bool         // the server's certificate is not verified
	ClientCert string       // PEM file; empty: none
	ClientKey  string       // PEM file
	Headers    []event.Pair // of every request, beside the sink's own
	Theirs     Theirs       // what fields of the record say
}

// DataStream names the data stream logs-DATASET-NAMESPACE. An empty dataset is
// kubernetes.container_logs for container lines and forward for the others; a
// pod's annotation sluice.dev/dataset overrides it.
type DataStream struct {
	Dataset   string `conf:"dataset"`
	Namespace string `conf:"namespace"`
}

// DefaultConfig is the configuration that lacks only the address.
func DefaultConfig() Config {
	return Config{
		Schema:         "ecs",
		IDs:            "own",
		DataStream:     DataStream{Namespace: "default"},
		Compression:    "gzip",
		RequestTimeout: 90 * time.Second,
		Like:           Like{TagKey: "tag", Timestamp: true, Metadata: true},
	}
}

// logstashIndex is what fluent-plugin-elasticsearch makes with logstash_format.
const logstashIndex = "logstash-%Y.%m.%d"

func (c *Config) validate() error {
	for _, o := range []struct{ name, value, a, b string }{
		{"schema", c.Schema, "ecs", "fluentd"},
		{"ids", c.IDs, "own", "server"},
		{"compression", c.Compression, "gzip", "none"},
	} {
		if o.value != o.a && o.value != o.b {
			return fmt.Errorf("elasticsearch.%s is %q: write %s or %s", o.name, o.value, o.a, o.b)
		}
	}
	switch {
	case c.APIKey != "" && c.Username != "":
		return errors.New("elasticsearch has both api_key and username: write one of them")
	case len(c.URLs) > 0 && c.CloudID != "":
		return errors.New("elasticsearch has both urls and cloud_id: write one of them")
	case c.RequestTimeout <= 0:
		return errors.New("elasticsearch.request_timeout must be more than 0: write 90s")
	}
	return nil
}

// addresses returns the servers' URLs, without credentials, and the value of
// the header Authorization: api_key, else username and password, else what the
// first URL that has one says.
func (c *Config) addresses() (urls []*url.URL, auth string, err error) {
	list := c.URLs
	if c.CloudID != "" {
		u, err := cloudURL(c.CloudID)
		if err != nil {
			return nil, "", err
		}
		list = []string{u}
	}
	if len(list) == 0 {
		return nil, "", errors.New("elasticsearch.urls is empty: write urls: [\"https://HOST:9200\"]")
	}
	user := url.UserPassword(c.Username, c.Password)
	if c.Username == "" {
		user = nil
	}
	for _, s := range list {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, "", errors.New("elasticsearch.urls holds one that is no URL: write https://HOST:9200") // may hold a password: not quoted
		}
		if user == nil {
			user = u.User
		}
		u.User, u.Path = nil, strings.TrimRight(u.Path, "/")
		u.RawPath, u.RawQuery, u.Fragment = "", "", ""
		urls = append(urls, u)
	}
	return urls, authorization(c.APIKey, user), nil
}

func authorization(key string, user *url.Userinfo) string {
	encode := base64.StdEncoding.EncodeToString
	switch {
	case strings.Contains(key, ":"):
		return "ApiKey " + encode([]byte(key))
	case key != "":
		return "ApiKey " + key
	case user != nil:
		password, _ := user.Password()
		return "Basic " + encode([]byte(user.Username()+":"+password))
	}
	return ""
}

// cloudURL reads NAME:base64(HOST$ELASTICSEARCH$KIBANA). HOST or ELASTICSEARCH
// may hold a port.
func cloudURL(id string) (string, error) {
	bad := errors.New("elasticsearch.cloud_id is not one: copy it whole from the deployment's page")
	_, encoded, ok := strings.Cut(id, ":")
	text, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil {
		return "", bad
	}
	parts := strings.Split(string(text), "$")
	if len(parts) < 2 || parts[0] == "" || parts[1] == "" {
		return "", bad
	}
	host, port, _ := strings.Cut(parts[0], ":")
	name, own, ok := strings.Cut(parts[1], ":")
	if ok {
		port = own
	}
	if port == "" {
		port = "443"
	}
	return "https://" + name + "." + host + ":" + port, nil
}
