// Package elastic is the Elasticsearch sink: it writes batches as bulk items
// (newline-delimited JSON) and delivers chunks of them by POST /{key}/_bulk.
// OpenSearch and Elasticsearch 7.17 are served alike.
//
// Promise of Encode: every live record becomes exactly one item, whatever its
// bytes are; each line is valid JSON without a repeated key, within the limits
// that Elasticsearch 8 sets (section "Values" below); nothing is allocated per
// record; a record's own data is renamed or turned to text where it must be,
// never left out.
//
// Promise of Deliver: it sends once and answers for each item by its position.
// What the server did not say is not guessed: an answer that is cut, is not
// JSON or counts more items than were sent is an error, fate unknown. Only
// op_type create with the record's own id is used, so that sending again is
// harmless. Content of documents reaches neither logs nor metrics; only
// Rejection.Reason may quote it.
//
// # Values
//
// Text becomes a JSON string; bytes that are not UTF-8 become U+FFFD. JSON and
// msgpack values are copied or transcoded: integers beyond 64 bits and numbers
// beyond a finite double become strings, NaN and infinities null; of a key that
// repeats the last value stays; a key that Elasticsearch refuses (empty, blank,
// with an empty part between dots) has its dots replaced by "_"; objects and
// arrays nest 20 levels, the document itself being the first, and what is deeper,
// or an object of more than 1024 members, becomes a string that holds its JSON.
// A value that is not what its kind says becomes a string.
//
// # Schema ecs
//
// Root: @timestamp, message, stream, log.{offset,file.path,level,logger,flags},
// data_stream.*, event.dataset, ecs.version, kubernetes.*, container.{id,runtime},
// orchestrator.cluster.name, host.name, agent.type. An application's own fields
// stand under json, except strings under the names listed in promoted (level,
// trace_id, service.name and the like), which move to their ECS place. The tag
// of a forwarded record is labels.tag. message is the field message, else log,
// else msg, if that is a string. Static fields keep their dotted names at the
// root; one that would clash with the schema moves to labels.
//
// # Schema fluentd
//
// Names and shape of fluent-plugin-kubernetes_metadata_filter and
// fluent-plugin-elasticsearch with logstash_format and include_tag_key: fields
// at the root as they came, docker.container_id, kubernetes.*, tag, @timestamp
// with +00:00 (a record's own is kept if it is a string or a number), and
// cluster_name. A field of the record whose name is taken by those, or is a
// metadata field of Elasticsearch, gets "_" appended. Record flags are not
// written: the schema has no place for them.
package elastic
