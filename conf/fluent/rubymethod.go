package fluent

import (
	"regexp"
	"strings"

	"sluice/conf"
)

// invoke runs a method of a value.
func invoke(s *scope, on any, name string, args []any) (any, error) {
	if m, ok := on.(module); ok {
		return callModule(s, m, name, args)
	}
	switch name {
	case "to_s", "to_str", "to_sym":
		return toText(on), nil
	case "nil?":
		return on == nil, nil
	case "to_json":
		return s.made(jsonOf(on))
	case "inspect":
		return s.made(inspect(on))
	case "freeze", "dup":
		return on, nil
	}
	switch v := on.(type) {
	case nil:
		return invokeNil(name)
	case string:
		return invokeText(s, v, name, args)
	case int64, float64:
		return invokeNumber(on, name)
	case []any:
		return invokeArray(s, v, name, args)
	case *hash:
		return invokeHash(v, name, args)
	case address:
		switch name {
		case "ipv6?":
			return v.To4() == nil, nil
		case "ipv4?":
			return v.To4() != nil, nil
		}
	}
	return nil, errUnknownMethod
}

func invokeNil(name string) (any, error) {
	switch name {
	case "to_i":
		return int64(0), nil
	case "to_f":
		return float64(0), nil
	case "to_a":
		return []any{}, nil
	}
	return nil, raise("undefined method '%s' for nil", name)
}

func invokeNumber(on any, name string) (any, error) {
	f, _ := number(on)
	switch name {
	case "to_i", "floor":
		return int64(f), nil
	case "to_f":
		return f, nil
	case "zero?":
		return f == 0, nil
	}
	return nil, errUnknownMethod
}

func invokeHash(h *hash, name string, args []any) (any, error) {
	switch {
	case (name == "[]" || name == "fetch") && len(args) > 0:
		if v := h.get(args[0]); v != nil || len(args) == 1 {
			return v, nil
		}
		return args[1], nil
	case name == "keys":
		return h.keys, nil
	case name == "values":
		return h.values, nil
	case name == "empty?":
		return len(h.keys) == 0, nil
	}
	return nil, errUnknownMethod
}

func invokeArray(s *scope, list []any, name string, args []any) (any, error) {
	n := len(list)
	at := func(i int) any {
		if i < 0 {
			i += n
		}
		if i < 0 || i >= n {
			return nil
		}
		return list[i]
	}
	switch name {
	case "join":
		sep := ""
		if len(args) > 0 {
			sep = toText(args[0])
		}
		parts := make([]string, n)
		for i := range list {
			parts[i] = toText(list[i])
		}
		return s.made(strings.Join(parts, sep))
	case "first":
		return at(0), nil
	case "last":
		return at(-1), nil
	case "size", "length", "count":
		return int64(n), nil
	case "empty?":
		return n == 0, nil
	case "[]":
		if i, ok := args[0].(int64); ok && len(args) == 1 {
			return at(int(max(min(i, 1<<30), -1<<30))), nil
		}
	case "include?":
		for _, x := range list {
			if len(args) == 1 && equal(x, args[0]) {
				return true, nil
			}
		}
		return false, nil
	case "compact":
		var kept []any
		for _, x := range list {
			if x != nil {
				kept = append(kept, x)
			}
		}
		return kept, nil
	}
	return nil, errUnknownMethod
}

// invokeText runs a method of a text without arguments, else goes on.
func invokeText(s *scope, v, name string, args []any) (any, error) {
	const spaces = " \t\n\v\f\r\x00"
	switch name {
	case "upcase":
		return strings.ToUpper(v), nil
	case "downcase":
		return strings.ToLower(v), nil
	case "capitalize":
		return strings.ToUpper(v[:min(1, len(v))]) + strings.ToLower(v[min(1, len(v)):]), nil
	case "strip":
		return strings.Trim(v, spaces), nil
	case "lstrip":
		return strings.TrimLeft(v, spaces), nil
	case "rstrip":
		return strings.TrimRight(v, spaces), nil
	case "chomp":
		if len(args) > 0 {
			return strings.TrimSuffix(v, toText(args[0])), nil
		}
		return strings.TrimSuffix(strings.TrimSuffix(v, "\n"), "\r"), nil
	case "empty?":
		return v == "", nil
	case "size", "length":
		return int64(len([]rune(v))), nil
	case "to_i":
		n, _ := conf.FluentInt(v)
		return n, nil
	case "to_f":
		f, _ := conf.FluentFloat(v)
		return f, nil
	case "split":
		return splitText(v, args), nil
	}
	if len(args) > 0 {
		return invokeText1(s, v, name, args)
	}
	return nil, errUnknownMethod
}

func splitText(v string, args []any) any {
	var parts []string
	switch {
	case len(args) == 0 || args[0] == " ":
		parts = strings.Fields(v)
	default:
		if re, ok := args[0].(*regexp.Regexp); ok {
			parts = re.Split(v, -1)
		} else {
			parts = strings.Split(v, toText(args[0]))
		}
	}
	for len(parts) > 0 && parts[len(parts)-1] == "" { // as Ruby does
		parts = parts[:len(parts)-1]
	}
	list := make([]any, len(parts))
	for i := range parts {
		list[i] = parts[i]
	}
	return list
}

// invokeText1 runs a method of a text that has arguments.
func invokeText1(s *scope, v, name string, args []any) (any, error) {
	first := toText(args[0])
	re, isRe := args[0].(*regexp.Regexp)
	switch name {
	case "start_with?":
		return strings.HasPrefix(v, first), nil
	case "end_with?":
		return strings.HasSuffix(v, first), nil
	case "include?":
		return strings.Contains(v, first), nil
	case "match?":
		if isRe {
			return re.MatchString(v), nil
		}
	case "delete_prefix":
		return strings.TrimPrefix(v, first), nil
	case "delete_suffix":
		return strings.TrimSuffix(v, first), nil
	case "concat":
		return s.made(v + first)
	case "gsub", "sub", "tr":
		if len(args) == 2 {
			return replace(s, v, name, first, toText(args[1]), re)
		}
	case "[]":
		if i, ok := args[0].(int64); ok && len(args) == 1 {
			r := []rune(v)
			if i < 0 {
				i += int64(len(r))
			}
			if i < 0 || i >= int64(len(r)) {
				return nil, nil
			}
			return string(r[i]), nil
		}
	}
	return nil, errUnknownMethod
}

var groupRef = regexp.MustCompile(`\\(\d)`)

func replace(s *scope, v, name, from, to string, re *regexp.Regexp) (any, error) {
	if name == "tr" {
		if len(from) != 1 || len(to) != 1 {
			return nil, errUnknownMethod
		}
		return strings.ReplaceAll(v, from, to), nil
	}
	n := -1
	if name == "sub" {
		n = 1
	}
	if re == nil {
		if len(from) == 0 || len(to)*len(v) > maxMade*len(from) {
			return nil, errUnknownMethod
		}
		return s.made(strings.Replace(v, from, to, n))
	}
	if len(to)*(len(v)+1) > maxMade {
		return nil, errUnknownMethod
	}
	to = groupRef.ReplaceAllString(strings.ReplaceAll(to, "$", "$$"), "$${$1}")
	if n < 0 {
		return s.made(re.ReplaceAllString(v, to))
	}
	at := re.FindStringSubmatchIndex(v)
	if at == nil {
		return v, nil
	}
	return s.made(v[:at[0]] + string(re.ExpandString(nil, to, v, at)) + v[at[1]:])
}
