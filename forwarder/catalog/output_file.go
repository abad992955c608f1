package catalog

import (
	"slices"
	"strings"
	"time"

	"sluice/sink/file"
	"sluice/sink/stdout"
)

// newFile makes the sink of Fluentd's match file: the time slices stand in its
// <buffer>.
func newFile(c *Context, cfg file.Config) (output, error) {
	var err error
	if cfg.Timekey, cfg.Zone, err = c.Buffer.slices(); err != nil {
		return output{}, err
	}
	sink, err := file.New(cfg, c.Log)
	if err != nil {
		return output{}, err
	}
	return output{Sink: sink, Target: cfg.Path}, nil
}

var outputFileParams = params{
	unneeded: map[string]string{
		"recompress": "a chunk is compressed once, when it is written",
		"utc":        "timekey_use_utc in <buffer> says it for the path, utc in <format> for the lines",
		"localtime":  "local time is the default",
	},
}

// slices is how a path tells times apart: the length of a slice, 0 where it does
// not. Without chunk keys there is one a day, as in Fluentd.
func (s *bufferSection) slices() (timekey time.Duration, zone *time.Location, err error) {
	if s.Keys != "" && !s.byTime() {
		return 0, time.Local, nil
	}
	timekey = s.Timekey
	switch {
	case timekey == 0:
		timekey = 24 * time.Hour
	case timekey < time.Second:
		return 0, nil, fieldError{"buffer.timekey", "timekey is less than a second", "write a time such as 1d, 1h or 60s"}
	}
	zone, err = s.zone()
	return timekey, zone, err
}

// byTime reports whether time is one of the chunk keys.
func (s *bufferSection) byTime() bool {
	keys := strings.FieldsFunc(s.Keys, func(r rune) bool { return strings.ContainsRune("[], ", r) })
	return slices.Contains(keys, "time")
}

// zone is where time slices begin.
func (s *bufferSection) zone() (*time.Location, error) {
	zone, err := file.Zone(s.TimekeyUseUTC, s.TimekeyZone)
	if err != nil {
		return nil, fieldError{"buffer.timekey_zone", err.Error(), "write +09:00 or Asia/Tokyo"}
	}
	return zone, nil
}

// newStdout makes the sink of Fluentd's match stdout.
func newStdout(_ *Context, cfg stdout.Config) (output, error) {
	sink, err := stdout.New(cfg)
	if err != nil {
		return output{}, err
	}
	return output{Sink: sink, Target: "stdout"}, nil
}

var stdoutParams = params{unneeded: map[string]string{"use_logger": "records go to standard output, the log to standard error"}}
