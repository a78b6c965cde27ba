# METADATA
# title: Varnish fits its memory limit
# description: |
#   The size of a malloc storage bounds cached objects alone. On top come the shared
#   memory log, which Varnish keeps locked in memory, what the allocator, threads and
#   workspaces take, and transient objects, which nothing bounds unless a storage is
#   called Transient. The sizes are read from the arguments of varnishd, from the flags
#   of kube-httpcache and from VARNISH_SIZE, which the entrypoint of the official image
#   puts before arguments that begin with a dash. Where a variable or a script has a
#   say in them, and for file storage and MSE, nothing is judged. The log should be in a
#   tmpfs that holds it, which memory-backed emptyDir is; noexec would keep VCL from
#   loading, which varnishd compiles there. As a tmpfs should take half of a memory limit at
#   most, which memory-emptydir-fits-memory-limit asks for, a limit that is advised here is
#   at least twice what the log needs there; reported is what is below the sum alone.
# related_resources:
# - https://varnish-cache.org/docs/trunk/users-guide/storage-backends.html
# - https://varnish-cache.org/docs/trunk/reference/vsm.html
# - https://varnish-cache.org/docs/7.6/whats-new/upgrading-7.6.html
# - https://github.com/varnish/docker-varnish/issues/31
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns. The rule has warn only.
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
#       images:
#         description: Globs of images, whatever their registry, that run Varnish.
#         type: array
#         items: {type: string}
#         default: ["*/*varnish*", "*/kube-httpcache"]
#       overheadRatio:
#         description: What the process takes beside its log, as a part of its storage, a decimal.
#         type: string
#         pattern: ^[0-9]{1,4}(\.[0-9]{1,4})?$
#         default: "0.25"
#       vslSpace:
#         description: The size of the shared memory log, a quantity, where no parameter vsl_space of varnishd says another.
#         type: string
#         default: 80Mi
#       requireTmpfsWorkdir:
#         description: Whether a work directory is reported that is not in a memory-backed emptyDir.
#         type: boolean
#         default: true
#       vmRuntimeClasses:
#         description: Globs of runtime classes whose Pods run in a virtual machine or a user-space kernel; they are not judged.
#         type: array
#         items: {type: string}
#         default: ["kata*", gvisor]
# custom:
#   id: varnish-memory-budget
#   kind: MemgateVarnishMemoryBudget
#   severity: medium
#   since: 0.1.0
#   remediation: Set limits.memory to the sum of all malloc storages and a quarter more, plus 80Mi, and no less than 224Mi, bound transient objects with a storage called Transient, and mount a memory-backed emptyDir of 112Mi at /var/lib/varnish.
#   failure: |
#     Hours or days after a rollout, when the cache is full, the container is OOMKilled
#     (exit code 137) or the child of varnishd is, and the cache starts empty. varnishstat
#     shows a storage within its bounds: with VARNISH_SIZE 3G a process of 4G was seen in
#     [docker-varnish#31](https://github.com/varnish/docker-varnish/issues/31); see
#     [kube-httpcache#84](https://github.com/mittwald/kube-httpcache/issues/84) too. A work
#     directory without space ends with "Running VCC-compiler failed, exited with 2"
#     ([puppet-varnish#144](https://github.com/maxchk/puppet-varnish/issues/144)); on a disk
#     it makes the log wait for the disk
#     ([varnish-cache#4121](https://github.com/varnishcache/varnish-cache/issues/4121)).
#   requiresSyncData: [[{groups: [""], versions: [v1], kinds: [LimitRange]}]]
#   withoutData: A container that has its memory limit from a LimitRange only is taken to have none. That concerns workload templates; Pods carry it when they are admitted.
package policies.mlock.varnish_memory_budget

import data.lib.finding
import data.lib.image
import data.lib.memory
import data.lib.parameter
import data.lib.quantity
import data.lib.volume
import data.lib.workload

# METADATA
# description: one violation for each memory limit that Varnish does not fit, and for each work directory that does not fit Varnish
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	not workload.in_vm(pod)
	some container in workload.containers(pod)
	container.kind in {"container", "sidecar"}
	_varnish(container)
	words := _words(container)
	storages := _storages(container, words)
	count(storages) > 0
	need := _need(storages, _log(words))
	some found in (_limit(pod, container, need) | _workdir(pod, container, words, need))
}

_varnish(container) if {
	some pattern in parameter.get("images", ["*/*varnish*", "*/kube-httpcache"])
	image.matches(pattern, container.spec.image)
}

# _words are the arguments of varnishd, or of kube-httpcache as varnishd has them: with
# "varnishd" first, or "" where the entrypoint of the image puts it there. They are
# undefined where something else is run.
_words(container) := words if {
	line := _unshelled(array.concat(_list(container, "command"), _list(container, "args")))
	regex.match(`^(.*/)?(varnishd|kube-httpcache)$`, line[0])
	words := array.concat([regex.replace(line[0], "^.*/", "")], _translated(array.slice(line, 1, count(line))))
} else := array.concat([""], _translated(_list(container, "args"))) if {
	count(_list(container, "command")) == 0
	not _command(container)
}

_list(container, field) := [text | some text in container.spec[field]; is_string(text)]

# The entrypoint executes what does not begin with a dash as it is.
_command(container) if {
	text := _list(container, "args")[0]
	not startswith(text, "-")
}

# _unshelled is what a shell executes: the words of its only command, if it is as plain
# as that.
_unshelled(line) := words if {
	regex.match(`^(.*/)?(sh|bash|ash|dash)$`, line[0])
	regex.match(`^-[a-z]*c$`, line[1])
	text := trim_space(replace(line[2], "\\\n", " "))
	not regex.match("[$`'\"\\\\;&|<>()#\n]", text)
	words := regex.split(`\s+`, trim_prefix(text, "exec "))
} else := line

_translated(line) := [text |
	some word in line
	storage := regex.replace(word, "^--?varnish-storage=?", "-s")
	transient := regex.replace(storage, "^--?varnish-transient-storage=", "-sTransient=")
	parameters := regex.replace(transient, "^--?varnish-additional-parameters=?", "-p")
	workdir := regex.replace(parameters, "^--?varnish-working-dir=?", "-n")
	text := regex.replace(workdir, "^-signaller", "--signaller")
]

# _options are the values of an option, beside it or in the word after it.
_options(words, option) := [value |
	some index, word in words
	startswith(word, option)
	value := trim_space(_value(words, index, substring(word, 2, -1)))
]

_value(words, index, beside) := words[index + 1] if {
	beside == ""
} else := beside

# _storages are the malloc storages, each {name, bytes}. They are undefined where one has
# a size that is not known.
_storages(container, words) := storages if {
	given := _options(words, "-s")
	every value in given {
		not contains(value, "$")
	}
	texts := array.concat(array.concat(given, _sized(container, words)), _default(words, given))
	matches := [match |
		some text in texts
		match := regex.find_all_string_submatch_n(`^(?:(\w+)=)?(?:malloc|default)(?:,(.*))?$`, text, 1)[0]
	]
	storages := [{"name": match[1], "bytes": bytes} | some match in matches; bytes := _bytes(match[2])]
	count(storages) == count(matches)
}

# The entrypoint of the official image has the size of the first storage from this.
_sized(container, words) := [sprintf("malloc,%s", [value]) |
	words[0] == ""
	variables := [variable | some variable in container.spec.env; variable.name == "VARNISH_SIZE"]
	value := object.get(variables[count(variables) - 1], "value", "$")
	is_string(value)
]

_default(words, given) := ["default,100m"] if {
	words[0] == "varnishd"
	count(given) == 0
} else := []

# _bytes are a size as Varnish writes it.
_bytes(text) := quantity.bytes(concat("", [match[1], suffix])) if {
	match := regex.find_all_string_submatch_n(`^([0-9]+(?:\.[0-9]+)?)([kmgt]?)b?$`, lower(text), 1)[0]
	suffix := {"": "", "k": "Ki", "m": "Mi", "g": "Gi", "t": "Ti"}[match[2]]
}

# _log is the size of the shared memory log.
_log(words) := sizes[count(sizes) - 1] if {
	sizes := [bytes |
		some value in _options(words, "-p")
		some match in regex.find_all_string_submatch_n(`(?:^|,)vsl_space=([^,]*)`, value, -1)
		bytes := _bytes(match[1])
	]
} else := quantity.bytes(parameter.get("vslSpace", "80Mi"))

_need(storages, log) := {
	"storage": storage,
	"log": log,
	"overhead": overhead,
	"bytes": _mebibytes((storage + log) + overhead),
	"transient": _transient(storages),
} if {
	storage := sum([entry.bytes | some entry in storages])
	more := ((storage * _overhead.part) + _overhead.whole) - 1
	overhead := (more - (more % _overhead.whole)) / _overhead.whole
}

_overhead := quantity.ratio(parameter.get("overheadRatio", "0.25"), "0.25")

# _mebibytes rounds up.
_mebibytes(bytes) := quantity.mebibytes(bytes + 1048575)

_transient(storages) := "" if {
	some storage in storages
	storage.name == "Transient"
} else := " and transient objects more (no storage called Transient bounds them)"

_limit(pod, container, need) := {found |
	fault := _fault(pod, container, need)
	found := {
		"level": "warn",
		"path": array.concat(_holder(pod, container), ["resources", "limits", "memory"]),
		"facts": object.union(
			{"storageBytes": need.storage, "logBytes": need.log, "overheadBytes": need.overhead, "neededBytes": need.bytes},
			fault.facts,
		),
		"msg": sprintf("%s: %s", [container.title, fault.text]),
	}
}

_fault(pod, container, need) := {
	"facts": {},
	"text": sprintf(
		"no memory limit bounds it, and %s, until the node evicts or OOM-kills; set resources.limits.memory to at least %s",
		[_sum(need), _advised(need)],
	),
} if {
	memory.unlimited(pod, container)
} else := {
	"facts": {"limitBytes": limit},
	"text": sprintf(
		"limits.memory %q is too small: %s, so it is OOM-killed when its cache fills, and starts with an empty one; set limits.memory to at least %s%s",
		[memory.written(pod, container), _sum(need), _advised(need), _smaller(limit, need)],
	),
} if {
	limit := memory.limit(pod, container)
	limit < (need.storage + need.log) + need.overhead
}

_sum(need) := sprintf("malloc storage of %s, the shared memory log of %s and overhead take %s%s", [
	quantity.format(need.storage),
	quantity.format(need.log),
	quantity.format(need.bytes),
	need.transient,
])

# _advised is the limit to set: the need, or what lets the work directory be half of it.
_advised(need) := sprintf("%s, twice the %s of a work directory in memory", [quantity.format(2 * _room(need)), quantity.format(_room(need))]) if {
	2 * _room(need) > need.bytes
} else := quantity.format(need.bytes)

# Less storage is of no use where the work directory alone asks for a larger limit.
_smaller(limit, need) := sprintf(" or all storage to at most %sM", [format_int(storage / 1048576, 10)]) if {
	limit >= 2 * _room(need)
	least := (limit - need.log) * _overhead.whole
	both := _overhead.whole + _overhead.part
	storage := quantity.mebibytes((least - (least % both)) / both)
	storage > 0
} else := ""

_holder(pod, container) := pod.path if {
	object.get(container.spec, ["resources", "limits", "memory"], null) == null
	object.get(pod.spec, ["resources", "limits", "memory"], null) != null
} else := container.path

_workdir(pod, container, words, need) := {found |
	directory := _directory(_options(words, "-n"))
	volumes := [entry |
		some mount in volume.mounts(pod)
		mount.container.path == container.path
		_holds(mount.mountPath, directory)
		some index, spec in pod.spec.volumes
		spec.name == mount.volume
		entry := {"path": array.concat(pod.path, ["volumes", index]), "spec": spec}
	]
	some fault in (_small(volumes, need) | _on_disk(container, volumes, directory, need))
	found := {
		"level": "warn",
		"path": fault.path,
		"facts": object.union({"logBytes": need.log, "neededBytes": _room(need)}, fault.facts),
		"msg": fault.text,
	}
}

# _directory is where varnishd keeps its log; undefined where a variable says so.
_directory(names) := volume.clean(name) if {
	name := names[count(names) - 1]
	startswith(name, "/")
	not contains(name, "$")
} else := "/var/lib/varnish" if {
	every name in names {
		not contains(name, "$")
	}
}

# By default the directory may be one below that, called after the host.
_holds(mount, directory) if startswith(sprintf("%s/", [directory]), sprintf("%s/", [mount]))

_holds(mount, directory) if startswith(mount, sprintf("%s/", [directory]))

# Counters and compiled VCL are there as well.
_room(need) := _mebibytes(need.log + 33554432)

_small(volumes, need) := {fault |
	some entry in volumes
	entry.spec.emptyDir.medium == "Memory"
	size := quantity.bytes(entry.spec.emptyDir.sizeLimit)
	size > 0
	size < _room(need)
	fault := {
		"path": array.concat(entry.path, ["emptyDir", "sizeLimit"]),
		"facts": {"sizeLimitBytes": size},
		"text": sprintf(
			"volume %q: sizeLimit %q is less than the shared memory log of %s, counters and compiled VCL of varnishd take, so it runs out of space (ENOSPC) and does not start or compile; set sizeLimit to at least %s",
			[entry.spec.name, quantity.text(entry.spec.emptyDir.sizeLimit), quantity.format(need.log), quantity.format(_room(need))],
		),
	}
}

# A volume of another type may be a tmpfs.
_on_disk(container, volumes, directory, need) := {fault |
	parameter.get("requireTmpfsWorkdir", true) != false
	every entry in volumes {
		is_object(entry.spec.emptyDir)
		object.get(entry.spec.emptyDir, "medium", null) in {"", null}
	}
	place := array.concat(
		[{"path": array.concat(entry.path, ["emptyDir", "medium"]), "text": "set medium Memory and"} | some entry in volumes],
		[{"path": array.concat(container.path, ["volumeMounts"]), "text": "mount an emptyDir there with medium Memory and"}],
	)[0]
	fault := {
		"path": place.path,
		"facts": {},
		"text": sprintf(
			`%s: the work directory %q of varnishd is on no tmpfs (7.6 and later say so at start), so its shared memory log of %s is written to the node's disk and requests wait for that; %s sizeLimit %s`,
			[container.title, directory, quantity.format(need.log), place.text, quantity.format(_room(need))],
		),
	}
}
