package policies.mlock.ipc_lock_spelling_test

import data.policies.mlock.ipc_lock_spelling as rule

_pod(context) := {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "securityContext": context}]}}

_listed(list, entries) := _pod({"capabilities": {list: entries}})

_got(object_) := got if {
	got := rule.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_path(list, index) := ["spec", "containers", 0, "securityContext", "capabilities", list, index]

_violation(level, path, msg) := {"msg": msg, "details": {"level": level, "path": path, "facts": {}}}

_unknown(title, path, entry) := _violation("deny", path, sprintf("%s: capabilities.add has %q, an unknown name that containerd ignores without an error, so IPC_LOCK is not added (mlock beyond RLIMIT_MEMLOCK fails with ENOMEM); write IPC_LOCK", [title, entry]))

_kept(entry, name) := _violation("deny", _path("drop", 0), sprintf("container \"a\": capabilities.drop has %q, an unknown name that containerd ignores without an error, so %s is not dropped; write %s", [entry, name, name]))

_case(list, index, entry, name) := _violation("warn", _path(list, index), sprintf("container \"a\": capabilities.%s has %q, which the runtime knows, but not what compares names exactly, such as Pod Security admission; write %s", [list, entry, name]))

_idle(list, index, entry) := _violation("warn", _path(list, index), sprintf("container \"a\": capabilities.%s has %q, an unknown name that containerd ignores, and nothing changes without it; remove it", [list, entry]))

_prefixed := _unknown("container \"a\"", _path("add", 0), "CAP_IPC_LOCK")

test_names_that_the_runtime_does_not_know if {
	every entry in ["CAP_IPC_LOCK", "cap_ipc_lock", "Cap_Ipc_Lock", "IPCLOCK", "ipclock", "IPC-LOCK", "CAP_IPCLOCK", "IPC LOCK", " IPC_LOCK", "IPC_LOCK ", "IPC_LOCK\n"] {
		_got(_listed("add", [entry])) == {_unknown("container \"a\"", _path("add", 0), entry)}
		_got(_listed("drop", [entry])) == {_kept(entry, "IPC_LOCK")}
	}
}

test_names_in_another_case if {
	every entry in ["ipc_lock", "Ipc_Lock", "IPC_lock"] {
		_got(_listed("add", [entry])) == {_case("add", 0, entry, "IPC_LOCK")}
		_got(_listed("drop", [entry])) == {_case("drop", 0, entry, "IPC_LOCK")}
	}
}

test_trap_other_names if {
	every entry in ["IPC_LOCK", "ALL", "all", "CAP_ALL", "IPC_OWNER", "CAP_IPC_OWNER", "CAP_SYS_NICE", "net_raw", "CAP_", "CAP", "", "MEMLOCK", "IPC", "LOCK"] {
		_got(_listed("add", [entry])) == set()
		_got(_listed("drop", [entry])) == set()
	}
}

test_every_entry_is_reported_at_its_place if {
	pod := _pod({"capabilities": {"add": ["SYS_NICE", "CAP_IPC_LOCK", "ipc lock"], "drop": ["NET_RAW", "IPCLOCK"]}})
	_got(pod) == {
		_unknown("container \"a\"", _path("add", 1), "CAP_IPC_LOCK"),
		_unknown("container \"a\"", _path("add", 2), "ipc lock"),
		_violation("deny", _path("drop", 1), _kept("IPCLOCK", "IPC_LOCK").msg),
	}
}

# A name that is ignored where it changes nothing breaks nothing.

test_trap_added_anyway if {
	every entries in [["CAP_IPC_LOCK", "IPC_LOCK"], ["CAP_IPC_LOCK", "ALL"]] {
		_got(_listed("add", entries)) == {_idle("add", 0, "CAP_IPC_LOCK")}
	}
	_got(_pod({"privileged": true, "capabilities": {"add": ["CAP_IPC_LOCK"]}})) == {_idle("add", 0, "CAP_IPC_LOCK")}
	_got(_pod({"privileged": false, "capabilities": {"add": ["CAP_IPC_LOCK"]}})) == {_prefixed}
	_got(_listed("add", ["CAP_IPC_LOCK", "ipc_lock"])) == {_idle("add", 0, "CAP_IPC_LOCK"), _case("add", 1, "ipc_lock", "IPC_LOCK")}
	_got(_pod({"capabilities": {"add": ["CAP_IPC_LOCK", "IPC_LOCK"], "drop": ["IPC_LOCK"]}})) == {_prefixed}
	_got(_pod({"capabilities": {"add": ["CAP_IPC_LOCK"], "drop": ["ALL"]}})) == {_prefixed}
}

test_trap_dropped_anyway if {
	every all in ["ALL", "all"] {
		_got(_listed("drop", ["CAP_IPC_LOCK", all])) == {_idle("drop", 0, "CAP_IPC_LOCK")}
	}
	_got(_pod({"capabilities": {"add": ["ALL"], "drop": ["CAP_IPC_LOCK"]}})) == {_kept("CAP_IPC_LOCK", "IPC_LOCK")}
	_got(_pod({"capabilities": {"add": ["IPC_LOCK"], "drop": ["CAP_IPC_LOCK"]}})) == {_kept("CAP_IPC_LOCK", "IPC_LOCK")}
}

# Parameters.

test_no_parameters if {
	pod := _listed("add", ["CAP_IPC_LOCK", "CAP_SYS_NICE"])
	got := {violations |
		some in_ in [
			{"review": {"object": pod}},
			{"review": {"object": pod}, "parameters": null},
			{"review": {"object": pod}, "parameters": {}},
			{"review": {"object": pod}, "parameters": {"allowCapPrefix": null, "checkAllCaps": null, "levels": null, "vmRuntimeClasses": null}},
			{"review": {"object": pod}, "parameters": {"allowCapPrefix": "true", "checkAllCaps": "true"}},
		]
		violations := rule.violation with input as in_
	}
	got == {{_prefixed}}
}

test_levels if {
	pod := _pod({"capabilities": {"add": ["CAP_IPC_LOCK"], "drop": ["ipc_lock"]}})
	_with(pod, {"levels": ["deny"]}) == {_prefixed}
	_with(pod, {"levels": ["warn"]}) == {_case("drop", 0, "ipc_lock", "IPC_LOCK")}
	_with(pod, {"levels": []}) == set()
}

test_allow_cap_prefix if {
	_with(_listed("add", ["CAP_IPC_LOCK"]), {"allowCapPrefix": true}) == set()
	_with(_listed("drop", ["CAP_IPC_LOCK"]), {"allowCapPrefix": true}) == set()
	_with(_listed("add", ["CAP_IPC_LOCK"]), {"allowCapPrefix": false}) == {_prefixed}
	every entry in ["cap_ipc_lock", " CAP_IPC_LOCK", "CAP_IPCLOCK"] {
		_with(_listed("add", [entry]), {"allowCapPrefix": true}) == {_unknown("container \"a\"", _path("add", 0), entry)}
	}
	_with(_listed("add", ["ipc_lock"]), {"allowCapPrefix": true}) == {_case("add", 0, "ipc_lock", "IPC_LOCK")}
}

test_check_all_caps if {
	every name in ["NET_RAW", "IPC_LOCK", "ALL", "CHECKPOINT_RESTORE", "SYS_TTY_CONFIG", "MAC_ADMIN", "BPF"] {
		entry := concat("_", ["CAP", name])
		_with(_listed("drop", [entry]), {"checkAllCaps": true}) == {_kept(entry, name)}
		_with(_listed("drop", [lower(name)]), {"checkAllCaps": true}) == {_case("drop", 0, lower(name), name)}
		_with(_listed("drop", [name]), {"checkAllCaps": true}) == set()
	}
	_with(_listed("add", ["CAP_SYS_NICE"]), {"checkAllCaps": true}) == {_violation("deny", _path("add", 0), "container \"a\": capabilities.add has \"CAP_SYS_NICE\", an unknown name that containerd ignores without an error, so SYS_NICE is not added; write SYS_NICE")}
	_with(_listed("add", ["CAP_IPC_LOCK"]), {"checkAllCaps": true}) == {_prefixed}
	_with(_listed("drop", ["CAP_NET_RAW", "ALL"]), {"checkAllCaps": true}) == {_idle("drop", 0, "CAP_NET_RAW")}
	_with(_listed("add", ["CAP_SYS_NICE"]), {"checkAllCaps": true, "allowCapPrefix": true}) == set()
	_with(_listed("add", ["CAP_NEWER_THAN_THIS_LIST", "newer"]), {"checkAllCaps": true}) == set()
}

test_vm_runtime_classes if {
	pod := object.union(_listed("add", ["CAP_IPC_LOCK"]), {"spec": {"runtimeClassName": "kata-qemu"}})
	_got(pod) == set()
	_with(pod, {"vmRuntimeClasses": []}) == {_prefixed}
	_got(object.union(pod, {"spec": {"runtimeClassName": "nvidia"}})) == {_prefixed}
	_got(object.union(pod, {"spec": {"runtimeClassName": null}})) == {_prefixed}
}

# Objects.

test_all_containers_are_judged if {
	context := {"capabilities": {"add": ["CAP_IPC_LOCK"]}}
	tail := ["securityContext", "capabilities", "add", 0]
	_got({"apiVersion": "v1", "kind": "Pod", "spec": {
		"initContainers": [
			{"name": "i", "securityContext": context},
			{"name": "s", "restartPolicy": "Always", "securityContext": context},
		],
		"containers": [null, {"name": "x"}, {"name": "c", "securityContext": context}],
		"ephemeralContainers": [{"name": "e", "securityContext": context}],
	}}) == {
		_unknown("init container \"i\"", array.concat(["spec", "initContainers", 0], tail), "CAP_IPC_LOCK"),
		_unknown("sidecar \"s\"", array.concat(["spec", "initContainers", 1], tail), "CAP_IPC_LOCK"),
		_unknown("container \"c\"", array.concat(["spec", "containers", 2], tail), "CAP_IPC_LOCK"),
		_unknown("ephemeral container \"e\"", array.concat(["spec", "ephemeralContainers", 0], tail), "CAP_IPC_LOCK"),
	}
}

test_every_kind_of_workload if {
	template := {"spec": _listed("add", ["CAP_IPC_LOCK"]).spec}
	every row in [
		{"apiVersion": "v1", "kind": "PodTemplate", "path": ["template"]},
		{"apiVersion": "v1", "kind": "ReplicationController", "path": ["spec", "template"]},
		{"apiVersion": "apps/v1", "kind": "Deployment", "path": ["spec", "template"]},
		{"apiVersion": "apps/v1", "kind": "StatefulSet", "path": ["spec", "template"]},
		{"apiVersion": "apps/v1", "kind": "DaemonSet", "path": ["spec", "template"]},
		{"apiVersion": "apps/v1", "kind": "ReplicaSet", "path": ["spec", "template"]},
		{"apiVersion": "batch/v1", "kind": "Job", "path": ["spec", "template"]},
		{"apiVersion": "batch/v1", "kind": "CronJob", "path": ["spec", "jobTemplate", "spec", "template"]},
	] {
		object_ := json.patch(
			{"apiVersion": row.apiVersion, "kind": row.kind, "spec": {"jobTemplate": {"spec": {}}}},
			[{"op": "add", "path": row.path, "value": template}],
		)
		_got(object_) == {_unknown("container \"a\"", array.concat(row.path, _path("add", 0)), "CAP_IPC_LOCK")}
	}
}

test_windows_pods_are_not_judged if {
	_got(object.union(_listed("add", ["CAP_IPC_LOCK"]), {"spec": {"os": {"name": "windows"}}})) == set()
}

test_what_has_another_type_is_no_error if {
	every context in [null, [], "x", {}, {"capabilities": null}, {"capabilities": []}, {"capabilities": "x"}, {"capabilities": {"add": null, "drop": "CAP_IPC_LOCK"}}, {"capabilities": {"add": [], "drop": 1}}, {"capabilities": {"keep": ["ipc_lock"]}}] {
		_got(_pod(context)) == set()
	}
	_got(_listed("add", [null, 1, true, ["CAP_IPC_LOCK"], {}])) == set()
	_got(_listed("drop", [null, 1, "CAP_IPC_LOCK"])) == {_violation("deny", _path("drop", 2), _kept("CAP_IPC_LOCK", "IPC_LOCK").msg)}
	every spec in [null, {}, [], "x", {"containers": null}, {"containers": {}}, {"containers": [null, 1, "x", []]}] {
		_got({"apiVersion": "v1", "kind": "Pod", "spec": spec}) == set()
	}
	_got({"apiVersion": "v1", "kind": "Service", "spec": {}}) == set()
}

test_only_what_an_update_introduces if {
	old := _listed("add", ["CAP_IPC_LOCK"])
	object_ := object.union(old, {"metadata": {"finalizers": ["x"]}})
	rule.violation == set() with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": old}}
	rule.violation == {_prefixed} with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": _listed("add", ["IPC_LOCK"])}}
}

test_nothing_on_delete if {
	rule.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _listed("add", ["CAP_IPC_LOCK"])}}
}
