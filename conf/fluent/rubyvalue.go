package fluent

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// hash is a Ruby hash: names in their order.
type hash struct {
	keys   []any
	values []any
}

func newHash(keys, values []expr) expr {
	return func(s *scope) (any, error) {
		h := &hash{}
		for i := range keys {
			k, err := keys[i](s)
			if err != nil {
				return nil, err
			}
			v, err := values[i](s)
			if err != nil {
				return nil, err
			}
			h.keys, h.values = append(h.keys, k), append(h.values, v)
		}
		return h, nil
	}
}

func (h *hash) get(key any) any {
	for i := len(h.keys) - 1; i >= 0; i-- {
		if equal(h.keys[i], key) {
			return h.values[i]
		}
	}
	return nil
}

var errUnknownMethod = errors.New("unknown method")

// maxMade bounds the bytes that one evaluation makes.
const maxMade = 1 << 20

// made counts a text that was made.
func (s *scope) made(text string) (any, error) {
	if s.cost += len(text); s.cost > maxMade {
		return nil, errors.New("it makes more than 1 MiB of text")
	}
	return text, nil
}

func truthy(v any) bool { return v != nil && v != false }

func kindName(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case bool:
		return "true or false"
	case int64, float64:
		return "a number"
	case string:
		return "a text"
	case []any:
		return "an array"
	case module:
		return string(v)
	}
	return "this value"
}

// toText is Ruby's to_s.
func toText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return floatText(v)
	case string:
		return v
	case address:
		return v.String()
	case module:
		return string(v)
	}
	return inspect(v)
}

func floatText(f float64) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// inspect is how Ruby writes a value within a list, up to maxMade bytes.
func inspect(v any) string {
	var out strings.Builder
	writeRuby(&out, v, rubyForm())
	return out.String()
}

// jsonOf is to_json, up to maxMade bytes.
func jsonOf(v any) string {
	var out strings.Builder
	writeRuby(&out, v, jsonForm())
	return out.String()
}

// form is how values are written.
type form struct {
	null, comma, arrow string
	key, leaf          func(v any) string
}

func rubyForm() form { return form{"nil", ", ", "=>", inspectLeaf, inspectLeaf} }

func jsonForm() form {
	return form{"null", ",", ":", func(v any) string { return mustJSON(toText(v)) }, jsonLeaf}
}

func inspectLeaf(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case string:
		return strconv.Quote(v)
	case *regexp.Regexp:
		return "/" + v.String() + "/"
	}
	return toText(v)
}

func jsonLeaf(v any) string {
	switch v.(type) {
	case bool, int64, float64:
		return toText(v)
	}
	return mustJSON(toText(v))
}

// writeRuby stops where the text is longer than anybody needs: a list may hold
// another one many times over.
func writeRuby(out *strings.Builder, v any, f form) {
	if out.Len() > maxMade {
		return
	}
	switch v := v.(type) {
	case nil:
		out.WriteString(f.null)
	case []any:
		out.WriteByte('[')
		for i, x := range v {
			if i > 0 {
				out.WriteString(f.comma)
			}
			writeRuby(out, x, f)
		}
		out.WriteByte(']')
	case *hash:
		out.WriteByte('{')
		for i := range v.keys {
			if i > 0 {
				out.WriteString(f.comma)
			}
			if _, list := v.keys[i].([]any); !list {
				out.WriteString(f.key(v.keys[i]))
			}
			out.WriteString(f.arrow)
			writeRuby(out, v.values[i], f)
		}
		out.WriteByte('}')
	default:
		out.WriteString(f.leaf(v))
	}
}

// operate runs a binary operator.
func operate(s *scope, op string, a, b any) (any, error) {
	switch op {
	case "==", "!=":
		return equal(a, b) == (op == "=="), nil
	case "=~":
		return match(a, b)
	}
	switch x := a.(type) {
	case string:
		return operateText(s, op, x, b)
	case []any:
		if y, ok := b.([]any); ok && op == "+" {
			if s.cost += len(x) + len(y); s.cost > maxMade {
				return nil, errors.New("it makes too long a list")
			}
			return slices.Concat(x, y), nil
		}
	case int64:
		if y, ok := b.(int64); ok {
			return operateInt(op, x, y)
		}
	}
	x, ok := number(a)
	y, ok2 := number(b)
	if !ok || !ok2 {
		return nil, raise("%s does not go between %s and %s", op, kindName(a), kindName(b))
	}
	return operateFloat(op, x, y)
}

func equal(a, b any) bool {
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x == y
	}
	return inspect(a) == inspect(b)
}

func match(a, b any) (any, error) {
	text, ok := a.(string)
	re, isRe := b.(*regexp.Regexp)
	if !ok || !isRe {
		return nil, nil
	}
	if at := re.FindStringIndex(text); at != nil {
		return int64(at[0]), nil
	}
	return nil, nil
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

func operateText(s *scope, op, x string, b any) (any, error) {
	if n, ok := b.(int64); ok && op == "*" && n >= 0 {
		if n*int64(len(x)) > maxMade {
			return nil, errors.New("it makes more than 1 MiB of text")
		}
		return s.made(strings.Repeat(x, int(n)))
	}
	y, ok := b.(string)
	if !ok {
		return nil, raise("no implicit conversion of %s into a text", kindName(b))
	}
	if op == "+" {
		return s.made(x + y)
	}
	return compare(op, strings.Compare(x, y))
}

func compare(op string, c int) (any, error) {
	switch op {
	case "<":
		return c < 0, nil
	case ">":
		return c > 0, nil
	case "<=":
		return c <= 0, nil
	case ">=":
		return c >= 0, nil
	}
	return nil, raise("%s does not go between these values", op)
}

func operateInt(op string, x, y int64) (any, error) {
	switch op {
	case "+":
		return x + y, nil
	case "-":
		return x - y, nil
	case "*":
		return x * y, nil
	case "/", "%":
		if y == 0 {
			return nil, raise("divided by 0")
		}
		q, m := x/y, x%y
		if m != 0 && (m < 0) != (y < 0) { // Ruby rounds down
			q, m = q-1, m+y
		}
		if op == "/" {
			return q, nil
		}
		return m, nil
	case "<", ">", "<=", ">=":
		c := 0
		if x < y {
			c = -1
		} else if x > y {
			c = 1
		}
		return compare(op, c)
	}
	return nil, raise("%s does not go between numbers", op)
}

func operateFloat(op string, x, y float64) (any, error) {
	switch op {
	case "+":
		return x + y, nil
	case "-":
		return x - y, nil
	case "*":
		return x * y, nil
	case "/":
		return x / y, nil
	case "<":
		return x < y, nil
	case ">":
		return x > y, nil
	case "<=":
		return x <= y, nil
	case ">=":
		return x >= y, nil
	}
	return nil, raise("%s does not go between numbers", op)
}
