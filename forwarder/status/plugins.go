package status

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Plugin is one part, with the names of Fluentd's monitor_agent.
type Plugin struct {
	ID       string `json:"plugin_id"`
	Category string `json:"plugin_category"` // input, filter or output
	Type     string `json:"type"`
	Output   bool   `json:"output_plugin"`

	*Buffer // nil: it has none
}

// Buffer is what an output holds and has done.
type Buffer struct {
	QueueLength     int    `json:"buffer_queue_length"`      // requests under way
	TotalQueuedSize int    `json:"buffer_total_queued_size"` // bytes
	RetryCount      int    `json:"retry_count"`
	EmitRecords     uint64 `json:"emit_records"`
}

// Plugins is the handler of monitor_agent: plugins lists the parts.
func Plugins(version string, plugins func() []Plugin) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/plugins.json", func(w http.ResponseWriter, r *http.Request) {
		list := choose(plugins(), r.URL.Query())
		writeJSON(w, r, map[string]any{"plugins": list})
	})
	mux.HandleFunc("GET /api/plugins", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		for _, p := range choose(plugins(), r.URL.Query()) {
			fmt.Fprintln(w, p.ltsv())
		}
	})
	mux.HandleFunc("GET /api/config.json", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, r, map[string]any{"pid": os.Getpid(), "ppid": os.Getppid(), "version": version})
	})
	mux.HandleFunc("GET /api/config", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "pid:%d\tppid:%d\tversion:%s\n", os.Getpid(), os.Getppid(), version)
	})
	return mux
}

// choose keeps the parts that the query asks for: by @id or by @type.
func choose(list []Plugin, query url.Values) []Plugin {
	kept := []Plugin{} // in JSON an array, not null
	for _, p := range list {
		if matches(query, "id", p.ID) && matches(query, "type", p.Type) {
			kept = append(kept, p)
		}
	}
	return kept
}

func matches(query url.Values, name, value string) bool {
	asked := slices.Concat(query["@"+name], query[name])
	return len(asked) == 0 || asked[0] == value
}

func (p *Plugin) ltsv() string {
	fields := []string{"plugin_id:" + p.ID, "plugin_category:" + p.Category, "type:" + p.Type, "output_plugin:" + strconv.FormatBool(p.Output)}
	if p.Buffer != nil {
		fields = append(fields, fmt.Sprintf("buffer_queue_length:%d", p.QueueLength), fmt.Sprintf("buffer_total_queued_size:%d", p.TotalQueuedSize),
			fmt.Sprintf("retry_count:%d", p.RetryCount), fmt.Sprintf("emit_records:%d", p.EmitRecords))
	}
	return strings.Join(fields, "\t")
}

func writeJSON(w http.ResponseWriter, r *http.Request, v any) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	if r.URL.Query().Has("debug") {
		e.SetIndent("", "  ")
	}
	e.Encode(v) // a client that is gone needs no answer
}
