package policies.shm.memory_emptydir_sizelimit_required_test

import data.policies.shm.memory_emptydir_sizelimit_required as rule

_mount := {"name": "shm", "mountPath": "/dev/shm"}

_limited(name, limit) := {"name": name, "resources": {"limits": {"memory": limit}}, "volumeMounts": [_mount]}

_unlimited(name) := {"name": name, "volumeMounts": [_mount]}

_volumes := [{"name": "shm", "emptyDir": {"medium": "Memory"}}]

_pod(spec) := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": object.union({"volumes": _volumes}, spec)}

_violations(object_) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": {}}
}

_with(object_, parameters) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_path := ["spec", "volumes", 0, "emptyDir", "sizeLimit"]

_violation(level, path, facts, msg) := {"msg": msg, "details": {"level": level, "path": path, "facts": facts}}

_denied(path) := _violation(
	"deny", path, {},
	"volume \"shm\": memory-backed emptyDir has no sizeLimit, so it may grow to all allocatable memory of the node, because container \"web\" has no memory limit and so the pod has none; set sizeLimit",
)

_bounded_text := "volume \"shm\": memory-backed emptyDir has no sizeLimit, so it may grow to 1Gi, the memory limit of the whole pod, and its writer is OOM-killed before the volume is full; set sizeLimit to at most 512Mi, half of the smallest memory limit of the containers that may write to it, or raise that limit if the program needs more"

_warned := _violation("warn", _path, {"podLimitBytes": 1073741824}, _bounded_text)

_idle := _violation(
	"warn", _path, {},
	"volume \"shm\": memory-backed emptyDir has no sizeLimit, so only a memory limit of the whole pod bounds it once a container writes to it (none mounts it for writing yet); set sizeLimit",
)

test_denied_without_a_pod_limit if {
	_violations(_pod({"containers": [_unlimited("web")]})) == {_denied(_path)}
}

test_warned_within_a_pod_limit if {
	_violations(_pod({"containers": [_limited("web", "1Gi")]})) == {_warned}
}

test_no_parameters if {
	pod := _pod({"containers": [_limited("web", "1Gi")]})
	got := {violations |
		some in_ in [
			{"review": {"object": pod}},
			{"review": {"object": pod}, "parameters": null},
			{"review": {"object": pod}, "parameters": {}},
			{"review": {"object": pod}, "parameters": {"levels": null, "severityWhenPodBounded": null, "vmRuntimeClasses": null}},
		]
		violations := rule.violation with input as in_
	}
	got == {{_warned}}
}

test_levels if {
	pod := _pod({"containers": [_limited("web", "1Gi")]})
	_with(pod, {"levels": ["warn"]}) == {_warned}
	_with(pod, {"levels": ["deny"]}) == set()
}

test_severity_when_pod_bounded if {
	pod := _pod({"containers": [_limited("web", "1Gi")]})
	want := _violation("deny", _path, {"podLimitBytes": 1073741824}, _bounded_text)
	_with(pod, {"severityWhenPodBounded": "deny"}) == {want}
	_with(_pod({"containers": []}), {"severityWhenPodBounded": "deny"}) == {_idle}
}

test_vm_runtime_classes if {
	kata := _pod({"runtimeClassName": "kata-qemu", "containers": [_unlimited("web")]})
	_violations(kata) == set()
	_with(kata, {"vmRuntimeClasses": []}) == {_denied(_path)}
	_with(kata, {"vmRuntimeClasses": ["kata-*"]}) == set()
	_violations(_pod({"runtimeClassName": "nvidia", "containers": [_unlimited("web")]})) == {_denied(_path)}
}

test_a_sizelimit_is_enough if {
	got := {violations |
		some size in ["1Gi", ".5Gi", "1e9", "100m", 536870912, 5.36870912e8]
		pod := _pod({
			"volumes": [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": size}}],
			"containers": [_unlimited("web")],
		})
		violations := _violations(pod)
	}
	got == {set()}
}

test_no_effective_sizelimit if {
	faults := {fault |
		some size in [null, "0", 0, "0Mi", "-1Gi", "1 Gi", "", "1GB", true, ["1Gi"], {}]
		pod := _pod({
			"volumes": [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": size}}],
			"containers": [_unlimited("web")],
		})
		some violation in _violations(pod)
		violation.details == {"level": "deny", "path": _path, "facts": {}}
		fault := split(trim_prefix(violation.msg, "volume \"shm\": memory-backed emptyDir "), ", so it may")[0]
	}
	faults == {
		"has no sizeLimit",
		"has sizeLimit \"0\", which the kubelet ignores",
		"has sizeLimit \"0Mi\", which the kubelet ignores",
		"has sizeLimit \"-1Gi\", which the kubelet ignores",
		"has sizeLimit \"1 Gi\", which is no quantity",
		"has sizeLimit \"\", which is no quantity",
		"has sizeLimit \"1GB\", which is no quantity",
		"has sizeLimit true, which is no quantity",
		"has sizeLimit [\"1Gi\"], which is no quantity",
		"has sizeLimit {}, which is no quantity",
	}
}

test_other_volumes_are_fine if {
	got := {violations |
		some volume in [
			{"name": "shm", "emptyDir": {}},
			{"name": "shm", "emptyDir": {"medium": ""}},
			{"name": "shm", "emptyDir": null},
			{"name": "shm", "emptyDir": {"medium": "MEMORY"}},
			{"name": "shm", "emptyDir": {"medium": "HugePages"}},
			{"name": "shm", "secret": {"secretName": "tls"}},
			{"name": "shm", "projected": {"sources": []}},
			null,
			"shm",
		]
		violations := _violations(_pod({"volumes": [volume], "containers": [_unlimited("web")]}))
	}
	got == {set()}
	_violations(_pod({"volumes": null, "containers": [_unlimited("web")]})) == set()
	_violations(_pod({"volumes": "shm", "containers": [_unlimited("web")]})) == set()
	_violations(_pod({"volumes": [], "containers": [_unlimited("web")]})) == set()
}

test_an_odd_volume_hides_no_other if {
	pod := _pod({"volumes": [null, {"name": "shm", "emptyDir": {"medium": "Memory"}}], "containers": [_unlimited("web"), null]})
	_violations(pod) == {_denied(["spec", "volumes", 1, "emptyDir", "sizeLimit"])}
}

test_a_volume_that_nobody_writes_is_warned_about if {
	got := {violations |
		some containers in [
			null,
			[],
			[{"name": "web"}],
			[{"name": "web", "volumeMounts": null}],
			[{"name": "web", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
			[{"name": "web", "volumeMounts": [{"name": "shm", "mountPath": "/dev/shm", "readOnly": true}]}],
			[{"name": "web", "resources": {"limits": {"memory": "1Gi"}}}],
		]
		violations := _violations(_pod({"containers": containers}))
	}
	got == {{_idle}}
}

test_the_level_follows_the_whole_pod if {
	cases := [
		{"containers": [_limited("web", "1Gi"), {"name": "log"}]},
		{"containers": [_limited("web", "1Gi")], "initContainers": [{"name": "init"}]},
		{"containers": [_limited("web", "1Gi")], "initContainers": [{"name": "proxy", "restartPolicy": "Always"}]},
		{"containers": [_limited("web", "1Gi"), {"name": "log", "resources": {"limits": {"memory": "0"}}}]},
	]
	got := [title |
		some spec in cases
		some violation in _violations(_pod(spec))
		violation.details == {"level": "deny", "path": _path, "facts": {}}
		title := split(split(violation.msg, "because ")[1], " has no memory limit and so the pod has none; set sizeLimit to at most 512Mi, half of")[0]
	]
	got == ["container \"log\"", "init container \"init\"", "sidecar \"proxy\"", "container \"log\""]
}

test_a_writer_is_named_first if {
	cases := [
		{"containers": [{"name": "log"}, _unlimited("web"), _unlimited("two")]},
		{"initContainers": [{"name": "init"}], "containers": [_unlimited("web")]},
		{"initContainers": [{"name": "init"}, object.union(_limited("proxy", "1Gi"), {"restartPolicy": "Always"})], "containers": [_unlimited("web")]},
	]
	got := [violations | some spec in cases; violations := _violations(_pod(spec))]
	half := " to at most 512Mi, half of the smallest memory limit of the containers that may write to it, or raise that limit if the program needs more"
	got == [{_denied(_path)}, {_denied(_path)}, {_violation("deny", _path, {}, concat("", [_denied(_path).msg, half]))}]
}

test_an_ephemeral_container_needs_no_limit if {
	pod := _pod({"containers": [_limited("web", "1Gi")], "ephemeralContainers": [_unlimited("debug")]})
	_violations(pod) == {_warned}
}

test_a_limit_of_the_pod_is_enough_for_all if {
	pod := _pod({
		"resources": {"limits": {"memory": "1Gi"}},
		"containers": [_unlimited("web")],
		"initContainers": [{"name": "init"}],
	})
	_violations(pod) == {_warned}
}

test_a_limit_of_nothing_is_none if {
	pod := _pod({"resources": {"limits": {"memory": "0"}}, "containers": [_unlimited("web")]})
	_violations(pod) == {_denied(_path)}
}

test_a_limit_that_is_no_quantity_is_not_called_missing if {
	_violations(_pod({"containers": [_limited("web", "1 Gi")]})) == {_violation(
		"warn", _path, {},
		"volume \"shm\": memory-backed emptyDir has no sizeLimit, so it may grow to the memory limit of the whole pod, and its writer is OOM-killed before the volume is full; set sizeLimit",
	)}
}

test_the_advice_is_half_of_the_smallest_limit_of_a_writer if {
	advices := [advice |
		some containers in [
			[_limited("web", "1Gi"), _limited("log", "301Mi")],
			[_limited("web", "1Gi"), object.union(_limited("log", "10Mi"), {"volumeMounts": [object.union(_mount, {"readOnly": true})]})],
			[_limited("web", "1Gi"), {"name": "log", "resources": {"limits": {"memory": "10Mi"}}}],
			[_limited("web", "2Mi")],
			[_limited("web", "2097151")],
		]
		some violation in _violations(_pod({"containers": containers}))
		advice := split(violation.msg, "; ")[1]
	]
	advices == [
		"set sizeLimit to at most 150Mi, half of the smallest memory limit of the containers that may write to it, or raise that limit if the program needs more",
		"set sizeLimit to at most 512Mi, half of the smallest memory limit of the containers that may write to it, or raise that limit if the program needs more",
		"set sizeLimit to at most 512Mi, half of the smallest memory limit of the containers that may write to it, or raise that limit if the program needs more",
		"set sizeLimit to at most 1Mi, half of the smallest memory limit of the containers that may write to it, or raise that limit if the program needs more",
		"set sizeLimit",
	]
}

test_init_and_sidecar_containers_are_writers if {
	got := {level |
		some init in [_unlimited("init"), object.union(_unlimited("proxy"), {"restartPolicy": "Always"})]
		some violation in _violations(_pod({"initContainers": [init], "containers": [{"name": "web"}]}))
		level := violation.details.level
	}
	got == {"deny"}
}

test_every_volume_is_reported if {
	pod := _pod({
		"volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}, {"name": "run", "emptyDir": {"medium": "Memory"}}],
		"containers": [_unlimited("web")],
	})
	_violations(pod) == {
		_denied(_path),
		_violation(
			"warn", ["spec", "volumes", 1, "emptyDir", "sizeLimit"], {},
			"volume \"run\": memory-backed emptyDir has no sizeLimit, so only a memory limit of the whole pod bounds it once a container writes to it (none mounts it for writing yet); set sizeLimit",
		),
	}
}

test_every_workload_kind if {
	spec := {"volumes": _volumes, "containers": [_unlimited("web")]}
	template := {"metadata": {"labels": {"app": "web"}}, "spec": spec}
	tail := ["spec", "volumes", 0, "emptyDir", "sizeLimit"]
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
	got == [
		{_denied(tail)},
		{_denied(array.concat(["template"], tail))},
		{_denied(array.concat(["spec", "template"], tail))},
		{_denied(array.concat(["spec", "template"], tail))},
		{_denied(array.concat(["spec", "template"], tail))},
		{_denied(array.concat(["spec", "template"], tail))},
		{_denied(array.concat(["spec", "template"], tail))},
		{_denied(array.concat(["spec", "template"], tail))},
		{_denied(array.concat(["spec", "jobTemplate", "spec", "template"], tail))},
	]
}

test_what_only_looks_like_a_pod_spec if {
	_violations({
		"apiVersion": "run.googleapis.com/v1",
		"kind": "RunService",
		"spec": {"template": {"spec": {"volumes": [{"name": "shm", "emptyDir": {"medium": "MEMORY"}}], "containers": [_unlimited("web")]}}},
	}) == set()
}

test_windows_pods_have_no_tmpfs if {
	_violations(_pod({"os": {"name": "windows"}, "containers": [_unlimited("web")]})) == set()
}

test_labels_and_annotations_exempt_nothing if {
	pod := _pod({"containers": [_unlimited("web")]})
	marked := object.union(pod, {"metadata": {
		"labels": {"admission.gatekeeper.sh/ignore": "true"},
		"annotations": {"kubernetes.io/config.mirror": "x"},
		"ownerReferences": [{"kind": "Cluster", "name": "pg"}],
	}})
	_violations(marked) == {_denied(_path)}
}

test_an_update_that_changes_nothing_here if {
	pod := _pod({"containers": [_unlimited("web")]})
	job := {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}, "spec": {"template": {"spec": pod.spec}}}
	got := {violations |
		some object_ in [pod, job]
		after := object.union(object_, {"metadata": {"finalizers": ["example.com/wait"]}})
		violations := rule.violation with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": object_}}
	}
	got == {set()}
}

test_an_update_that_removes_the_sizelimit if {
	after := _pod({"containers": [_unlimited("web")]})
	before := object.union(after, {"spec": {"volumes": [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}]}})
	got := rule.violation with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": before}}
	got == {_denied(_path)}
}

test_a_deletion if {
	pod := _pod({"containers": [_unlimited("web")]})
	got := rule.violation with input as {"review": {"operation": "DELETE", "object": null, "oldObject": pod}}
	got == set()
}

test_nothing_to_judge if {
	got := {violations |
		some in_ in [{}, {"review": {}}, {"review": {"object": null}}, {"review": {"object": {}}}]
		violations := rule.violation with input as in_
	}
	got == {set()}
}
