package format

import (
	"os"
	"strings"
	"time"

	"sluice/parser/timefmt"
	"sluice/setting"
)

// Config is the section <format>.
type Config struct {
	Type           string   `conf:"type"`            // json, out_file, hash, msgpack, ltsv, csv, tsv, single_value or stdout
	AddNewline     bool     `conf:"add_newline"`     //
	Newline        string   `conf:"newline"`         // lf or crlf
	Delimiter      string   `conf:"delimiter"`       // of out_file, csv, tsv and ltsv
	LabelDelimiter string   `conf:"label_delimiter"` // of ltsv
	Replacement    string   `conf:"replacement"`     // of ltsv: for a delimiter within a value
	Fields         []string `conf:"fields"`          // of csv
	Keys           []string `conf:"keys"`            // of tsv
	ForceQuotes    bool     `conf:"force_quotes"`    // of csv
	MessageKey     string   `conf:"message_key"`     // of single_value
	OutputTime     bool     `conf:"output_time"`     // of out_file
	OutputTag      bool     `conf:"output_tag"`      // of out_file
	OutputType     string   `conf:"output_type"`     // of stdout: how the record is written
	JSONParser     string   `conf:"json_parser"`     // of json: there is one, whatever is chosen
	TimeType       string   `conf:"time_type"`       // of out_file: string, unixtime or float
	Time           `conf:",inline"`
}

// Time says how a time is written.
type Time struct {
	TimeFormat string `conf:"time_format"` // strftime's; empty: ISO 8601
	Localtime  bool   `conf:"localtime"`
	UTC        bool   `conf:"utc"`
	Timezone   string `conf:"timezone"`
}

// Inject is the section <inject>: fields that are added to every record.
type Inject struct {
	HostnameKey string `conf:"hostname_key"`
	Hostname    string `conf:"hostname"` // empty: the host's
	WorkerIDKey string `conf:"worker_id_key"`
	TagKey      string `conf:"tag_key"`
	TimeKey     string `conf:"time_key"`
	TimeType    string `conf:"time_type"` // float, unixtime, unixtime_millis, unixtime_micros, unixtime_nanos or string
	Time        `conf:",inline"`
}

// DefaultConfig is Fluentd's for an output whose own format is kind.
func DefaultConfig(kind string) Config {
	return Config{
		Type: kind, AddNewline: true, Newline: "lf", LabelDelimiter: ":", Replacement: " ", ForceQuotes: true,
		MessageKey: "message", OutputTime: true, OutputTag: true, OutputType: "json", TimeType: "string",
		Time: Time{Localtime: true},
	}
}

// DefaultInject is Fluentd's.
func DefaultInject() Inject { return Inject{TimeType: "float", Time: Time{Localtime: true}} }

func refuse(field, format string, args ...any) error { return setting.Refuse(field, format, args...) }

// formatter compiles a time's form; section is where it stands. otherwise is
// the form where none is written.
func (t *Time) formatter(section, otherwise string) (*timefmt.Formatter, error) {
	zone := time.Local
	if t.UTC || !t.Localtime {
		zone = time.UTC
	}
	if t.Timezone != "" {
		var err error
		if zone, err = timefmt.Zone(t.Timezone); err != nil {
			return nil, setting.Because(section+".timezone", err)
		}
	}
	form := t.TimeFormat
	if form == "" {
		form = otherwise
	}
	f, err := timefmt.NewFormatter(form, zone)
	if err != nil {
		return nil, setting.Because(section+".time_format", err)
	}
	return f, nil
}

// delimiter reads what may be written as a word.
func delimiter(s, otherwise string) string {
	switch strings.ToUpper(s) {
	case "":
		return otherwise
	case "SPACE":
		return " "
	case "COMMA":
		return ","
	case "TAB", `\T`:
		return "\t"
	}
	return s
}

func hostname(s string) (string, error) {
	if s != "" {
		return s, nil
	}
	s, err := os.Hostname()
	if err != nil {
		return "", refuse("inject.hostname", "cannot find the host's name: %w (write hostname NAME)", err)
	}
	return s, nil
}
