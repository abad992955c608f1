package catalog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/conf"
	"sluice/event"
	"sluice/forwarder"
	"sluice/forwarder/filter"
	"sluice/sink/elastic"
	"sluice/sink/format"
)

// newElastic makes Elasticsearch's sink.
func newElastic(c *Context, cfg elastic.Config) (output, error) {
	sink, err := elastic.New(cfg, c.Log, c.Registerer)
	if err != nil {
		return output{}, err
	}
	return output{Sink: sink, Target: strings.Join(cfg.URLs, ",") + " " + cfg.Index}, nil
}

// elasticMatch are the parameters of fluent-plugin-elasticsearch and of
// fluent-plugin-opensearch that say something here.
type elasticMatch struct {
	Host       string        `conf:"host"`
	Port       int           `conf:"port"`
	Hosts      []string      `conf:"hosts"`
	Scheme     string        `conf:"scheme,oneof=http|https"`
	Path       string        `conf:"path"`
	User       string        `conf:"user"`
	Password   string        `conf:"password,secret"`
	CloudID    string        `conf:"cloud_id"`
	CloudAuth  string        `conf:"cloud_auth,secret"` // user:password
	APIKey     string        `conf:"api_key,secret"`
	CAFile     string        `conf:"ca_file"`
	ClientCert string        `conf:"client_cert"`
	ClientKey  string        `conf:"client_key"`
	SSLVerify  bool          `conf:"ssl_verify"`
	Timeout    time.Duration `conf:"request_timeout"`
	Level      string        `conf:"compression_level,oneof=no_compression|best_speed|best_compression|default_compression"`
	Pipeline   string        `conf:"pipeline"`
	Headers    string        `conf:"custom_headers,secret"` // a JSON object
	Write      string        `conf:"write_operation,oneof=index|create|update|upsert"`

	IDKey      string   `conf:"id_key"`
	RoutingKey string   `conf:"routing_key"`
	IndexKey   string   `conf:"target_index_key"`
	RemoveKeys []string `conf:"remove_keys"`

	IndexName  string `conf:"index_name"`
	Logstash   bool   `conf:"logstash_format"`
	Prefix     string `conf:"logstash_prefix"`
	Separator  string `conf:"logstash_prefix_separator"`
	DateFormat string `conf:"logstash_dateformat"`
	UTCIndex   bool   `conf:"utc_index"`
	Timestamp  bool   `conf:"include_timestamp"`
	TagInto    bool   `conf:"include_tag_key"`
	TagKey     string `conf:"tag_key"`
	TimeKey    string `conf:"time_key"`
	TimeFormat string `conf:"time_key_format"`
	NoStamp    bool   `conf:"time_key_exclude_timestamp"`
	Flatten    bool   `conf:"flatten_hashes"`
	FlatJoin   string `conf:"flatten_hashes_separator"`
}

func defaultElasticMatch() elasticMatch {
	return elasticMatch{
		Host: "localhost", Port: 9200, Scheme: "http", SSLVerify: true, Timeout: elastic.DefaultConfig().RequestTimeout, Write: "index",
		IndexName: "fluentd", Prefix: "logstash", Separator: "-", DateFormat: "%Y.%m.%d", UTCIndex: true, TagKey: "tag", FlatJoin: "_",
	}
}

// matchElastic is the row of the plug-ins' outputs.
func matchElastic(c *Context, e *conf.Element) (output, conf.Problems, error) {
	not := elasticMatchParams
	if p := e.Param("write_operation"); p != nil && updates(p.Value) {
		not = updatingParams()
	}
	return outputOf(defaultElasticMatch, newElasticMatch, not)(c, e)
}

// updates reports whether documents are changed.
func updates(operation string) bool { return operation == "update" || operation == "upsert" }

// newElasticMatch makes Elasticsearch's sink of Fluentd's parameters.
func newElasticMatch(c *Context, p elasticMatch) (output, error) {
	if updates(p.Write) && p.IDKey == "" {
		return output{}, fieldError{"write_operation", "write_operation " + p.Write + " needs to know the documents' ids", "add id_key FIELD"}
	}
	cfg := elastic.DefaultConfig()
	cfg.Schema = "fluentd"
	cfg.RequestTimeout, cfg.CA = p.Timeout, p.CAFile
	cfg.Username, cfg.Password, cfg.APIKey, cfg.CloudID = p.User, p.Password, p.APIKey, p.CloudID
	if p.CloudAuth != "" {
		cfg.Username, cfg.Password, _ = strings.Cut(p.CloudAuth, ":")
	}
	if p.Level == "no_compression" {
		cfg.Compression = "none"
	}
	dates, err := p.dates(c)
	if err != nil {
		return output{}, err
	}
	cfg.Like = elastic.Like{
		Timestamp: p.Logstash || p.Timestamp, Dates: dates, Metadata: c.builder.metadata, Pipeline: p.Pipeline,
		Insecure: !p.SSLVerify, ClientCert: p.ClientCert, ClientKey: p.ClientKey,
	}
	cfg.Like.Theirs = elastic.Theirs{
		IDKey: format.FieldName(p.IDKey), RoutingKey: format.FieldName(p.RoutingKey), IndexKey: format.FieldName(p.IndexKey), Removed: p.RemoveKeys, Write: p.Write,
	}
	if p.IndexKey != "" { // as in Fluentd
		cfg.Like.Theirs.Removed = append(p.RemoveKeys[:len(p.RemoveKeys):len(p.RemoveKeys)], cfg.Like.Theirs.IndexKey)
	}
	if p.Headers != "" {
		var headers map[string]string
		if json.Unmarshal([]byte(p.Headers), &headers) != nil {
			return output{}, fieldError{"custom_headers", "custom_headers is no JSON object of texts", `write {"NAME": "VALUE"}`}
		}
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			cfg.Like.Headers = append(cfg.Like.Headers, event.Pair{Name: name, Value: headers[name]})
		}
	}
	if p.TagInto {
		cfg.Like.TagKey = p.TagKey
	}
	if err := p.into(&cfg); err != nil {
		return output{}, err
	}
	before, err := p.flatten(c, &cfg)
	if err != nil {
		return output{}, err
	}
	out, err := newElastic(c, cfg)
	out.Before = before
	if err == nil {
		return out, nil
	}
	if why, ok := strings.CutPrefix(err.Error(), "cannot read time_key_format: "); ok {
		return out, fieldError{"time_key_format", why, "write one such as %Y-%m-%dT%H:%M:%S.%N%z"}
	}
	if strings.HasPrefix(err.Error(), "cannot read index") {
		field := "index_name"
		if p.Logstash {
			field = "logstash_dateformat"
		}
		return out, fieldError{field, err.Error(), "write %Y.%m.%d, and ${tag}, ${tag[1]} or ${field}"}
	}
	return out, err
}

// flatten makes the filter that the plug-in has in it.
func (p *elasticMatch) flatten(c *Context, cfg *elastic.Config) ([]forwarder.Step, error) {
	switch {
	case !p.Flatten:
		return nil, nil
	case p.FlatJoin == "":
		return nil, fieldError{"flatten_hashes_separator", "flatten_hashes_separator is empty", "write _"}
	case nestedField.MatchString(cfg.Index):
		return nil, fieldError{"flatten_hashes", "flatten_hashes beside an index that is named after a nested field is not supported", "copy the field to one of its own with record_transformer, and name that"}
	}
	cfg.Like.Flat = p.FlatJoin
	f, err := filter.NewFlatten(filter.FlattenConfig{Separator: p.FlatJoin})
	return []forwarder.Step{{Filter: f, Name: c.Name}}, err
}

// nestedField are placeholders of what lies in an object.
var nestedField = regexp.MustCompile(`\$\{\$\.[^}.]+\.[^}]*\}`)

// dates are what the plug-in has of fields only where it writes @timestamp, and
// the zone of the index's date.
func (p *elasticMatch) dates(c *Context) (d elastic.Dates, err error) {
	if p.Logstash || p.Timestamp {
		d = elastic.Dates{OwnDate: p.Logstash, TimeKey: p.TimeKey, NoStamp: p.NoStamp, Format: p.TimeFormat}
	}
	if d.TimeKey == "@timestamp" { // which counts in any case
		d.TimeKey = ""
	}
	if p.Logstash && !p.UTCIndex {
		d.Zone = time.Local
	}
	if c.Buffer.byTime() {
		d.OwnDate = false
		d.Slice, err = c.Buffer.zone()
	}
	return d, err
}

// into fills in the servers and the index.
func (p *elasticMatch) into(cfg *elastic.Config) error {
	switch {
	case p.ClientCert != "" && p.ClientKey == "":
		return fieldError{"client_cert", "client_cert needs its key", "add client_key FILE"}
	}
	cfg.Index = p.IndexName
	if p.Logstash {
		cfg.Index = p.Prefix + p.Separator + p.DateFormat
	}
	if strings.Contains(cfg.Index, "${chunk_id}") {
		return fieldError{"index_name", "${chunk_id} is not supported", "remove it"}
	}
	cfg.Index = fieldName.ReplaceAllStringFunc(cfg.Index, ownPlaceholder)
	if p.CloudID != "" {
		return nil
	}
	d := defaultElasticMatch()
	p.Host = cmp.Or(p.Host, d.Host) // as an image's file without its environment has it: host "#{ENV['X']}"
	p.Port = cmp.Or(p.Port, d.Port)
	hosts := p.Hosts
	if len(hosts) == 0 {
		hosts = []string{p.Host}
	}
	for _, h := range hosts {
		u, err := p.url(h)
		if err != nil {
			return err
		}
		cfg.URLs = append(cfg.URLs, u)
	}
	return nil
}

// fieldName are placeholders.
var fieldName = regexp.MustCompile(`\$\{[^}]*\}`)

// ownPlaceholder writes Fluentd's ${name} as ${$.name}.
func ownPlaceholder(s string) string {
	name := s[2 : len(s)-1]
	switch {
	case name == "tag" || strings.HasPrefix(name, "tag[") || strings.HasPrefix(name, "$."):
		return s
	}
	return "${$." + format.FieldName(name) + "}"
}

// url makes a server's address of HOST, HOST:PORT or a whole one.
func (p *elasticMatch) url(host string) (string, error) {
	if strings.Contains(host, "://") {
		u, err := url.Parse(host)
		if err != nil || u.Host == "" {
			return "", fieldError{"hosts", "one of the hosts is no URL", "write https://HOST:9200; a character such as @ in a password as %40"}
		}
		if u.Port() == "" {
			u.Host = net.JoinHostPort(u.Hostname(), strconv.Itoa(p.Port))
		}
		return u.String(), nil
	}
	name, port := host, strconv.Itoa(p.Port)
	if h, own, err := net.SplitHostPort(host); err == nil {
		name, port = h, own
	}
	name = strings.Trim(name, "[]")
	if name == "" || strings.ContainsAny(name, "/ @") {
		return "", fieldError{"host", fmt.Sprintf("%q is no host", host), "write host NAME and port NUMBER"}
	}
	return (&url.URL{Scheme: p.Scheme, Host: net.JoinHostPort(name, port), Path: p.Path}).String(), nil
}
