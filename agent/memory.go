package agent

import (
	"os"
	"strconv"
	"strings"
)

// defaultMemory is memory_limit where none is set: the smaller of 64 MiB and
// 40 % of the cgroup's limit, in bytes.
func defaultMemory() int64 {
	const most = 64 << 20
	if c := CgroupMemory(); c > 0 {
		return min(most, c*4/10)
	}
	return most
}

// CgroupMemory is the memory limit of this process's cgroup in bytes, version
// 2 or 1; 0 when there is none.
func CgroupMemory() int64 {
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// "max", and the huge number that version 1 writes, are no limit.
		if n, err := strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64); err == nil && n < 1<<50 {
			return n
		}
	}
	return 0
}
