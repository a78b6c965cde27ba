package admission

import (
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// headroom is the part of a memory limit that is left to what the Go runtime does not
// count, such as the pages of the binary; the guide to Go's collector advises 5 to
// 10 % (go.dev/doc/gc-guide#Memory_limit).
const headroom = 0.10

// LimitMemory sets the soft memory limit of the Go runtime to 90 % of the limit of the
// process's cgroup, of version 2 (memory.max) or 1 (memory.limit_in_bytes), and returns
// it in bytes. It does nothing and returns 0 where there is no such limit, or where
// the environment has GOMEMLIMIT.
func LimitMemory() int64 {
	if _, found := os.LookupEnv("GOMEMLIMIT"); found {
		return 0
	}
	limit := cgroupLimit(os.DirFS("/"))
	if limit == 0 {
		return 0
	}
	soft := int64(float64(limit) * (1 - headroom))
	debug.SetMemoryLimit(soft)
	return soft
}

// cgroupLimit is the least memory limit of the process's cgroup and those above it, 0
// if none has one. In a container the path in /proc/self/cgroup may be the host's
// while only the container's own cgroup is mounted, at the root: folders that are not
// there are passed over.
func cgroupLimit(root fs.FS) int64 {
	lines, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0
	}
	least := int64(math.MaxInt64)
	for line := range strings.Lines(string(lines)) {
		// hierarchy-ID:controller-list:cgroup-path, see cgroups(7)
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		var mount, file string
		switch {
		case fields[0] == "0" && fields[1] == "":
			mount, file = "sys/fs/cgroup", "memory.max"
		case strings.Contains(","+fields[1]+",", ",memory,"):
			mount, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		default:
			continue
		}
		for folder := path.Clean("/" + fields[2]); ; folder = path.Dir(folder) {
			if limit := readLimit(root, path.Join(mount, folder, file)); limit > 0 {
				least = min(least, limit)
			}
			if folder == "/" {
				break
			}
		}
	}
	// Version 1 says "none" with the largest number of whole pages.
	if least >= math.MaxInt64-1<<20 {
		return 0
	}
	return least
}

// readLimit is the number in a file; 0 if it is not there or says "max".
func readLimit(root fs.FS, name string) int64 {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || limit < 0 {
		return 0
	}
	return limit
}
