package policies.mlock.ipc_lock_memory_bounded_test

import data.policies.mlock.ipc_lock_memory_bounded

_adding := {"securityContext": {"capabilities": {"add": ["IPC_LOCK"]}}}

_privileged := {"securityContext": {"privileged": true}}

_resources(requests, limits) := {"resources": {"requests": {"memory": requests}, "limits": {"memory": limits}}}

_container(fields) := object.union({"name": "a", "image": "example.com/a:1"}, fields)

_pod(container) := {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [container]}}

_locker(fields) := _pod(_container(object.union(_adding, fields)))

_got(object_) := got if {
	got := ipc_lock_memory_bounded.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := ipc_lock_memory_bounded.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_path := ["spec", "containers", 0]

_unlimited_by(title, path, lets, causes) := {
	"msg": sprintf("%s: %s it lock memory past RLIMIT_MEMLOCK, and no memory limit bounds it, so it can take the node's memory until the node evicts or OOM-kills; set resources.limits.memory or remove %s", [title, lets, causes]),
	"details": {"level": "deny", "path": array.concat(path, ["resources", "limits", "memory"]), "facts": {}},
}

_unlimited := _unlimited_by(`container "a"`, _path, "IPC_LOCK lets", "IPC_LOCK")

_unlimited_at(title, path) := _unlimited_by(title, path, "IPC_LOCK lets", "IPC_LOCK")

_passing(path, causes) := {
	"msg": sprintf(`init container "i": %s lets it lock memory past RLIMIT_MEMLOCK, and no memory limit bounds it, so it can take the node's memory until the node evicts or OOM-kills, and whatever it locks is unlocked when it ends; remove %s`, [causes, causes]),
	"details": {"level": "warn", "path": array.concat(["spec", "initContainers", 0, "securityContext"], path), "facts": {}},
}

_unrequested(limit, of, request, path, facts) := {
	"msg": sprintf(`container "a": IPC_LOCK lets it lock memory up to limits.memory %q%s, but requests.memory is %q, so the node may promise the difference to others and run out of memory; set it to %q as well`, [limit, of, request, limit]),
	"details": {"level": "warn", "path": array.concat(path, ["resources", "requests", "memory"]), "facts": facts},
}

_half := {"requestBytes": 1073741824, "limitBytes": 2147483648}

_burstable := _unrequested("2Gi", "", "1Gi", _path, _half)

# Which containers may lock memory.

test_capability_without_a_limit if {
	_got(_locker({})) == {_unlimited}
	every context in [
		{"capabilities": {"add": ["NET_ADMIN", "ipc_lock"]}},
		{"capabilities": {"add": ["IPC_LOCK"], "drop": ["ALL"]}},
		{"capabilities": {"add": ["IPC_LOCK"]}, "privileged": false},
		{"capabilities": {"add": ["IPC_LOCK"]}, "runAsUser": 0, "runAsNonRoot": true},
	] {
		_got(_pod(_container({"securityContext": context}))) == {_unlimited}
	}
}

test_capability_by_all if {
	every add in [["ALL"], ["all"], ["ALL", "NET_ADMIN"], ["ALL", "ALL"]] {
		_got(_pod(_container({"securityContext": {"capabilities": {"add": add}}}))) == {_unlimited_by(`container "a"`, _path, "ALL lets", "ALL")}
	}
	every add in [["ALL", "IPC_LOCK"], ["IPC_LOCK", "ALL"]] {
		_got(_pod(_container({"securityContext": {"capabilities": {"add": add}}}))) == {_unlimited_by(`container "a"`, _path, "IPC_LOCK and ALL let", "IPC_LOCK and ALL")}
	}
}

# Another rule says that it has no effect.
test_trap_capability_of_another_user_than_root if {
	every context in [
		{"capabilities": {"add": ["IPC_LOCK"]}, "runAsUser": 1000},
		{"capabilities": {"add": ["IPC_LOCK"]}, "runAsNonRoot": true},
	] {
		_got(_pod(_container({"securityContext": context}))) == set()
	}
	_got(object.union(_locker({}), {"spec": {"securityContext": {"runAsUser": 100}}})) == set()
	privileged := _pod(_container({"securityContext": {"privileged": true, "runAsUser": 1000}}))
	_with(privileged, {"includePrivileged": true}) == set()
}

test_trap_no_effective_capability if {
	every context in [
		null,
		[],
		"x",
		{},
		{"capabilities": null},
		{"capabilities": []},
		{"capabilities": {"add": null}},
		{"capabilities": {"add": "IPC_LOCK"}},
		{"capabilities": {"add": [null, 1, "SYS_RESOURCE"]}},
		{"capabilities": {"add": ["CAP_IPC_LOCK"]}},
		{"capabilities": {"add": ["IPC_LOCK"], "drop": ["IPC_LOCK"]}},
		{"capabilities": {"add": ["ALL"], "drop": ["ALL"]}},
	] {
		_got(_pod(_container({"securityContext": context}))) == set()
	}
}

test_trap_user_namespace_takes_the_capability_away if {
	_got(object.union(_locker({}), {"spec": {"hostUsers": false}})) == set()
	every value in [true, null, "false", 0] {
		_got(object.union(_locker({}), {"spec": {"hostUsers": value}})) == {_unlimited}
	}
}

test_trap_privileged_containers_of_the_node if {
	pod := _pod(_container(_privileged))
	_got(pod) == set()
	_got(_pod(_container(object.union(_privileged, {"securityContext": {"capabilities": {"add": ["IPC_LOCK"]}}})))) == set()
	_with(pod, {"includePrivileged": true}) == {_unlimited_by(`container "a"`, _path, "privileged lets", "privileged")}
	_with(_pod(_container({})), {"includePrivileged": true}) == set()
	_with(_locker({}), {"includePrivileged": true}) == {_unlimited}
	every value in [false, null, "true", 1] {
		_with(pod, {"includePrivileged": value}) == set()
	}
}

# Memory limits.

test_trap_limit if {
	every limit in ["1Gi", "1", 1073741824, 1.5e9, ".5Gi"] {
		_got(_locker({"resources": {"limits": {"memory": limit}}})) == set()
	}
}

test_trap_limit_of_the_pod if {
	_got(object.union(_locker({}), {"spec": {"resources": {"limits": {"memory": "1Gi"}}}})) == set()
	_got(object.union(_locker({}), {"spec": {"resources": {"limits": {"cpu": "1"}}}})) == {_unlimited}
}

test_no_limit if {
	every resources in [
		null,
		[],
		"x",
		{},
		{"limits": null},
		{"limits": {}},
		{"limits": {"cpu": "1"}},
		{"limits": {"memory": null}},
		{"limits": {"memory": "0"}},
		{"limits": {"memory": 0}},
		{"requests": {"memory": "1Gi"}},
	] {
		_got(_locker({"resources": resources})) == {_unlimited}
	}
}

test_trap_limit_that_is_no_quantity_is_another_rule_s if {
	every limit in ["1 Gi", "", "lots", true, ["1Gi"], {}] {
		_got(_locker({"resources": {"limits": {"memory": limit}}})) == set()
	}
}

test_trap_default_of_a_limit_range if {
	assume := {"assumeLimitRangeDefault": true}
	template := {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": _locker({})}}
	found := _unlimited_at(`container "a"`, ["spec", "template", "spec", "containers", 0])
	_got(template) == {found}
	_with(template, assume) == set()
	_with(_locker({}), assume) == {_unlimited}
	every value in [false, null, "true", 1] {
		_with(template, {"assumeLimitRangeDefault": value}) == {found}
	}
	zero := {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": _locker({"resources": {"limits": {"memory": "0"}}})}}
	_with(zero, assume) == {found}
}

# Memory requests.

_guaranteed := {"requireGuaranteed": true}

test_request_below_the_limit_is_another_rule_s if {
	pod := _locker(_resources("1Gi", "2Gi"))
	_got(pod) == set()
	_with(pod, _guaranteed) == {_burstable}
	every value in [false, null, "true", 1] {
		_with(pod, {"requireGuaranteed": value}) == set()
	}
}

test_request_that_is_no_less if {
	every pair in [["2Gi", "2Gi"], ["2048Mi", "2Gi"], [2147483648, "2Gi"], [2.147483648e9, "2Gi"], ["3Gi", "2Gi"]] {
		_with(_locker(_resources(pair[0], pair[1])), _guaranteed) == set()
	}
}

test_request_by_one_byte_less if {
	_with(_locker(_resources(2147483647, 2.147483648e9)), _guaranteed) == {_unrequested("2147483648", "", "2147483647", _path, {"requestBytes": 2147483647, "limitBytes": 2147483648})}
}

# The API server takes the limit for both.
test_trap_no_request if {
	every request in [null, "", "1 Gi", [], {}, true] {
		_with(_locker(_resources(request, "2Gi")), _guaranteed) == set()
	}
	_with(_locker({"resources": {"limits": {"memory": "2Gi"}}}), _guaranteed) == set()
	_with(_locker({"resources": {"requests": null, "limits": {"memory": "2Gi"}}}), _guaranteed) == set()
}

test_request_without_a_limit_is_one_finding if {
	_with(_locker({"resources": {"requests": {"memory": "1Gi"}}}), _guaranteed) == {_unlimited}
}

test_request_of_the_pod_decides if {
	lacking := _unrequested("2Gi", " of the pod", "1Gi", ["spec"], _half)
	pod := object.union(_locker({}), {"spec": _resources("1Gi", "2Gi")})
	_with(pod, _guaranteed) == {lacking}
	_with(object.union(_locker(_resources("2Gi", "2Gi")), {"spec": _resources("1Gi", "2Gi")}), _guaranteed) == {lacking}
	_with(object.union(_locker(_resources("1Gi", "2Gi")), {"spec": _resources("2Gi", "2Gi")}), _guaranteed) == set()
	_with(object.union(_locker(_resources("1Gi", "2Gi")), {"spec": {"resources": {"limits": {"memory": null}}}}), _guaranteed) == {_burstable}
}

test_request_of_a_privileged_container if {
	got := _with(_pod(_container(object.union(_privileged, _resources("1Gi", "2Gi")))), object.union(_guaranteed, {"includePrivileged": true}))
	got == {json.patch(_burstable, [{"op": "replace", "path": "/msg", "value": replace(_burstable.msg, "IPC_LOCK", "privileged")}])}
}

test_request_of_what_ends_before_the_pod_runs if {
	lacking := _container(object.union(_adding, _resources("1Gi", "2Gi")))
	pod := {"apiVersion": "v1", "kind": "Pod", "spec": {"initContainers": [lacking, object.union(lacking, {"restartPolicy": "Always"})]}}
	sidecar := json.patch(
		_unrequested("2Gi", "", "1Gi", ["spec", "initContainers", 1], _half),
		[{"op": "replace", "path": "/msg", "value": replace(_burstable.msg, "container", "sidecar")}],
	)
	_with(pod, _guaranteed) == {sidecar}
}

# Containers, workloads, runtimes.

test_all_containers_but_ephemeral_ones if {
	_got({"apiVersion": "v1", "kind": "Pod", "spec": {
		"initContainers": [
			object.union({"name": "i"}, _adding),
			object.union({"name": "s", "restartPolicy": "Always"}, _adding),
		],
		"containers": [{"name": "x"}, object.union({"name": "c"}, _adding)],
		"ephemeralContainers": [object.union({"name": "e"}, _adding)],
	}}) == {
		_passing(["capabilities", "add"], "IPC_LOCK"),
		_unlimited_at(`sidecar "s"`, ["spec", "initContainers", 1]),
		_unlimited_at(`container "c"`, ["spec", "containers", 1]),
	}
}

_starting(fields) := {"apiVersion": "v1", "kind": "Pod", "spec": {"initContainers": [object.union({"name": "i"}, fields)]}}

test_init_containers_unlock_what_they_lock if {
	_got(_starting(_adding)) == {_passing(["capabilities", "add"], "IPC_LOCK")}
	_got(_starting({"securityContext": {"capabilities": {"add": ["ALL"]}}})) == {_passing(["capabilities", "add"], "ALL")}
	_got(_starting(object.union(_adding, {"resources": {"limits": {"memory": "1Gi"}}}))) == set()
	_got(_starting(_privileged)) == set()
	_with(_starting(_privileged), {"includePrivileged": true}) == {_passing(["privileged"], "privileged")}
	_with(_starting(_adding), {"levels": ["deny"]}) == set()
}

test_every_kind_of_workload if {
	template := {"spec": {"containers": [_container(_adding)]}}
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
		_got(object_) == {_unlimited_at(`container "a"`, array.concat(row.path, ["spec", "containers", 0]))}
	}
}

test_windows_and_virtual_machines_are_not_judged if {
	_got(object.union(_locker({}), {"spec": {"os": {"name": "windows"}}})) == set()
	_got(object.union(_locker({}), {"spec": {"runtimeClassName": "kata-qemu"}})) == set()
	_got(object.union(_locker({}), {"spec": {"runtimeClassName": "runc"}})) == {_unlimited}
	_with(object.union(_locker({}), {"spec": {"runtimeClassName": "runc"}}), {"vmRuntimeClasses": ["runc"]}) == set()
	_with(object.union(_locker({}), {"spec": {"runtimeClassName": "gvisor"}}), {"vmRuntimeClasses": []}) == {_unlimited}
}

test_parameters_that_are_null if {
	nulls := {"levels": null, "includePrivileged": null, "requireGuaranteed": null, "assumeLimitRangeDefault": null, "vmRuntimeClasses": null}
	_with(_locker({}), nulls) == {_unlimited}
	_with(_locker({}), {}) == {_unlimited}
}

test_levels if {
	pod := {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [
		_container(object.union(_adding, _resources("1Gi", "2Gi"))),
		object.union({"name": "b"}, _adding),
	]}}
	unlimited := _unlimited_at(`container "b"`, ["spec", "containers", 1])
	_with(pod, _guaranteed) == {_burstable, unlimited}
	_with(pod, object.union(_guaranteed, {"levels": ["deny"]})) == {unlimited}
	_with(pod, object.union(_guaranteed, {"levels": ["warn"]})) == {_burstable}
}

test_only_what_an_update_introduces if {
	old := _locker({})
	after := object.union(old, {"metadata": {"finalizers": ["x"]}})
	ipc_lock_memory_bounded.violation == set() with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": old}}
	ipc_lock_memory_bounded.violation == {_unlimited} with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": _pod(_container({}))}}
}

test_nothing_on_delete if {
	ipc_lock_memory_bounded.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _locker({})}}
}

test_specs_of_other_types_are_no_error if {
	every spec in [null, {}, [], "x", {"containers": null}, {"containers": {}}, {"containers": [null, 1, "x", []]}] {
		_got({"apiVersion": "v1", "kind": "Pod", "spec": spec}) == set()
	}
}

# SYS_RESOURCE raises RLIMIT_MEMLOCK by itself, but is not asked for its own sake.
test_sys_resource_beside_ipc_lock if {
	some found in _got(_pod(_container({"securityContext": {"capabilities": {"add": ["SYS_RESOURCE", "IPC_LOCK"]}}})))
	endswith(found.msg, "; set resources.limits.memory or remove IPC_LOCK and SYS_RESOURCE")
	every added in [["SYS_RESOURCE"], ["SYS_RESOURCE", "SYS_ADMIN"]] {
		_got(_pod(_container({"securityContext": {"capabilities": {"add": added}}}))) == set()
	}
	some all in _got(_pod(_container({"securityContext": {"capabilities": {"add": ["SYS_RESOURCE", "ALL"]}}})))
	endswith(all.msg, "; set resources.limits.memory or remove ALL")
}
