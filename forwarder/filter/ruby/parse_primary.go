package ruby

import "slices"

// surroundings are the names that Fluentd gives.
var surroundings = []string{"record", "tag", "tag_parts", "tag_prefix", "tag_suffix", "time", "hostname"}

// refusedWords are refused wherever they stand, with what to do instead.
var refusedWords = map[string]string{
	"while": "use each, map or select", "until": "use each, map or select", "for": "use each, map or select", "loop": "use each, map or select",
	"def": "", "class": "", "module": "", "lambda": "", "proc": "", "eval": "", "instance_eval": "", "send": "", "system": "", "exec": "", "puts": "", "p": "", "print": "",
	"return": "write the value as the last expression", "next": "write if and else", "break": "write if and else", "raise": "", "sleep": "", "self": "", "yield": "", "exit": "", "open": "",
	"redo": "", "retry": "", "super": "", "alias": "", "undef": "", "ensure": "", "defined?": "use key? or nil?", "fork": "", "spawn": "", "gets": "", "binding": "", "rand": "use SecureRandom.hex(8)",
}

func (p *source) reserved(name string) bool {
	_, refused := refusedWords[name]
	return refused || slices.Contains(surroundings, name) || slices.Contains(keywords, name) ||
		slices.Contains([]string{"nil", "true", "false", "end", "require", "format", "sprintf"}, name)
}

func (p *source) primary() (*expr, *Error) {
	t := p.tok
	switch t.kind {
	case tNumber, tSym, tGroup:
		return t.x, p.advance()
	case tString:
		return p.strings()
	case tConst:
		return p.constant()
	case tName:
		return p.named()
	case tOp:
		switch t.text {
		case "(":
			return p.parens()
		case "[":
			x := &expr{op: opArray, pos: t.pos}
			if err := p.advance(); err != nil {
				return nil, err
			}
			return x, p.arguments(x, "]")
		case "{":
			return p.hash()
		case "..", "...": // ..5
			if err := p.advance(); err != nil {
				return nil, err
			}
			y, err := p.binary(1)
			return rangeExpr(t, &expr{op: opConst, pos: t.pos}, y), err
		case "->":
			return nil, failed(t.pos, "write the expression itself", "lambdas are not supported")
		}
	}
	return nil, p.unexpected("a value")
}

// strings reads a string and those written right behind it.
func (p *source) strings() (*expr, *Error) {
	x := p.tok.x
	if err := p.advance(); err != nil {
		return nil, err
	}
	for p.tok.kind == tString && (x.op == opConst || x.op == opText) && (p.tok.x.op == opConst || p.tok.x.op == opText) {
		x = &expr{op: opText, pos: x.pos, kids: []*expr{x, p.tok.x}}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	return x, nil
}

func (p *source) parens() (*expr, *Error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	x, err := p.statements(")")
	if err != nil {
		return nil, err
	}
	return x, p.expect(")")
}

func (p *source) hash() (*expr, *Error) {
	x := &expr{op: opHash, pos: p.tok.pos}
	if err := p.advance(); err != nil {
		return nil, err
	}
	for {
		if err := p.lines(); err != nil {
			return nil, err
		}
		if p.is("}") {
			return x, p.advance()
		}
		var key *expr
		if p.tok.kind == tLabel {
			key = &expr{op: opConst, pos: p.tok.pos, val: value{kind: kSym, s: p.tok.text}}
			if err := p.advance(); err != nil {
				return nil, err
			}
		} else {
			var err *Error
			if key, err = p.expr(); err != nil {
				return nil, err
			}
			if err := p.expect("=>"); err != nil {
				return nil, err
			}
		}
		if err := p.lines(); err != nil {
			return nil, err
		}
		v, err := p.expr()
		if err != nil {
			return nil, err
		}
		x.kids = append(x.kids, key, v)
		if err := p.lines(); err != nil {
			return nil, err
		}
		if p.is("}") {
			continue
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
	}
}

func (p *source) constant() (*expr, *Error) {
	t := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.is("(") && p.tok.pos == t.end { // Integer("1")
		call := &expr{op: opCall, pos: t.pos, name: t.text, kids: []*expr{{op: opConstant, pos: t.pos, name: "Kernel"}}}
		if err := p.advance(); err != nil {
			return nil, err
		}
		return call, p.arguments(call, ")")
	}
	return &expr{op: opConstant, pos: t.pos, name: t.text}, nil
}

// named reads what begins with a name: a keyword, a local variable, what
// Fluentd gives.
func (p *source) named() (*expr, *Error) {
	t := p.tok
	switch t.text {
	case "nil", "true", "false":
		v := map[string]value{"nil": {}, "true": {kind: kTrue}, "false": {kind: kFalse}}[t.text]
		return &expr{op: opConst, pos: t.pos, val: v}, p.advance()
	case "if", "unless":
		return p.ifExpr()
	case "case":
		return p.caseExpr()
	case "begin":
		return p.beginExpr()
	case "format", "sprintf":
		return p.kernelCall()
	case "require":
		return p.require()
	}
	if slot, ok := p.scope.find(t.text); ok {
		return &expr{op: opVar, pos: t.pos, slot: slot}, p.advance()
	}
	if slices.Contains(surroundings, t.text) {
		return &expr{op: opName, pos: t.pos, name: t.text}, p.advance()
	}
	if fix, ok := refusedWords[t.text]; ok {
		return nil, failed(t.pos, fix, "%s is not supported", t.text)
	}
	fix := "known are record, tag, tag_parts, tag_prefix, tag_suffix, time and hostname; a record's field is record[\"" + t.text + "\"]"
	if near := nearest(t.text, surroundings); near != "" {
		fix = "write " + near
	}
	return nil, failed(t.pos, fix, "%s is unknown", t.text)
}

func (p *source) kernelCall() (*expr, *Error) {
	call := &expr{op: opCall, pos: p.tok.pos, name: "format", kids: []*expr{{op: opConstant, pos: p.tok.pos, name: "Kernel"}}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	return call, p.arguments(call, ")")
}

// require passes what is built in.
func (p *source) require() (*expr, *Error) {
	at := p.tok.pos
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind != tString || p.tok.x.op != opConst {
		return nil, p.unexpected("a library's name")
	}
	known := []string{"json", "time", "date", "digest", "digest/md5", "digest/sha1", "digest/sha2", "socket", "base64", "securerandom", "oj", "cgi", "uri"}
	if lib := p.tok.x.val.s; !slices.Contains(known, lib) {
		return nil, failed(p.tok.pos, "known are json, time, digest, socket, base64, securerandom and cgi", "the library %s is not there", lib)
	}
	return &expr{op: opConst, pos: at}, p.advance()
}
