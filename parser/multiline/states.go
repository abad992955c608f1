package multiline

// state is where in a trace a stream is.
type state uint8

const (
	closed      state = iota
	over              // the last line was the trace's last
	pattern           // in a record of FirstLine
	head              // behind a line that names an exception, of any language
	named             // behind a line that begins with a class, which may be an exception's
	headBlank         // behind an empty line behind that
	frames            // among lines like "at f(file:1)"
	inner             // behind the end of one of .NET's inner exceptions
	props             // among the properties that Node prints behind an error's frames
	died              // behind the empty line behind the trace that ended a program of Node
	nodeSource        // behind Node's line that names the place
	nodeCaret         // behind the source line
	nodeBlank         // behind the caret
	nodeHead          // behind the empty line that follows: the exception
	numbered          // among lines like "#0 f()", of PHP and Dart, and "package:a/b.dart 3:7  f"
	traceback         // among Python's frames
	group             // in Python's exception group
	raised            // behind Python's line that names the exception
	raisedBlank       // behind an empty line behind that
	chained           // behind Python's line that says how two exceptions belong together
	panicked          // behind Go's panic line
	goroutine         // among Go's frames
	goBlank           // behind an empty line among goroutines
	raceBar           // behind the bar above a report of Go's race detector
	race              // in it
	from              // among Ruby's frames
	request           // in Rails' request block
	rustHead          // behind Rust's panic line: the message
	rustMore          // behind the message
	backtrace         // among Rust's frames
	because           // among the causes that Rust's anyhow prints
	announced         // behind the line with which Dart and .NET announce an exception
)

// more returns the state behind a line that goes on with what is open, closed
// if it does not.
func (s *State) more(line []byte) state {
	switch s.at {
	case head:
		return s.moreHead(line)
	case headBlank:
		return s.moreHeadBlank(line)
	case named, frames, props, died:
		return s.moreFrames(line)
	case nodeSource, nodeCaret, nodeBlank, nodeHead:
		return s.moreNode(line)
	case numbered:
		return moreNumbered(line)
	case traceback, group, raised, raisedBlank, chained:
		return morePython(s.at, line)
	case panicked, goroutine, goBlank, raceBar, race:
		return moreGo(s.at, line)
	case from:
		return s.moreRuby(line)
	case request:
		return s.moreRails(line)
	case rustHead, rustMore, backtrace, because:
		return moreRust(s.at, line)
	case inner:
		if isBlank(line) {
			return inner
		}
		return s.moreFrames(line)
	case announced:
		return head
	}
	return closed
}
