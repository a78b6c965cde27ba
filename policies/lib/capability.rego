# METADATA
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
