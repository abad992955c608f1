package ruby

import "fmt"

// op says what an expression is.
type op uint8

const (
	opConst    op = iota // val
	opName               // name: record, tag, tag_parts, tag_prefix, tag_suffix, time, hostname
	opVar                // slot
	opAssign             // slot = kids[0]
	opStore              // kids[0][kids[1]] = kids[2]
	opSplit              // slots = kids[0], an array
	opText               // kids, joined
	opRegexp             // kids, joined: a pattern with #{} in it; name: flags
	opArray              // kids
	opHash               // kids: keys and values in turn
	opRange              // kids[0]..kids[1]; flag: without the end
	opCall               // kids[0].name(kids[1:]); flag: &.
	opConstant           // name: Time, JSON, ENV
	opAnd                // kids
	opOr                 // kids
	opNot                // kids[0]
	opIf                 // kids[0] ? kids[1] : kids[2]
	opCase               // kids[0]: subject or nil; then pairs of opArray of patterns and body; last: else
	opSeq                // kids, one after the other
	opRescue             // kids[0], or kids[1] if it raises
	opGroup              // $1: slot
)

// expr is a node of the syntax tree.
type expr struct {
	op    op
	pos   int
	name  string
	kids  []*expr
	val   value
	slot  int
	slots []int
	flag  bool
	block *blockExpr
}

// blockExpr is { |params| body }.
type blockExpr struct {
	params []int   // slots of locals
	nested []*expr // what takes parameters in parentheses apart
	body   *expr
}

// Error says what is not supported or not understood.
type Error struct {
	Offset int // in the text that was compiled, bytes
	What   string
	Fix    string
}

func (e *Error) Error() string {
	if e.Fix == "" {
		return e.What
	}
	return e.What + " (" + e.Fix + ")"
}

// failed is how the parser gives up; Compile returns it as an error.
func failed(pos int, fix, format string, args ...any) *Error {
	return &Error{Offset: pos, What: fmt.Sprintf(format, args...), Fix: fix}
}
