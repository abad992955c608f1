package query

import (
	"strings"
	"unicode/utf8"
)

const (
	maxLen   = 4096 // bytes of a query
	maxDepth = 50   // parentheses and nots within each other
)

// Query is a search expression, ready to be matched. The zero Query matches
// everything.
type Query struct {
	root node
	text string
}

// Parse reads a query. An empty one matches everything. The error is an *Error.
func Parse(text string) (*Query, error) {
	p := parser{lex: lexer{src: text}}
	if len(text) > maxLen {
		return nil, p.lex.fail(0, "the query is longer than %d bytes", maxLen)
	}
	if !utf8.ValidString(text) {
		return nil, &Error{Pos: 1, Msg: "the query is not valid UTF-8"}
	}
	q := &Query{text: text}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == end {
		return q, nil
	}
	root, err := p.or("", 0)
	if err != nil {
		return nil, err
	}
	if p.tok.kind == closing {
		return nil, p.lex.fail(p.tok.at, "there is no ( for this )")
	}
	if p.tok.kind != end {
		return nil, p.lex.fail(p.tok.at, "%q is not expected here", p.tok.text)
	}
	q.root = root
	return q, nil
}

// And adds a clause to a query's text.
func And(text, clause string) string {
	q, err := Parse(text)
	switch {
	case err != nil || q.root == nil:
		return clause
	case isOr(q.root):
		return "(" + strings.TrimSpace(text) + ") and " + clause
	}
	return strings.TrimSpace(text) + " and " + clause
}

func isOr(n node) bool { _, ok := n.(or); return ok }

// String is the query in its normal form, every group in parentheses.
func (q *Query) String() string {
	if q.root == nil {
		return ""
	}
	var b strings.Builder
	q.root.write(&b)
	return b.String()
}

type parser struct {
	lex lexer
	tok token
}

func (p *parser) advance() *Error {
	t, err := p.lex.next(p.tok.kind)
	if err != nil {
		return err
	}
	p.tok = t
	return nil
}

func (p *parser) keyword(s string) bool {
	return p.tok.kind == word && p.tok.star == nil && strings.EqualFold(p.tok.text, s)
}

// or reads a or b or c. field is not empty inside field:( ... ).
func (p *parser) or(field string, depth int) (node, *Error) {
	if depth > maxDepth {
		return nil, p.lex.fail(p.tok.at, "more than %d groups within each other", maxDepth)
	}
	list := or{}
	for {
		n, err := p.and(field, depth)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
		if !p.keyword("or") {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return list, nil
}

// and reads a and b c: what stands side by side must both be true.
func (p *parser) and(field string, depth int) (node, *Error) {
	list := and{}
	for {
		n, err := p.unary(field, depth)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
		if p.keyword("and") {
			if err := p.advance(); err != nil {
				return nil, err
			}
			continue
		}
		if p.tok.kind == end || p.tok.kind == closing || p.keyword("or") {
			break
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return list, nil
}

func (p *parser) unary(field string, depth int) (node, *Error) {
	if p.keyword("not") {
		if depth > maxDepth {
			return nil, p.lex.fail(p.tok.at, "more than %d groups within each other", maxDepth)
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		n, err := p.unary(field, depth+1)
		if err != nil {
			return nil, err
		}
		return not{n}, nil
	}
	if p.keyword("and") || p.keyword("or") {
		return nil, p.lex.fail(p.tok.at, "a search word must stand before %q (quote it to search for the word itself)", p.tok.text)
	}
	switch p.tok.kind {
	case open:
		return p.group(field, false, depth)
	case word, phrase:
		return p.term(field, depth)
	case operator:
		return nil, p.lex.fail(p.tok.at, "a field name must stand before %q", p.tok.text)
	case closing:
		return nil, p.lex.fail(p.tok.at, "a search word must stand before )")
	}
	return nil, p.lex.fail(p.tok.at, "a search word is missing at the end")
}

// group reads ( ... ); p.tok is the opening parenthesis. outermost: it is the
// one of field:( ... ).
func (p *parser) group(field string, outermost bool, depth int) (node, *Error) {
	at := p.tok.at
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.or(field, depth+1)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != closing {
		return nil, p.lex.fail(at, "this ( is never closed")
	}
	if outermost {
		p.lex.group--
	}
	return n, p.advance()
}

// term reads word, field:value, field:(values) or field < value.
func (p *parser) term(field string, depth int) (node, *Error) {
	first := p.tok
	if first.kind == word && field == "" && strings.HasPrefix(first.text, ":") && first.star == nil {
		return nil, p.lex.fail(first.at, `a field name must stand before ":" (quote it to search for the text itself)`)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind != operator {
		return newTerm(field, ":", first), nil
	}
	sign := p.tok
	switch {
	case first.star != nil:
		return nil, p.lex.fail(first.at, "a field name takes no *")
	case first.text == "":
		return nil, p.lex.fail(first.at, "a field name must stand before %q, not an empty text", sign.text)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch {
	case p.tok.kind == open && sign.text == ":":
		p.lex.group++
		return p.group(first.text, true, depth)
	case p.tok.kind == word, p.tok.kind == phrase:
		value := p.tok
		return newTerm(first.text, sign.text, value), p.advance()
	}
	return nil, p.lex.fail(sign.at, "a value is missing after %q", first.text+sign.text)
}
