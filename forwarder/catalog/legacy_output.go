package catalog

import (
	"slices"
	"strings"

	"sluice/conf"
)

// formatParams are the parameters of <format> that stood in the match itself
// before Fluentd 1.0, and injectParams those of <inject>.
var (
	formatParams = []string{
		"delimiter", "force_quotes", "keys", "fields", "json_parser", "label_delimiter", "output_time", "output_tag", "message_key", "add_newline", "output_type",
		"localtime", "utc", "timezone",
	}
	injectParams = []string{"time_key", "time_format", "tag_key", "localtime", "utc", "timezone"}
)

// modernOutput is a match that writes lines with the sections that v0.12 did not
// have: <format> of its format, <inject> of include_time_key and
// include_tag_key, and the time slices of its <buffer>.
func modernOutput(kind string, e *conf.Element) *conf.Element {
	if kind != "file" && kind != "stdout" {
		return e
	}
	c := *e
	c.Children = slices.Clone(e.Children)
	var moved []string
	add := func(name string, params []conf.Param, from ...string) {
		s := &conf.Element{Name: name, Pos: e.Pos, Dialect: e.Dialect, Params: params}
		for _, p := range e.Params {
			if slices.Contains(from, p.Name) {
				s.Params = append(s.Params, p)
			}
		}
		if len(s.Params) > 0 {
			c.Children = append(c.Children, s)
			moved = append(moved, from...)
		}
	}
	format := e.Param("format")
	if format != nil && e.Child("format", 0) == nil {
		add("format", []conf.Param{{Name: "@type", Value: format.Value, Pos: format.Pos}}, formatParams...)
		moved = append(moved, "format")
	}
	if inject := injected(e); len(inject) > 0 && e.Child("inject", 0) == nil {
		add("inject", inject, injectParams...)
		moved = append(moved, "include_time_key", "include_tag_key")
	}
	if slice := sliced(e); kind == "file" && len(slice) > 0 && e.Child("buffer", 0) == nil {
		add("buffer", slice)
	}
	c.Params = slices.DeleteFunc(slices.Clone(e.Params), func(p conf.Param) bool { return slices.Contains(moved, p.Name) })
	return &c
}

// injected is what include_time_key and include_tag_key say.
func injected(e *conf.Element) (params []conf.Param) {
	for name, more := range map[string][]conf.Param{
		"include_time_key": {{Name: "time_key", Value: "time"}, {Name: "time_type", Value: "string"}},
		"include_tag_key":  {{Name: "tag_key", Value: "tag"}},
	} {
		p := e.Param(name)
		if p == nil || p.Value != "true" && p.Value != "yes" && p.Value != "" {
			continue
		}
		for _, m := range more {
			if e.Param(m.Name) == nil {
				m.Pos = p.Pos
				params = append(params, m)
			}
		}
	}
	return params
}

// sliced is what time_slice_format, utc and timezone say of the time slices.
func sliced(e *conf.Element) (params []conf.Param) {
	p := e.Param("time_slice_format")
	if p == nil {
		return nil
	}
	timekey := "1d"
	for _, c := range []struct{ code, key string }{{"%S", "1s"}, {"%M", "60s"}, {"%H", "1h"}} {
		if strings.Contains(p.Value, c.code) {
			timekey = c.key
			break
		}
	}
	params = append(params, conf.Param{Name: "timekey", Value: timekey, Pos: p.Pos})
	if u := e.Param("utc"); u != nil {
		params = append(params, conf.Param{Name: "timekey_use_utc", Value: "true", Pos: u.Pos})
	}
	if z := e.Param("timezone"); z != nil {
		params = append(params, conf.Param{Name: "timekey_zone", Value: z.Value, Pos: z.Pos})
	}
	return params
}
