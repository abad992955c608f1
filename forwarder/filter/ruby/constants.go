package ruby

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
)

// constant is a class or module with what can be called on it.
type constant struct {
	value   *value // what it is as a value
	methods map[string]static
}

// static is Time.at and its like.
type static struct {
	min, max int
	run      func(e *Env, args []value) value
	varies   bool // from record to record though no record is asked
}

func constants() map[string]constant {
	out := map[string]constant{
		"Kernel":       {methods: kernel()},
		"Time":         {methods: timeStatics()},
		"DateTime":     {methods: timeStatics()},
		"Hash":         {methods: map[string]static{"[]": {1, 1, func(e *Env, args []value) value { return toHash(e, &call{}, elements(e, force(args[0])), nil) }, false}}},
		"JSON":         {methods: jsonStatics()},
		"Oj":           {methods: map[string]static{"load": {1, 2, parseJSON, false}, "dump": {1, 2, generateJSON, false}}},
		"ENV":          {methods: envStatics()},
		"Socket":       {methods: map[string]static{"gethostname": {0, 0, func(e *Env, _ []value) value { return str(e.c.opts.Hostname) }, false}}},
		"SecureRandom": {methods: randomStatics()},
		"Base64":       {methods: base64Statics()},
		"CGI": {methods: map[string]static{
			"unescape": {1, 1, unescape, false},
			"escape":   {1, 1, func(_ *Env, args []value) value { return str(url.QueryEscape(args[0].s)) }, false},
		}},
		"URI": {methods: map[string]static{"decode_www_form_component": {1, 1, unescape, false}}},
		"Regexp": {value: &value{kind: kClass, s: "Regexp"}, methods: map[string]static{
			"escape": {1, 1, func(_ *Env, args []value) value { return str(escapeRegexp(args[0].s)) }, false},
			"new": {1, 1, func(e *Env, args []value) value {
				v, err := regexpValue(args[0].s, "")
				if err != nil {
					return e.fail("RegexpError", "cannot compile a regular expression")
				}
				return v
			}, false},
		}},
	}
	for name, sum := range map[string]func(p []byte) []byte{
		"MD5": func(p []byte) []byte { s := md5.Sum(p); return s[:] }, "SHA1": func(p []byte) []byte { s := sha1.Sum(p); return s[:] },
		"SHA256": func(p []byte) []byte { s := sha256.Sum256(p); return s[:] }, "SHA512": func(p []byte) []byte { s := sha512.Sum512(p); return s[:] },
	} {
		out["Digest::"+name] = constant{methods: map[string]static{
			"hexdigest": {1, 1, func(e *Env, args []value) value { return str(hex.EncodeToString(sum([]byte(e.text(args[0]).s)))) }, false},
			"base64digest": {1, 1, func(e *Env, args []value) value {
				return str(base64.StdEncoding.EncodeToString(sum([]byte(e.text(args[0]).s))))
			}, false},
		}}
	}
	for _, name := range append(kindNames[:kClass:kClass], "Numeric", "Object", "Comparable", "Enumerable") {
		c := out[name]
		c.value = &value{kind: kClass, s: name}
		out[name] = c
	}
	for name, f := range map[string]float64{"Float::INFINITY": math.Inf(1), "Float::NAN": math.NaN(), "Float::MAX": math.MaxFloat64, "Math::PI": math.Pi} {
		v := float(f)
		out[name] = constant{value: &v}
	}
	return out
}

func unescape(e *Env, args []value) value {
	s, err := url.QueryUnescape(args[0].s)
	if err != nil {
		return e.fail("ArgumentError", "invalid %-encoding")
	}
	return str(s)
}

const regexpSigns = `.*?+^$|\()[]{}-/`

func escapeRegexp(s string) string {
	if !strings.ContainsAny(s, regexpSigns) {
		return s
	}
	var out strings.Builder
	for i := range len(s) {
		if strings.IndexByte(regexpSigns, s[i]) >= 0 {
			out.WriteByte('\\')
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

func base64Statics() map[string]static {
	encode := func(_ *Env, args []value) value { return str(base64.StdEncoding.EncodeToString([]byte(args[0].s))) }
	decode := func(e *Env, args []value) value {
		p, err := base64.StdEncoding.DecodeString(strings.TrimSpace(args[0].s))
		if err != nil {
			return e.fail("ArgumentError", "invalid base64")
		}
		return str(string(p))
	}
	return map[string]static{
		"strict_encode64": {1, 1, encode, false}, "encode64": {1, 1, encode, false},
		"strict_decode64": {1, 1, decode, false}, "decode64": {1, 1, decode, false},
	}
}

func randomStatics() map[string]static {
	bytes := func(n int) []byte {
		p := make([]byte, n)
		rand.Read(p) // never fails
		return p
	}
	return map[string]static{
		"uuid": {0, 0, func(*Env, []value) value {
			p := bytes(16)
			p[6], p[8] = p[6]&0x0f|0x40, p[8]&0x3f|0x80
			return str(fmt.Sprintf("%x-%x-%x-%x-%x", p[:4], p[4:6], p[6:8], p[8:10], p[10:]))
		}, true},
		"hex": {0, 1, func(_ *Env, args []value) value {
			n := int64(16)
			if len(args) > 0 && args[0].kind == kInt {
				n = min(max(args[0].n, 0), 1024)
			}
			return str(hex.EncodeToString(bytes(int(n))))
		}, true},
	}
}

// constantValue compiles a constant that stands alone.
func (c *Compiler) constantValue(x *expr) (node, *Error) {
	k, ok := c.consts[x.name]
	if !ok {
		return nil, c.unknownConstant(x.pos, x.name)
	}
	if k.value == nil {
		return nil, failed(x.pos, "call one of "+strings.Join(slices.Sorted(maps.Keys(k.methods)), ", "), "%s is no value", x.name)
	}
	v := *k.value
	return func(*Env) value { return v }, nil
}

// refusedConstants reach outside.
var refusedConstants = map[string]string{
	"File": "a filter does no I/O", "IO": "a filter does no I/O", "Dir": "a filter does no I/O", "Net": "a filter does no I/O", "Process": "",
	"Date": "write time.strftime(\"%Y-%m-%d\")", "Yajl": "write JSON.parse", "Fluent": "", "Kernel": "", "Object": "", "IPAddr": "",
}

func (c *Compiler) unknownConstant(pos int, name string) *Error {
	root, _, _ := strings.Cut(name, "::")
	fix, ok := refusedConstants[root]
	if near := nearest(name, slices.Sorted(maps.Keys(c.consts))); !ok && near != "" {
		fix = "write " + near
	}
	return failed(pos, fix, "%s is not supported", name)
}

// constantCall compiles Time.at(x), ENV["X"].
func (c *Compiler) constantCall(x *expr) (node, *Error) {
	name := x.kids[0].name
	k, ok := c.consts[name]
	if !ok {
		return nil, c.unknownConstant(x.kids[0].pos, name)
	}
	if name == "ENV" && x.name == "fetch" && x.block != nil && len(x.kids) == 2 { // the block is computed where the variable is missing
		get := &expr{op: opCall, pos: x.pos, name: "[]", kids: x.kids}
		return c.node(&expr{op: opOr, pos: x.pos, kids: []*expr{get, x.block.body}})
	}
	m, ok := k.methods[x.name]
	if _, ofClass := c.methods[kClass][x.name]; !ok && ofClass && k.value != nil {
		x.kids[0] = &expr{op: opConst, pos: x.kids[0].pos, val: *k.value} // String.name
		return c.call(x)
	}
	if !ok {
		known := slices.Sorted(maps.Keys(k.methods))
		fix := "known are " + strings.Join(known, ", ")
		if near := nearest(x.name, known); near != "" {
			fix = "write " + name + "." + near
		}
		if name == "Kernel" {
			return nil, failed(x.pos, "", "%s() is not supported", x.name)
		}
		return nil, failed(x.pos, fix, "%s.%s is not supported", name, x.name)
	}
	var args []node
	for _, a := range x.kids[1:] {
		n, err := c.node(a)
		if err != nil {
			return nil, err
		}
		args = append(args, n)
	}
	if x.block != nil {
		return nil, failed(x.pos, "", "%s.%s takes no block", name, x.name)
	}
	if len(args) < m.min || m.max >= 0 && len(args) > m.max {
		return nil, failed(x.pos, "", "%s.%s does not take %d arguments", name, x.name, len(args))
	}
	c.varies = c.varies || m.varies
	return func(e *Env) value {
		base := len(e.stack)
		for _, a := range args {
			e.push(a(e))
		}
		var out value
		if e.step() {
			out = m.run(e, e.stack[base:])
		}
		e.stack = e.stack[:base]
		return out
	}, nil
}

func timeStatics() map[string]static {
	parse := static{1, 1, parseTime, false}
	utc := func(e *Env, args []value) value { return civil(e, args, time.UTC) }
	local := func(e *Env, args []value) value { return civil(e, args, nil) }
	return map[string]static{
		"now":    {0, 0, func(*Env, []value) value { return timeOf(time.Now(), nil) }, true},
		"at":     {1, 3, timeAt, false},
		"utc":    {1, 7, utc, false},
		"gm":     {1, 7, utc, false},
		"local":  {1, 7, local, false},
		"mktime": {1, 7, local, false},
		"parse":  parse, "iso8601": parse, "xmlschema": parse, "rfc3339": parse,
		"strptime": {2, 2, strptime, false},
	}
}
