package catalog

import (
	"slices"
	"strings"
	"time"

	"sluice/conf"
	"sluice/sink/file"
	"sluice/sink/stdout"
)

// outputFile is Fluentd's match file: the time slices stand in its <buffer>.
func outputFile(c *Context, e *conf.Element) (output, conf.Problems, error) {
	slices, problems := slicesOf(e)
	build := func(c *Context, cfg file.Config) (output, error) {
		cfg.Timekey, cfg.Zone = slices.timekey, slices.zone
		sink, err := file.New(cfg, c.Log)
		if err != nil {
			return output{}, err
		}
		return output{Sink: sink, Target: cfg.Path}, nil
	}
	out, found, err := outputOf(file.DefaultConfig, build, outputFileParams)(c, e)
	return out, append(problems, found...), err
}

var outputFileParams = params{
	unneeded: map[string]string{
		"recompress": "a chunk is compressed once, when it is written",
		"utc":        "timekey_use_utc in <buffer> says it for the path, utc in <format> for the lines",
		"localtime":  "local time is the default",
	},
}

// timeSlices are how a path tells times apart.
type timeSlices struct {
	timekey time.Duration // 0: it does not
	zone    *time.Location
}

// slicesOf reads the time slices of a match's <buffer>. Without the section, or
// without its argument, there is one a day, as in Fluentd.
func slicesOf(e *conf.Element) (s timeSlices, problems conf.Problems) {
	s = timeSlices{timekey: 24 * time.Hour, zone: time.Local}
	b := e.Child("buffer", 0)
	if b == nil {
		return s, nil
	}
	keys := strings.FieldsFunc(strings.Trim(b.Arg, "[]"), func(r rune) bool { return r == ',' || r == ' ' })
	if b.Arg != "" && !slices.Contains(keys, "time") {
		s.timekey = 0
		return s, nil
	}
	if text, p := b.Text("timekey"); p != nil {
		d, why := conf.FluentTime(text)
		if why != "" || d < time.Second {
			problems = append(problems, conf.Problem{Pos: p.Pos, What: "timekey " + text + " is not a time of a second or more", Fix: "write a time such as 1d, 1h or 60s"})
		}
		s.timekey = d
	}
	utc := false
	if text, p := b.Text("timekey_use_utc"); p != nil {
		utc, _ = conf.FluentBool(text)
	}
	name, p := b.Text("timekey_zone")
	zone, err := file.Zone(utc, name)
	if err != nil {
		problems = append(problems, conf.Problem{Pos: p.Pos, What: err.Error()})
	}
	s.zone = zone
	return s, problems
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
