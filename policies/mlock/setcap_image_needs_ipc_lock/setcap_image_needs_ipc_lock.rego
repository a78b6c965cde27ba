# METADATA
# title: An image with cap_ipc_lock+ep gets IPC_LOCK
# description: |
#   Some images come with the file capability cap_ipc_lock+ep on their program. Where the
#   container may not have IPC_LOCK, the kernel refuses to execute such a program, for
#   root as for every other user, and the container never starts. No setting of the
#   program itself helps, because it does not get as far as reading one. Default are the
#   releases of which that is known; a tag that names no release, such as latest, and a
#   digest are not judged.
# related_resources:
# - https://github.com/hashicorp/vault/issues/31977
# - https://github.com/hashicorp/vault/issues/31919
# - https://github.com/hashicorp/web-unified-docs/pull/2479
# - https://github.com/hashicorp/boundary/issues/6775
# - https://man7.org/linux/man-pages/man7/capabilities.7.html
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       fileCapImages:
#         description: "Images, whatever their registry, whose program carries cap_ipc_lock+ep: a glob of the repository, and after a colon one release, or > and the last release without it; a repository alone stands for all tags."
#         type: array
#         items: {type: string}
#         default: ["hashicorp/vault:1.19.17", "hashicorp/vault:1.21.6", "hashicorp/vault:2.0.1", "hashicorp/vault-enterprise:1.19.17", "hashicorp/vault-enterprise:1.21.6", "hashicorp/vault-enterprise:2.0.1", "hashicorp/boundary:>0.21.2"]
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
#   id: setcap-image-needs-ipc-lock
#   kind: MemgateSetcapImageNeedsIpcLock
#   severity: high
#   since: 0.1.0
#   remediation: Add IPC_LOCK to securityContext.capabilities.add, or use a release whose program has no file capability, such as Vault 2.0.2.
#   failure: |
#     The container does not start: "exec /usr/bin/vault: operation not permitted", CrashLoopBackOff, and no
#     setting of Vault helps, because the kernel refuses to execute a file whose capabilities are not in the
#     bounding set. It came with a patch release, in
#     [vault#31919](https://github.com/hashicorp/vault/issues/31919) and
#     [boundary#6775](https://github.com/hashicorp/boundary/issues/6775).
package policies.mlock.setcap_image_needs_ipc_lock

import data.lib.capability
import data.lib.finding
import data.lib.image
import data.lib.parameter
import data.lib.workload

# METADATA
# description: one violation for each container whose program the kernel refuses to execute
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some pod in workload.pods(object_)
	not workload.in_vm(pod)
	some container in workload.containers(pod)
	_carries(container.spec.image)
	_executes(container.spec)
	not capability.granted(container, "IPC_LOCK")
	fix := _fix(container)
	found := {
		"level": "deny",
		"path": array.concat(container.path, array.concat(["securityContext", "capabilities"], fix.path)),
		"facts": {},
		"msg": sprintf(
			"%s: the program of image %q carries cap_ipc_lock+ep, and in a container without IPC_LOCK the kernel refuses to execute it (operation not permitted), whatever disable_mlock or SKIP_SETCAP say; %s, or use a release without the file capability",
			[container.title, container.spec.image, fix.text],
		),
	}
}

# _carries holds for an image whose program has the file capability. A tag says nothing
# about what a digest beside it names.
_carries(reference) if {
	tagged := image.parse(reference)
	tagged.digest == ""
	entries := parameter.get("fileCapImages", ["hashicorp/vault:1.19.17", "hashicorp/vault:1.21.6", "hashicorp/vault:2.0.1", "hashicorp/vault-enterprise:1.19.17", "hashicorp/vault-enterprise:1.21.6", "hashicorp/vault-enterprise:2.0.1", "hashicorp/boundary:>0.21.2"])
	_mentioned(json.marshal(entries), tagged.name)
	some entry in entries
	known := image.parse(entry)
	image.matches(known.repository, reference)
	_covers(known.tag, _release(tagged.tag))
}

# _mentioned is a cheap look before each entry is taken apart: the name of the image is in
# the entries, which are JSON here, or a glob may stand for it.
_mentioned(entries, name) if contains(entries, name)

_mentioned(entries, _) if regex.match(`"[^"]*([*?\[{]|\\\\)`, entries)

# _release is a tag without v and without the variant, as in 2.0.1-ubi or 1.21.6-ent.
_release(tag) := trim_prefix(split(tag, "-")[0], "v")

_covers(wanted, release) if wanted in ["", release]

_covers(wanted, release) if {
	startswith(wanted, ">")
	semver.compare(release, trim_prefix(wanted, ">")) > 0
}

# _executes holds if a container executes the program of its image, or what is named
# like it, as varnishd is; a command may do something else, such as chown, or may take
# the file capability away first.
_executes(spec) if count(_words(spec, "command")) == 0

_executes(spec) if {
	text := concat(" ", array.concat(_words(spec, "command"), _words(spec, "args")))
	not contains(text, "setcap ")
	uncopied := regex.replace(text, `\bcp\s+(-\S+\s+)*\S+`, "")
	program := split(image.parse(spec.image).name, "-")[0]
	regex.match(sprintf(`(^|[^\w./=:@$-]|/bin/)%s[a-z]*(\s|$)`, [program]), uncopied)
}

_words(spec, field) := [word |
	some word in spec[field]
	is_string(word)
]

# _fix is what to do: {path, text}, the path from the capabilities on.
_fix(container) := {"path": ["drop", dropped], "text": "take IPC_LOCK out of drop and have it in add"} if {
	dropped := capability.indices(container, "drop", "IPC_LOCK")[0]
} else := {"path": ["add"], "text": "add IPC_LOCK to capabilities.add"}
