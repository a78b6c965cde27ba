package policies.runtime.min_memory_limit_test

import data.policies.runtime.min_memory_limit

_mi := 1048576

_init := `the runtime's own init process does not fit: CRI-O refuses it, runc reports "container init was OOM-killed (memory limit too low?)"`

_may := `the runtime's own init process, which runs in it first, may be OOM-killed: "container init was OOM-killed (memory limit too low?)"`

_exec := "the process that the runtime starts in it for each exec probe or hook may be OOM-killed beside the program"

_limited(limit) := {"name": "a", "resources": {"limits": {"memory": limit}}}

_pod(container) := {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [container]}}

_got(object_) := got if {
	got := min_memory_limit.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := min_memory_limit.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_finding(level, title, path, limit, bytes, minimum, text, advice) := {
	"msg": sprintf("%s: memory limit %q is below %dMi, so %s; set at least %dMi", [title, limit, minimum, text, advice]),
	"details": {
		"level": level,
		"path": array.concat(path, ["resources", "limits", "memory"]),
		"facts": {"limitBytes": bytes, "minimumBytes": minimum * _mi},
	},
}

_path := ["spec", "containers", 0]

_deny(limit, bytes) := _finding("deny", `container "a"`, _path, limit, bytes, 12, _init, 20)

_warn(limit, bytes) := _finding("warn", `container "a"`, _path, limit, bytes, 20, _may, 20)

# The e2e test of the kubelet's OOM killer has 15Mi.
test_levels_by_limit if {
	_got(_pod(_limited("10Mi"))) == {_deny("10Mi", 10 * _mi)}
	_got(_pod(_limited("12582911"))) == {_deny("12582911", 12582911)}
	_got(_pod(_limited("12Mi"))) == {_warn("12Mi", 12 * _mi)}
	_got(_pod(_limited("15Mi"))) == {_warn("15Mi", 15 * _mi)}
	_got(_pod(_limited("20971519"))) == {_warn("20971519", 20971519)}
	_got(_pod(_limited("20Mi"))) == set()
	_got(_pod(_limited("1Gi"))) == set()
}

test_quantities_as_they_are_written if {
	_got(_pod(_limited("20M"))) == {_warn("20M", 20000000)}
	_got(_pod(_limited(1.048576e+07))) == {_deny("10485760", 10485760)}
	_got(_pod(_limited(15728640))) == {_warn("15728640", 15728640)}
	_got(_pod(_limited("100m"))) == {_deny("100m", 1)}
	_got(_pod(_limited(0.5))) == {_deny("0.5", 1)}
	_got(_pod(_limited(".01Gi"))) == {_deny(".01Gi", 10737419)}
}

test_trap_limit_that_is_none if {
	every limit in ["0", 0, "0Mi", null, "-1Mi", -1, "", "10 Mi", "10Mib", [], {}, true] {
		_got(_pod(_limited(limit))) == set()
	}
	every resources in [null, [], "x", {}, {"limits": null}, {"limits": []}, {"limits": {}}, {"limits": {"cpu": "1m"}}] {
		_got(_pod({"name": "a", "resources": resources})) == set()
	}
	_got(_pod({"name": "a"})) == set()
}

test_trap_requests_are_no_limit if {
	_got(_pod({"name": "a", "resources": {"requests": {"memory": "1Mi"}}})) == set()
}

# Exec probes and hooks.

_command := {"command": ["true"]}

_executing := [
	{"livenessProbe": {"exec": _command}},
	{"readinessProbe": {"exec": _command}},
	{"startupProbe": {"exec": _command}},
	{"lifecycle": {"postStart": {"exec": _command}}},
	{"lifecycle": {"preStop": {"exec": _command}}},
]

test_exec_needs_headroom if {
	every part in _executing {
		_got(_pod(object.union(_limited("31Mi"), part))) == {_finding("warn", `container "a"`, _path, "31Mi", 31 * _mi, 32, _exec, 32)}
		_got(_pod(object.union(_limited("20Mi"), part))) == {_finding("warn", `container "a"`, _path, "20Mi", 20 * _mi, 32, _exec, 32)}
		_got(_pod(object.union(_limited("32Mi"), part))) == set()
		_got(_pod(object.union(_limited("15Mi"), part))) == {_finding("warn", `container "a"`, _path, "15Mi", 15 * _mi, 20, _may, 32)}
		_got(_pod(object.union(_limited("10Mi"), part))) == {_finding("deny", `container "a"`, _path, "10Mi", 10 * _mi, 12, _init, 32)}
	}
}

test_trap_probes_and_hooks_that_execute_nothing if {
	every part in [
		{"livenessProbe": {"httpGet": {"port": 80}}},
		{"readinessProbe": {"exec": null}},
		{"readinessProbe": null},
		{"startupProbe": []},
		{"startupProbe": {"exec": "true"}},
		{"lifecycle": {"preStop": {"sleep": {"seconds": 5}}}},
		{"lifecycle": {"preStop": null}},
		{"lifecycle": null},
		{"lifecycle": {"exec": _command}},
		{"exec": _command},
	] {
		_got(_pod(object.union(_limited("21Mi"), part))) == set()
	}
}

test_exec_of_another_container_does_not_count if {
	_got({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [
		_limited("21Mi"),
		object.union(_limited("64Mi"), {"name": "b", "livenessProbe": {"exec": _command}}),
	]}}) == set()
}

# Limits of the pod.

_shared(limit, containers) := {"apiVersion": "v1", "kind": "Pod", "spec": {"resources": {"limits": {"memory": limit}}, "containers": containers}}

test_limit_of_the_pod if {
	_got(_shared("10Mi", [{"name": "a"}])) == {_finding("deny", "pod", ["spec"], "10Mi", 10 * _mi, 12, _init, 20)}
	_got(_shared("15Mi", [{"name": "a"}])) == {_finding("warn", "pod", ["spec"], "15Mi", 15 * _mi, 20, _may, 20)}
	_got(_shared("20Mi", [{"name": "a"}])) == set()
	_got(_shared("64Mi", [_limited("15Mi")])) == {_warn("15Mi", 15 * _mi)}
	_got(_shared("15Mi", [_limited("15Mi")])) == {_warn("15Mi", 15 * _mi), _finding("warn", "pod", ["spec"], "15Mi", 15 * _mi, 20, _may, 20)}
	every limit in [null, "0", "x"] {
		_got(_shared(limit, [{"name": "a"}])) == set()
	}
}

test_exec_counts_for_the_limit_of_the_pod_where_a_container_has_none if {
	probe := {"livenessProbe": {"exec": _command}}
	expected := {_finding("warn", "pod", ["spec"], "24Mi", 24 * _mi, 32, _exec, 32)}
	_got(_shared("24Mi", [{"name": "x"}, object.union({"name": "a"}, probe)])) == expected
	_got(_shared("24Mi", [object.union(_limited("0"), probe)])) == expected
	_got(_shared("24Mi", [object.union(_limited(null), probe)])) == expected
	_got(_shared("33Mi", [object.union({"name": "a"}, probe)])) == set()
	_got(_shared("100Mi", [object.union(_limited("33Mi"), probe)])) == set()
	_got(_shared("31Mi", [object.union(_limited("33Mi"), probe)])) == set()
	ephemeral := object.union(_shared("24Mi", [{"name": "a"}]), {"spec": {"ephemeralContainers": [object.union({"name": "e"}, probe)]}})
	_got(ephemeral) == set()
}

# Containers and workloads.

test_init_containers_and_sidecars_are_judged_ephemeral_ones_are_not if {
	_got({"apiVersion": "v1", "kind": "Pod", "spec": {
		"initContainers": [
			object.union(_limited("8Mi"), {"name": "i"}),
			object.union(_limited("16Mi"), {"name": "s", "restartPolicy": "Always"}),
		],
		"containers": [_limited("64Mi"), object.union(_limited("11Mi"), {"name": "c"})],
		"ephemeralContainers": [object.union(_limited("1Mi"), {"name": "e"})],
	}}) == {
		_finding("deny", `init container "i"`, ["spec", "initContainers", 0], "8Mi", 8 * _mi, 12, _init, 20),
		_finding("warn", `sidecar "s"`, ["spec", "initContainers", 1], "16Mi", 16 * _mi, 20, _may, 20),
		_finding("deny", `container "c"`, ["spec", "containers", 1], "11Mi", 11 * _mi, 12, _init, 20),
	}
}

test_every_kind_of_workload if {
	template := {"spec": {"containers": [_limited("10Mi")]}}
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
		_got(object_) == {_finding("deny", `container "a"`, array.concat(row.path, ["spec", "containers", 0]), "10Mi", 10 * _mi, 12, _init, 20)}
	}
}

# Parameters.

test_thresholds_are_parameters if {
	_with(_pod(_limited("10Mi")), {"hardMin": "8Mi"}) == {_warn("10Mi", 10 * _mi)}
	_with(_pod(_limited("15Mi")), {"hardMin": "16Mi"}) == {_finding("deny", `container "a"`, _path, "15Mi", 15 * _mi, 16, _init, 20)}
	_with(_pod(_limited("15Mi")), {"softMin": "15Mi"}) == set()
	_with(_pod(_limited("24Mi")), {"softMin": "32Mi"}) == {_finding("warn", `container "a"`, _path, "24Mi", 24 * _mi, 32, _may, 32)}
	probing := _pod(object.union(_limited("24Mi"), {"livenessProbe": {"exec": _command}}))
	_with(probing, {"execHeadroom": "4Mi"}) == set()
	_with(probing, {"execHeadroom": "5Mi"}) == {_finding("warn", `container "a"`, _path, "24Mi", 24 * _mi, 25, _exec, 25)}
	_with(probing, {"execHeadroom": "0"}) == set()
	every parameters in [null, {}, {"hardMin": null, "softMin": null, "execHeadroom": null, "runtimeFloor": null}] {
		_with(_pod(_limited("15Mi")), parameters) == {_warn("15Mi", 15 * _mi)}
	}
}

test_floor_of_a_runtime_replaces_them if {
	crun := {"spec": {"runtimeClassName": "crun"}}
	small := object.union(_pod(object.union(_limited("4Mi"), {"livenessProbe": {"exec": _command}})), crun)
	_with(small, {"runtimeFloor": {"crun": "1Mi"}}) == set()
	_with(small, {"runtimeFloor": {"crun": "5Mi"}}) == {_finding("deny", `container "a"`, _path, "4Mi", 4 * _mi, 5, _init, 5)}
	_with(object.union(_pod(_limited("15Mi")), crun), {"runtimeFloor": {"runc": "1Mi"}}) == {_warn("15Mi", 15 * _mi)}
	every floors in [{"crun": null}, {"crun": "x"}, [], "crun"] {
		_with(object.union(_pod(_limited("15Mi")), crun), {"runtimeFloor": floors}) == {_warn("15Mi", 15 * _mi)}
	}
}

test_floor_of_pods_that_name_no_runtime if {
	_with(_pod(_limited("4Mi")), {"runtimeFloor": {"": "1Mi"}}) == set()
	_with(object.union(_pod(_limited("4Mi")), {"spec": {"runtimeClassName": null}}), {"runtimeFloor": {"": "1Mi"}}) == set()
	_with(object.union(_pod(_limited("15Mi")), {"spec": {"runtimeClassName": "runc"}}), {"runtimeFloor": {"": "1Mi"}}) == {_warn("15Mi", 15 * _mi)}
}

test_windows_and_virtual_machines_are_not_judged if {
	pod := _pod(_limited("10Mi"))
	_got(object.union(pod, {"spec": {"nodeSelector": {"kubernetes.io/os": "windows"}}})) == set()
	_got(object.union(pod, {"spec": {"runtimeClassName": "kata-qemu"}})) == set()
	_got(object.union(pod, {"spec": {"runtimeClassName": "runc"}})) == {_deny("10Mi", 10 * _mi)}
	_with(object.union(pod, {"spec": {"runtimeClassName": "runc"}}), {"vmRuntimeClasses": ["runc"]}) == set()
	_with(object.union(pod, {"spec": {"runtimeClassName": "kata-qemu"}}), {"vmRuntimeClasses": []}) == {_deny("10Mi", 10 * _mi)}
}

test_levels if {
	_with(_pod(_limited("10Mi")), {"levels": ["warn"]}) == set()
	_with(_pod(_limited("10Mi")), {"levels": ["deny"]}) == {_deny("10Mi", 10 * _mi)}
	_with(_pod(_limited("15Mi")), {"levels": ["deny"]}) == set()
	_with(_pod(_limited("15Mi")), {"levels": ["warn"]}) == {_warn("15Mi", 15 * _mi)}
}

test_only_what_an_update_introduces if {
	old := _pod(_limited("10Mi"))
	min_memory_limit.violation == set() with input as {"review": {"operation": "UPDATE", "object": object.union(old, {"metadata": {"finalizers": ["x"]}}), "oldObject": old}}
	min_memory_limit.violation == {_deny("10Mi", 10 * _mi)} with input as {"review": {"operation": "UPDATE", "object": old, "oldObject": _pod(_limited("64Mi"))}}
	min_memory_limit.violation == {_deny("10Mi", 10 * _mi)} with input as {"review": {"operation": "UPDATE", "object": old, "oldObject": _pod(_limited("9Mi"))}}
}

test_nothing_on_delete if {
	min_memory_limit.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _pod(_limited("10Mi"))}}
}

test_specs_of_other_types_are_no_error if {
	every spec in [null, {}, [], "x", {"containers": null}, {"containers": {}}, {"containers": [null, 1, "x", []]}, {"resources": null, "containers": []}, {"resources": [], "containers": []}] {
		_got({"apiVersion": "v1", "kind": "Pod", "spec": spec}) == set()
	}
}
