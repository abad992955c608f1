package parser

import (
	"strings"
	"time"

	"sluice/parser/rubyexp"
	"sluice/parser/timefmt"
	"sluice/setting"
)

// Config is Fluentd's <parse>: what a text is, and what to make of it.
type Config struct {
	Type       string `conf:"type"`        // one of Types
	Format     string `conf:"format"`      // the same, as multi's patterns and old files name it
	Expression string `conf:"expression"`  // of regexp, in Ruby's syntax: /(?<name>...)/flags
	IgnoreCase bool   `conf:"ignorecase"`  // as the flag i
	Multiline  bool   `conf:"multiline"`   // as the flag m
	MessageKey string `conf:"message_key"` // of none and cri

	Keys             []string `conf:"keys"`              // the columns of csv and tsv
	Delimiter        string   `conf:"delimiter"`         // of csv, tsv and ltsv
	DelimiterPattern string   `conf:"delimiter_pattern"` // of ltsv, instead
	LabelDelimiter   string   `conf:"label_delimiter"`   // of ltsv
	ParserEngine     string   `conf:"parser_engine"`     // of csv and syslog: there is one, whatever is chosen
	ParserType       string   `conf:"parser_type"`       // the same
	JSONParser       string   `conf:"json_parser"`       // of json: likewise
	StreamBufferSize int64    `conf:"stream_buffer_size"`

	WithPriority          bool   `conf:"with_priority"` // of syslog: it begins with <PRI>
	MessageFormat         string `conf:"message_format,oneof=rfc3164|rfc5424|auto"`
	RFC5424TimeFormat     string `conf:"rfc5424_time_format"`
	SupportColonlessIdent bool   `conf:"support_colonless_ident"`

	MergeCRIFields bool     `conf:"merge_cri_fields"` // of cri: keep stream, logtag and time beside what parse finds
	Parse          []Config `conf:"parse"`            // of cri: what the message is; at most one
	Pattern        []Config `conf:"pattern"`          // of multi: the first that fits

	Types                string        `conf:"types"`    // name:type,name:type or a JSON object
	TimeKey              string        `conf:"time_key"` // the field with the time; empty: time, but with csv and tsv none
	TimeType             string        `conf:"time_type,oneof=auto|string|unixtime|float|mixed"`
	TimeFormat           string        `conf:"time_format"` // strptime's; %iso8601
	TimeFormatFallbacks  []string      `conf:"time_format_fallbacks"`
	Localtime            bool          `conf:"localtime"`
	UTC                  bool          `conf:"utc"`
	Timezone             string        `conf:"timezone"` // +09:00 or Asia/Tokyo
	KeepTimeKey          bool          `conf:"keep_time_key"`
	EstimateCurrentEvent bool          `conf:"estimate_current_event"`
	NullValuePattern     string        `conf:"null_value_pattern"` // a text that matches is null
	NullEmptyString      bool          `conf:"null_empty_string"`
	Timeout              time.Duration `conf:"timeout"` // of one match of an expression that backtracks; 0: a second

	Prefix string           // before each field's name; not the type's setting but that of who uses it
	Now    func() time.Time // completes a time that says no year or day; nil: the clock
}

// DefaultConfig is Fluentd's, but for the time's type: auto reads RFC 3339 and
// what logs commonly write, and a number as seconds, milli-, micro- or
// nanoseconds, where Fluentd leaves it to Ruby's Time.parse or to to_f.
func DefaultConfig() Config {
	return Config{
		TimeType: "auto", Localtime: true, EstimateCurrentEvent: true,
		MessageFormat: "rfc3164", SupportColonlessIdent: true,
	}
}

// SetDefaults is for the sections that settings repeat: a pattern, a parse
// within a parse.
func (c *Config) SetDefaults() { *c = DefaultConfig() }

func refuse(field, format string, args ...any) error { return setting.Refuse(field, format, args...) }

// Types are the names of what New knows.
func Types() []string {
	return []string{
		"json", "regexp", "logfmt", "ltsv", "csv", "tsv", "apache", "apache2", "apache_error", "nginx",
		"syslog", "klog", "cri", "none", "multi", "multiline",
	}
}

// build makes the format that the type names.
func build(cfg Config) (format, error) {
	switch cfg.Type {
	case "json":
		return jsonFormat{cfg.Prefix}, nil
	case "regexp":
		return newRegexp("expression", cfg.Expression, cfg)
	case "multiline": // of one text that may hold line ends
		cfg.Multiline = true
		return newRegexp("expression", cfg.Expression, cfg)
	case "grok", "multiline_grok":
		return nil, refuse("type", "%s is not supported: write @type regexp with the expression that the pattern stands for", cfg.Type)
	case "apache", "apache_error", "nginx", "klog":
		return newRegexp("type", expressions[cfg.Type], cfg)
	case "apache2":
		return newApache2(cfg)
	case "logfmt":
		return logfmt{cfg.Prefix}, nil
	case "ltsv":
		return newLTSV(cfg)
	case "csv", "tsv":
		return newColumns(cfg)
	case "syslog":
		return newSyslog(cfg)
	case "cri":
		return newCRI(cfg)
	case "none":
		return none{cfg.Prefix + or(cfg.MessageKey, "message")}, nil
	case "":
		return nil, refuse("type", "a type is missing (write type: %s)", strings.Join(Types(), "|"))
	}
	return nil, refuse("type", "there is no type %q of text (write %s)", cfg.Type, strings.Join(Types(), ", "))
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// expression compiles a setting that holds one.
func expression(field, source string, cfg Config) (*rubyexp.Regexp, error) {
	re, err := rubyexp.Compile(source, rubyexp.Options{IgnoreCase: cfg.IgnoreCase, Multiline: cfg.Multiline, Timeout: cfg.Timeout})
	if err != nil {
		return nil, setting.Because(field, err)
	}
	return re, nil
}

// zone is where a time without a zone was written.
func (c *Config) zone() (*time.Location, error) {
	switch {
	case c.Timezone != "":
		loc, err := timefmt.Zone(c.Timezone)
		if err != nil {
			return nil, setting.Because("timezone", err)
		}
		return loc, nil
	case c.UTC || !c.Localtime:
		return time.UTC, nil
	}
	return time.Local, nil
}
