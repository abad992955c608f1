package catalog

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/conf"
	"sluice/forwarder/buffer"
	"sluice/forwarder/checkpoint"
	"sluice/forwarder/enrich"
	"sluice/forwarder/ledger"
)

// Where there is metadata, annotations are heeded before any filter.
func TestAnnotationsComeFirst(t *testing.T) {
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	text := `{"apiVersion":"v1","kind":"Config","clusters":[{"name":"c","cluster":{"server":"http://127.0.0.1:1"}}],"contexts":[{"name":"x","context":{"cluster":"c"}}],"current-context":"x"}`
	if err := os.WriteFile(kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, enabled := range []string{"auto", "false"} {
		s := Default()
		s.Elasticsearch.URLs = []string{"http://127.0.0.1:1"}
		s.Filters = []*conf.Element{{Name: "filter", Arg: "**", Params: []conf.Param{{Name: "type", Value: "grep"}}}}
		s.Kubernetes.Enabled, s.Kubernetes.Node, s.Kubernetes.Kubeconfig = enabled, "node-1", kubeconfig
		log, reg := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
		e, err := enrich.New(s.Kubernetes, t.TempDir(), log, reg)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Build(s, Deps{
			Ledger: ledger.New(), Checkpoint: &checkpoint.Store{}, Budget: buffer.NewBudget(1), Enrich: e, Log: log, Registerer: reg,
		})
		if err != nil {
			t.Fatal(err)
		}
		if first := p.Config.Pipeline.Root[0].Name; (first == "annotations") != (enabled == "auto") {
			t.Errorf("enabled %s: the first step is %s", enabled, first)
		}
		p.Close()
	}
}

func TestAParserThatThereIsNotIsToldOnce(t *testing.T) {
	o := &once{}
	if !o.first("a") || o.first("a") || !o.first("b") {
		t.Error("told twice, or not at all")
	}
}
