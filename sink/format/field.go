package format

import (
	"strings"

	"sluice/event"
	"sluice/parser"
	"sluice/wire"
)

// AppendField appends as text the value that a name means: a field of record i,
// a member below one (a.b.c, where names may hold dots themselves), or what the
// batch shares of its container; nothing if there is none. A placeholder's name
// is without its leading "$.".
func AppendField(dst []byte, b *event.Batch, i int, name string) []byte {
	fields := b.FieldsOf(i)
	for _, f := range fields {
		if b.Keys[f.Key] == name {
			return AppendText(dst, b, f.Val)
		}
	}
	for _, f := range fields {
		below, ok := strings.CutPrefix(name, b.Keys[f.Key])
		if !ok || below == "" || below[0] != '.' {
			continue
		}
		if v, ok := descend(b, f.Val, below[1:]); ok {
			return AppendText(dst, b, v)
		}
	}
	if b.Shared == nil {
		return dst
	}
	return append(dst, sharedText(b.Shared, name)...)
}

// descend is the value that the name means below v.
func descend(b *event.Batch, v event.Value, name string) (event.Value, bool) {
	if found, ok := child(b, v, name); ok {
		return found, true
	}
	for at, c := range name {
		if c != '.' {
			continue
		}
		inner, ok := child(b, v, name[:at])
		if !ok {
			continue
		}
		if found, ok := descend(b, inner, name[at+1:]); ok {
			return found, true
		}
	}
	return event.Value{}, false
}

func child(b *event.Batch, v event.Value, name string) (event.Value, bool) {
	switch v.Kind {
	case event.JSON:
		return parser.Lookup(b, v, []parser.Step{{Name: name, Index: -1}})
	case event.Msgp:
		lo, hi := wire.Descend(b.Bytes(v), name, -1)
		return event.Value{Off: v.Off + uint32(lo), Len: uint32(hi - lo), Kind: event.Msgp}, lo > 0
	}
	return event.Value{}, false
}

// sharedText is what a container's records have in common, under the names of
// fluent-plugin-kubernetes_metadata_filter.
func sharedText(f *event.Fragment, name string) string {
	switch name {
	case "kubernetes.namespace_name":
		return f.Namespace
	case "kubernetes.pod_name":
		return f.Pod
	case "kubernetes.container_name":
		return f.Container
	case "kubernetes.host":
		return f.Node
	}
	if label, ok := strings.CutPrefix(name, "kubernetes.labels."); ok {
		for _, p := range f.Labels {
			if p.Name == label {
				return p.Value
			}
		}
	}
	return ""
}

// FieldName is the name in a placeholder as AppendField takes it: $.a.b and
// $['a']['b'] are a.b.
func FieldName(placeholder string) string {
	name := strings.TrimPrefix(placeholder, "$.")
	if strings.HasPrefix(name, "$[") {
		name = strings.NewReplacer(`']['`, ".", `"]["`, ".", `$['`, "", `$["`, "", `']`, "", `"]`, "").Replace(name)
	}
	return name
}
