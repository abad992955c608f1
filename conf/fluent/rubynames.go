package fluent

import (
	"net"
	"path"
	"path/filepath"
	"strings"
)

// module is a constant that methods are called on.
type module string

var modules = []string{"ENV", "File", "Socket", "IPAddr", "Dir"}

// named reads what begins with a name: a keyword, a variable, a function or a
// constant.
func (r *ruby) named(from int, name string) (expr, error) {
	switch name {
	case "nil":
		return null, nil
	case "true", "false":
		return constant(name == "true"), nil
	case "use_nil":
		return func(*scope) (any, error) { return nil, errUseNil }, nil
	case "use_default":
		return func(*scope) (any, error) { return nil, errUseDefault }, nil
	case "hostname":
		return hostname, nil
	case "worker_id":
		return workerID, nil
	case "String", "Integer", "Float":
		if r.peek() == '(' {
			args, err := r.arguments()
			if err == nil && len(args) != 1 {
				err = r.refuse(from, "%s takes one value", name)
			}
			if err != nil {
				return nil, err
			}
			return r.call(from, args[0], map[string]string{"String": "to_s", "Integer": "to_i", "Float": "to_f"}[name], nil, false), nil
		}
	}
	for _, m := range modules {
		if m == name {
			return constant(module(name)), nil
		}
	}
	if c := name[0]; c >= 'A' && c <= 'Z' || r.peek() == '(' || r.peek() == '?' {
		return nil, r.refuse(from, "%s is not known", name)
	}
	return func(s *scope) (any, error) {
		v, ok := s.vars[name]
		if !ok {
			return nil, &syntaxError{r.pos(from), "cannot evaluate this Ruby: " + name + " is not known", "quote it if it is meant as text: '" + name + "'"}
		}
		return v, nil
	}, nil
}

func hostname(s *scope) (any, error) {
	name, err := s.o.Hostname()
	if err != nil {
		return nil, raise("no name of this host: %v", err)
	}
	return name, nil
}

func workerID(s *scope) (any, error) {
	if s.o.Worker != "" {
		return s.o.Worker, nil
	}
	return env(s, "[]", "SERVERENGINE_WORKER_ID", nil)
}

// address is an IPAddr.
type address struct{ net.IP }

// callModule runs a method of a constant.
func callModule(s *scope, m module, name string, args []any) (any, error) {
	texts := make([]string, len(args))
	for i, a := range args {
		t, ok := a.(string)
		if !ok && !(m == "ENV" && i > 0) {
			if m == "File" && name == "join" {
				t, ok = toText(a), true
			}
			if !ok {
				return nil, raise("%s.%s: %s is no text", m, name, kindName(a))
			}
		}
		texts[i] = t
	}
	n := len(args)
	switch {
	case m == "ENV" && n > 0:
		return env(s, name, texts[0], args[1:])
	case m == "Socket" && name == "gethostname" && n == 0:
		return hostname(s)
	case m == "Dir" && (name == "pwd" || name == "getwd") && n == 0:
		dir, err := filepath.Abs(".")
		if err != nil {
			return nil, raise("no working directory: %v", err)
		}
		return dir, nil
	case m == "IPAddr" && name == "new" && n == 1:
		if ip := net.ParseIP(texts[0]); ip != nil {
			return address{ip}, nil
		}
		return nil, raise("invalid address: %s", texts[0])
	case m == "File" && name == "join":
		return joinPath(texts), nil
	case m == "File" && n > 0:
		return file(s, name, texts)
	}
	return nil, errUnknownMethod
}

func env(s *scope, name, key string, rest []any) (any, error) {
	v, ok := s.o.Env(key)
	switch name {
	case "[]":
		if !ok {
			return nil, nil
		}
		return v, nil
	case "key?", "has_key?", "include?":
		return ok, nil
	case "fetch":
		if ok {
			return v, nil
		}
		if len(rest) > 0 {
			return rest[0], nil
		}
		return nil, raise("the environment variable %q is not set", key)
	}
	return nil, errUnknownMethod
}

// joinPath is File.join: one slash between the parts.
func joinPath(parts []string) string {
	out := ""
	for i, p := range parts {
		switch {
		case i == 0:
			out = p
		case strings.HasPrefix(p, "/"):
			out = strings.TrimRight(out, "/") + p
		case strings.HasSuffix(out, "/"):
			out += p
		default:
			out += "/" + p
		}
	}
	return out
}

func file(s *scope, name string, args []string) (any, error) {
	switch name {
	case "basename":
		base := path.Base(args[0])
		if len(args) > 1 {
			base = strings.TrimSuffix(base, args[1])
		}
		return base, nil
	case "dirname":
		return path.Dir(args[0]), nil
	case "read":
		data, err := s.o.Read(args[0])
		if err != nil {
			return nil, raise("%v", err)
		}
		return s.made(string(data))
	case "exist?", "file?":
		_, err := s.o.Read(args[0])
		return err == nil, nil
	}
	return nil, errUnknownMethod
}
