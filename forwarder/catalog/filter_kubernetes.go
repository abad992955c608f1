package catalog

import (
	"regexp"
	"slices"

	"sluice/conf"
	"sluice/event"
	"sluice/forwarder"
	"sluice/forwarder/filter"
	"sluice/parser"
)

// kubernetesFilter is the filter kubernetes_metadata: what it says is read by
// FromTree, because container lines get their pod's metadata where they are
// read.
type kubernetesFilter struct {
	SkipLabels      bool     `conf:"skip_labels"`
	SkipPodLabels   bool     `conf:"skip_pod_labels"`
	AnnotationMatch []string `conf:"annotation_match"` // names; elsewhere regular expressions
	// Parse are <parse NAME>: parsers that annotations may name.
	Parse []annotationParser `conf:"parse"`
}

type annotationParser struct {
	Name          string `conf:"name,arg"`
	parser.Config `conf:",inline"`
}

const (
	ownAPI     = "the API server is found and spoken to as every pod does it"
	ownWatcher = "pods are watched, and what is known of them is kept"
)

var kubernetesFilterParams = params{
	unneeded: map[string]string{
		"kubernetes_url": ownAPI, "apiversion": ownAPI, "apiVersion": ownAPI, "verify_ssl": ownAPI, "ca_file": ownAPI, "client_cert": ownAPI,
		"client_key": ownAPI, "bearer_token_file": ownAPI, "secret_dir": ownAPI, "ssl_partial_chain": ownAPI, "open_timeout": ownAPI, "read_timeout": ownAPI,
		"test_api_adapter": ownAPI, "cache_size": ownWatcher, "cache_ttl": ownWatcher, "watch": ownWatcher, "watch_retry_interval": ownWatcher,
		"watch_retry_exponential_backoff_base": ownWatcher, "watch_retry_max_times": ownWatcher, "stats_interval": "they are in the metrics",
		"lookup_from_k8s_field": "the path tells the pod", "tag_to_kubernetes_name_regexp": "the path tells the pod", "container_name_to_kubernetes_regexp": "the path tells the pod",
		"use_journal": "the path tells the pod", "allow_orphans": "a line goes on with what its path tells", "orphaned_namespace_name": "a line goes on with what its path tells",
		"orphaned_namespace_id": "a line goes on with what its path tells", "skip_master_url": "there is no master_url on records",
		"ignore_nil": "what is not known does not stand on records", "de_dot": "labels keep their names", "de_dot_separator": "labels keep their names", "de_slash": "labels keep their names", "de_slash_separator": "labels keep their names",
		"include_namespace_metadata": "it is asked for where the agent may", "merge_json_log": "use a filter parser", "preserve_json_log": "use a filter parser",
	},
	missing: map[string]string{
		"skip_container_metadata": "the image stands on records where it is known", "skip_namespace_metadata": "namespace labels stand on records where they are known",
		"skip_namespace_labels":      "namespace labels stand on records where they are known",
		"include_ownerrefs_metadata": "records have kubernetes.owner_kind and kubernetes.owner_name",
	},
}

// kubernetesStep heeds annotations where there is metadata.
type kubernetesStep struct {
	*filter.Annotations
	known bool
}

// Apply implements forwarder.Filter.
func (k kubernetesStep) Apply(b *event.Batch) {
	if k.known {
		k.Annotations.Apply(b)
	}
}

// newKubernetesFilter does what annotations ask for of records.
func newKubernetesFilter(c *Context, cfg kubernetesFilter) (forwarder.Step, error) {
	var parsers []filter.NamedParser
	for _, p := range cfg.Parse {
		parsers = append(parsers, filter.NamedParser(p))
	}
	f, err := annotations(c, "parse", parsers)
	if err != nil {
		return forwarder.Step{}, err
	}
	return forwarder.Step{Filter: kubernetesStep{f, c.Enrich != nil}}, nil
}

func noKubernetesFilter() (cfg kubernetesFilter) { return cfg }

var plainName = regexp.MustCompile(`^\^?([A-Za-z0-9./_\\-]+)\$?$`)

// kubernetesFrom takes over what the tree's filters kubernetes_metadata say;
// without one, records get no metadata.
func (s *Settings) kubernetesFrom(sections []*conf.Element) (problems conf.Problems) {
	if !has(sections, "filter", "kubernetes_metadata") {
		s.Kubernetes.Enabled = "false"
		return nil
	}
	for _, e := range sections {
		if e.Name == "label" {
			problems = append(problems, s.kubernetesFrom(e.Children)...)
		}
		if kind, _ := e.Type(); e.Name != "filter" || kind != "kubernetes_metadata" {
			continue
		}
		_, rest := kubernetesFilterParams.sort(e)
		var cfg kubernetesFilter
		conf.Decode(rest, &cfg) // its problems are reported where the filter is made
		if cfg.SkipLabels || cfg.SkipPodLabels {
			s.Kubernetes.Labels = nil
		}
		for _, pattern := range cfg.AnnotationMatch {
			m := plainName.FindStringSubmatch(pattern)
			if m == nil {
				problems = append(problems, conf.Problem{Pos: e.Param("annotation_match").Pos, Severity: conf.Warning, What: "annotation_match " + pattern + " is not supported: annotations are named, not matched", Fix: "name each one"})
				continue
			}
			if name := regexp.MustCompile(`\\(.)`).ReplaceAllString(m[1], "$1"); !slices.Contains(s.Kubernetes.Annotations, name) {
				s.Kubernetes.Annotations = append(s.Kubernetes.Annotations, name)
			}
		}
	}
	return problems
}
