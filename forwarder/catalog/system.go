package catalog

import (
	"strings"

	"sluice/conf"
)

// system is Fluentd's section <system>, as far as it says something to one
// process that logs to standard error.
type system struct {
	Workers    int       `conf:"workers"`
	RootDir    string    `conf:"root_dir"`
	LogLevel   string    `conf:"log_level,oneof=trace|debug|info|warn|error|fatal"`
	Log        systemLog `conf:"log"`
	ConfigInto string    `conf:"config_include_dir"`
}

type systemLog struct {
	Format string `conf:"format,oneof=text|json"`
}

var systemParams = params{
	unneeded: map[string]string{
		"process_name":                     "the process is called sluice",
		"suppress_config_dump":             "the configuration is not logged; see config show",
		"suppress_repeated_stacktrace":     "there are no stack traces in the log",
		"ignore_repeated_log_interval":     "a message that repeats is held back always",
		"ignore_same_log_interval":         "a message that repeats is held back always",
		"emit_error_log_interval":          "a message that repeats is held back always",
		"enable_input_metrics":             "they are always there",
		"enable_size_metrics":              "they are always there",
		"disable_shared_socket":            "there is one process",
		"file_permission":                  "files are 0600",
		"dir_permission":                   "directories are 0700",
		"umask":                            "files are 0600, directories 0700",
		"metrics":                          "they are always there",
		"counter_server":                   "there is one process",
		"enable_jit":                       "there is no Ruby",
		"restart_worker_interval":          "there is one process",
		"with_source_only":                 "sources always begin first when nothing else is in the way",
		"config_file_type":                 "the content tells it",
		"enable_msgpack_time_support":      "it is always there",
		"log.forced_stacktrace_level":      "there are no stack traces in the log",
		"log.ignore_same_log_interval":     "a message that repeats is held back always",
		"log.ignore_repeated_log_interval": "a message that repeats is held back always",
	},
	missing: map[string]string{
		"rpc_endpoint":        "there is no RPC; send signals",
		"enable_get_dump":     "see config show",
		"strict_config_value": "use check --strict",
		"source_only_buffer":  "a full lane stops its sources from reading",
		"without_source":      "sources begin all the same",

		"log.path":        "the log is on standard error",
		"log.rotate_age":  "the log is on standard error",
		"log.rotate_size": "the log is on standard error",
		"log.time_format": "the log's times are RFC 3339",
	},
}

// FromTree makes a tree in Fluentd's language the pipeline of the settings,
// and takes over what its <system> says.
func FromTree(s *Settings, root *conf.Element) (problems conf.Problems) {
	s.Tree = root
	s.Metrics.Listen, s.Admin.Listen = "", "" // the listeners are those that it configures
	problems = s.kubernetesFrom(flat(root))
	for _, e := range root.Children {
		if e.Name != "system" {
			continue
		}
		var sys system
		known, rest := systemParams.sort(e)
		problems = append(append(problems, known...), conf.Decode(rest, &sys)...)
		if sys.Workers > 1 {
			problems = append(problems, conf.Problem{
				Pos: e.Param("workers").Pos, Severity: conf.Warning, What: "workers of <system> is not needed: one process uses all cores", Fix: "remove it",
			})
		}
		if sys.RootDir != "" {
			s.DataDir = sys.RootDir
		}
		if sys.LogLevel != "" {
			s.Log.Level = strings.NewReplacer("trace", "debug", "fatal", "error").Replace(sys.LogLevel)
		}
		if sys.Log.Format != "" {
			s.Log.Format = sys.Log.Format
		}
	}
	return problems
}
