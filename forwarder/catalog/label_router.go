package catalog

import (
	"cmp"
	"maps"
	"slices"

	"sluice/conf"
	"sluice/forwarder"
	"sluice/forwarder/filter"
)

// noRoute is a label without steps: what comes there is dropped and counted as
// what no match takes.
const noRoute = "no route"

const countedHere = "records are counted by match at --metrics-listen"

var routerParams = params{unneeded: map[string]string{
	"sticky_tags": "routes are worked out for each record", "emit_mode": "records stay in their order",
	"metrics": countedHere, "default_metrics_labels": countedHere, "route.metrics_labels": countedHere,
}}

// labelRouter sends records to the label of every route that fits them.
func labelRouter(c *Context, e *conf.Element) (out output, problems conf.Problems, err error) {
	var labels []string
	for _, route := range e.Children {
		if route.Name != "route" {
			continue
		}
		label, found := c.builder.labelOf(route, "")
		if label == "" {
			found = append(found, conf.Problem{Pos: route.Pos, What: "a route without @label: its records would come back here", Fix: "add @label @NAME"})
		}
		labels, problems = append(labels, label), append(problems, found...)
	}
	label, p := e.Text("default_route")
	switch tag := e.Param("default_tag"); {
	case label != "" && !c.builder.labels[label]:
		problems = append(problems, conf.UnknownName(p.Pos, "label", label, slices.Sorted(maps.Keys(c.builder.labels))))
	case label == "" && tag != nil && tag.Value != "":
		problems = append(problems, conf.Problem{Pos: tag.Pos, What: "default_tag without default_route: the records would come back here", Fix: "add default_route @NAME"})
	}
	make := func(_ *Context, cfg filter.LabelRouterConfig) (output, error) {
		routes, err := filter.NewLabelRouter(cfg)
		if err != nil {
			return output{}, err
		}
		if label == "" && len(labels) == 1 { // what it does not take is dropped, and counted as with rewrite_tag_filter
			return output{To: []forwarder.Output{{Retag: routes[0], Label: labels[0]}}}, nil
		}
		for i, to := range append(labels, cmp.Or(label, noRoute)) {
			out.To = append(out.To, forwarder.Output{Retag: routes[i], Label: to, Some: true})
		}
		return out, nil
	}
	_, found, err := outputOf(func() (cfg filter.LabelRouterConfig) { return }, make, routerParams)(c, e)
	return out, append(problems, found...), err
}
