package catalog

import (
	"strconv"

	"sluice/conf"
)

// elsewhere is what Sluice does not do itself.
const elsewhere = "send these records to a Fluentd or Fluent Bit that does it, with @type forward"

// unsupported are plug-ins that people use and that are not here, with what to
// use instead, by the section they stand in.
var unsupported = map[string]map[string]string{
	"source": {
		"exec":                  "let the command write to a file that tail reads, or send to the source tcp or http",
		"kafka":                 "consume with Logstash or Fluentd, and send here with forward",
		"kafka_group":           "consume with Logstash or Fluentd, and send here with forward",
		"rabbitmq":              "consume with Fluentd, and send here with forward",
		"mqtt":                  "consume with Fluentd, and send here with forward",
		"s3":                    "read with Fluentd, and send here with forward",
		"cloudwatch_logs":       "read with Fluentd, and send here with forward",
		"sql":                   "read with Fluentd, and send here with forward",
		"mysql_replicator":      "read with Fluentd, and send here with forward",
		"windows_eventlog":      "read with Fluent Bit, and send here with forward",
		"windows_eventlog2":     "read with Fluent Bit, and send here with forward",
		"kubernetes_objects":    "read with Fluentd, and send here with forward",
		"kubernetes_events":     "read with Fluent Bit, and send here with forward",
		"object_space":          "there is no Ruby: remove it",
		"gc_stat":               "there is no Ruby: remove it",
		"secure_forward":        "use @type forward with <security> and <transport tls>",
		"elasticsearch":         "read with Logstash, and send here with http",
		"opentelemetry":         "send with forward, or through the OpenTelemetry collector's fluentforward exporter",
		"node_exporter_metrics": "use the node exporter itself",
	},
	"filter": {
		"geoip":                 "use Elasticsearch's ingest processor geoip: name its pipeline with pipeline NAME in the match",
		"ua_parser":             "use Elasticsearch's ingest processor user_agent: name its pipeline with pipeline NAME in the match",
		"useragent":             "use Elasticsearch's ingest processor user_agent: name its pipeline with pipeline NAME in the match",
		"lua":                   "write it with record_transformer or grep",
		"ruby":                  "write it with record_transformer or grep",
		"exec_filter":           "write it with record_transformer or grep",
		"rename_key":            "use record_transformer: <record> with NEW ${record[\"OLD\"]}, and remove_keys OLD",
		"grok":                  "use parser with @type regexp in <parse>",
		"kube_events_timestamp": "set the field with record_transformer",
		"multiline":             "use concat or detect_exceptions",
		"anonymizer":            "use the filter redact",
		"kubernetes_sumologic":  "use kubernetes_metadata",
		"aws_ec2_metadata":      "set the fields with record_transformer and the environment",
		"ec2_metadata":          "set the fields with record_transformer and the environment",
	},
	"match": {
		"s3": elsewhere, "gcs": elsewhere, "azure-storage-append-blob": elsewhere, "azurestorage": elsewhere, "oss": elsewhere,
		"kafka": elsewhere, "kafka2": elsewhere, "kafka_buffered": elsewhere, "rdkafka": elsewhere, "rdkafka2": elsewhere,
		"loki": elsewhere, "splunk_hec": elsewhere, "splunk": elsewhere, "gelf": elsewhere, "gelf_out": elsewhere, "logzio_buffered": elsewhere,
		"google_cloud": elsewhere, "cloudwatch_logs": elsewhere, "kinesis_streams": elsewhere, "kinesis_firehose": elsewhere,
		"datadog": elsewhere, "newrelic": elsewhere, "sumologic": elsewhere, "logdna": elsewhere, "papertrail": elsewhere, "remote_syslog": elsewhere,
		"syslog_rfc5424": elsewhere, "syslog_buffered": elsewhere, "http": elsewhere, "http_ext": elsewhere, "mongo": elsewhere, "redis": elsewhere, "sql": elsewhere,
		"influxdb": elsewhere, "bigquery": elsewhere, "bigquery_insert": elsewhere, "webhdfs": elsewhere, "rabbitmq": elsewhere, "sqs": elsewhere, "mqtt": elsewhere,
		"logentries": elsewhere, "loggly": elsewhere, "kubernetes_remote_syslog": elsewhere, "lm": elsewhere, "mattermost": elsewhere, "mongo_replset": elsewhere,
		"vmware_loginsight": elsewhere, "vmware_log_intelligence": elsewhere, "tdlog": elsewhere, "azure-loganalytics": elsewhere, "logzio": elsewhere, "syslog": elsewhere,
		"secure_forward":            "use @type forward with <security> and transport tls",
		"elasticsearch_dynamic":     "use @type elasticsearch with placeholders in index_name or logstash_prefix",
		"aws-elasticsearch-service": "use @type elasticsearch with a host behind a signing proxy",
		"exec":                      elsewhere, "exec_filter": elsewhere, "mail": elsewhere, "slack": elsewhere,
	},
}

// skipped are sources without which the rest still does its work: they only
// watch Fluentd itself, or read what official images ask for and most nodes do
// not have.
var skipped = map[string]string{
	"prometheus_monitor":        "metrics are at --metrics-listen",
	"prometheus_output_monitor": "metrics are at --metrics-listen",
	"prometheus_tail_monitor":   "metrics are at --metrics-listen",
	"debug_agent":               "profiles are at --admin-listen",
	"statsd":                    "metrics are at --metrics-listen",
	"systemd":                   "the journal is not read: let journald forward to syslog, and use @type syslog",
}

// unknownType is why there is no part of a type.
func unknownType(section, kind string, pos conf.Pos, known []string) conf.Problem {
	if fix, ok := skipped[kind]; ok && section == "source" {
		return conf.Problem{Pos: pos, Severity: conf.Warning, What: "source type " + strconv.Quote(kind) + " is left out", Fix: fix}
	}
	table := section
	if section == "store" || section == "secondary" {
		table = "match"
	}
	if fix, ok := unsupported[table][kind]; ok {
		return conf.Problem{Pos: pos, What: section + " type " + strconv.Quote(kind) + " is not supported", Fix: fix}
	}
	return conf.UnknownName(pos, section+" type", kind, known)
}
