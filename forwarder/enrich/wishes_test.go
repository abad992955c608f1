package enrich

import (
	"testing"

	"sluice/event"
)

func TestWishes(t *testing.T) {
	type s = event.StreamWishes
	for name, c := range map[string]struct {
		annotations map[string]string
		want        event.Wishes
	}{
		"none":            {nil, event.Wishes{}},
		"the pod's":       {map[string]string{"sluice.dev/parser": "json", "sluice.dev/dataset": "d", "sluice.dev/multiline": "java"}, event.Wishes{Dataset: "d", Multiline: "java", Stdout: s{Parser: "json"}, Stderr: s{Parser: "json"}}},
		"the container's": {map[string]string{"sluice.dev/parser": "json", "sluice.dev/parser.app": "nginx", "sluice.dev/parser.other": "x", "sluice.dev/exclude.app": "true"}, event.Wishes{Stdout: s{Exclude: true, Parser: "nginx"}, Stderr: s{Exclude: true, Parser: "nginx"}}},
		"another's":       {map[string]string{"sluice.dev/parser.other": "x", "fluentbit.io/exclude-other": "true"}, event.Wishes{}},
		"fluent bit":      {map[string]string{"fluentbit.io/parser": "apache", "fluentbit.io/exclude": "True"}, event.Wishes{Stdout: s{Exclude: true, Parser: "apache"}, Stderr: s{Exclude: true, Parser: "apache"}}},
		"a stream":        {map[string]string{"fluentbit.io/parser": "a", "fluentbit.io/parser_stdout": "b", "fluentbit.io/parser_stderr-app": "c", "fluentbit.io/exclude_stderr": "on"}, event.Wishes{Stdout: s{Parser: "b"}, Stderr: s{Exclude: true, Parser: "c"}}},
		"ours counts":     {map[string]string{"fluentbit.io/parser_stdout-app": "a", "fluentbit.io/exclude": "true", "sluice.dev/parser": "b", "sluice.dev/exclude": "false"}, event.Wishes{Stdout: s{Parser: "b"}, Stderr: s{Parser: "b"}}},
		"no truth":        {map[string]string{"sluice.dev/exclude": "perhaps"}, event.Wishes{}},
	} {
		if got := wishesOf(pairs(c.annotations, everyName), "app"); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
