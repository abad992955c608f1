package catalog

import (
	"maps"
	"slices"

	"sluice/conf"
)

const (
	toStream   = "documents go to data_stream_name, and are created"
	noTemplate = "index templates and lifecycle policies are not made: the data stream's must be there"
)

// streamParams are what elasticsearch_data_stream has, or leaves alone, beside
// the parameters of elasticsearch.
var streamParams = params{
	unneeded: map[string]string{
		"index_name": toStream, "logstash_format": toStream, "logstash_prefix": toStream, "logstash_prefix_separator": toStream,
		"logstash_dateformat": toStream, "utc_index": toStream, "target_index_key": toStream, "write_operation": toStream,
		"routing_key": "data streams know no routing", "include_timestamp": "documents always have @timestamp",
		"time_key": "@timestamp is the record's own, or its time", "time_key_format": "@timestamp is the record's own, or its time",
		"time_key_exclude_timestamp": "@timestamp is the record's own, or its time",
	},
	missing: map[string]string{
		"data_stream_template_name": noTemplate, "data_stream_template_use_index_patterns_wildcard": noTemplate,
		"data_stream_ilm_name": noTemplate, "data_stream_ilm_policy": noTemplate, "data_stream_ilm_policy_overwrite": noTemplate,
	},
}

// streamMatch is what the plug-ins' outputs to data streams have of their own.
type streamMatch struct {
	Name string `conf:"data_stream_name,required"`
}

// matchStream is the row of the plug-ins' outputs to data streams.
func matchStream(c *Context, e *conf.Element) (output, conf.Problems, error) {
	isName := func(p conf.Param) bool { return p.Name == "data_stream_name" }
	own, rest := *e, *e
	own.Children, own.Params = nil, slices.DeleteFunc(slices.Clone(e.Params), func(p conf.Param) bool { return !isName(p) })
	rest.Params = slices.DeleteFunc(slices.Clone(e.Params), isName)
	var s streamMatch
	problems := conf.Decode(&own, &s)
	if problems.Bad() {
		return output{}, problems, nil
	}
	all := params{maps.Clone(elasticMatchParams.unneeded), maps.Clone(elasticMatchParams.missing), elasticMatchParams.refused}
	maps.Copy(all.unneeded, streamParams.unneeded)
	maps.Copy(all.missing, streamParams.missing)
	build := func(c *Context, p elasticMatch) (output, error) {
		p.IndexName, p.Timestamp, p.Write = s.Name, true, "create"
		out, err := newElasticMatch(c, p)
		if at, ok := err.(fieldError); ok && at.field == "index_name" {
			at.field = "data_stream_name"
			return out, at
		}
		return out, err
	}
	out, found, err := outputOf(defaultElasticMatch, build, all)(c, &rest)
	return out, append(problems, found...), err
}
