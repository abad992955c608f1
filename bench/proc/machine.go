package proc

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// Machine is where a measurement was made. It names no host.
type Machine struct {
	CPU    string // model
	Cores  int    // that the process may use
	Memory int64  // bytes
	Kernel string
	Go     string // version that built this program
}

// ThisMachine describes the machine; what cannot be read is left out.
func ThisMachine() Machine {
	m := Machine{CPU: runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version()}
	if v := value("/proc/cpuinfo", "model name"); v != "" {
		m.CPU = v
	}
	kb, _ := strconv.ParseInt(strings.TrimSuffix(value("/proc/meminfo", "MemTotal"), " kB"), 10, 64)
	m.Memory = kb << 10
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel, _, _ = strings.Cut(strings.TrimSpace(string(b)), "-")
	}
	return m
}

// value is the first value of a key in a file of "key: value" lines.
func value(path, key string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(b) {
		if k, v, _ := strings.Cut(string(line), ":"); strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// Load is the machine's load average of the last minute: how many processes
// wanted to run at a time; negative: not known.
func Load() float64 {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return -1
	}
	one, _, _ := strings.Cut(string(b), " ")
	v, err := strconv.ParseFloat(one, 64)
	if err != nil {
		return -1
	}
	return v
}
