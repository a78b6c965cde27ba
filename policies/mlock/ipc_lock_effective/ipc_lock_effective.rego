# METADATA
# title: An added IPC_LOCK takes effect
# description: |
#   IPC_LOCK lets a process lock memory past RLIMIT_MEMLOCK, but only if it arrives in
#   the process's effective set. Kubernetes sets no ambient capabilities: a process
#   that is not root gets it from a file capability of the binary that is executed, or
#   not at all. A drop of the same name takes it back, and in a user namespace the
#   kernel does not honour it for mlock. Then mlock fails with ENOMEM as without it.
# related_resources:
# - https://github.com/kubernetes/kubernetes/issues/56374
# - https://kep.k8s.io/2763
# - https://github.com/NVIDIA/nvidia-container-toolkit/issues/2037
# - https://man7.org/linux/man-pages/man7/capabilities.7.html
# schemas:
# - input.parameters:
#     type: object
#     properties:
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
#       setcapImages:
#         description: Globs of images, whatever their registry, whose binary carries the file capability cap_ipc_lock+ep.
#         type: array
#         items: {type: string}
#         default: []
#       wrapperCommands:
#         description: Programs that execute another one. With allowPrivilegeEscalation false that one gains nothing from its file capability.
#         type: array
#         items: {type: string}
#         default: [sh, bash, ash, dash, tini, dumb-init, docker-entrypoint.sh, su-exec, gosu]
#       vmRuntimeClasses:
#         description: Globs of runtime classes whose Pods run in a virtual machine or a user-space kernel; they are not judged.
#         type: array
#         items: {type: string}
#         default: ["kata*", gvisor]
# custom:
#   id: ipc-lock-effective
#   kind: MemgateIpcLockEffective
#   severity: medium
#   since: 0.1.0
#   remediation: Run the program as root, or execute a binary with the file capability cap_ipc_lock+ep directly, or raise LimitMEMLOCK of the container runtime and remove IPC_LOCK.
#   failure: |
#     The capability is in the manifest, and mlock still fails with ENOMEM ("Cannot allocate memory",
#     "Unable to lock JVM memory"): Kubernetes grants no ambient capabilities, so a process of another user
#     than root has none of them unless its file carries one. Everything looks right in
#     `kubectl get -o yaml`; only CapEff in /proc/1/status is 0. See
#     [kubernetes#56374](https://github.com/kubernetes/kubernetes/issues/56374), and
#     [nvidia-container-toolkit#2037](https://github.com/NVIDIA/nvidia-container-toolkit/issues/2037), where InfiniBand
#     fell back to TCP without a word.
package policies.mlock.ipc_lock_effective

import data.lib.capability
import data.lib.finding
import data.lib.image
import data.lib.parameter
import data.lib.workload

# METADATA
# description: one violation for each cause that keeps an added IPC_LOCK from taking effect
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	not workload.in_vm(pod)
	some container in workload.containers(pod)
	added := capability.indices(container, "add", "IPC_LOCK")[0]
	not _memlock_raised(container)
	some found in ((_dropped(container) | _namespaced(pod, container)) | _unprivileged(pod, container, added))
}

# A memlock limit of the container's own works without the capability (KEP-5758).
_memlock_raised(container) if {
	some limit in container.spec.securityContext.ulimits
	limit.name == "memlock"
}

_dropped(container) := {found |
	not capability.privileged(container)
	dropped := capability.indices(container, "drop", "IPC_LOCK")[0]
	found := {
		"level": "deny",
		"path": array.concat(container.path, ["securityContext", "capabilities", "drop", dropped]),
		"facts": {},
		"msg": sprintf(
			"%s: IPC_LOCK is added and dropped by name, and the runtime drops last, so %s; remove it from drop (ALL may stay there) or from add",
			[container.title, _fails],
		),
	}
}

_namespaced(pod, container) := {found |
	pod.spec.hostUsers == false
	found := {
		"level": "deny",
		"path": array.concat(pod.path, ["hostUsers"]),
		"facts": {},
		"msg": sprintf(
			"%s: IPC_LOCK is added, but with hostUsers false the kernel does not honour it for mlock, so %s; remove hostUsers, or %s",
			[container.title, _fails, _without],
		),
	}
}

# Root of a user namespace is no better off, and _namespaced says so.
_unprivileged(pod, container, added) := {found |
	not pod.spec.hostUsers == false
	user := _user(pod, container)
	cause := _cause(container, user)
	found := {
		"level": "warn",
		"path": array.concat(container.path, ["securityContext", "capabilities", "add", added]),
		"facts": user.facts,
		"msg": sprintf("%s: IPC_LOCK is added, but %s %s; %s, or %s", [container.title, cause.text, _fails, cause.fix, _without]),
	}
}

_fails := "mlock beyond RLIMIT_MEMLOCK fails with ENOMEM"

_without := "remove IPC_LOCK and raise LimitMEMLOCK of the container runtime or disable locking"

# _user is the user that a container runs as; undefined for root, and where only the
# image knows it.
_user(pod, container) := {"text": sprintf("user %s", [format_int(uid, 10)]), "facts": {"runAsUser": uid}} if {
	uid := capability.setting(pod, container, "runAsUser")
	uid != 0
} else := {"text": "the image's user, not root by runAsNonRoot,", "facts": {}} if {
	capability.rootless(pod, container)
}

# _cause is why a user other than root does not get the capability. An image that is
# known to carry the file capability needs a wrapper in front of it to fail.
_cause(container, user) := {
	"text": sprintf("%s gets it from a file capability of the program alone, and without one", [user.text]),
	"fix": sprintf("run setcap cap_ipc_lock+ep on the program in the image and name that in parameter setcapImages%s, or have root run the program itself, not an entrypoint that drops to another user", [_directly(container)]),
} if {
	not _setcap(container)
} else := {
	"text": sprintf("%s runs %q first, and with allowPrivilegeEscalation false the program after it gains nothing from its file capability, so", [user.text, _wrapper(container)]),
	"fix": "execute the program without a wrapper, or have root run it itself",
}

_directly(container) := sprintf(", and execute it without %q, behind which allowPrivilegeEscalation false voids it", [wrapper]) if {
	wrapper := _wrapper(container)
} else := ""

_setcap(container) if {
	some pattern in parameter.get("setcapImages", [])
	image.matches(pattern, container.spec.image)
}

# _wrapper is the name of a program that is executed before the real one, where that
# costs the latter its file capability.
_wrapper(container) := name if {
	container.spec.securityContext.allowPrivilegeEscalation == false
	name := regex.replace(container.spec.command[0], "^.*/", "")
	name in parameter.get("wrapperCommands", ["sh", "bash", "ash", "dash", "tini", "dumb-init", "docker-entrypoint.sh", "su-exec", "gosu"])
}
