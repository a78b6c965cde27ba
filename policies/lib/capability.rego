# METADATA
# title: works out which capabilities a container gets
# description: |
#   The Linux capabilities that a container asks for, as containerd applies the lists
#   (v2.1 internal/cri/opts/spec_opts.go WithCapabilities): names in any case and
#   without CAP_, first everything that is added, then everything that is dropped.
package lib.capability

# granted holds if a container gets a capability from its spec: it is privileged,
# which ignores both lists, or adds it, by name or with ALL, and does not drop it.
# What a runtime grants by default is not looked at: IPC_LOCK is not among it.
granted(container, _) if privileged(container)

granted(container, name) if {
	listed(container, "add", name)
	not listed(container, "drop", name)
}

# Dropping ALL takes back ALL, but no capability that is added by its name.
granted(container, name) if {
	listed(container, "add", "ALL")
	not listed(container, "drop", "ALL")
	not listed(container, "drop", name)
}

# rootless holds for a container that is known to run as another user than root, who has
# a capability only where the program carries it as well: Kubernetes grants none that
# are ambient.
rootless(pod, container) if {
	uid := setting(pod, container, "runAsUser")
	is_number(uid)
	uid != 0
}

rootless(pod, container) if {
	not setting(pod, container, "runAsUser")
	setting(pod, container, "runAsNonRoot") == true
}

# setting is a field of the security context of a container, else of its pod.
setting(pod, container, field) := container.spec.securityContext[field] if {
	object.get(container.spec, ["securityContext", field], null) != null
} else := pod.spec.securityContext[field] if {
	object.get(pod.spec, ["securityContext", field], null) != null
}

privileged(container) if container.spec.securityContext.privileged == true

# listed holds if a list, "add" or "drop", names a capability or ALL.
listed(container, list, name) if count(indices(container, list, name)) > 0

# indices are the places of a capability in a list. CAP_IPC_LOCK and " IPC_LOCK" are
# unknown names that containerd ignores.
indices(container, list, name) := [index |
	some index, entry in container.spec.securityContext.capabilities[list]
	is_string(entry)
	upper(entry) == name
]
