package conf

import (
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// strayEnv warns of a variable that looks like a misspelt setting. One that
// looks like none is somebody else's: Kubernetes sets SLUICE_SERVICE_HOST and
// the like for a Service called sluice.
func strayEnv(settings []Setting) (problems Problems) {
	var known []string
	for _, s := range settings {
		if s.Env != "" {
			known = append(known, s.Env)
		}
	}
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, EnvName("")) {
			continue
		}
		best, ok := nearest(name, known)
		if d := distance([]rune(name), []rune(best)); ok && d > 0 && d <= 2 {
			p := UnknownName(Pos{Origin: FromEnv, Name: name}, "environment variable", name, known)
			p.Severity = Warning
			problems = append(problems, p)
		}
	}
	return problems
}

// AddFlags registers flags for some of schema's settings, with their help text.
func AddFlags(flags *pflag.FlagSet, schema any, help map[string]string) {
	for _, s := range Settings(schema) {
		text, ok := help[s.Name]
		switch {
		case !ok:
		case s.Type == typeNames[kindStrings]:
			flags.StringSlice(s.Flag, nil, text)
		default:
			flags.String(s.Flag, "", text)
		}
	}
}
