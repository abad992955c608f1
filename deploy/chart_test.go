// Package deploy_test holds together what is in deploy: the chart, its README
// and schema made of its values, and the manifests made of the chart. What is
// made of something else is written by
//
//	make deploy-update
//
// and compared here by content. Tests that need helm, kubectl or promtool are
// skipped where HELM, KUBECTL or PROMTOOL do not name them.
package deploy_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write what is made of the chart")

const chart = "helm/sluice/"

// value is a leaf of values.yaml: a scalar, a list, or a section of the user's
// making.
type value struct {
	path, comment string
	node          *yaml.Node
}

// values lists the leaves in the file's order.
func values(t *testing.T) (list []value) {
	t.Helper()
	var doc yaml.Node
	read(t, chart+"values.yaml", &doc)
	var walk func(prefix string, n *yaml.Node)
	walk = func(prefix string, n *yaml.Node) {
		for i := 0; i < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			path := prefix + k.Value
			if v.Kind == yaml.MappingNode && v.Style&yaml.FlowStyle == 0 && k.HeadComment == "" {
				walk(path+".", v)
				continue
			}
			list = append(list, value{path, strings.TrimSpace(strings.TrimPrefix(k.HeadComment, "#")), v})
		}
	}
	walk("", doc.Content[0])
	return list
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(raw, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// matches compares a file with what it should be, or writes it.
func matches(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what it is made of (%v): run make deploy-update", path, err)
	}
}

func TestREADME(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(`# Chart sluice

An agent on every node that reads the logs of its containers, and, if you like, aggregators; both write to Elasticsearch.
docs/kubernetes.md says how to install and upgrade it, what pods' annotations do, and what each privilege is for.

    helm install sluice deploy/helm/sluice --namespace logging --create-namespace \
      --set 'elasticsearch.urls={https://elasticsearch.example:9200}'

| value | default | |
|---|---|---|
`)
	for _, v := range values(t) {
		if v.comment == "" {
			t.Errorf("%s has no description", v.path)
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", v.path, flow(t, v.node), v.comment)
	}
	matches(t, chart+"README.md", b.Bytes())
}

// flow writes a node on one line.
func flow(t *testing.T, n *yaml.Node) string {
	t.Helper()
	var v any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// special are the schemas of values whose default does not tell what may be.
var special = map[string]map[string]any{
	"image.digest":            {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
	"image.pullPolicy":        {"enum": []string{"Always", "IfNotPresent", "Never"}},
	"agent.maxUnavailable":    {"type": []string{"string", "integer"}},
	"aggregator.replicas":     {"type": "integer", "minimum": 1},
	"aggregator.service.type": {"enum": []string{"ClusterIP", "NodePort", "LoadBalancer"}},
	"priorityClass.value":     {"type": "integer", "maximum": 1000000000},
	"elasticsearch.urls":      {"type": "array", "items": map[string]any{"type": "string", "pattern": "^https?://"}},
}

func TestSchema(t *testing.T) {
	root := map[string]any{"$schema": "https://json-schema.org/draft-07/schema#", "type": "object", "additionalProperties": false}
	used := 0
	for _, v := range values(t) {
		at, names := root, strings.Split(v.path, ".")
		for _, name := range names[:len(names)-1] {
			at = child(at, name, map[string]any{"type": "object", "additionalProperties": false})
		}
		s, ok := special[v.path]
		if ok {
			used++
		} else {
			s = map[string]any{"type": typeOf(v.node)}
		}
		leaf := child(at, names[len(names)-1], map[string]any{"description": v.comment})
		for k, x := range s {
			leaf[k] = x
		}
	}
	child(root, "global", map[string]any{"type": "object"}) // helm adds it to a chart's values
	if used != len(special) {
		t.Error("a special schema is for a value that is not there")
	}
	raw, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	matches(t, chart+"values.schema.json", append(raw, '\n'))
}

func child(of map[string]any, name string, fresh map[string]any) map[string]any {
	all, _ := of["properties"].(map[string]any)
	if all == nil {
		all = map[string]any{}
		of["properties"] = all
	}
	c, _ := all[name].(map[string]any)
	if c == nil {
		c = fresh
		all[name] = c
	}
	return c
}

func typeOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "array"
	case n.Kind == yaml.MappingNode:
		return "object"
	case n.Tag == "!!bool":
		return "boolean"
	case n.Tag == "!!int":
		return "integer"
	}
	return "string"
}
