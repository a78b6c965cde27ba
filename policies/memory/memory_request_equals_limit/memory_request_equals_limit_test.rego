package policies.memory.memory_request_equals_limit_test

import data.policies.memory.memory_request_equals_limit as rule

_mount := {"name": "shm", "mountPath": "/dev/shm"}

_volumes := [{"name": "shm", "emptyDir": {"medium": "Memory"}}]

_sized(size) := [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": size}}]

_resources(request, limit) := {"requests": {"memory": request}, "limits": {"memory": limit}}

_plain := {"name": "db", "image": "docker.io/library/postgres:17.2", "resources": _resources("1Gi", "2Gi")}

_writer := object.union(_plain, {"volumeMounts": [_mount]})

_locker := object.union(_plain, {"securityContext": {"capabilities": {"add": ["IPC_LOCK"], "drop": ["ALL"]}}})

_agent := object.union(_plain, {"image": "ghcr.io/spegel-org/spegel:v0.1.1"})

_given(resources) := object.union(object.remove(_writer, ["resources"]), {"resources": resources})

_pod(spec) := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": object.union({"volumes": _volumes}, spec)}

_of(container) := _violations(_pod({"containers": [container]}))

_daemon(container) := {"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {"template": {"spec": {"containers": [container]}}}}

_violations(object_) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": {}}
}

_with(object_, parameters) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_path := ["spec", "containers", 0, "resources", "requests", "memory"]

_violation(path, title, reason) := {
	"msg": sprintf("%s: requests.memory \"1Gi\" is below limits.memory \"2Gi\"%s, so the node may promise the difference to others and run out of memory; set it to \"2Gi\" as well", [title, reason]),
	"details": {"level": "warn", "path": path, "facts": {"requestBytes": 1073741824, "limitBytes": 2147483648}},
}

_tmpfs := ", and what it writes to memory-backed volume \"shm\" without a sizeLimit cannot be reclaimed"

_tmpfs_of(size) := sprintf(", and what it writes to memory-backed volume \"shm\" of %s cannot be reclaimed", [size])

_locked := ", and the memory that it locks with IPC_LOCK cannot be reclaimed"

_everywhere := ", and it runs on every node"

_warned(path) := _violation(path, "container \"db\"", _tmpfs)

_found := {_warned(_path)}

test_warned_of_a_writer_to_a_tmpfs if {
	_of(_writer) == _found
}

test_warned_of_locked_memory if {
	_of(_locker) == {_violation(_path, "container \"db\"", _locked)}
}

test_warned_of_a_daemon if {
	_violations(_daemon(_agent)) == {_violation(array.concat(["spec", "template"], _path), "container \"db\"", _everywhere)}
	owned := object.union(_pod({"containers": [_agent]}), {"metadata": {"ownerReferences": [{"kind": "Node"}, {"kind": "DaemonSet"}]}})
	_violations(owned) == {_violation(_path, "container \"db\"", _everywhere)}
}

test_no_parameters if {
	pod := _pod({"containers": [_writer, _plain]})
	got := {violations |
		some in_ in [
			{"review": {"object": pod}},
			{"review": {"object": pod}, "parameters": null},
			{"review": {"object": pod}, "parameters": {}},
			{"review": {"object": pod}, "parameters": {"levels": null, "scope": null, "maxRatio": null, "daemonImages": null, "vmRuntimeClasses": null}},
			{"review": {"object": pod}, "parameters": {"maxRatio": "much"}},
		]
		violations := rule.violation with input as in_
	}
	got == {_found}
}

test_levels if {
	_with(_pod({"containers": [_writer]}), {"levels": ["warn"]}) == _found
	_with(_pod({"containers": [_writer]}), {"levels": ["deny"]}) == set()
}

test_scope_all if {
	_with(_pod({"containers": [_plain]}), {"scope": "all"}) == {_violation(_path, "container \"db\"", "")}
	_with(_pod({"containers": [_writer]}), {"scope": "all"}) == _found
	_with(_pod({"containers": [_plain]}), {"scope": "unreclaimable"}) == set()
	_with(_pod({"runtimeClassName": "kata-qemu", "containers": [_plain]}), {"scope": "all"}) == {_violation(_path, "container \"db\"", "")}
	bare := _pod({"resources": _resources("1Gi", "2Gi"), "containers": [{"name": "db"}]})
	_with(bare, {"scope": "all"}) == {_violation(["spec", "resources", "requests", "memory"], "pod", "")}
}

test_max_ratio if {
	pod := _pod({"containers": [_writer]})
	_with(pod, {"maxRatio": "2"}) == set()
	_with(pod, {"maxRatio": "1.5"}) == {object.union(_warned(_path), {"msg": "container \"db\": requests.memory \"1Gi\" is below limits.memory \"2Gi\", and what it writes to memory-backed volume \"shm\" without a sizeLimit cannot be reclaimed, so the node may promise the difference to others and run out of memory; set it to at least 1366Mi"})}
	exact := _with(_pod({"containers": [_given(_resources("1", "2Gi"))]}), {"maxRatio": "2.0"})
	{split(violation.msg, "; ")[1] | some violation in exact} == {"set it to at least 1Gi"}
	_with(pod, {"maxRatio": "1.0"}) == _found
}

test_daemon_images if {
	daemon := _daemon(object.union(_plain, {"image": "docker.io/library/nginx:1.27.3"}))
	_violations(daemon) == set()
	_with(daemon, {"daemonImages": ["*/nginx"]}) == {_violation(array.concat(["spec", "template"], _path), "container \"db\"", _everywhere)}
	every images in [[], ["*/redis", "nginx*-x"], [null, 1], "x", {}] {
		_with(daemon, {"daemonImages": images}) == set()
	}
	every images in [[], ["*/nginx"], [null, 1], "x", {}] {
		_with(_daemon(_agent), {"daemonImages": images}) == _violations(_daemon(_agent))
	}
	got := {image |
		some image in [
			"nvcr.io/nvidia/k8s/dcgm-exporter:3.3.9", "public.ecr.aws/aws-observability/aws-for-fluent-bit:2.32.4",
			"cr.fluentbit.io/fluent/fluent-bit:3.2.2", "docker.io/fluent/fluentd-kubernetes-daemonset:v1.17", "docker.io/velero/velero:v1.15.0",
			"docker.io/library/redis:7.4.1", "docker.io/falcosecurity/falcosidekick:2.30.0", null, 7,
		]
		_violations(_daemon(object.union(_plain, {"image": image}))) != set()
	}
	got == {
		"nvcr.io/nvidia/k8s/dcgm-exporter:3.3.9", "public.ecr.aws/aws-observability/aws-for-fluent-bit:2.32.4",
		"cr.fluentbit.io/fluent/fluent-bit:3.2.2", "docker.io/fluent/fluentd-kubernetes-daemonset:v1.17", "docker.io/velero/velero:v1.15.0",
	}
}

test_vm_runtime_classes if {
	got := {violations |
		some container in [_writer, _locker, _agent]
		object_ := object.union(_pod({"runtimeClassName": "kata-qemu", "containers": [container]}), {"metadata": {"ownerReferences": [{"kind": "DaemonSet"}]}})
		violations := _violations(object_)
	}
	got == {set()}
	_with(_pod({"runtimeClassName": "kata-qemu", "containers": [_writer]}), {"vmRuntimeClasses": []}) == _found
	_violations(_pod({"runtimeClassName": "nvidia", "containers": [_writer]})) == _found
}

# A JVM that may burst, and batch work, hold nothing that cannot be reclaimed.
test_a_plain_burstable_container_is_fine if {
	_of(_plain) == set()
	job := {"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": {"containers": [_plain]}}}}
	_violations(job) == set()
	deployment := {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": {"containers": [_agent]}}}}
	_violations(deployment) == set()
	_violations(object.union(deployment, {"metadata": {"ownerReferences": [{"kind": "DaemonSet"}]}})) == set()
	_of(_agent) == set()
	_violations(object.union(_pod({"containers": [_agent]}), {"metadata": {"ownerReferences": [{"kind": "ReplicaSet"}]}})) == set()
	_violations(object.union(_pod({"containers": [_agent]}), {"metadata": {"ownerReferences": null}})) == set()
}

test_equal_amounts_are_fine if {
	got := {violations |
		some pair in [["2Gi", "2Gi"], ["2Gi", "2048Mi"], [2147483648, "2Gi"], [2.147483648e9, "2Gi"], ["2Gi", 2.147483648e9], ["3Gi", "2Gi"], ["0", "0"]]
		violations := _of(_given(_resources(pair[0], pair[1])))
	}
	got == {set()}
}

test_one_byte_is_a_difference if {
	_of(_given(_resources("2147483647", 2.147483648e9))) == {{
		"msg": "container \"db\": requests.memory \"2147483647\" is below limits.memory \"2147483648\", and what it writes to memory-backed volume \"shm\" without a sizeLimit cannot be reclaimed, so the node may promise the difference to others and run out of memory; set it to \"2147483648\" as well",
		"details": {"level": "warn", "path": _path, "facts": {"requestBytes": 2147483647, "limitBytes": 2147483648}},
	}}
}

# Without a request the API server takes the limit, without a limit another rule speaks.
test_both_must_be_set if {
	got := {violations |
		some resources in [
			null, "1Gi", [], {}, {"limits": {"memory": "2Gi"}}, {"requests": {"memory": "1Gi"}},
			{"requests": null, "limits": {"memory": "2Gi"}}, {"requests": {"memory": "1Gi"}, "limits": null},
			_resources(null, "2Gi"), _resources("1Gi", null), _resources("1 Gi", "2Gi"), _resources("1Gi", "2GB"),
			_resources(true, "2Gi"), _resources([], {}), _resources("", "2Gi"),
		]
		violations := _of(_given(resources))
	}
	got == {set()}
}

test_what_is_no_writer if {
	got := {violations |
		some mounts in [null, [], {}, "shm", [null], [{"name": "data", "mountPath": "/data"}], [object.union(_mount, {"readOnly": true})]]
		violations := _of(object.union(_plain, {"volumeMounts": mounts}))
	}
	got == {set()}
	volumes := {violations |
		some volumes in [null, [], "shm", [null], [{"name": "shm", "emptyDir": {}}], [{"name": "shm", "emptyDir": {"medium": "MEMORY"}}]]
		violations := _violations(_pod({"volumes": volumes, "containers": [_writer]}))
	}
	volumes == {set()}
}

_run(size) := [{"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": size}}]

_both := object.union(_plain, {"volumeMounts": [{"name": "run", "mountPath": "/run"}, _mount]})

test_the_largest_tmpfs_is_named if {
	_violations(_pod({"volumes": array.concat(_run(null), _volumes), "containers": [_both]})) == {_violation(
		_path, "container \"db\"",
		", and what it writes to memory-backed volume \"run\" without a sizeLimit cannot be reclaimed",
	)}
	_violations(_pod({"volumes": array.concat(_run("1Mi"), _volumes), "containers": [_both]})) == _found
	_violations(_pod({"volumes": array.concat(_volumes, _run("1Mi")), "containers": [_both]})) == _found
}

# Every sidecar of Istio writes some KiB of configuration to a tmpfs.
test_trap_a_volume_within_the_request if {
	got := {size: violations |
		some size in ["1Mi", "1Gi", "1073741825", "2Gi", "4Gi", 1.073741824e9, 2147483648]
		violations := _violations(_pod({"volumes": _sized(size), "containers": [_writer]}))
	}
	got == {
		"1Mi": set(), "1Gi": set(), 1.073741824e9: set(),
		"1073741825": {_violation(_path, "container \"db\"", _tmpfs_of("1073741825"))},
		"2Gi": {_violation(_path, "container \"db\"", _tmpfs_of("2Gi"))},
		"4Gi": {_violation(_path, "container \"db\"", _tmpfs_of("4Gi"))},
		2147483648: {_violation(_path, "container \"db\"", _tmpfs_of("2147483648"))},
	}
}

test_a_size_limit_that_is_none if {
	got := {violations |
		some size in [null, "0", 0, "-1Mi", "1 Mi", "", [], {}, true]
		violations := _violations(_pod({"volumes": _sized(size), "containers": [_writer]}))
	}
	got == {_found}
}

test_the_volumes_of_a_container_are_added_up if {
	_violations(_pod({"volumes": array.concat(_run("512Mi"), _sized("512Mi")), "containers": [_both]})) == set()
	_violations(_pod({"volumes": array.concat(_run("512Mi"), _sized("513Mi")), "containers": [_both]})) == {_violation(_path, "container \"db\"", _tmpfs_of("513Mi"))}

	# Only what it may write.
	_violations(_pod({"volumes": array.concat(_run("2Gi"), _sized("512Mi")), "containers": [_writer]})) == set()
	other := object.union(_writer, {"name": "other", "resources": _resources("2Gi", "2Gi")})
	_violations(_pod({"volumes": _sized("1Gi"), "containers": [_writer, other]})) == set()
}

test_the_volumes_of_a_pod_are_added_up if {
	pod := {"resources": _resources("1Gi", "2Gi"), "containers": [_both, object.union(_writer, {"name": "other"})]}
	_violations(_pod(object.union(pod, {"volumes": array.concat(_run("256Mi"), _sized("768Mi"))}))) == set()
	_violations(_pod(object.union(pod, {"volumes": array.concat(_run("257Mi"), _sized("768Mi"))}))) == {_violation(["spec", "resources", "requests", "memory"], "pod", _tmpfs_of("768Mi"))}
	_violations(_pod(object.union(pod, {"volumes": _volumes}))) == {_violation(["spec", "resources", "requests", "memory"], "pod", _tmpfs)}
}

# A small volume is no reason, but there may be another.
test_other_reasons_beside_a_small_volume if {
	_violations(_pod({"volumes": _sized("1Mi"), "containers": [object.union(_writer, _locker)]})) == {_violation(_path, "container \"db\"", _locked)}
	daemon := {"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {"template": {"spec": {"volumes": _sized("1Mi"), "containers": [object.union(_writer, {"image": _agent.image})]}}}}
	_violations(daemon) == {_violation(array.concat(["spec", "template"], _path), "container \"db\"", _everywhere)}
	_with(_pod({"volumes": _sized("1Mi"), "containers": [_writer]}), {"scope": "all"}) == {_violation(_path, "container \"db\"", "")}
}

test_reasons_of_any_container_of_a_pod_with_resources if {
	path := ["spec", "resources", "requests", "memory"]
	resources := _resources("1Gi", "2Gi")
	_violations(_pod({"resources": resources, "containers": [_plain, _locker]})) == {_violation(path, "pod", _locked)}
	owned := object.union(_pod({"resources": resources, "containers": [_plain, _agent]}), {"metadata": {"ownerReferences": [{"kind": "DaemonSet"}]}})
	_violations(owned) == {_violation(path, "pod", _everywhere)}
}

test_what_does_not_lock if {
	got := {violations |
		some context in [
			null, {}, {"capabilities": null}, {"capabilities": {"add": ["IPC_LOCK"], "drop": ["IPC_LOCK"]}},
			{"capabilities": {"add": ["CAP_IPC_LOCK"]}}, {"capabilities": {"add": ["SYS_ADMIN"]}}, {"privileged": true},
			{"privileged": true, "capabilities": {"add": ["IPC_LOCK"]}},
		]
		violations := _of(object.union(_plain, {"securityContext": context}))
	}
	got == {set()}
	_violations(_pod({"hostUsers": false, "containers": [_locker]})) == set()
	_violations(_pod({"hostUsers": true, "containers": [_locker]})) == {_violation(_path, "container \"db\"", _locked)}
}

# A container that writes to a tmpfs and locks memory is reported once.
test_one_reason_is_enough if {
	_of(object.union(_writer, _locker)) == _found
}

test_init_and_ephemeral_containers_are_not_judged if {
	_violations(_pod({"initContainers": [_writer], "ephemeralContainers": [_writer], "containers": [{"name": "web"}]})) == set()
}

test_a_sidecar if {
	_violations(_pod({"initContainers": [object.union(_writer, {"restartPolicy": "Always"})]})) == {_violation(
		["spec", "initContainers", 0, "resources", "requests", "memory"],
		"sidecar \"db\"", _tmpfs,
	)}
}

test_every_container_is_reported if {
	log := object.union(_locker, {"name": "log"})
	_violations(_pod({"containers": [_writer, null, "x", log, _plain]})) == {
		_warned(_path),
		_violation(["spec", "containers", 3, "resources", "requests", "memory"], "container \"log\"", _locked),
	}
}

test_the_resources_of_the_pod_decide if {
	got := {name: violations |
		some name, resources in {
			"differ": _resources("1Gi", "2Gi"),
			"equal": _resources("2Gi", "2Gi"),
			"limit": {"limits": {"memory": "2Gi"}},
			"request": {"requests": {"memory": "1Gi"}},
			"cpu": {"requests": {"cpu": "1"}},
			"null": null,
			"text": "2Gi",
			"nulls": _resources(null, null),
		}
		violations := _violations(_pod({"resources": resources, "containers": [_writer, _plain]}))
	}
	got == {
		"differ": {_violation(["spec", "resources", "requests", "memory"], "pod", _tmpfs)},
		"equal": set(), "limit": set(), "request": set(),
		"cpu": _found, "null": _found, "text": _found, "nulls": _found,
	}
	_violations(_pod({"resources": _resources("1Gi", "2Gi"), "containers": [_plain]})) == set()
	init := _pod({"resources": _resources("1Gi", "2Gi"), "containers": [_plain], "initContainers": [_writer]})
	_violations(init) == set()
}

test_odd_containers if {
	_violations(_pod({"containers": null})) == set()
	_violations(_pod({"containers": "db"})) == set()
	_violations(_pod({"containers": [{}]})) == set()
}

test_every_workload_kind if {
	spec := {"volumes": _volumes, "containers": [_writer]}
	template := {"metadata": {"labels": {"app": "web"}}, "spec": spec}
	got := [violations |
		some object_ in [
			{"apiVersion": "v1", "kind": "Pod", "spec": spec},
			{"apiVersion": "v1", "kind": "PodTemplate", "template": template},
			{"apiVersion": "v1", "kind": "ReplicationController", "spec": {"template": template}},
			{"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": template}},
			{"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"template": template}},
			{"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {"template": template}},
			{"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": {"template": template}},
			{"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": template}},
			{"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": template}}}},
		]
		violations := _violations(object_)
	]
	templated := {_warned(array.concat(["spec", "template"], _path))}
	got == [
		_found,
		{_warned(array.concat(["template"], _path))},
		templated, templated, templated, templated, templated, templated,
		{_warned(array.concat(["spec", "jobTemplate", "spec", "template"], _path))},
	]
}

test_windows_pods_are_left_out if {
	_violations(_pod({"os": {"name": "windows"}, "containers": [_writer]})) == set()
}

test_labels_and_annotations_exempt_nothing if {
	marked := object.union(_pod({"containers": [_writer]}), {"metadata": {
		"labels": {"admission.gatekeeper.sh/ignore": "true"},
		"annotations": {"kubernetes.io/config.mirror": "x"},
		"ownerReferences": [{"kind": "Job", "name": "batch"}],
	}})
	_violations(marked) == _found
}

test_an_update_that_changes_nothing_here if {
	pod := _pod({"containers": [_writer]})
	after := object.union(pod, {"metadata": {"finalizers": ["example.com/wait"]}})
	got := rule.violation with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": pod}}
	got == set()
}

test_a_resize_that_lowers_the_request if {
	before := _pod({"containers": [_given(_resources("2Gi", "2Gi"))]})
	got := rule.violation with input as {"review": {"operation": "UPDATE", "object": _pod({"containers": [_writer]}), "oldObject": before}}
	got == _found
}

test_a_deletion if {
	got := rule.violation with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _pod({"containers": [_writer]})}}
	got == set()
}

test_nothing_to_judge if {
	got := {violations |
		some in_ in [{}, {"review": {}}, {"review": {"object": null}}, {"review": {"object": {}}}]
		violations := rule.violation with input as in_
	}
	got == {set()}
}
