package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/conf"
	"sluice/forwarder"
	"sluice/forwarder/filter"
)

// filters are the filters by type.
func filters() map[string]row[forwarder.Step] {
	dedot := filterOf(filter.DefaultDedotConfig, filter.NewDedot)
	flatten := filterOf(filter.DefaultFlattenConfig, filter.NewFlatten)
	sampling := filterOf(filter.DefaultSamplingConfig, filter.NewSampling)
	return map[string]row[forwarder.Step]{
		"grep":                legacyGrep(warned(filterOf(filter.DefaultGrepConfig, filter.NewGrep))),
		"record_transformer":  filterOf(filter.DefaultRecordTransformerConfig, filter.NewRecordTransformer),
		"parser":              warned(stepOf(filter.DefaultParserConfig, newParserFilter, parserFilterParams)),
		"kubernetes_metadata": warned(stepOf(noKubernetesFilter, newKubernetesFilter, kubernetesFilterParams)),
		"dedot":               dedot,
		"dedot_filter":        dedot,
		"flatten_hash":        flatten,
		"flatten":             flatten,
		"sampling":            sampling,
		"sampling_filter":     sampling,
		"concat":              warned(stepOf(defaultConcat, newConcat, params{})),
		"detect_exceptions":   stepOf(filter.DefaultDetectExceptionsConfig, newDetectExceptions, exceptionParams),
		"record_modifier":     warned(filterOf(filter.DefaultRecordModifierConfig, filter.NewRecordModifier)),
		"redact":              warned(stepOf(filter.DefaultRedactConfig, newRedact, params{})),
		"prometheus":          stepOf(filter.DefaultPrometheusConfig, newPrometheusFilter, prometheusFilterParams()),
		"throttle":            stepOf(filter.DefaultThrottleConfig, newThrottle, params{}),
		"elasticsearch_genid": genID,
		"opensearch_genid":    genID,
		"stdout":              stepOf(filter.DefaultStdoutConfig, newStdoutFilter, stdoutFilterParams()),
	}
}

// parserFilterParams are what in_tail's multiline has beside its formats.
var parserFilterParams = params{unneeded: map[string]string{
	"parse.format_firstline": "a field is one text: no lines are joined",
}}

func newParserFilter(_ *Context, cfg filter.ParserConfig) (forwarder.Step, error) {
	f, err := filter.NewParser(cfg)
	return forwarder.Step{Filter: f}, err
}

// warned is a row that passes on what the filter warns of.
func warned(r row[forwarder.Step]) row[forwarder.Step] {
	return func(c *Context, e *conf.Element) (forwarder.Step, conf.Problems, error) {
		step, problems, err := r(c, e)
		var part any = step.Filter
		if step.Stage != nil {
			part = step.Stage
		}
		if w, ok := part.(interface{ Warnings() []string }); ok && err == nil {
			for _, text := range w.Warnings() {
				problems = append(problems, conf.Problem{Pos: e.Pos, Severity: conf.Warning, What: text})
			}
		}
		return step, problems, err
	}
}

// settingsSteps turns the settings' filters into the root's steps; t, for the
// places of what is wrong, may be empty.
func (b *builder) settingsSteps(t *conf.Tree, elements []*conf.Element) (list []forwarder.Step, problems conf.Problems) {
	rows := filters()
	for i, e := range elements {
		p := e.Param("type")
		if p == nil {
			problems = append(problems, conf.Problem{Pos: e.Pos, What: "a filter has no type", Fix: "add type: " + strings.Join(slices.Sorted(maps.Keys(rows)), "|")})
			continue
		}
		row := rows[p.Value]
		if row == nil {
			problems = append(problems, conf.UnknownName(p.Pos, "filter type", p.Value, slices.Sorted(maps.Keys(rows))))
			continue
		}
		pattern, err := forwarder.ParsePattern(e.Arg)
		if err != nil {
			problems = append(problems, conf.Problem{Pos: e.ArgPos, What: err.Error()})
		}
		c := b.context(fmt.Sprintf("%s_%d", p.Value, i), "filter", forwarder.RootLabel)
		step, found, err := row(c, withoutType(e))
		problems = append(problems, found...)
		if err != nil {
			problems = append(problems, t.Explain(fmt.Sprintf("filters[%d]", i), err)...)
		}
		step.Match, step.Name = pattern, c.Name
		b.parts.stands(c.Name, e.Pos)
		list = append(list, step)
	}
	return list, problems
}

// withoutType is the element of the settings file as a part reads it.
func withoutType(e *conf.Element) *conf.Element {
	c := *e
	c.Params = slices.DeleteFunc(slices.Clone(e.Params), func(p conf.Param) bool { return p.Name == "type" })
	return &c
}
