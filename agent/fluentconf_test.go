package agent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/agent"
	"sluice/conf"
	"sluice/conf/fluent"
	"sluice/forwarder/catalog"
	"sluice/sink/elastictest"
)

// docStore keeps every document, beside a store that judges ids.
type docStore struct {
	*elastictest.CountStore
	mu   sync.Mutex
	docs map[string]map[string]any // by message
	idx  map[string]string
	grew chan struct{}
}

func (s *docStore) Create(docs []elastictest.Doc, created []bool) {
	s.CountStore.Create(docs, created)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, d := range docs {
		var doc map[string]any
		if created[i] && json.Unmarshal(d.Source, &doc) == nil {
			message := fmt.Sprint(doc["message"])
			s.docs[message], s.idx[message] = doc, d.Index
		}
	}
	select {
	case s.grew <- struct{}{}:
	default:
	}
}

// fluentSettings are the settings of a file in one of Fluentd's languages.
func fluentSettings(t *testing.T, file string, env map[string]string) *catalog.Settings {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	root, problems := fluent.Parse(file, data, fluent.Options{Worker: "0", Env: func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}})
	s := catalog.Default()
	problems = append(problems, catalog.FromTree(s, root)...)
	if !problems.Bad() {
		problems = append(problems, catalog.Check(&conf.Tree{Root: root}, s)...)
	}
	if problems.Bad() {
		t.Fatal(problems)
	}
	return s
}

// runFluent runs an agent with a tree until n messages are stored.
func runFluent(t *testing.T, s *catalog.Settings, store *docStore, n int) {
	t.Helper()
	a, err := agent.New(s, agent.Options{Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	limit := time.After(10 * time.Minute)
	for {
		store.mu.Lock()
		have := len(store.docs)
		store.mu.Unlock()
		if have >= n {
			break
		}
		select {
		case <-store.grew:
		case <-limit:
			t.Fatalf("%d of %d documents", have, n)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func newDocStore() *docStore {
	return &docStore{CountStore: elastictest.NewCountStore(), docs: map[string]map[string]any{}, idx: map[string]string{}, grew: make(chan struct{}, 1)}
}

// The structure of the official Kubernetes images starts as it is, with every
// value from the environment, and makes the documents that Fluentd makes.
func TestTheDaemonsetsFluentConf(t *testing.T) {
	dir, store := t.TempDir(), newDocStore()
	server := httptest.NewServer(elastictest.New(store))
	defer server.Close()
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	const id = "6a5a0b6f0a4d4d1fb2d9c3c2a1f0e9d8c7b6a5948372615049382716a5b4c3d2"
	log := "web-66b6-ffdxp_shop_nginx-" + id + ".log"
	lines := "2026-11-22T09:42:30.686123456Z stdout F hello\n2026-11-22T09:42:31.686123456Z stderr P part one,\n2026-11-22T09:42:31.686123457Z stderr F  part two\n"
	if err := os.WriteFile(filepath.Join(dir, log), []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	s := fluentSettings(t, "testdata/daemonset/fluent.conf", map[string]string{
		"FLUENT_ELASTICSEARCH_HOST": at.Hostname(), "FLUENT_ELASTICSEARCH_PORT": at.Port(), "FLUENT_ELASTICSEARCH_BUFFER_FLUSH_INTERVAL": "1s",
		"FLUENT_CONTAINER_TAIL_PATH": filepath.Join(dir, "*.log"), "FLUENT_CONTAINER_TAIL_PARSER_TYPE": "cri",
		"FLUENTD_PROMETHEUS_BIND": "127.0.0.1", "FLUENTD_PROMETHEUS_PORT": "0",
	})
	s.DataDir, s.Kubernetes.Node = filepath.Join(dir, "data"), "node-1"
	runFluent(t, s, store, 2)
	doc := store.docs["hello"]
	want := map[string]any{
		"message": "hello", "stream": "stdout", "logtag": "F", "time": "2026-11-22T09:42:30.686123456Z", "@timestamp": "2026-11-22T09:42:30.686123456+00:00",
		"tag":    "kubernetes" + strings.ReplaceAll(filepath.Join(dir, log), "/", "."),
		"docker": map[string]any{"container_id": id},
		"kubernetes": map[string]any{
			"container_name": "nginx", "namespace_name": "shop", "pod_name": "web-66b6-ffdxp", "host": "node-1",
		},
	}
	if got, _ := json.Marshal(doc); string(got) != mustJSON(t, want) {
		t.Errorf("got  %s\nwant %s", got, mustJSON(t, want))
	}
	if store.docs["part one, part two"] == nil || !strings.Contains(store.idx["hello"], "logstash-2026.11.22") {
		t.Errorf("%v in %v", store.docs, store.idx)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Labels, filters, new tags, copies, turns and @ERROR, in both languages.
func TestRoutesOfAFluentConf(t *testing.T) {
	for _, yaml := range []bool{false, true} {
		dir, store := t.TempDir(), newDocStore()
		server := httptest.NewServer(elastictest.New(store))
		defer server.Close()
		env := map[string]string{"DIR": dir, "HOSTS": server.URL}
		file := "testdata/routes.conf"
		if yaml {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			root, _ := fluent.Parse(file, data, fluent.Options{Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }})
			file = filepath.Join(dir, "routes.yaml")
			if err := os.WriteFile(file, []byte(fluent.WriteYAML(root)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for name, text := range map[string]string{
			"a/x.log":        `{"message":"m1","level":"error","at":1795340550}` + "\n" + `{"message":"m2","level":"warn"}` + "\n" + `{"message":"noise"}` + "\nno json\n",
			"b/app-2026.log": `{"message":"m3","n":1}` + "\n",
			"b/other.log":    `{"message":"not followed"}` + "\n",
		} {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := fluentSettings(t, file, env)
		s.DataDir = filepath.Join(dir, "data")
		runFluent(t, s, store, 4)
		for message, want := range map[string][2]string{
			"m1":      {"alerts", `{"level":"error","message":"m1"}`},
			"m2":      {"all-warn", ""},
			"m3":      {"all-rest", ""},
			"no json": {"bad", `{"message":"no json","origin":"in"}`},
		} {
			got, _ := json.Marshal(store.docs[message])
			if store.idx[message] != want[0] || want[1] != "" && string(got) != want[1] {
				t.Errorf("yaml %v: %s is in %q: %s", yaml, message, store.idx[message], got)
			}
		}
		if n := len(store.docs); n != 4 {
			t.Errorf("%d documents: %v", n, store.docs)
		}
	}
}
