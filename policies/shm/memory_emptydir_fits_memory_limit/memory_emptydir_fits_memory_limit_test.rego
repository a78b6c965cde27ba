package policies.shm.memory_emptydir_fits_memory_limit_test

import data.policies.shm.memory_emptydir_fits_memory_limit as rule

_mebi := 1048576

_mount := {"name": "shm", "mountPath": "/dev/shm"}

_writer(name, limit) := {"name": name, "resources": {"limits": {"memory": limit}}, "volumeMounts": [_mount]}

_volume(name, size) := {"name": name, "emptyDir": {"medium": "Memory", "sizeLimit": size}}

_pod(spec) := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}

_simple(size, limit) := _pod({"volumes": [_volume("shm", size)], "containers": [_writer("web", limit)]})

_violations(object_) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": {}}
}

_with(object_, parameters) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_path := ["spec", "volumes", 0, "emptyDir", "sizeLimit"]

_violation(level, path, facts, msg) := {"msg": msg, "details": {"level": level, "path": path, "facts": facts}}

_finding(level, size, limit, text) := _violation(
	level, _path,
	{"sizeLimitBytes": size * _mebi, "memoryLimitBytes": limit * _mebi},
	sprintf("volume \"shm\": %s", [text]),
)

_denied := _finding("deny", 2048, 1024, "sizeLimit 2Gi is too much for container \"web\" (memory limit 1Gi), which is OOM-killed before the volume is full; raise the memory limit to 4Gi, or lower sizeLimit to at most 512Mi if the program needs no more")

_full := _finding("warn", 1024, 1024, "sizeLimit 1Gi is too much for container \"web\" (memory limit 1Gi), which is OOM-killed before the volume is full; raise the memory limit to 2Gi, or lower sizeLimit to at most 512Mi if the program needs no more")

_tight := _finding("warn", 768, 1024, "sizeLimit 768Mi leaves only 256Mi to container \"web\" (memory limit 1Gi) once the volume is full, and the files outlast an OOM kill; raise the memory limit to 1536Mi, or lower sizeLimit to at most 512Mi if the program needs no more")

test_more_than_the_limit_is_denied if {
	_violations(_simple("2Gi", "1Gi")) == {_denied}
}

test_all_of_the_limit_is_warned_about if {
	_violations(_simple("1Gi", "1Gi")) == {_full}
}

test_more_than_half_of_the_limit_is_warned_about if {
	_violations(_simple("768Mi", "1Gi")) == {_tight}
}

test_half_of_the_limit_is_fine if {
	got := {violations |
		some sizes in [
			["512Mi", "1Gi"], [".5Gi", "1Gi"], [536870912, "1Gi"], ["1Mi", "1Gi"], ["500M", "1G"], ["512", "1Ki"],
			["1e9", 2.0e9], ["4611686018427387903", "9223372036854775807"],
		]
		violations := _violations(_simple(sizes[0], sizes[1]))
	}
	got == {set()}
}

test_the_comparison_is_exact_to_the_byte if {
	_violations(_simple("536870912", "1Gi")) == set()
	_violations(_simple("536870913", "1Gi")) == {_violation(
		"warn", _path,
		{"sizeLimitBytes": 536870913, "memoryLimitBytes": 1073741824},
		"volume \"shm\": sizeLimit 536870913 leaves only 536870911 to container \"web\" (memory limit 1Gi) once the volume is full, and the files outlast an OOM kill; raise the memory limit to 1025Mi, or lower sizeLimit to at most 512Mi if the program needs no more",
	)}
	_violations(_simple("1Gi", "1073741823")) == {_violation(
		"deny", _path,
		{"sizeLimitBytes": 1073741824, "memoryLimitBytes": 1073741823},
		"volume \"shm\": sizeLimit 1Gi is too much for container \"web\" (memory limit 1073741823), which is OOM-killed before the volume is full; raise the memory limit to 2Gi, or lower sizeLimit to at most 511Mi if the program needs no more",
	)}
}

test_quantities_are_shown_as_written if {
	_violations(_simple(2147483648, "1024Mi")) == {_finding("deny", 2048, 1024, "sizeLimit 2147483648 is too much for container \"web\" (memory limit 1024Mi), which is OOM-killed before the volume is full; raise the memory limit to 4Gi, or lower sizeLimit to at most 512Mi if the program needs no more")}
	_violations(_simple(2.147483648e9, 1.073741824e9)) == {_finding("deny", 2048, 1024, "sizeLimit 2147483648 is too much for container \"web\" (memory limit 1073741824), which is OOM-killed before the volume is full; raise the memory limit to 4Gi, or lower sizeLimit to at most 512Mi if the program needs no more")}
}

test_no_advice_below_a_mebibyte if {
	_violations(_simple("2Mi", "1Mi")) == {_finding("deny", 2, 1, "sizeLimit 2Mi is too much for container \"web\" (memory limit 1Mi), which is OOM-killed before the volume is full; raise the memory limit to 4Mi")}
}

test_no_parameters if {
	pod := _simple("768Mi", "1Gi")
	nulls := {"levels": null, "maxRatio": null, "denyAbove": null, "mode": null, "vmRuntimeClasses": null}
	got := {violations |
		some in_ in [
			{"review": {"object": pod}},
			{"review": {"object": pod}, "parameters": null},
			{"review": {"object": pod}, "parameters": {}},
			{"review": {"object": pod}, "parameters": nulls},
		]
		violations := rule.violation with input as in_
	}
	got == {{_tight}}
}

test_levels if {
	_with(_simple("2Gi", "1Gi"), {"levels": ["deny"]}) == {_denied}
	_with(_simple("2Gi", "1Gi"), {"levels": ["warn"]}) == set()
	_with(_simple("1Gi", "1Gi"), {"levels": ["deny"]}) == set()
	_with(_simple("1Gi", "1Gi"), {"levels": ["warn"]}) == {_full}
}

test_max_ratio if {
	got := [sizes |
		some sizes in [[768, "0.75"], [769, "0.75"], [1024, "1"], [1025, "1"], [100, "0.1"], [103, "0.1"]]
		pod := _simple(sprintf("%dMi", [sizes[0]]), "1Gi")
		count(_with(pod, {"maxRatio": sizes[1], "denyAbove": "9"})) == 1
	]
	got == [[769, "0.75"], [1025, "1"], [103, "0.1"]]
	_with(_simple("800Mi", "1Gi"), {"maxRatio": "0.75"}) == {_finding("warn", 800, 1024, "sizeLimit 800Mi leaves only 224Mi to container \"web\" (memory limit 1Gi) once the volume is full, and the files outlast an OOM kill; raise the memory limit to 1067Mi, or lower sizeLimit to at most 768Mi if the program needs no more")}
}

test_a_limit_to_raise_to_is_rounded_up if {
	pod := _simple("3145728", "1Mi")
	_with(pod, {"maxRatio": "0.3"}) == {_finding("deny", 3, 1, "sizeLimit 3145728 is too much for container \"web\" (memory limit 1Mi), which is OOM-killed before the volume is full; raise the memory limit to 10Mi")}
	_with(_simple("3145729", "1Mi"), {"maxRatio": "0.3"}) == {_violation(
		"deny", _path, {"sizeLimitBytes": 3145729, "memoryLimitBytes": 1048576},
		"volume \"shm\": sizeLimit 3145729 is too much for container \"web\" (memory limit 1Mi), which is OOM-killed before the volume is full; raise the memory limit to 11Mi",
	)}
	_with(_simple("10485761", "1"), {"maxRatio": "10"}) == {_violation(
		"deny", _path, {"sizeLimitBytes": 10485761, "memoryLimitBytes": 1},
		"volume \"shm\": sizeLimit 10485761 is too much for container \"web\" (memory limit 1), which is OOM-killed before the volume is full; raise the memory limit to 2Mi",
	)}
}

test_deny_above if {
	_with(_simple("2Gi", "1Gi"), {"denyAbove": "2.0"}) == {object.union(_denied, {"details": {"level": "warn"}})}
	_with(_simple("768Mi", "1Gi"), {"denyAbove": "0.75"}) == {_tight}
	_with(_simple("768Mi", "1Gi"), {"denyAbove": "0.7"}) == {object.union(_tight, {"details": {"level": "deny"}})}
}

test_a_ratio_that_is_none_is_the_default if {
	got := {violations |
		some ratio in ["", "x", "0", "-1", "50%", true, [], {}]
		violations := _with(_simple("768Mi", "1Gi"), {"maxRatio": ratio, "denyAbove": ratio})
	}
	got == {{_tight}}
}

test_mode_exactly if {
	_violations(_simple("256Mi", "1Gi")) == set()
	_with(_simple("256Mi", "1Gi"), {"mode": "atMost"}) == set()
	_with(_simple("256Mi", "1Gi"), {"mode": "other"}) == set()
	_with(_simple("256Mi", "1Gi"), {"mode": "exactly"}) == {_finding("warn", 256, 1024, "sizeLimit 256Mi is less than its part of the memory of container \"web\" (memory limit 1Gi); raise sizeLimit to 512Mi")}
	_with(_simple("512Mi", "1Gi"), {"mode": "exactly"}) == set()
	_with(_simple("768Mi", "1Gi"), {"mode": "exactly"}) == {_tight}
	_with(_simple("2Gi", "1Gi"), {"mode": "exactly"}) == {_denied}
}

test_mode_exactly_forgives_a_fraction_of_a_mebibyte if {
	_with(_simple("150Mi", "301Mi"), {"mode": "exactly"}) == set()
	_with(_simple("476Mi", "1G"), {"mode": "exactly"}) == set()
	_with(_simple("512", "1Mi"), {"mode": "exactly"}) == set()
}

test_vm_runtime_classes if {
	kata := _pod({"runtimeClassName": "kata", "volumes": [_volume("shm", "2Gi")], "containers": [_writer("web", "1Gi")]})
	_violations(kata) == set()
	_with(kata, {"vmRuntimeClasses": []}) == {_denied}
}

test_one_writer_with_room_is_enough_not_to_deny if {
	pod := _pod({"volumes": [_volume("shm", "2Gi")], "containers": [_writer("web", "4Gi"), _writer("log", "1Gi")]})
	_violations(pod) == {_finding("warn", 2048, 1024, "sizeLimit 2Gi is too much for container \"log\" (memory limit 1Gi), which is OOM-killed before the volume is full; raise the memory limit to 4Gi, or lower sizeLimit to at most 512Mi if the program needs no more")}
}

test_the_largest_writer_decides if {
	pod := _pod({"volumes": [_volume("shm", "2Gi")], "containers": [_writer("log", "1Gi"), _writer("web", "1536Mi")]})
	_violations(pod) == {_finding("deny", 2048, 1536, "sizeLimit 2Gi is too much for container \"web\" (memory limit 1536Mi), which is OOM-killed before the volume is full; raise the memory limit to 4Gi, or lower sizeLimit to at most 512Mi if the program needs no more")}
}

test_a_writer_without_a_limit_is_enough_not_to_deny if {
	got := {violations |
		some resources in [null, {"limits": {"memory": "0"}}, {"limits": {"memory": "1 Gi"}}]
		pod := _pod({
			"volumes": [_volume("shm", "2Gi")],
			"containers": [_writer("web", "1Gi"), {"name": "log", "resources": resources, "volumeMounts": [_mount]}],
		})
		violations := _violations(pod)
	}
	got == {{object.union(_denied, {"details": {"level": "warn"}})}}
}

test_no_known_limit_is_no_finding if {
	got := {violations |
		some resources in [null, {}, {"limits": null}, {"limits": {"memory": "0"}}, {"limits": {"memory": "1 Gi"}}, {"limits": {"memory": true}}, {"limits": {"memory": "-1Gi"}}]
		violations := _violations(_pod({"volumes": [_volume("shm", "2Gi")], "containers": [{"name": "web", "resources": resources, "volumeMounts": [_mount]}]}))
	}
	got == {set()}
}

test_a_limit_of_the_pod_counts_for_who_has_none if {
	got := {violations |
		some resources in [null, {}, {"limits": {"memory": "0"}}, {"limits": {"memory": 0}}]
		violations := _violations(_pod({
			"resources": {"limits": {"memory": "1Gi"}},
			"volumes": [_volume("shm", "2Gi")],
			"containers": [{"name": "web", "resources": resources, "volumeMounts": [_mount]}],
		}))
	}
	got == {{_finding("deny", 2048, 1024, "sizeLimit 2Gi is too much for container \"web\" (memory limit 1Gi of the pod), which is OOM-killed before the volume is full; raise the memory limit to 4Gi, or lower sizeLimit to at most 512Mi if the program needs no more")}}
}

test_an_own_limit_comes_before_that_of_the_pod if {
	pod := _pod({
		"resources": {"limits": {"memory": "8Gi"}},
		"volumes": [_volume("shm", "2Gi")],
		"containers": [_writer("web", "1Gi")],
	})
	_violations(pod) == {_denied}
}

test_readers_do_not_count if {
	reader := {"name": "log", "resources": {"limits": {"memory": "64Mi"}}, "volumeMounts": [object.union(_mount, {"readOnly": true})]}
	_violations(_pod({"volumes": [_volume("shm", "512Mi")], "containers": [_writer("web", "1Gi"), reader]})) == set()
	_violations(_pod({"volumes": [_volume("shm", "512Mi")], "containers": [reader]})) == set()
}

test_an_ephemeral_container_does_not_count if {
	debug := {"name": "debug", "volumeMounts": [_mount]}
	_violations(_pod({"volumes": [_volume("shm", "2Gi")], "containers": [_writer("web", "1Gi")], "ephemeralContainers": [debug]})) == {_denied}
	_violations(_pod({
		"resources": {"limits": {"memory": "1Gi"}},
		"volumes": [_volume("shm", "2Gi")],
		"containers": [{"name": "web"}],
		"ephemeralContainers": [debug],
	})) == set()
}

test_init_and_sidecar_containers_count if {
	got := {[title, violation.details.level] |
		some restart_policy in ["Always", null]
		init := object.union(_writer("init", "1Gi"), {"restartPolicy": restart_policy})
		some violation in _violations(_pod({"volumes": [_volume("shm", "2Gi")], "initContainers": [init], "containers": [{"name": "web"}]}))
		title := split(split(violation.msg, "too much for ")[1], " (memory")[0]
	}
	got == {["sidecar \"init\"", "deny"], ["init container \"init\"", "deny"]}
}

test_no_effective_sizelimit_is_no_finding if {
	got := {violations |
		some empty_dir in [{}, {"sizeLimit": null}, {"sizeLimit": "0"}, {"sizeLimit": "-2Gi"}, {"sizeLimit": "2 Gi"}, {"sizeLimit": true}, {"sizeLimit": {}}]
		volumes := [{"name": "shm", "emptyDir": object.union({"medium": "Memory"}, empty_dir)}]
		violations := _with(_pod({"volumes": volumes, "containers": [_writer("web", "1Gi")]}), {"mode": "exactly"})
	}
	got == {set()}
}

test_other_volumes_are_fine if {
	got := {violations |
		some volumes in [
			null, [], "shm", [null], [{"name": "shm", "emptyDir": {"sizeLimit": "2Gi"}}],
			[{"name": "shm", "emptyDir": {"medium": "HugePages", "sizeLimit": "2Gi"}}], [{"name": "shm", "emptyDir": null}],
		]
		violations := _violations(_pod({"volumes": volumes, "containers": [_writer("web", "1Gi")]}))
	}
	got == {set()}
}

test_who_does_not_mount_it_does_not_count if {
	got := {violations |
		some mounts in [null, [], "shm", [null], [{"name": "data", "mountPath": "/data"}]]
		violations := _violations(_pod({
			"volumes": [_volume("shm", "2Gi")],
			"containers": [{"name": "web", "resources": {"limits": {"memory": "1Gi"}}, "volumeMounts": mounts}],
		}))
	}
	got == {set()}
}

test_an_odd_part_hides_no_other if {
	pod := _pod({"volumes": [null, _volume("shm", "2Gi")], "containers": [null, _writer("web", "1Gi")]})
	_violations(pod) == {object.union(_denied, {"details": {"path": ["spec", "volumes", 1, "emptyDir", "sizeLimit"]}})}
}

_mounts := [{"name": "a", "mountPath": "/a"}, {"name": "b", "mountPath": "/b"}, {"name": "c", "mountPath": "/c"}]

_triple := {
	"volumes": [_volume("a", "512Mi"), _volume("b", "512Mi"), _volume("c", "512Mi")],
	"containers": [{"name": "web", "resources": {"limits": {"memory": "1Gi"}}, "volumeMounts": _mounts}],
}

_together := _violation(
	"deny", ["spec", "volumes"],
	{"sizeLimitBytes": 1536 * _mebi, "podLimitBytes": 1024 * _mebi},
	"volumes \"a\", \"b\", \"c\": the sizeLimits add up to 1536Mi and the memory limit of the whole pod is 1Gi, so filling them OOM-kills its containers; raise the limits, or lower the sizeLimits to at most 512Mi together if the programs need no more",
)

test_volumes_that_do_not_fit_together_are_denied_at_the_pod if {
	_violations(_pod(_triple)) == {_together}
	_with(_pod(_triple), {"levels": ["deny"]}) == {_together}
	_with(_pod(_triple), {"levels": ["warn"]}) == set()
}

test_volumes_that_fit_together if {
	got := {violations |
		some extra in [
			{"volumes": [_volume("a", "512Mi"), _volume("b", "512Mi")]},
			{"volumes": [_volume("a", "512Mi"), _volume("b", "512Mi"), _volume("idle", "512Mi")]},
			{"volumes": [_volume("a", "512Mi"), _volume("b", "512Mi"), {"name": "c", "emptyDir": {"sizeLimit": "512Mi"}}]},
			{"volumes": [_volume("a", "512Mi"), _volume("b", "512Mi"), _volume("c", "0")]},
			{"overhead": {"memory": "512Mi"}},
			{"initContainers": [{"name": "proxy", "restartPolicy": "Always", "resources": {"limits": {"memory": "512Mi"}}}]},
			{"initContainers": [{"name": "init", "resources": {"limits": {"memory": "1536Mi"}}}]},
			{"resources": {"limits": {"memory": "1536Mi"}}},
		]
		violations := _violations(_pod(object.union(_triple, extra)))
	}
	got == {set()}
}

test_volumes_of_a_pod_without_a_bound_are_not_added_up if {
	got := {violations |
		some init in [{"name": "init"}, {"name": "init", "resources": {"limits": {"memory": "1 Gi"}}}]
		violations := _violations(_pod(object.union(_triple, {"initContainers": [init]})))
	}
	got == {set()}
}

test_volumes_together_by_parameter if {
	_with(_pod(_triple), {"denyAbove": "1.5"}) == set()
	_with(_pod(_triple), {"denyAbove": "1.4"}) == {_together}
	_with(_pod(_triple), {"maxRatio": "0.75"}) == {object.union(_together, {"msg": replace(_together.msg, "at most 512Mi", "at most 768Mi")})}
}

test_volumes_together_in_a_vm if {
	kata := _pod(object.union(_triple, {"runtimeClassName": "kata"}))
	_violations(kata) == set()
	_with(kata, {"vmRuntimeClasses": []}) == {_together}
}

_worst(size) := {"volumes": [_volume("a", size), _volume("b", "512Mi")]}

test_a_volume_that_exceeds_the_pod_alone_is_not_added_up if {
	_violations(_pod(object.union(_triple, _worst("2Gi")))) == {_violation(
		"deny", ["spec", "volumes", 0, "emptyDir", "sizeLimit"],
		{"sizeLimitBytes": 2048 * _mebi, "memoryLimitBytes": 1024 * _mebi},
		replace(_denied.msg, "\"shm\"", "\"a\""),
	)}
}

test_a_volume_as_large_as_the_pod_is_added_up if {
	_violations(_pod(object.union(_triple, _worst("1Gi")))) == {
		_violation(
			"warn", ["spec", "volumes", 0, "emptyDir", "sizeLimit"],
			{"sizeLimitBytes": 1024 * _mebi, "memoryLimitBytes": 1024 * _mebi},
			replace(_full.msg, "\"shm\"", "\"a\""),
		),
		_violation(
			"deny", ["spec", "volumes"],
			{"sizeLimitBytes": 1536 * _mebi, "podLimitBytes": 1024 * _mebi},
			replace(_together.msg, ", \"c\"", ""),
		),
	}
}

test_one_volume_is_not_added_up if {
	spec := {
		"volumes": [_volume("shm", "1Gi")],
		"containers": [_writer("web", "1Gi")],
	}
	_with(_pod(spec), {"denyAbove": "0.75", "maxRatio": "1"}) == {object.union(_full, {
		"msg": replace(replace(_full.msg, "512Mi", "1Gi"), "2Gi", "1Gi"),
		"details": {"level": "deny"},
	})}
}

test_every_workload_kind if {
	template := {"spec": object.union(_triple, {"volumes": [_volume("a", "2Gi"), _volume("b", "512Mi"), _volume("c", "513Mi")]})}
	got := [{[violation.details.level, violation.details.path] | some violation in _violations(object_)} |
		some object_ in [
			object.union({"apiVersion": "v1", "kind": "Pod"}, template),
			{"apiVersion": "v1", "kind": "PodTemplate", "template": template},
			{"apiVersion": "v1", "kind": "ReplicationController", "spec": {"template": template}},
			{"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": template}},
			{"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"template": template}},
			{"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {"template": template}},
			{"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": {"template": template}},
			{"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": template}},
			{"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": template}}}},
		]
	]
	heads := [
		[], ["template"], ["spec", "template"], ["spec", "template"], ["spec", "template"], ["spec", "template"],
		["spec", "template"], ["spec", "template"], ["spec", "jobTemplate", "spec", "template"],
	]
	got == [findings |
		some head in heads
		findings := {
			["deny", array.concat(head, ["spec", "volumes", 0, "emptyDir", "sizeLimit"])],
			["warn", array.concat(head, ["spec", "volumes", 2, "emptyDir", "sizeLimit"])],
		}
	]
}

test_the_sum_in_a_workload_template if {
	_violations({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": _triple}}}) == {object.union(_together, {"details": {"path": ["spec", "template", "spec", "volumes"]}})}
}

test_windows_pods_have_no_tmpfs if {
	_violations(_pod(object.union(_triple, {"os": {"name": "windows"}}))) == set()
}

test_labels_and_annotations_exempt_nothing if {
	marked := object.union(_simple("2Gi", "1Gi"), {"metadata": {
		"labels": {"admission.gatekeeper.sh/ignore": "true"},
		"annotations": {"memgate/ignore": "true"},
		"ownerReferences": [{"kind": "RayCluster", "name": "ray"}],
	}})
	_violations(marked) == {_denied}
}

test_an_update_that_changes_nothing_here if {
	pod := _pod(object.union(_triple, _worst("2Gi")))
	job := {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}, "spec": {"template": {"spec": _triple}}}
	got := {violations |
		some object_ in [pod, job]
		after := object.union(object_, {"metadata": {"finalizers": ["example.com/wait"]}})
		violations := rule.violation with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": object_}}
	}
	got == {set()}
}

test_an_update_that_grows_the_volume if {
	got := rule.violation with input as {"review": {"operation": "UPDATE", "object": _simple("2Gi", "1Gi"), "oldObject": _simple("1Gi", "1Gi")}}
	got == {_denied}
}

test_a_deletion if {
	got := rule.violation with input as {"review": {"operation": "DELETE", "oldObject": _simple("2Gi", "1Gi")}}
	got == set()
}

test_nothing_to_judge if {
	got := {violations |
		some in_ in [{}, {"review": {}}, {"review": {"object": null}}, {"review": {"object": {}}}]
		violations := rule.violation with input as in_
	}
	got == {set()}
}

# A resize from 512Mi to 1Gi helps, and one from 4Gi is for another rule.
test_a_resize_is_left_to_another_rule if {
	every before in ["512Mi", "4Gi"] {
		review := {"operation": "UPDATE", "object": _simple("2Gi", "1Gi"), "oldObject": _simple("2Gi", before)}
		rule.violation == set() with input as {"review": object.union(review, {"subResource": "resize"})}
		rule.violation == {_denied} with input as {"review": object.union(review, {"subResource": ""})}
	}
}
