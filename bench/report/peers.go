package report

// peer is what another program costs under the same kind of load, in CPU
// seconds per million records.
type peer struct {
	name     string
	scenario string // our scenario's name
	cpu      float64
}

// peers were measured earlier, not in the runs at hand: on the same kind of
// machine (2 cores), CRI lines of 324 B on average in 10 files, and forward
// packed with acks over 4 connections with 1,000 events a chunk; about 600 B of
// bulk body a record; medians of 3 runs; the whole process tree. Fluent Bit
// 5.1.1 (tail: tuned with a threaded input and 1 MB read buffers) and Fluentd
// 1.18.0 with fluent-plugin-elasticsearch 5.2.5.
var peers = []peer{
	{"Fluent Bit", "tail-10", 8.8},
	{"Fluentd", "tail-10", 59},
	{"Fluent Bit", "tail-10-gzip", 18.5},
	{"Fluentd", "tail-10-gzip", 64},
	{"Fluent Bit", "forward-packed", 7.75},
	{"Fluentd", "forward-packed", 31},
}

func peersOf(scenario string) (found []peer) {
	for _, p := range peers {
		if p.scenario == scenario {
			found = append(found, p)
		}
	}
	return found
}
