package catalog

import (
	"slices"
	"strings"
	"time"

	"sluice/conf"
	"sluice/forwarder"
)

// bufferSection is Fluentd's <buffer>.
type bufferSection struct {
	Keys             string        `conf:"keys,arg"` // chunk keys: tag, time, fields
	Type             string        `conf:"type,oneof=memory|file|file_single"`
	ChunkLimitSize   int64         `conf:"chunk_limit_size,size"`
	TotalLimitSize   int64         `conf:"total_limit_size,size"`
	FlushMode        string        `conf:"flush_mode,oneof=default|lazy|interval|immediate"`
	FlushInterval    time.Duration `conf:"flush_interval"`
	FlushThreadCount int           `conf:"flush_thread_count"`
	OverflowAction   string        `conf:"overflow_action,oneof=throw_exception|block|drop_oldest_chunk"`
	RetryType        string        `conf:"retry_type,oneof=exponential_backoff|periodic"`
	RetryWait        time.Duration `conf:"retry_wait"`
	RetryMaxInterval time.Duration `conf:"retry_max_interval"`
	Timekey          time.Duration `conf:"timekey"`
	TimekeyWait      time.Duration `conf:"timekey_wait"`
	TimekeyUseUTC    bool          `conf:"timekey_use_utc"`
	TimekeyZone      string        `conf:"timekey_zone"`

	RetryForever       bool          `conf:"retry_forever"`
	RetryTimeout       time.Duration `conf:"retry_timeout"`
	RetryMaxTimes      int           `conf:"retry_max_times"`
	SecondaryThreshold float64       `conf:"retry_secondary_threshold"`
}

const (
	ownFiles    = "buffers are under data_dir"
	lanesBudget = "memory_limit bounds all buffers together, and a full one stops its sources from reading"
)

// bufferParams are parameters of Fluentd's <buffer> that need nothing here.
var bufferParams = params{unneeded: map[string]string{
	"path":                           ownFiles,
	"path_suffix":                    ownFiles,
	"symlink_path":                   ownFiles,
	"file_permission":                "files are 0600",
	"dir_permission":                 "directories are 0700",
	"queue_limit_length":             lanesBudget,
	"queued_chunks_limit_size":       lanesBudget,
	"chunk_limit_records":            "a chunk is bounded by its bytes",
	"chunk_full_threshold":           "a chunk goes out when it is due",
	"flush_thread_interval":          "a chunk goes out when it is due",
	"flush_thread_burst_interval":    "a chunk goes out when it is due",
	"flush_at_shutdown":              "what is in flight is given out at the stop, and what remains is kept or read again",
	"delayed_commit_timeout":         "an answer is waited for as long as the output's own timeout says",
	"compress":                       "what is sent is compressed by the output",
	"disable_chunk_backup":           "a chunk that cannot be delivered is never thrown away",
	"retry_exponential_backoff_base": "the delay doubles",
	"retry_randomize":                "delays are always randomized",
	"slow_flush_log_threshold":       "times are in the metrics",
}}

// flatParams are the parameters of v0.12, which stood in the match itself, with
// their names in <buffer>.
var flatParams = map[string]string{
	"buffer_type": "@type", "buffer_path": "path", "buffer_chunk_limit": "chunk_limit_size", "buffer_queue_limit": "queue_limit_length",
	"buffer_queue_full_action": "overflow_action", "flush_interval": "flush_interval", "flush_at_shutdown": "flush_at_shutdown",
	"num_threads": "flush_thread_count", "retry_limit": "retry_max_times", "disable_retry_limit": "retry_forever",
	"max_retry_wait": "retry_max_interval", "retry_wait": "retry_wait", "try_flush_interval": "flush_thread_interval",
	"queued_chunk_flush_interval": "flush_thread_burst_interval", "time_slice_wait": "timekey_wait",
	"flush_mode": "flush_mode", "flush_thread_count": "flush_thread_count", "chunk_limit_size": "chunk_limit_size",
	"buffer_chunk_records_limit": "chunk_limit_records", "retry_max_interval": "retry_max_interval", "retry_max_times": "retry_max_times",
	"retry_forever": "retry_forever", "retry_timeout": "retry_timeout", "overflow_action": "overflow_action", "slow_flush_log_threshold": "slow_flush_log_threshold",
}

// splitBuffer takes what is about the buffer out of an output's element: its
// <buffer> with the flat parameters of v0.12 added, and the element without.
func splitBuffer(e *conf.Element) (buffer, rest *conf.Element) {
	buffer = &conf.Element{Name: "buffer", Pos: e.Pos, Dialect: e.Dialect}
	if own := e.Child("buffer", 0); own != nil {
		c := *own
		c.Params = slices.Clone(own.Params)
		buffer = &c
	}
	c := *without(e, "buffer")
	c.Params = nil
	for _, p := range e.Params {
		name, flat := flatParams[p.Name]
		if !flat {
			c.Params = append(c.Params, p)
			continue
		}
		if buffer.Param(name) != nil {
			continue
		}
		p.Name = name
		if name == "overflow_action" && p.Value == "exception" { // as v0.12 called it
			p.Value = "throw_exception"
		}
		buffer.Params = append(buffer.Params, p)
	}
	return buffer, &c
}

// readBuffer reads an output's buffer.
func readBuffer(e *conf.Element) (s bufferSection, problems conf.Problems) {
	known, rest := bufferParams.sort(e)
	problems = append(known, conf.Decode(rest, &s)...)
	if p := e.Param("overflow_action"); p != nil && p.Value == "drop_oldest_chunk" && !strings.HasPrefix(s.Type, "file") {
		problems = append(problems, conf.Problem{Pos: p.Pos, Severity: conf.Warning, What: "overflow_action drop_oldest_chunk is not followed by a buffer in memory: a full one stops its sources from reading", Fix: "add @type file, or write overflow_action block"})
	}
	return s, problems
}

// The bounds of what one request may carry, in bytes.
const (
	leastRequest = 64 << 10
	mostRequest  = 32 << 20
)

// into makes it the settings of a lane: where it says nothing, those given
// hold.
func (s *bufferSection) into(buf Buffer, lane forwarder.LaneConfig) (Buffer, forwarder.LaneConfig) {
	switch s.Type {
	case "memory":
		buf.Type = "memory"
	case "file", "file_single":
		buf.Type = "disk"
		if s.TotalLimitSize > 0 {
			buf.DiskLimit = max(s.TotalLimitSize, leastDisk)
		}
		if s.OverflowAction == "drop_oldest_chunk" {
			buf.OverflowAction = "drop_oldest"
		}
	}
	if s.ChunkLimitSize > 0 {
		size := min(max(s.ChunkLimitSize, leastRequest), mostRequest)
		buf.FlushBytes = min(buf.FlushBytes, size)
		if lane.MaxBytes == 0 {
			lane.MaxBytes = int(size)
		}
	}
	if s.FlushInterval > 0 {
		buf.FlushInterval = s.FlushInterval
	}
	if s.FlushMode == "immediate" {
		buf.FlushInterval = time.Millisecond
	}
	if s.FlushThreadCount > 0 && lane.Senders == 0 {
		lane.Senders = min(s.FlushThreadCount, 64)
	}
	if s.RetryWait > 0 && lane.RetryBase == 0 {
		lane.RetryBase = s.RetryWait
		if s.RetryType == "periodic" && lane.RetryMax == 0 {
			lane.RetryMax = s.RetryWait
		}
	}
	if s.RetryMaxInterval > 0 && lane.RetryMax == 0 {
		lane.RetryMax = s.RetryMaxInterval
	}
	return buf, lane
}
