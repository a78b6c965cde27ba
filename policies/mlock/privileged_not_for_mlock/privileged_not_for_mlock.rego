# METADATA
# title: Nothing is privileged to lock memory
# description: |
#   What locks memory needs the capability IPC_LOCK and no other. A privileged container
#   gets all of them, every device of the node and no seccomp or AppArmor profile. It is
#   reported where its image is known to lock memory and nothing in its command sets up
#   the node's kernel, and where a privileged init container raises the memlock limit:
#   that is a limit of the process and ends with it, whereas a sysctl, which such init
#   containers often set as well, stays.
# related_resources:
# - https://github.com/kubernetes/kubernetes/issues/3595
# - https://github.com/varnishcache/varnish-cache/issues/4193
# - https://kubernetes.io/docs/concepts/security/linux-kernel-security-constraints/#privileged-containers
# - https://man7.org/linux/man-pages/man2/getrlimit.2.html
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       images:
#         description: Globs of images, whatever their registry, that lock memory and need nothing else of a privileged container, beside those of policies/profiles.yaml.
#         type: array
#         items: {type: string}
#         default: []
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
#   id: privileged-not-for-mlock
#   kind: MemgatePrivilegedNotForMlock
#   severity: high
#   since: 0.1.0
#   failure: |
#     Nothing fails until somebody gets into the container: a privileged process can mount
#     the node's disks and load kernel modules, so an exploit of the program is one of the
#     node. The Pod API has no field for ulimits
#     ([kubernetes#3595](https://github.com/kubernetes/kubernetes/issues/3595)), and privileged
#     is the blunt way around that. The init container that calls ulimit -l does not even get
#     there: the limit is that of its own processes, and the program logs the same ENOMEM
#     ("Unable to lock JVM Memory") as before.
#   remediation: Remove privileged and add IPC_LOCK to securityContext.capabilities.add of the container that locks memory.
package policies.mlock.privileged_not_for_mlock

import data.lib.capability
import data.lib.finding
import data.lib.image
import data.lib.mlock_profiles
import data.lib.parameter
import data.lib.workload

# METADATA
# description: one violation for each container that is privileged to lock memory
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	not workload.in_vm(pod)
	some container in workload.containers(pod)
	capability.privileged(container)
	fault := _fault(pod, container)
	found := {
		"level": fault.level,
		"path": array.concat(container.path, fault.path),
		"facts": {},
		"msg": sprintf("%s: %s", [container.title, fault.text]),
	}
}

# _fault is {level, path, text}. An init container locks no memory for others either,
# but its image says nothing about what it does.
_fault(pod, container) := {
	"level": "deny",
	"path": ["securityContext", "privileged"],
	"text": sprintf(
		"image %q needs no more than IPC_LOCK beyond the defaults, to lock memory, but privileged hands it all capabilities and devices of the node; %s",
		[container.spec.image, _fix(pod, container)],
	),
} if {
	container.kind != "init"
	_locks(container.spec.image)
	not _sets_up_node(container)
	not _uses_devices(pod, container)
} else := {
	"level": "deny",
	"path": _limit(container),
	"text": sprintf("%s; remove privileged and %s", [_ends, _instead]),
} if {
	container.kind == "init"
	not _sets_up_node(container)
} else := {
	"level": "warn",
	"path": _limit(container),
	"text": sprintf("%s; remove that, and %s", [_ends, _instead]),
} if {
	container.kind == "init"
}

_ends := "the memlock limit that it sets is that of its own processes and ends with them, so no other container gets it"

_instead := "have IPC_LOCK in capabilities.add of the container that locks memory"

# Some of these lock memory whatever their configuration says, the others if it says so.
_locks(reference) if {
	some known in mlock_profiles.rows
	known.onlyLocks
	regex.match(known.image, image.parse(reference).repository)
}

_locks(reference) if {
	some pattern in parameter.get("images", [])
	image.matches(pattern, reference)
}

# _sets_up_node holds for a container that writes settings of the node's kernel, such as
# vm.max_map_count, or tunes its devices, as Scylla's perftune.py: that takes privileged.
_sets_up_node(container) if {
	some word in ["sysctl", "/sys/", "perftune"]
	contains(json.marshal(object.filter(container.spec, ["command", "args", "lifecycle"])), word)
}

# _uses_devices holds for a container that mounts devices or kernel files of the node,
# such as the security module that Vault unseals with.
_uses_devices(pod, container) if {
	some mount in container.spec.volumeMounts
	some volume in pod.spec.volumes
	volume.name == mount.name
	regex.match(`^/(dev|proc|sys)(/|$)`, volume.hostPath.path)
}

_fix(pod, container) := sprintf("remove privileged, by which user %s gets no capability without a file capability, and raise LimitMEMLOCK of the container runtime or disable locking", [format_int(uid, 10)]) if {
	uid := _user(pod, container)
	uid != 0
} else := "remove privileged and, if it locks memory, have IPC_LOCK in capabilities.add"

_user(pod, container) := container.spec.securityContext.runAsUser if {
	object.get(container.spec, ["securityContext", "runAsUser"], null) != null
} else := pod.spec.securityContext.runAsUser

# _limit is the place in a command where the memlock limit is set.
_limit(container) := places[0] if {
	text := concat(" ", [word | some field in _fields; some word in container.spec[field]; is_string(word)])
	_sets_limit(text)
	places := [place |
		some field in _fields
		some index, word in container.spec[field]
		regex.match(`\b(u|pr)limit\b`, word)
		place := [field, index]
	]
}

_fields := ["command", "args"]

_sets_limit(text) if regex.match(`\bulimit\b[^\n;&|]*\s-[HS]*l[HS]*[ \t]+["'$]?\w`, text)

# With a process id prlimit may mean the container runtime, where the limit lasts.
_sets_limit(text) if {
	regex.match(`\bprlimit\b[^\n;&|]*\s(--memlock|-l)=`, text)
	not regex.match(`\bprlimit\b[^\n;&|]*\s(--pid|-p)\b`, text)
}
