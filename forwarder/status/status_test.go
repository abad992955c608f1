package status

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func plugins() []Plugin {
	return []Plugin{
		{ID: "in", Category: "input", Type: "forward"},
		{ID: "es", Category: "output", Type: "elasticsearch", Output: true, Buffer: &Buffer{QueueLength: 1, TotalQueuedSize: 2, RetryCount: 3, EmitRecords: 4}},
	}
}

func TestPlugins(t *testing.T) {
	h := Plugins("v1", plugins)
	const in = `{"plugin_id":"in","plugin_category":"input","type":"forward","output_plugin":false}`
	const es = `{"plugin_id":"es","plugin_category":"output","type":"elasticsearch","output_plugin":true,"buffer_queue_length":1,"buffer_total_queued_size":2,"retry_count":3,"emit_records":4}`
	for path, want := range map[string]string{
		"/api/plugins.json":                    `{"plugins":[` + in + "," + es + "]}\n",
		"/api/plugins.json?@id=es":             `{"plugins":[` + es + "]}\n",
		"/api/plugins.json?type=forward":       `{"plugins":[` + in + "]}\n",
		"/api/plugins.json?@type=file":         `{"plugins":[]}` + "\n",
		"/api/plugins?@id=es":                  "plugin_id:es\tplugin_category:output\ttype:elasticsearch\toutput_plugin:true\tbuffer_queue_length:1\tbuffer_total_queued_size:2\tretry_count:3\temit_records:4\n",
		"/api/plugins.json?debug=1&@type=none": "{\n  \"plugins\": []\n}\n",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 200 || w.Body.String() != want {
			t.Errorf("%s: %d %s\nwant %s", path, w.Code, w.Body, want)
		}
	}
	for _, path := range []string{"/api/config", "/api/config.json"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 200 || w.Body.Len() == 0 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestServes(t *testing.T) {
	s := New("127.0.0.1:0", Plugins("v1", plugins), nil, slog.New(slog.DiscardHandler))
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- s.Run(ctx) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	a, err := client.Get("http://" + s.Addrs()[0].String() + "/api/plugins.json")
	if err != nil {
		t.Fatal(err)
	}
	p, err := io.ReadAll(a.Body)
	a.Body.Close()
	if err != nil || len(p) == 0 {
		t.Errorf("%q %v", p, err)
	}
	stop()
	if err := <-over; err != nil {
		t.Error(err)
	}
}
