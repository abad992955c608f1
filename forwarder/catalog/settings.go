package catalog

import (
	"time"

	"sluice/admin"
	"sluice/conf"
	"sluice/forwarder/deadletter"
	"sluice/forwarder/enrich"
	"sluice/forwarder/filter"
	"sluice/forwarder/listen"
	"sluice/forwarder/tail"
	"sluice/logging"
	"sluice/sink/elastic"
	"sluice/sink/forward"
)

// Settings is the settings file: the standard pipeline with its knobs. The
// names are the surface (docs/configuration.md).
type Settings struct {
	Cluster       string         `conf:"cluster"`
	DataDir       string         `conf:"data_dir"`
	MemoryLimit   int64          `conf:"memory_limit,size"`
	ShutdownGrace time.Duration  `conf:"shutdown_grace"`
	Log           logging.Config `conf:"log"`
	Fields        []Field        `conf:"fields"`

	Metrics admin.MetricsConfig `conf:"metrics"`
	Admin   admin.Config        `conf:"admin"`

	Inputs     Inputs        `conf:"inputs"`
	Kubernetes enrich.Config `conf:"kubernetes"`

	Parsers []filter.NamedParser `conf:"parsers"`
	Filters []*conf.Element      `conf:"filters,element=filter"`

	Buffer        Buffer         `conf:"buffer"`
	Output        string         `conf:"output,oneof=elasticsearch|forward"`
	Elasticsearch elastic.Config `conf:"elasticsearch"`
	Forward       forward.Config `conf:"forward"`

	DeadLetters deadletter.Config `conf:"dead_letters"`

	// Tree is a pipeline in Fluentd's language, instead of the standard one.
	Tree *conf.Element
}

// Field is a static field on every record.
type Field struct {
	Name  string `conf:"name,required"`
	Value string `conf:"value"`
}

// Inputs are the standard pipeline's sources. An empty path, or no address,
// leaves one out.
type Inputs struct {
	Containers tail.Config   `conf:"containers"`
	Forward    listen.Config `conf:"forward"`
}

// Buffer says where a lane's blocks wait, and how long.
type Buffer struct {
	Type           string        `conf:"type,oneof=memory|disk|auto"`
	DiskLimit      int64         `conf:"disk_limit,size"`
	FlushBytes     int64         `conf:"flush_bytes,size"`
	FlushInterval  time.Duration `conf:"flush_interval"`
	OverflowAction string        `conf:"overflow_action,oneof=block|drop_oldest|drop_newest"`
	Recovery       string        `conf:"recovery,oneof=oldest_first|newest_first"`
}

// Default is what holds where nothing is set. A MemoryLimit of 0 stands for
// the smaller of 64 MiB and 40 % of the cgroup's limit.
func Default() *Settings {
	return &Settings{
		DataDir:       "/var/lib/sluice",
		ShutdownGrace: 25 * time.Second,
		Log:           logging.DefaultConfig(),
		Metrics:       admin.MetricsConfig{Listen: ":24231"},
		Admin:         admin.Config{Listen: "127.0.0.1:24220"},
		Inputs:        Inputs{Containers: tail.DefaultConfig(), Forward: listen.DefaultConfig()},
		Kubernetes:    enrich.DefaultConfig(),
		Buffer: Buffer{
			Type: "auto", DiskLimit: 1 << 30, FlushBytes: 1 << 20, FlushInterval: time.Second,
			OverflowAction: "block", Recovery: "oldest_first",
		},
		Output:        "elasticsearch",
		Elasticsearch: elastic.DefaultConfig(),
		DeadLetters:   deadletter.DefaultConfig(),
		Forward:       forward.DefaultConfig(),
	}
}
