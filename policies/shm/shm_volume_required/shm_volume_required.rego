# METADATA
# title: Programs that need a large /dev/shm get one
# description: |
#   A container runtime mounts a /dev/shm of 64 MiB, once for all containers of a Pod.
#   Databases, browsers and GPU libraries that keep segments there fail when it is
#   full, mostly under load. Only an emptyDir of medium Memory at /dev/shm enlarges
#   it. A Pod template that carries the label of parameter optInLabel asks for such a
#   volume itself, and is denied without one.
# related_resources:
# - https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
# - https://github.com/kubernetes/kubernetes/issues/28272
# - https://github.com/containerd/containerd/discussions/8568
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns.
#         type: array
#         items: {type: string, enum: [deny, warn]}
#         default: [deny, warn]
#       honourShmSizeAnnotation:
#         description: Whether Pods with the annotation io.kubernetes.cri-o.ShmSize are left out. Turn it on where the handlers of CRI-O allow that annotation; elsewhere it does nothing, and anybody can write it.
#         type: boolean
#         default: false
#       optInLabel:
#         description: A label of the Pod template that raises the level to deny and asks for the volume whatever the containers run. The values "disabled" and "false" do not.
#         type: string
#         default: memory-policy/shm
#       profiles:
#         description: More programs that need a large /dev/shm. One with the name of a built-in profile replaces it.
#         type: array
#         items:
#           type: object
#           required: [name, image]
#           properties:
#             name:
#               description: What messages call the program.
#               type: string
#             image:
#               description: A regular expression that finds the image, without its tag and digest.
#               type: string
#             args:
#               description: A regular expression that finds the need in command and args, joined by blanks.
#               type: string
#             env:
#               description: Names of environment variables, any of which shows the need as well. Without args and env the image is enough.
#               type: array
#               items: {type: string}
#             minSize:
#               description: The size that /dev/shm should have at least, as a quantity.
#               type: string
#         default: []
#       vmRuntimeClasses:
#         description: Globs of runtime classes whose Pods run in a virtual machine or a user-space kernel; they are not judged.
#         type: array
#         items: {type: string}
#         default: ["kata*", gvisor]
# custom:
#   id: shm-volume-required
#   kind: MemgateShmVolumeRequired
#   severity: medium
#   since: 0.1.0
#   remediation: Mount an emptyDir with medium Memory at /dev/shm, with a sizeLimit of at most half of the container's memory limit.
package policies.shm.shm_volume_required

import data.lib.finding
import data.lib.image
import data.lib.memory
import data.lib.parameter
import data.lib.quantity
import data.lib.volume
import data.lib.workload

# METADATA
# description: one violation for each container that needs a larger /dev/shm and mounts none
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	not _enlarged(pod)
	mounting := _mounting(pod)
	needing := _needing(pod, mounting)
	some found in (needing | _promised(pod, mounting, needing))
}

# _enlarged holds for a pod whose /dev/shm is not the runtime's: hostIPC brings that of
# the node, CRI-O may size it by an annotation, and a virtual machine has its own.
_enlarged(pod) if pod.spec.hostIPC == true

_enlarged(pod) if {
	parameter.get("honourShmSizeAnnotation", false)
	is_string(pod.template.metadata.annotations["io.kubernetes.cri-o.ShmSize"])
}

_enlarged(pod) if workload.in_vm(pod)

# _mounting are the paths of the containers that mount something at /dev/shm; what it
# is, is another rule's finding.
_mounting(pod) := {path |
	some mount in volume.mounts(pod)
	mount.container.kind in _kinds
	mount.mountPath in {"/dev/shm", "/dev"}
	path := mount.container.path
}

# Init containers run to completion before the program starts.
_kinds := {"container", "sidecar"}

_needing(pod, mounting) := {found |
	some container in workload.containers(pod)
	container.kind in _kinds
	not container.path in mounting
	profile := _profile(container)
	need := _need(profile)
	found := {
		"level": _level(pod),
		"path": array.concat(container.path, ["volumeMounts"]),
		"facts": object.union({"neededBytes": need}, _limit_fact(pod, container)),
		"msg": sprintf(
			"%s: %s gets the runtime's /dev/shm of 64Mi, which the whole pod shares, and %s; mount an emptyDir with medium Memory at /dev/shm, %s",
			[container.title, profile.name, profile.fault, _advice(pod, container, need)],
		),
	}
}

# _promised is the finding of a pod that has the label but mounts no /dev/shm, where
# no container is known to need one.
_promised(pod, mounting, needing) := {found |
	count(mounting) == 0
	count(needing) == 0
	found := {
		"level": "deny",
		"path": array.concat(array.slice(pod.path, 0, count(pod.path) - 1), ["metadata", "labels", _label]),
		"facts": {},
		"msg": sprintf(
			"label %s: %q asks for a large /dev/shm, but no container mounts one and all share the runtime's 64Mi; mount an emptyDir with medium Memory and a sizeLimit at /dev/shm, or remove the label",
			[_label, _opted_in(pod)],
		),
	}
}

_level(pod) := "deny" if {
	_opted_in(pod)
} else := "warn"

# _opted_in is the value of the label; undefined for a pod that does not opt in.
_opted_in(pod) := value if {
	value := pod.template.metadata.labels[_label]
	is_string(value)
	not value in {"disabled", "false"}
}

_label := parameter.get("optInLabel", "memory-policy/shm")

# _need is the size to ask for. Where a profile names none it is twice the 64Mi.
_need(profile) := size if {
	size := quantity.bytes(profile.minSize)
	size > 0
} else := 134217728

_limit_fact(pod, container) := {"limitBytes": bytes} if {
	bytes := memory.limit(pod, container)
} else := {}

# _advice is the sizeLimit to write: what the program needs, and at most half of the
# memory limit of the container, because the pages are charged to it.
_advice(pod, container, need) := sprintf("sizeLimit %s to %s, half of the container's memory limit", [quantity.format(need), quantity.format(half)]) if {
	half := quantity.mebibytes(floor(memory.limit(pod, container) / 2))
	half > need
} else := sprintf("sizeLimit %s, and raise the container's memory limit from %s to at least %s, because the volume is charged to it", [quantity.format(need), memory.written(pod, container), quantity.format(need * 2)]) if {
	memory.limit(pod, container) < need * 2
} else := sprintf("sizeLimit %s, and set the container's memory limit to at least %s, because the volume is charged to it", [quantity.format(need), quantity.format(need * 2)]) if {
	memory.unlimited(pod, container)
} else := sprintf("sizeLimit %s", [quantity.format(need)])

# _profile is the first profile that a container matches, by its image and, where that
# is not enough, by a sign that it is used in the way that needs the memory.
_profile(container) := object.union(_unsaid, matching[0]) if {
	reference := image.parse(container.spec.image)
	use := _use(container)
	matching := [profile |
		some profile in _profiles
		regex.match(profile.image, reference.repository)
		_shown(profile, use)
		use.gpus >= object.get(profile, "gpus", 0)
		not _spared(profile, use, reference.tag)
	]
}

_unsaid := {"name": "its program", "fault": "fails with ENOSPC or SIGBUS when that is full"}

# _shown holds if a container gives one of the signs that its profile lists, if any.
_shown(profile, use) if regex.match(profile.args, use.words)

_shown(profile, use) if {
	some name in profile.env
	name in use.env
}

_shown(profile, _) if {
	not profile.args
	not profile.env
}

# _spared holds for a container that is told to do without shared memory, or that
# runs something else from the image.
_spared(profile, use, _) if regex.match(profile.unless, use.text)

_spared(profile, _, tag) if regex.match(profile.unlessTag, tag)

_spared(profile, use, _) if {
	use.overridden
	pattern := profile.command
	not regex.match(pattern, use.words)
}

# _use is how a container uses its image: its words, its environment, its GPUs, and
# whether it overrides the image's command. Arguments that begin with an option are
# passed on to that command.
_use(container) := {
	"words": concat(" ", words),
	"text": concat(" ", array.concat(words, settings)),
	"env": names,
	"gpus": max(array.concat([0], gpus)),
	"overridden": overridden,
} if {
	command := _texts(container, "command")
	arguments := _texts(container, "args")
	words := array.concat(command, arguments)
	program := [word |
		word := arguments[0]
		not startswith(word, "-")
	]
	overridden := count(array.concat(command, program)) > 0
	names := {name |
		some variable in container.spec.env
		name := variable.name
	}
	settings := [setting |
		some variable in container.spec.env
		setting := sprintf("%v=%v", [variable.name, object.get(variable, "value", "")])
	]
	gpus := [number |
		some list in ["limits", "requests"]
		some resource in ["nvidia.com/gpu", "amd.com/gpu"]
		number := quantity.bytes(container.spec.resources[list][resource])
	]
}

_texts(container, field) := [text |
	some text in container.spec[field]
	is_string(text)
]

_profiles := array.concat(_own, [profile |
	some profile in _known
	not _replaced(profile)
])

# _own are the profiles of the parameter, less what they leave empty.
_own := [profile |
	some written in parameter.get("profiles", [])
	profile := {field: value |
		some field, value in written
		not value in [null, "", []]
	}
]

_replaced(profile) if {
	some own in _own
	own.name == profile.name
}

# _known are the built-in profiles: table 2a of the domain notes, as far as a manifest
# shows the need for certain. Beside the fields of parameter profiles they have
#   fault      what happens without the volume
#   command    what the words of a container look like that overrides the image's
#              command and still runs the program
#   gpus       the number of GPUs from which the need arises
#   unless     what, in words or environment, makes the program do without
#   unlessTag  tags of versions that do without
# Not here, because they pass --disable-dev-shm-usage to the browser by themselves:
# puppeteer (puppeteer#2351), playwright (playwright#12811), and what is made of them.
# DB2, Informix, Sybase and HANA use SysV segments, which no volume bounds.
_known := [
	# docker-library/postgres#416, CrunchyData/postgres-operator#1358, goharbor/harbor#15034.
	# Before version 10 no query is parallel by default.
	{
		"name": "PostgreSQL",
		"image": `(^|/)(postgres(ql)?(-ha|-repmgr|-[0-9]+(\.[0-9]+)?(-((alpine|debian|ubi|rhel|centos)[0-9]*|c[0-9]+s))?)?|crunchy-postgres(-gis)?(-ha)?|percona-distribution-postgresql|postgis|pgvector|pgvecto-rs|vchord-postgres|timescaledb(-ha|-postgis)?|spilo(-[0-9]+)?|harbor-db|citusdata/citus|paradedb|pgautoupgrade)$`,
		"command": `(^|[\s/"'])(postgres|postmaster|pg_ctl|patroni|(docker-)?entrypoint\.sh|run-postgresql|run\.sh|launch\.sh)($|[\s"';])`,
		"unless": `dynamic[_-]shared[_-]memory[_-]type\s*=\s*'?(sysv|mmap|none)|max[_-]parallel[_-]workers[_-]per[_-]gather\s*=\s*'?0($|[\s'"])|(^|[\s/"'(;&|])(pg_dump|pg_dumpall|pg_restore|pg_basebackup|pg_isready|pgbench|psql)($|[\s"')])`,
		"unlessTag": `^(v|pg)?[89]([.-]|$)`,
		"minSize": "256Mi",
		"fault": `fails parallel queries and index builds with "could not resize shared memory segment"`,
	},
	# oracle/docker-images#223, #458; container-registry.oracle.com runs its images with
	# --shm-size. With a size for the SGA the memory target (AMM), which lives in /dev/shm, is off.
	{
		"name": "Oracle Database",
		"image": `(^|/)(oracle/database|oracle-(xe|free)(-[^/]*)?)$|oracle\.com/database/(enterprise|standard|express|free)[^/]*$`,
		"unless": `INIT_SGA_SIZE=`,
		"minSize": "1Gi",
		"fault": "fails to start with ORA-00845 or its Java with ORA-04035",
	},
	# github.com/SeleniumHQ/docker-selenium#quick-start: --shm-size=2g.
	{
		"name": "Chrome",
		"image": `(^|/)(selenium|seleniarm)/(node|standalone)-(chrome|chromium|edge|opera|all-browsers)(-debug)?$`,
		"unless": `--disable-dev-shm-usage|(^|\s)SE_BROWSER_ARGS_DISABLE_DSHM=`,
		"minSize": "2Gi",
		"fault": "its tabs crash when that is full",
	},
	# Firefox has no such option.
	{
		"name": "Firefox",
		"image": `(^|/)(selenium|seleniarm)/(node|standalone)-firefox(-debug)?$`,
		"minSize": "2Gi",
		"fault": "its tabs crash when that is full",
	},
	# The run lines of kasmweb, linuxserver.io and chromedp/docker-headless-shell.
	{
		"name": "Chrome",
		"image": `(^|/)(kasmweb/(chrome|chromium|edge|brave|desktop)|linuxserver/(chrome|chromium|msedge)|chromedp/headless-shell)$`,
		"unless": `--disable-dev-shm-usage`,
		"minSize": "1Gi",
		"fault": "its tabs crash when that is full",
	},
	{
		"name": "Firefox",
		"image": `(^|/)(kasmweb|linuxserver)/firefox$`,
		"minSize": "1Gi",
		"fault": "its tabs crash when that is full",
	},
	# docs.vllm.ai/en/stable/deployment/k8s, docs.sglang.ai, the README of TGI: the ranks of
	# one model exchange tensors there.
	{
		"name": "tensor-parallel inference",
		"image": `(vllm|sglang|text-generation-inference)[^/]*$`,
		"args": `(^|\s)(--tensor[_-]parallel[_-]size|--tp-size|--tp|-tp|--num-shard)[\s=]+["']?([2-9]|[1-9][0-9])`,
		"unless": `(^|\s)NCCL_SHM_DISABLE=1`,
		"minSize": "2Gi",
		"fault": "its ranks fail to start or die of SIGBUS",
	},
	{
		"name": "multi-GPU inference",
		"image": `(vllm|sglang|text-generation-inference)[^/]*$`,
		"gpus": 2,
		"unless": `(^|\s)NCCL_SHM_DISABLE=1`,
		"minSize": "2Gi",
		"fault": "its ranks fail to start or die of SIGBUS",
	},
	# pytorch/tutorials#2475; NGC asks for --shm-size=1g.
	{
		"name": "NCCL",
		"image": `(pytorch|nemo|megatron|deepspeed|nccl-tests?)[^/]*$`,
		"gpus": 2,
		"unless": `(^|\s)NCCL_SHM_DISABLE=1`,
		"minSize": "1Gi",
		"fault": "cannot set up its transport between the GPUs",
	},
	{
		"name": "NCCL",
		"image": `.`,
		"args": `(^|[\s/"'])(torchrun|torch\.distributed\.(run|launch)|deepspeed|accelerate launch|horovodrun|all_reduce_perf|all_gather_perf|alltoall_perf)($|[\s"'])`,
		"env": ["NCCL_DEBUG", "NCCL_SOCKET_IFNAME", "NCCL_IB_HCA", "NCCL_IB_DISABLE", "NCCL_P2P_LEVEL", "NCCL_P2P_DISABLE", "NCCL_NET_GDR_LEVEL"],
		"gpus": 2,
		"unless": `(^|\s)NCCL_SHM_DISABLE=1`,
		"minSize": "1Gi",
		"fault": "cannot set up its transport between the GPUs",
	},
	# The README of pytorch/pytorch. The workers of a DataLoader pass batches in shared memory.
	{
		"name": "PyTorch's DataLoader",
		"image": `pytorch[^/]*$`,
		"args": `(^|\s)--(num[_-]?)?workers[\s=]+["']?[1-9]`,
		"minSize": "1Gi",
		"fault": "its workers die of a bus error",
	},
	# The Python backend grows by 1 MiB for a model instance unless it is told a larger region.
	{
		"name": "Triton's Python backend",
		"image": `tritonserver[^/]*$`,
		"args": `shm-default-byte-size=([7-9][0-9]{7}|[1-9][0-9]{8,})`,
		"minSize": "1Gi",
		"fault": "its models fail to load",
	},
	# docs.ray.io; KubeRay adds the volume by itself.
	{
		"name": "Ray",
		"image": `.`,
		"args": `(^|[\s"';&|])ray start($|\s)`,
		"unless": `plasma[_-]directory`,
		"minSize": "1Gi",
		"fault": "keeps its object store on disk, in /tmp",
	},
	# docs.gitlab.com/install/docker: --shm-size 256m; omnibus-gitlab#5476.
	{
		"name": "GitLab",
		"image": `(^|/)gitlab-(ce|ee|jh)$`,
		"minSize": "256Mi",
		"fault": "fails to write the metrics of Puma and Sidekiq (ENOSPC)",
	},
	# k8s#28272. Its buffers are in /dev/shm unless aeron.dir is elsewhere.
	{
		"name": "Aeron",
		"image": `.`,
		"args": `(^|[\s/"'])(aeronmd|io\.aeron\.(driver\.MediaDriver|archive\.ArchivingMediaDriver|cluster\.ClusteredMediaDriver))($|[\s"'])`,
		"unless": `(aeron\.dir|AERON_DIR)=`,
		"minSize": "1Gi",
		"fault": "dies of SIGBUS as it maps its buffers",
	},
]
