package catalog

import "maps"

const (
	ownClient  = "connections are kept, checked and made anew by themselves"
	noTypes    = "types are gone from Elasticsearch 8 and OpenSearch"
	setUp      = "index templates and lifecycle policies are set up by other means, not by each agent at its start"
	ownIDs     = "records have ids of their source, which make a repeat harmless"
	toDeadLett = "what the server refuses for good becomes a dead letter"
	noUpdates  = "documents are not updated: write_operation says index or create"
	noAsking   = "the server's version is not asked for: all since 7.17 are spoken to alike"
)

// elasticMatchParams are the plug-ins' other parameters.
var elasticMatchParams = params{
	unneeded: map[string]string{
		"reload_connections": ownClient, "reload_on_failure": ownClient, "reconnect_on_error": ownClient, "reload_after": ownClient,
		"resurrect_after": ownClient, "sniffer_class_name": ownClient, "http_backend": ownClient, "http_backend_excon_nonblock": ownClient,
		"selector_class_name": ownClient, "keep_alive": ownClient, "prefer_oj_serializer": "there is no Ruby",
		"type_name": noTypes, "suppress_type_name": noTypes, "target_type_key": noTypes,
		"verify_es_version_at_startup": noAsking, "max_retry_get_es_version": noAsking, "default_elasticsearch_version": noAsking,
		"fail_on_detecting_es_version_retry_exceed": noAsking, "verify_os_version_at_startup": noAsking, "max_retry_get_os_version": noAsking,
		"default_opensearch_version": noAsking, "fail_on_detecting_os_version_retry_exceed": noAsking, "use_legacy_template": setUp,
		"validate_client_version": noAsking, "include_index_in_url": "the index always stands in the URL",
		"log_es_400_reason": toDeadLett, "log_os_400_reason": toDeadLett, "emit_error_for_missing_id": ownIDs, "unrecoverable_error_types": toDeadLett,
		"unrecoverable_record_types": toDeadLett, "exception_backup": "a chunk that cannot be delivered is never thrown away", "ignore_exceptions": "a server that cannot be reached is tried again for as long as it takes",
		"retry_tag": "what is to be sent again is sent again from the buffer", "emit_error_label_event": toDeadLett,
		"bulk_message_request_threshold": "a request is bounded by chunk_limit_size", "ssl_version": "TLS 1.2 and 1.3 are spoken",
		"ssl_min_version": "TLS 1.2 and 1.3 are spoken", "ssl_max_version": "TLS 1.2 and 1.3 are spoken",
		"time_precision":       "times are written in RFC 3339 with nanoseconds",
		"time_parse_error_tag": "where a field's time cannot be read, the record's holds", "with_transporter_log": "see log_level debug",
		"template_name": setUp, "template_file": setUp, "template_overwrite": setUp, "templates": setUp, "customize_template": setUp, "template_pattern": setUp,
		"index_date_pattern": setUp, "index_prefix": setUp, "application_name": setUp, "deflector_alias": setUp, "rollover_index": setUp, "index_separator": setUp,
		"enable_ilm": setUp, "ilm_policy": setUp, "ilm_policy_id": setUp, "ilm_policies": setUp, "ilm_policy_overwrite": setUp, "enable_ism": setUp,
		"max_retry_putting_template": setUp, "fail_on_putting_template_retry_exceed": setUp, "data_stream_enable": setUp,
		"remove_keys_on_update": noUpdates, "remove_keys_on_update_key": noUpdates, "suppress_doc_wrap": noUpdates,
		"tls_verify_hostname": "ssl_verify says it", "catch_transport_exception_on_retry": "a server that cannot be reached is tried again for as long as it takes",
	},
	missing: map[string]string{
		"include_tag_ids": "documents come without them",
		"parent_key":      "Elasticsearch has no parents since version 7: a parent is a join field and routing_key; the field stays in the document",
	},
	refused: map[string]string{
		"data_stream_name":           "write @type elasticsearch_data_stream, or opensearch_data_stream",
		"target_index_affinity":      "remove it",
		"client_key_pass":            "name a key without a password",
		"content_type":               "remove it: the body is newline-delimited JSON",
		"elasticsearch_oss":          "remove it",
		"use_legacy_bulk":            "remove it",
		"aws_access_key_id":          "sign requests with a proxy",
		"endpoint":                   "sign requests with a proxy, and name it as the host",
		"connection_request_timeout": "write request_timeout",
	},
}

// updatingParams are those where write_operation says update or upsert.
func updatingParams() params {
	const all = "remove it: all fields of a record are written; remove_keys takes some away"
	p := params{maps.Clone(elasticMatchParams.unneeded), elasticMatchParams.missing, maps.Clone(elasticMatchParams.refused)}
	for _, name := range []string{"remove_keys_on_update", "remove_keys_on_update_key", "suppress_doc_wrap"} {
		delete(p.unneeded, name)
		p.refused[name] = all
	}
	p.refused["suppress_doc_wrap"] = "remove it: a record is the document's fields"
	return p
}
