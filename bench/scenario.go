package main

import (
	"fmt"
	"time"

	"sluice/bench/load"
)

// Message sizes in bytes. A Forward event's makes documents of about 550 bytes.
// A container line's cannot: under schema ecs some 690 bytes of a document are
// not the line, with a file name as the kubelet makes them.
const (
	messageSize = 100 // of a container's line, without the runtime's part
	eventSize   = 110 // of a Forward event's message
)

// steadyRate is the load of an ordinary busy node, in lines a second.
const steadyRate = 20_000

// memory is the buffer's type where nothing else is said.
const memory = "memory"

// scenario is one load and how the agent is set up for it.
type scenario struct {
	name, title string
	files       int    // container files; 0: Forward
	idle        int    // more of them, to which nobody writes
	mode        string // of Forward
	ack         bool
	rate        int    // records a second; 0: a backlog, or as fast as Forward goes
	slow        int    // Forward connections besides, that begin frames and do not end them
	gzip        bool   // of bulk requests
	metadata    bool   // documents as long as with a pod's metadata
	buffer      string // its type
	cluster     bool   // pods' metadata from an API server, their lines parsed as JSON
	trouble     string // that the output has at first; see troubles
	troubled    time.Duration
	peak        bool // what the memory is used for is looked at
	records     int64

	target, goal float64 // CPU seconds per million records; 0: none is set
	rssTarget    int64   // bytes
}

// sizes are how much is sent.
type sizes struct {
	records int64 // of a backlog, and of Forward
	steady  time.Duration
}

// scenarios lists all, in the order of the table.
func scenarios(s sizes) []scenario {
	tail := func(files int, gzip bool, target, goal float64) scenario {
		return scenario{
			name: fmt.Sprintf("tail-%d%s", files, onOff(gzip)), title: fmt.Sprintf("tail %d files, %s", files, words(gzip)),
			files: files, gzip: gzip, buffer: memory, records: s.records, target: target, goal: goal,
		}
	}
	full := func(gzip bool, target float64) scenario {
		t := tail(10, gzip, target, 0)
		t.name, t.title, t.metadata = "full"+onOff(gzip), "full metadata, "+words(gzip), true
		return t
	}
	forward := func(mode string, ack, gzip bool, target, goal float64) scenario {
		acks := map[bool]string{true: "ack", false: "no ack"}[ack]
		return scenario{
			name:  "forward-" + mode + map[bool]string{false: "-noack"}[ack] + onOff(gzip),
			title: fmt.Sprintf("forward %s, %s, %s", mode, acks, words(gzip)),
			mode:  mode, ack: ack, gzip: gzip, buffer: memory, records: s.records, target: target, goal: goal,
		}
	}
	auto := func(t scenario) scenario {
		t.name, t.title, t.buffer = t.name+"-auto", t.title+", buffer auto", "auto"
		t.target, t.goal = 0, 0
		return t
	}
	steady := func(files int) scenario {
		return scenario{
			name: fmt.Sprintf("steady-%d", files), title: fmt.Sprintf("%s lines/s, %d files, gzip", thousands(steadyRate), files),
			files: files, rate: steadyRate, gzip: true, buffer: memory, records: int64(s.steady.Seconds() * steadyRate), rssTarget: 45e6,
		}
	}
	packed := forward(load.Packed, true, false, 1.3, 0)
	compressed, message := forward(load.Compressed, true, false, 1.8, 0), forward(load.Message, true, false, 8, 5)
	cluster := func(files int, target float64) scenario {
		s := steady(files)
		s.name, s.title = fmt.Sprintf("cluster-%d", files), fmt.Sprintf("cluster, %d files", files)
		s.gzip, s.cluster, s.target, s.rssTarget = false, true, target, 60e6
		return s
	}
	withIdle := func(s scenario, idle int) scenario {
		s.name, s.title, s.idle = s.name+"-idle", fmt.Sprintf("%s beside %s idle", s.title, thousands(int64(idle))), idle
		return s
	}
	return []scenario{
		tail(10, false, 2.0, 1.5), tail(10, true, 3.2, 2.6), tail(200, false, 2.0, 1.5), tail(200, true, 3.2, 2.6),
		full(false, 3.0), full(true, 6.0),
		packed, forward(load.Packed, true, true, 0, 0), compressed, message, forward(load.Packed, false, false, 0, 0),
		auto(packed), auto(compressed), auto(message),
		steady(10), steady(200),
		cluster(10, 8/100.*1e6/steadyRate), withIdle(cluster(10, 0), 1000), cluster(200, 10/100.*1e6/steadyRate),
	}
}

func onOff(gzip bool) string {
	if gzip {
		return "-gzip"
	}
	return ""
}

func words(gzip bool) string {
	if gzip {
		return "gzip"
	}
	return "no gzip"
}
