package admission

import (
	"runtime/debug"
	"testing"
	"testing/fstest"
)

func TestCgroupLimit(t *testing.T) {
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"nothing is known", nil, 0},
		{"version 2, its own", map[string]string{
			"proc/self/cgroup":         "0::/\n",
			"sys/fs/cgroup/memory.max": "134217728\n",
		}, 128 << 20},
		{"version 2, none", map[string]string{
			"proc/self/cgroup":         "0::/\n",
			"sys/fs/cgroup/memory.max": "max\n",
		}, 0},
		{"version 2, the least of those above", map[string]string{
			"proc/self/cgroup":                    "0::/pods/one/c\n",
			"sys/fs/cgroup/pods/one/c/memory.max": "max\n",
			"sys/fs/cgroup/pods/one/memory.max":   "1000\n",
			"sys/fs/cgroup/pods/memory.max":       "2000\n",
			"sys/fs/cgroup/other/memory.max":      "1\n",
		}, 1000},
		{"version 1", map[string]string{
			"proc/self/cgroup": "5:cpu,cpuacct:/c\n4:memory:/c\n",
			"sys/fs/cgroup/memory/c/memory.limit_in_bytes": "3000\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":   "9223372036854771712\n",
			"sys/fs/cgroup/cpu/c/memory.limit_in_bytes":    "1\n",
		}, 3000},
		{"version 1, the path is the host's", map[string]string{
			"proc/self/cgroup":                           "4:memory:/kubepods/pod1/c\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "4000\n",
		}, 4000},
		{"version 1, none", map[string]string{
			"proc/self/cgroup":                           "4:memory:/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 0},
		{"a path with a colon", map[string]string{
			"proc/self/cgroup":             "0::/a:b\n",
			"sys/fs/cgroup/a:b/memory.max": "5000\n",
		}, 5000},
	} {
		root := fstest.MapFS{}
		for name, text := range tc.files {
			root[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if limit := cgroupLimit(root); limit != tc.want {
			t.Errorf("%s: cgroupLimit = %d, want %d", tc.name, limit, tc.want)
		}
	}
}

func TestLimitMemoryYieldsToTheEnvironment(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "1GiB")
	before := debug.SetMemoryLimit(-1)
	if limit := LimitMemory(); limit != 0 || debug.SetMemoryLimit(-1) != before {
		t.Errorf("LimitMemory with GOMEMLIMIT = %d and the limit went from %d to %d, want 0 and no change", limit, before, debug.SetMemoryLimit(-1))
	}
}
