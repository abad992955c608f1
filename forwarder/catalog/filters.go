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

// row makes a filter of one type from its element.
type row func(e *conf.Element) (forwarder.Filter, conf.Problems, error)

// filters are the types of `filters:`, by name.
func filters() map[string]row {
	return map[string]row{
		"grep":               filterOf(filter.DefaultGrepConfig, filter.NewGrep),
		"record_transformer": filterOf(filter.DefaultRecordTransformerConfig, filter.NewRecordTransformer),
		"parser":             filterOf(filter.DefaultParserConfig, filter.NewParser),
	}
}

// filterOf makes a table row of a filter's two constructors.
func filterOf[C any, F forwarder.Filter](defaults func() C, build func(C) (F, error)) row {
	return func(e *conf.Element) (forwarder.Filter, conf.Problems, error) {
		cfg := defaults()
		problems := conf.Decode(e, &cfg, "type", "tag")
		if problems.Bad() {
			return nil, problems, nil
		}
		f, err := build(cfg)
		return f, problems, err
	}
}

// steps turns the settings' filters into the root's steps; t, for the places
// of what is wrong, may be empty.
func steps(t *conf.Tree, elements []*conf.Element) (list []forwarder.Step, problems conf.Problems) {
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
		f, found, err := row(e)
		problems = append(problems, found...)
		if err != nil {
			problems = append(problems, t.Explain(fmt.Sprintf("filters[%d]", i), err)...)
		}
		list = append(list, forwarder.Step{Match: pattern, Name: fmt.Sprintf("%s_%d", p.Value, i), Filter: f})
	}
	return list, problems
}
