package policies.shm.memory_emptydir_memory_limit_required_test

import data.policies.shm.memory_emptydir_memory_limit_required as rule

_mount := {"name": "shm", "mountPath": "/dev/shm"}

_writer := {"name": "web", "volumeMounts": [_mount]}

_limited := {"name": "db", "resources": {"limits": {"memory": "2Gi"}}, "volumeMounts": [_mount]}

_volumes := [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}]

_pod(spec) := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": object.union({"volumes": _volumes}, spec)}

_deployment(spec) := {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": object.union({"volumes": _volumes}, spec)}}}

_violations(object_) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": {}}
}

_with(object_, parameters) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_path(list, index) := ["spec", list, index, "resources", "limits", "memory"]

_violation(level, path, facts, msg) := {"msg": msg, "details": {"level": level, "path": path, "facts": facts}}

_writes(title, path) := _violation(
	"deny", path, {"sizeLimitBytes": 1073741824},
	sprintf("%s: may write to memory-backed volume \"shm\" without a memory limit, so the pod's cgroup is unbounded and the scheduler does not see the 1Gi that its files may take until the node evicts or OOM-kills; set resources.limits.memory to at least 2Gi, twice the sizeLimit, or to less with a smaller sizeLimit", [title]),
)

_writes_without_size := _violation(
	"deny", _path("containers", 0), {},
	"container \"web\": may write to memory-backed volume \"shm\" without a memory limit, so the pod's cgroup is unbounded and the scheduler does not see the memory that its files take until the node evicts or OOM-kills; set resources.limits.memory",
)

_stands_by(title, path) := _violation(
	"warn", path, {"sizeLimitBytes": 1073741824},
	sprintf("%s: has no memory limit, so the whole pod has none either and the files in memory-backed volume \"shm\" count against no limit once their writer ends or restarts, until the node evicts or OOM-kills; set resources.limits.memory here or on the pod", [title]),
)

_stands_by_a_writer(title, path, writer) := _violation(
	"warn", path, {"sizeLimitBytes": 1073741824},
	sprintf("%s: has no memory limit, like %s, so the whole pod has none either and what that writes to memory-backed volume \"shm\" counts against no limit, until the node evicts or OOM-kills; set resources.limits.memory here or on the pod", [title, writer]),
)

_denied := _writes("container \"web\"", _path("containers", 0))

test_a_writer_without_a_limit if {
	_violations(_pod({"containers": [_writer]})) == {_denied}
}

test_a_writer_with_a_limit if {
	_violations(_pod({"containers": [_limited]})) == set()
}

test_no_parameters if {
	pod := _pod({"containers": [_limited], "initContainers": [_writer]})
	nulls := {"levels": null, "initContainers": null, "assumeLimitRangeDefault": null, "vmRuntimeClasses": null}
	got := {violations |
		some in_ in [
			{"review": {"object": pod}},
			{"review": {"object": pod}, "parameters": null},
			{"review": {"object": pod}, "parameters": {}},
			{"review": {"object": pod}, "parameters": nulls},
		]
		violations := rule.violation with input as in_
	}
	got == {{_writes("init container \"web\"", _path("initContainers", 0))}}
}

test_levels if {
	pod := _pod({"containers": [_writer, {"name": "log"}]})
	warned := _stands_by_a_writer("container \"log\"", _path("containers", 1), "container \"web\"")
	_violations(pod) == {_denied, warned}
	_with(pod, {"levels": ["deny"]}) == {_denied}
	_with(pod, {"levels": ["warn"]}) == {warned}
}

test_vm_runtime_classes if {
	kata := _pod({"runtimeClassName": "kata", "containers": [_writer]})
	_violations(kata) == set()
	_with(kata, {"vmRuntimeClasses": []}) == {_denied}
	_violations(_pod({"runtimeClassName": "nvidia", "containers": [_writer]})) == {_denied}
}

test_init_containers if {
	pod := _pod({
		"initContainers": [_writer, {"name": "chown"}, {"name": "proxy", "restartPolicy": "Always"}],
		"containers": [_limited],
	})
	sidecar := _stands_by_a_writer("sidecar \"proxy\"", _path("initContainers", 2), "init container \"web\"")
	all := {
		_writes("init container \"web\"", _path("initContainers", 0)),
		_stands_by_a_writer("init container \"chown\"", _path("initContainers", 1), "init container \"web\""),
		sidecar,
	}
	_violations(pod) == all
	_with(pod, {"initContainers": true}) == all
	_with(pod, {"initContainers": "false"}) == all
	_with(pod, {"initContainers": false}) == {sidecar}
}

test_a_sidecar_that_writes if {
	pod := _pod({"initContainers": [object.union(_writer, {"restartPolicy": "Always"})], "containers": [_limited]})
	_violations(pod) == {_writes("sidecar \"web\"", _path("initContainers", 0))}
	_with(pod, {"initContainers": false}) == {_writes("sidecar \"web\"", _path("initContainers", 0))}
}

test_an_init_container_without_a_limit_beside_a_bounded_app if {
	_violations(_pod({"initContainers": [{"name": "chown"}], "containers": [_limited]})) == {_stands_by("init container \"chown\"", _path("initContainers", 0))}
}

test_an_init_container_that_alone_writes_still_counts if {
	pod := _pod({
		"initContainers": [object.union(_writer, {"resources": {"limits": {"memory": "2Gi"}}})],
		"containers": [{"name": "app"}],
	})
	want := {_stands_by("container \"app\"", _path("containers", 0))}
	_violations(pod) == want
	_with(pod, {"initContainers": false}) == want
}

test_an_ephemeral_container_cannot_have_a_limit if {
	debug := {"name": "debug", "volumeMounts": [_mount]}
	_violations(_pod({"containers": [_limited], "ephemeralContainers": [debug]})) == set()
	_violations(_pod({"containers": [_writer], "ephemeralContainers": [debug]})) == {_denied}
	_violations(_pod({"containers": [{"name": "app"}], "ephemeralContainers": [debug]})) == set()
}

test_a_limit_range_default if {
	containers := [_writer, {"name": "log"}, {"name": "zero", "resources": {"limits": {"memory": "0"}}}]
	assume := {"assumeLimitRangeDefault": true}
	tail := ["resources", "limits", "memory"]
	template := _deployment({"containers": containers})
	zero := _stands_by_a_writer("container \"zero\"", array.concat(["spec", "template", "spec", "containers", 2], tail), "container \"web\"")
	all := {
		_writes("container \"web\"", array.concat(["spec", "template", "spec", "containers", 0], tail)),
		_stands_by_a_writer("container \"log\"", array.concat(["spec", "template", "spec", "containers", 1], tail), "container \"web\""),
		zero,
	}
	_violations(template) == all
	_with(template, {"assumeLimitRangeDefault": false}) == all
	_with(template, {"assumeLimitRangeDefault": "true"}) == all
	_with(template, assume) == {zero}
}

test_a_pod_has_its_limit_range_default_already if {
	_with(_pod({"containers": [_writer]}), {"assumeLimitRangeDefault": true}) == {_denied}
}

test_a_limit_of_the_pod_is_enough if {
	_violations(_pod({"resources": {"limits": {"memory": "2Gi"}}, "containers": [_writer], "initContainers": [{"name": "init"}]})) == set()
}

test_no_effective_limit if {
	got := [resources |
		some resources in [
			null, {}, "2Gi", {"limits": null}, {"limits": {}}, {"limits": "2Gi"}, {"limits": {"memory": null}},
			{"limits": {"memory": "0"}}, {"limits": {"memory": 0}}, {"limits": {"cpu": "1"}}, {"requests": {"memory": "2Gi"}},
			{"limits": {"memory": "1Gi"}}, {"limits": {"memory": 1.073741824e9}}, {"limits": {"memory": "1 Gi"}}, {"limits": {"memory": true}},
		]
		violations := _violations(_pod({"containers": [object.union(_writer, {"resources": resources})]}))
		violations == {_denied}
	]
	got == [
		null, {}, "2Gi", {"limits": null}, {"limits": {}}, {"limits": "2Gi"}, {"limits": {"memory": null}},
		{"limits": {"memory": "0"}}, {"limits": {"memory": 0}}, {"limits": {"cpu": "1"}}, {"requests": {"memory": "2Gi"}},
	]
}

test_a_limit_is_not_missing if {
	got := {violations |
		some limit in ["1Gi", 1.073741824e9, "1 Gi", true, "-1Gi"]
		violations := _violations(_pod({"containers": [object.union(_writer, {"resources": {"limits": {"memory": limit}}})]}))
	}
	got == {set()}
}

test_who_does_not_write_needs_no_limit_for_it if {
	got := {violations |
		some mounts in [
			null,
			"shm",
			[],
			[null, "shm"],
			[{"name": "data", "mountPath": "/data"}],
			[{"name": "shm", "mountPath": "/dev/shm", "readOnly": true}],
		]
		violations := _violations(_pod({"containers": [{"name": "web", "volumeMounts": mounts}, {"name": "log"}]}))
	}
	got == {set()}
	_violations(_pod({"containers": null})) == set()
	_violations(_pod({"containers": []})) == set()
}

test_a_reader_beside_a_writer if {
	reader := {"name": "log", "volumeMounts": [{"name": "shm", "mountPath": "/shm", "readOnly": true}]}
	_violations(_pod({"containers": [_limited, reader]})) == {_stands_by("container \"log\"", _path("containers", 1))}
}

test_other_volumes_need_no_limit if {
	got := {violations |
		some volumes in [
			null, [], "shm", [null], [{"name": "shm", "emptyDir": {}}], [{"name": "shm", "emptyDir": null}],
			[{"name": "shm", "emptyDir": {"medium": "memory"}}], [{"name": "shm", "secret": {"secretName": "tls"}}],
		]
		violations := _violations(_pod({"volumes": volumes, "containers": [_writer]}))
	}
	got == {set()}
}

test_a_volume_without_an_effective_sizelimit if {
	got := {violations |
		some empty_dir in [{}, {"sizeLimit": null}, {"sizeLimit": "0"}, {"sizeLimit": "-1Gi"}, {"sizeLimit": "1 Gi"}, {"sizeLimit": true}]
		volumes := [{"name": "shm", "emptyDir": object.union({"medium": "Memory"}, empty_dir)}]
		violations := _violations(_pod({"volumes": volumes, "containers": [_writer]}))
	}
	got == {{_writes_without_size}}
}

test_one_finding_for_a_container_with_many_volumes if {
	mounts := [_mount, {"name": "run", "mountPath": "/run"}, {"name": "disk", "mountPath": "/disk"}]
	containers := [{"name": "web", "volumeMounts": mounts}, {"name": "log"}]
	disk := {"name": "disk", "emptyDir": {}}
	run := {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "512Mi"}}
	idle := {"name": "idle", "emptyDir": {"medium": "Memory"}}
	_violations(_pod({"volumes": array.concat(_volumes, [disk, run, idle]), "containers": containers})) == {
		_violation(
			"deny", _path("containers", 0), {"sizeLimitBytes": 1610612736},
			"container \"web\": may write to memory-backed volumes \"shm\", \"run\" without a memory limit, so the pod's cgroup is unbounded and the scheduler does not see the 1536Mi that its files may take until the node evicts or OOM-kills; set resources.limits.memory to at least 3Gi, twice the sum of the sizeLimits, or to less with a smaller sizeLimit",
		),
		_violation(
			"warn", _path("containers", 1), {"sizeLimitBytes": 1610612736},
			"container \"log\": has no memory limit, like container \"web\", so the whole pod has none either and what that writes to memory-backed volumes \"shm\", \"run\" counts against no limit, until the node evicts or OOM-kills; set resources.limits.memory here or on the pod",
		),
	}
}

test_a_finding_names_the_volumes_of_its_container if {
	run := {"name": "run", "emptyDir": {"medium": "Memory"}}
	other := {"name": "api", "volumeMounts": [{"name": "run", "mountPath": "/run"}]}
	_violations(_pod({"volumes": array.concat(_volumes, [run]), "containers": [_writer, other]})) == {
		_denied,
		_violation(
			"deny", _path("containers", 1), {},
			"container \"api\": may write to memory-backed volume \"run\" without a memory limit, so the pod's cgroup is unbounded and the scheduler does not see the memory that its files take until the node evicts or OOM-kills; set resources.limits.memory",
		),
	}
}

test_the_writers_that_have_a_limit if {
	run := {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "512Mi"}}
	idle := {"name": "idle", "emptyDir": {"medium": "Memory"}}
	other := {"name": "api", "resources": {"limits": {"memory": "1Gi"}}, "volumeMounts": [{"name": "run", "mountPath": "/run"}]}
	_violations(_pod({"volumes": array.concat(_volumes, [run, idle]), "containers": [{"name": "log"}, _limited, other]})) == {_violation(
		"warn", _path("containers", 0), {"sizeLimitBytes": 1610612736},
		"container \"log\": has no memory limit, so the whole pod has none either and the files in memory-backed volumes \"shm\", \"run\" count against no limit once their writer ends or restarts, until the node evicts or OOM-kills; set resources.limits.memory here or on the pod",
	)}
}

# What the others wrote still counts against them.
test_the_first_writer_without_a_limit_is_named_with_its_volumes if {
	run := {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "512Mi"}}
	other := {"name": "api", "resources": {"limits": {"memory": "1Gi"}}, "volumeMounts": [{"name": "run", "mountPath": "/run"}]}
	_violations(_pod({"volumes": array.concat([run], _volumes), "initContainers": [{"name": "init"}], "containers": [other, _limited, _writer, object.union(_writer, {"name": "two"})]})) == {
		_stands_by_a_writer("init container \"init\"", _path("initContainers", 0), "container \"web\""),
		_writes("container \"web\"", _path("containers", 2)),
		_writes("container \"two\"", _path("containers", 3)),
	}
}

test_a_writer_that_is_not_judged_is_still_named if {
	pod := _pod({"initContainers": [_writer], "containers": [{"name": "log"}]})
	_with(pod, {"initContainers": false}) == {_stands_by_a_writer("container \"log\"", _path("containers", 0), "init container \"web\"")}
}

test_an_odd_part_hides_no_other if {
	pod := _pod({"volumes": array.concat([null, "shm"], _volumes), "containers": [null, _writer]})
	_violations(pod) == {_writes("container \"web\"", _path("containers", 1))}
}

test_every_workload_kind if {
	spec := {"volumes": _volumes, "containers": [_writer]}
	template := {"spec": spec}
	tail := ["spec", "containers", 0, "resources", "limits", "memory"]
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
	got == [violations |
		some head in [
			[], ["template"], ["spec", "template"], ["spec", "template"], ["spec", "template"], ["spec", "template"],
			["spec", "template"], ["spec", "template"], ["spec", "jobTemplate", "spec", "template"],
		]
		violations := {_writes("container \"web\"", array.concat(head, tail))}
	]
}

test_windows_pods_have_no_tmpfs if {
	_violations(_pod({"nodeSelector": {"kubernetes.io/os": "windows"}, "containers": [_writer]})) == set()
}

test_labels_and_annotations_exempt_nothing if {
	marked := object.union(_pod({"containers": [_writer]}), {"metadata": {
		"labels": {"admission.gatekeeper.sh/ignore": "true"},
		"annotations": {"memgate/ignore": "true"},
		"ownerReferences": [{"kind": "Cluster", "name": "pg"}],
	}})
	_violations(marked) == {_denied}
}

test_an_update_that_changes_nothing_here if {
	pod := _pod({"containers": [_writer]})
	job := {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}, "spec": {"template": {"spec": pod.spec}}}
	got := {violations |
		some object_ in [pod, job]
		after := object.union(object_, {"metadata": {"finalizers": ["example.com/wait"]}})
		violations := rule.violation with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": object_}}
	}
	got == {set()}
}

test_an_update_that_adds_a_container if {
	before := _deployment({"containers": [_writer]})
	after := _deployment({"containers": [{"name": "log"}, _writer]})
	got := rule.violation with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": before}}
	got == {_stands_by_a_writer("container \"log\"", ["spec", "template", "spec", "containers", 0, "resources", "limits", "memory"], "container \"web\"")}
}

test_a_deletion if {
	got := rule.violation with input as {"review": {"operation": "DELETE", "oldObject": _pod({"containers": [_writer]})}}
	got == set()
}

test_nothing_to_judge if {
	got := {violations |
		some in_ in [{}, {"review": {}}, {"review": {"object": null}}, {"review": {"object": {}}}]
		violations := rule.violation with input as in_
	}
	got == {set()}
}
