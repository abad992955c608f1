package catalog

import (
	"sluice/conf"
	"sluice/forwarder"
	"sluice/forwarder/filter"
	"sluice/sink/file"
	"sluice/sink/stdout"
)

// outputs are the outputs by type.
func outputs() map[string]row[output] {
	return map[string]row[output]{
		"null":    outputOf(nothing, newNull, params{unneeded: map[string]string{"never_flush": "nothing is kept"}}),
		"relabel": relabel,

		"elasticsearch":             matchElastic,
		"opensearch":                matchElastic,
		"elasticsearch_data_stream": matchStream,
		"opensearch_data_stream":    matchStream,

		"copy":               copyTo,
		"roundrobin":         roundrobin,
		"rewrite_tag_filter": rewriteTag,
		"tag_normaliser":     tagNormaliser,
		"label_router":       labelRouter,
		"prometheus":         outputOf(filter.DefaultPrometheusConfig, newPrometheusOutput, prometheusFilterParams()),
		"detect_exceptions":  detectExceptions,
		"file":               outputOf(file.DefaultConfig, newFile, outputFileParams),
		"stdout":             outputOf(stdout.DefaultConfig, newStdout, stdoutParams),
		"forward":            matchForward,
	}
}

// noParams are the parameters of a part that has none.
type noParams struct{}

func nothing() noParams { return noParams{} }

func newNull(*Context, noParams) (output, error) {
	return output{To: []forwarder.Output{{Null: true}}}, nil
}

// newPrometheusOutput measures records that end there, or those of the copy
// that it is a store of.
func newPrometheusOutput(c *Context, cfg filter.PrometheusConfig) (output, error) {
	step, err := newPrometheusFilter(c, cfg)
	step.Name = c.Name
	return output{Before: []forwarder.Step{step}, Watches: true, To: []forwarder.Output{{Null: true}}}, err
}

// relabel sends records to a label.
func relabel(c *Context, e *conf.Element) (output, conf.Problems, error) {
	label, problems := c.builder.labelOf(e, "")
	if label == "" && !problems.Bad() {
		problems = append(problems, conf.Problem{Pos: e.Pos, What: "relabel has no @label", Fix: "add @label @NAME"})
	}
	var none noParams
	problems = append(problems, conf.Decode(e, &none)...)
	return output{To: []forwarder.Output{{Label: label}}}, problems, nil
}
