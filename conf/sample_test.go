package conf

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files")

// sample has every kind of setting.
type sample struct {
	Cluster string        `conf:"cluster"`
	DataDir string        `conf:"data_dir"`
	Memory  int64         `conf:"memory_limit,size"`
	Grace   time.Duration `conf:"shutdown_grace"`
	Log     struct {
		Level  string `conf:"level,oneof=debug|info|warn|error"`
		Format string `conf:"format,oneof=text|json"`
	} `conf:"log"`
	Fields []pair `conf:"fields"`
	Inputs struct {
		Containers struct {
			Enabled  bool     `conf:"enabled"`
			Path     []string `conf:"path"`
			Exclude  []string `conf:"exclude"`
			MaxLine  int      `conf:"max_line,size"`
			ReadFrom string   `conf:"read_from,oneof=beginning|end"`
		} `conf:"containers"`
	} `conf:"inputs"`
	Kubernetes struct {
		Node string `conf:"node"`
	} `conf:"kubernetes"`
	Labels  []mapPair  `conf:"labels,map"`
	Filters []*Element `conf:"filters,element=filter"`
	Elastic struct {
		URLs     []string `conf:"urls,required"`
		APIKey   string   `conf:"api_key,secret"`
		Password string   `conf:"password,secret"`
		Retries  int      `conf:"retries"`
		Jitter   float64  `conf:"jitter"`
		NotASetting
	} `conf:"elasticsearch"`
	Users  []user `conf:"users"`
	common `conf:",inline"`
}

type common struct {
	Note string `conf:"note"`
}

type NotASetting struct{ Hidden chan int }

type pair struct {
	Name  string `conf:"name,required"`
	Value string `conf:"value"`
}

type mapPair struct{ Name, Value string }

type user struct {
	Name     string   `conf:"name,required"`
	Password string   `conf:"password,secret"`
	Networks []string `conf:"networks"`
}

func newSample() *sample {
	s := &sample{DataDir: "/var/lib/sluice", Memory: 64 << 20, Grace: 25 * time.Second}
	s.Log.Level, s.Log.Format = "info", "text"
	s.Inputs.Containers.Enabled = true
	s.Inputs.Containers.Path = []string{"/var/log/containers/*.log"}
	s.Inputs.Containers.MaxLine = 1 << 20
	s.Inputs.Containers.ReadFrom = "beginning"
	s.Elastic.Retries, s.Elastic.Jitter = 3, 0.25
	return s
}

// grep is a filter's settings, as a part has them.
type grep struct {
	Exclude []struct {
		Key     string `conf:"key,required"`
		Pattern string `conf:"pattern,required"`
	} `conf:"exclude"`
}

// transform is record_transformer's.
type transform struct {
	RemoveKeys []string  `conf:"remove_keys"`
	Record     []mapPair `conf:"record,map"`
}

// loadText loads text as if it were the file sluice.yaml.
func loadText(t testing.TB, text string, o LoadOptions) (*Tree, Problems) {
	t.Helper()
	x := expander{env: os.LookupEnv, file: readValue}
	root, whole, problems := parseYAML("sluice.yaml", []byte(text), x)
	if !whole {
		return &Tree{Root: root}, problems
	}
	return load(o, root, problems)
}

// noProblems fails the test when there are any.
func noProblems(t testing.TB, ps Problems) {
	t.Helper()
	if len(ps) > 0 {
		t.Fatalf("problems:\n%s", ps)
	}
}

// golden compares got with a file, or writes it with -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	path = filepath.Join("testdata", path)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs.\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}
