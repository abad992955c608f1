package catalog

import (
	"os"
	"strings"

	"sluice/conf"
	"sluice/forwarder"
	"sluice/forwarder/filter"
)

// legacyGrep is a row that also knows grep's older parameters: regexp1 to
// regexp20 and exclude1 to exclude20, each a field and a pattern.
func legacyGrep(next row[forwarder.Step]) row[forwarder.Step] {
	return func(c *Context, e *conf.Element) (forwarder.Step, conf.Problems, error) {
		modern := *e
		modern.Params = nil
		var problems conf.Problems
		for _, p := range e.Params {
			section := strings.TrimRight(p.Name, "0123456789")
			if section != "regexp" && section != "exclude" || section == p.Name {
				modern.Params = append(modern.Params, p)
				continue
			}
			key, pattern, ok := strings.Cut(p.Value, " ")
			if !ok {
				problems = append(problems, conf.Problem{Pos: p.Pos, What: p.Name + " is not a field and a pattern", Fix: "write " + p.Name + " FIELD PATTERN"})
				continue
			}
			modern.Children = append(modern.Children, &conf.Element{Name: section, Pos: p.Pos, Params: []conf.Param{
				{Name: "key", Value: key, Raw: key, Pos: p.Pos}, {Name: "pattern", Value: pattern, Raw: pattern, Pos: p.Pos},
			}})
		}
		if problems.Bad() {
			return forwarder.Step{}, problems, nil
		}
		return next(c, &modern)
	}
}

func newThrottle(c *Context, cfg filter.ThrottleConfig) (forwarder.Step, error) {
	log := c.Log
	cfg.Warn = func(message, group string, rate int) { log.Warn("throttle: "+message, "group", group, "rate", rate) }
	f, err := filter.NewThrottle(cfg)
	return forwarder.Step{Filter: f}, err
}

func newStdoutFilter(_ *Context, cfg filter.StdoutConfig) (forwarder.Step, error) {
	cfg.Out = os.Stdout
	f, err := filter.NewStdout(cfg)
	return forwarder.Step{Filter: f}, err
}

func stdoutFilterParams() params {
	return params{unneeded: map[string]string{
		"output_type": "write <format> with @type stdout or json", "format.output_type": "the format stdout writes JSON",
		"format.time_format": "the time is written to the nanosecond", "format.localtime": "times are local",
	}}
}
