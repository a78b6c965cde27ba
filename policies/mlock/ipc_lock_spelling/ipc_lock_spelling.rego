# METADATA
# title: IPC_LOCK is spelt as the runtime knows it
# description: |
#   The API server takes any text for a capability. containerd puts CAP_ before it, so
#   that CAP_IPC_LOCK becomes CAP_CAP_IPC_LOCK, and runc ignores a name that it does not
#   know without an error: the container starts, the capability is neither added nor
#   dropped, and mlock fails with ENOMEM. Lower case works, but hides the capability
#   from whatever compares names exactly, as Pod Security admission does.
# related_resources:
# - https://kubernetes.io/docs/tasks/configure-pod-container/security-context/#set-capabilities-for-a-container
# - https://github.com/containerd/containerd/blob/v2.1.0/internal/cri/opts/spec_opts.go
# - https://github.com/opencontainers/runc/blob/v1.3.0/libcontainer/capabilities/capabilities.go
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       allowCapPrefix:
#         description: Accept names such as CAP_IPC_LOCK, for clusters whose nodes all run CRI-O, which takes the prefix.
#         type: boolean
#         default: false
#       checkAllCaps:
#         description: Judge the names of all capabilities and ALL, not that of IPC_LOCK alone.
#         type: boolean
#         default: false
#       levels:
#         description: The levels that the constraint returns.
#         type: array
#         items: {type: string, enum: [deny, warn]}
#         default: [deny, warn]
#       extraPodSpecPaths:
#         description: Where custom resources embed pod specs; a path is the keys from the root of the object, "*" is every key or element. The match of the constraint has to name the kinds as well.
#         type: array
#         items:
#           type: object
#           required: [group, kind, path]
#           properties:
#             group: {type: string, description: The API group.}
#             kind: {type: string, description: The kind.}
#             path: {type: array, minItems: 1, items: {type: string}, description: The path of the pod spec.}
#         default: []
#       vmRuntimeClasses:
#         description: Globs of runtime classes whose Pods run in a virtual machine or a user-space kernel; they are not judged.
#         type: array
#         items: {type: string}
#         default: ["kata*", gvisor]
# custom:
#   id: ipc-lock-spelling
#   kind: MemgateIpcLockSpelling
#   severity: medium
#   since: 0.1.0
#   remediation: Write IPC_LOCK, in capitals, without CAP_ and without blanks.
#   failure: |
#     containerd puts CAP_ before every name, so CAP_IPC_LOCK becomes CAP_CAP_IPC_LOCK, which runc passes over:
#     its log says "ignoring unknown or unavailable capabilities", the container starts, and mlock fails with
#     ENOMEM. The same manifest works on CRI-O, which takes the prefix, so the fault appears with a move to another
#     node pool. See [runc's capabilities.go](https://github.com/opencontainers/runc/blob/main/libcontainer/capabilities/capabilities.go).
package policies.mlock.ipc_lock_spelling

import data.lib.capability
import data.lib.finding
import data.lib.parameter
import data.lib.workload

# METADATA
# description: one violation for each misspelt entry of a list of capabilities
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	not workload.in_vm(pod)
	some container in workload.containers(pod)
	some list in ["add", "drop"]
	some index, entry in container.spec.securityContext.capabilities[list]
	name := _names[_letters(entry)]
	not _fine(entry, name)
	fault := _fault(container, list, entry, name)
	found := {
		"level": fault.level,
		"path": array.concat(container.path, ["securityContext", "capabilities", list, index]),
		"facts": {},
		"msg": sprintf("%s: capabilities.%s has %q, %s", [container.title, list, entry, fault.text]),
	}
}

# _letters is a name without what people get wrong; undefined for what is no text.
_letters(entry) := trim_prefix(regex.replace(upper(entry), `[^A-Z]`, ""), "CAP")

_fine(entry, name) if entry == name

_fine(entry, name) if {
	parameter.get("allowCapPrefix", false) == true
	entry == concat("_", ["CAP", name])
}

# _fault is {level, text}: whether the runtime knows the entry, else whether that costs
# the container anything.
_fault(container, list, entry, name) := {
	"level": "warn",
	"text": sprintf("which the runtime knows, but not what compares names exactly, such as Pod Security admission; write %s", [name]),
} if {
	upper(entry) == name
} else := {
	"level": "warn",
	"text": "an unknown name that containerd ignores, and nothing changes without it; remove it",
} if {
	_idle(container, list, name)
} else := {
	"level": "deny",
	"text": sprintf("an unknown name that containerd ignores without an error, so %s is not %s; write %s", [name, _effect(list, name), name]),
}

_idle(container, "add", name) if capability.granted(container, name)

_idle(container, "drop", _) if capability.listed(container, "drop", "ALL")

_effect("add", "IPC_LOCK") := "added (mlock beyond RLIMIT_MEMLOCK fails with ENOMEM)"

_effect("add", name) := "added" if name != "IPC_LOCK"

_effect("drop", _) := "dropped"

# _names are the names to write, by their letters.
_names := {letters: name |
	some name in _judged
	letters := replace(name, "_", "")
}

_judged := ["IPC_LOCK"] if {
	parameter.get("checkAllCaps", false) != true
} else := [
	"ALL", "AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF",
	"CHECKPOINT_RESTORE", "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID",
	"IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN",
	"MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW",
	"PERFMON", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN",
	"SYS_BOOT", "SYS_CHROOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE",
	"SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "WAKE_ALARM",
]
