package workload

import "strings"

// locks reports whether a container may lock memory past RLIMIT_MEMLOCK: it is privileged,
// which ignores lists, or it adds IPC_LOCK and does not drop it, as containerd applies the
// lists (v2.1 internal/cri/opts/spec_opts.go WithCapabilities). A program that does not run
// as root has to carry the capability as well, which no manifest tells. In a user namespace
// nobody may: the kernel asks for the capability in the first one.
func locks(pod, container map[string]any) bool {
	if pod["hostUsers"] == false {
		return false
	}
	if field(container, "securityContext", "privileged") == true {
		return true
	}
	if lists(container, "drop", "IPC_LOCK") {
		return false
	}
	return lists(container, "add", "IPC_LOCK") || lists(container, "add", "ALL") && !lists(container, "drop", "ALL")
}

// lists reports whether a list of capabilities has a name, in any case. CAP_IPC_LOCK is an
// unknown name, which containerd ignores.
func lists(container map[string]any, which, name string) bool {
	for _, entry := range list(container, "securityContext", "capabilities", which) {
		if s, ok := entry.(string); ok && strings.ToUpper(s) == name {
			return true
		}
	}
	return false
}

// lockable is what the containers of a Pod may lock at the same time: locked memory counts
// against memory limits.
func lockable(pod Pod) Amount {
	sum := peak(pod.Containers, func(i int) Amount {
		if !pod.Containers[i].Locks {
			return Amount{}
		}
		return pod.Containers[i].Limit
	})
	return sum.least(pod.Limit)
}
