package policies.shm.resize_keeps_tmpfs_bounded_test

import data.policies.shm.resize_keeps_tmpfs_bounded as rule

_mount := {"name": "shm", "mountPath": "/dev/shm"}

_volume := {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}

_limited(limit) := {"resources": {"limits": {"memory": limit}}}

_named(name, limit) := object.union({"name": name, "volumeMounts": [_mount]}, _limited(limit))

_db(limit) := _named("db", limit)

_pod(containers) := _with_volumes(containers, [_volume])

_with_volumes(containers, volumes) := {
	"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "db-0"},
	"spec": {"containers": containers, "volumes": volumes},
}

_with_init(pod, init) := object.union(pod, {"spec": {"initContainers": init}})

_resize(before, after) := {"operation": "UPDATE", "subResource": "resize", "object": after, "oldObject": before}

_violations(before, after) := violations if {
	violations := rule.violation with input as {"review": _resize(before, after), "parameters": {}}
}

_with(before, after, parameters) := violations if {
	violations := rule.violation with input as {"review": _resize(before, after), "parameters": parameters}
}

# _of is what a resize of the one container from one limit to another gives.
_of(before, after) := _violations(_pod([_db(before)]), _pod([_db(after)]))

_path := ["spec", "containers", 0, "resources", "limits", "memory"]

_killed := "the container is OOM-killed before the volume is full"

_left(size) := sprintf("the container has only %s left once the volume is full, and the files outlast an OOM kill", [size])

_facts := {"sizeLimitBytes": 1073741824, "memoryLimitBytes": 805306368, "previousLimitBytes": 4294967296}

_finding(level, path, facts, texts) := {
	"msg": sprintf("%s: the resize sets the memory limit%s to %s (before: %s), and memory-backed volume \"shm\" keeps its sizeLimit of 1Gi, so %s; keep at least 2Gi, or replace the pod by one with a smaller sizeLimit", texts),
	"details": {"level": level, "path": path, "facts": facts},
}

_denied := {_finding("deny", _path, _facts, ["container \"db\"", "", "768Mi", "4Gi", _killed])}

_warned := {_finding(
	"warn", _path,
	object.union(_facts, {"memoryLimitBytes": 1610612736}),
	["container \"db\"", "", "1536Mi", "4Gi", _left("512Mi")],
)}

test_denied_when_the_limit_falls_below_the_volume if {
	_of("4Gi", "768Mi") == _denied
}

test_warned_when_the_ratio_is_crossed if {
	_of("4Gi", "1536Mi") == _warned
}

test_warned_when_the_volume_takes_all if {
	_of("4Gi", "1Gi") == {_finding(
		"warn", _path,
		object.union(_facts, {"memoryLimitBytes": 1073741824}),
		["container \"db\"", "", "1Gi", "4Gi", _killed],
	)}
}

test_exact_to_the_byte if {
	_of("2Gi", "2Gi") == set()
	_of("4Gi", "2Gi") == set()
	[level |
		some limit in ["2147483647", "1073741824", "1073741823"]
		some violation in _of("4Gi", limit)
		level := violation.details.level
	] == ["warn", "warn", "deny"]
}

# A bound that was crossed before the resize is another rule's finding.
test_only_what_was_kept_before if {
	got := {[before, after]: levels |
		some before in ["1Gi", "1536Mi", "1023Mi", "2Gi"]
		some after in ["512Mi", "1025Mi"]
		levels := {violation.details.level | some violation in _of(before, after)}
		levels != set()
	}
	got == {
		["1Gi", "512Mi"]: {"deny"},
		["1536Mi", "512Mi"]: {"deny"},
		["2Gi", "512Mi"]: {"deny"},
		["2Gi", "1025Mi"]: {"warn"},
	}
}

test_a_higher_limit_is_never_a_finding if {
	got := {violations |
		some pair in [["256Mi", "512Mi"], ["256Mi", "1536Mi"], ["1Gi", "4Gi"], ["512Mi", "512Mi"]]
		violations := _of(pair[0], pair[1])
	}
	got == {set()}
}

test_a_first_limit if {
	facts := object.remove(_facts, ["previousLimitBytes"])
	before := {"name": "db", "volumeMounts": [_mount]}
	expected := {_finding("deny", _path, facts, ["container \"db\"", "", "768Mi", "none", _killed])}
	_violations(_pod([before]), _pod([_db("768Mi")])) == expected
	_of("0", "768Mi") == expected
	_of(null, "768Mi") == expected
	_violations(_pod([before]), _pod([_db("4Gi")])) == set()
}

test_a_limit_that_goes_is_none if {
	_violations(_pod([_db("2Gi")]), _pod([{"name": "db", "volumeMounts": [_mount]}])) == set()
	_of("2Gi", "0") == set()
	_of("2Gi", null) == set()
	_of("2Gi", "much") == set()
}

test_amounts_may_be_numbers if {
	_of(4.294967296e9, 805306368) == {_finding("deny", _path, _facts, ["container \"db\"", "", "805306368", "4294967296", _killed])}
	volume := {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": 1.073741824e9}}
	[violation.details.facts | some violation in _violations(_with_volumes([_db("4Gi")], [volume]), _with_volumes([_db("768Mi")], [volume]))] == [_facts]
}

test_the_limit_of_the_pod if {
	container := {"name": "db", "volumeMounts": [_mount]}
	before := object.union(_pod([container]), {"spec": _limited("4Gi")})
	after := object.union(_pod([container]), {"spec": _limited("768Mi")})
	path := ["spec", "resources", "limits", "memory"]
	_violations(before, after) == {_finding("deny", path, _facts, ["container \"db\"", " of the pod", "768Mi", "4Gi", _killed])}

	# The container's own limit is the one that holds.
	own := object.union(_pod([_db("4Gi")]), {"spec": _limited("4Gi")})
	_violations(own, object.union(own, {"spec": _limited("768Mi")})) == set()
	_violations(before, object.union(_pod([_db("768Mi")]), {"spec": _limited("4Gi")})) == _denied
}

test_no_parameters if {
	review := _resize(_pod([_db("4Gi")]), _pod([_db("768Mi")]))
	got := {violations |
		some in_ in [
			{"review": review},
			{"review": review, "parameters": null},
			{"review": review, "parameters": {}},
			{"review": review, "parameters": {"levels": null, "maxRatio": null, "vmRuntimeClasses": null}},
			{"review": review, "parameters": {"maxRatio": "much"}},
		]
		violations := rule.violation with input as in_
	}
	got == {_denied}
}

test_levels if {
	_with(_pod([_db("4Gi")]), _pod([_db("768Mi")]), {"levels": ["deny"]}) == _denied
	_with(_pod([_db("4Gi")]), _pod([_db("768Mi")]), {"levels": ["warn"]}) == set()
	_with(_pod([_db("4Gi")]), _pod([_db("1536Mi")]), {"levels": ["warn"]}) == _warned
	_with(_pod([_db("4Gi")]), _pod([_db("1536Mi")]), {"levels": ["deny"]}) == set()
}

test_max_ratio if {
	_with(_pod([_db("4Gi")]), _pod([_db("1536Mi")]), {"maxRatio": "0.75"}) == set()
	got := {parameters.maxRatio: advice |
		some parameters in [{"maxRatio": "0.3"}, {"maxRatio": "0.75"}, {"maxRatio": "1"}, {"maxRatio": "2"}]
		some violation in _with(_pod([_db("4Gi")]), _pod([_db("1000Mi")]), parameters)
		violation.details.level == "deny"
		advice := regex.find_n("keep at least [^,]*", violation.msg, 1)[0]
	}
	got == {
		"0.3": "keep at least 3414Mi",
		"0.75": "keep at least 1366Mi",
		"1": "keep at least 1Gi",
		"2": "keep at least 1Gi",
	}
	{violation.details.level | some violation in _with(_pod([_db("4Gi")]), _pod([_db("3Gi")]), {"maxRatio": "0.3"})} == {"warn"}
	_with(_pod([_db("1900Mi")]), _pod([_db("1500Mi")]), {"maxRatio": "0.5"}) == set()
}

test_vm_runtime_classes if {
	before := object.union(_pod([_db("4Gi")]), {"spec": {"runtimeClassName": "kata-qemu"}})
	after := object.union(_pod([_db("768Mi")]), {"spec": {"runtimeClassName": "kata-qemu"}})
	_violations(before, after) == set()
	_with(before, after, {"vmRuntimeClasses": []}) == _denied
	_with(before, after, {"vmRuntimeClasses": ["gvisor"]}) == _denied
}

# It is denied only if no writer is left that could fill the volume.
test_several_writers if {
	shipper := "container \"shipper\""
	path := ["spec", "containers", 1, "resources", "limits", "memory"]
	small := {_finding("warn", path, _facts, [shipper, "", "768Mi", "4Gi", _killed])}
	_violations(_pod([_db("4Gi"), _named("shipper", "4Gi")]), _pod([_db("4Gi"), _named("shipper", "768Mi")])) == small
	_violations(_pod([_db("1Gi"), _named("shipper", "4Gi")]), _pod([_db("1Gi"), _named("shipper", "768Mi")])) == small
	unlimited := {"name": "db", "volumeMounts": [_mount]}
	_violations(_pod([unlimited, _named("shipper", "4Gi")]), _pod([unlimited, _named("shipper", "768Mi")])) == small
	_violations(_pod([_db("512Mi"), _named("shipper", "4Gi")]), _pod([_db("512Mi"), _named("shipper", "768Mi")])) == {_finding("deny", path, _facts, [shipper, "", "768Mi", "4Gi", _killed])}
	both := _violations(_pod([_db("4Gi"), _named("shipper", "4Gi")]), _pod([_db("768Mi"), _named("shipper", "768Mi")]))
	both == _denied | {_finding("deny", path, _facts, [shipper, "", "768Mi", "4Gi", _killed])}
}

test_containers_are_found_by_name if {
	before := _pod([_named("other", "512Mi"), _db("4Gi")])
	after := _pod([_db("768Mi"), _named("other", "512Mi")])
	_violations(before, after) == _denied
	_violations(_pod([_named("other", "4Gi")]), _pod([_db("768Mi")])) == set()
}

test_several_volumes if {
	small := {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}
	mounts := [_mount, {"name": "tmp", "mountPath": "/tmp"}]
	before := _with_volumes([object.union(_db("4Gi"), {"volumeMounts": mounts})], [small, _volume])
	_violations(before, _with_volumes([object.union(_db("768Mi"), {"volumeMounts": mounts})], [small, _volume])) == _denied
	tight := _violations(before, _with_volumes([object.union(_db("32Mi"), {"volumeMounts": mounts})], [small, _volume]))
	{violation.details.facts.sizeLimitBytes | some violation in tight} == {67108864, 1073741824}
}

_sidecar(limit) := object.union(_named("proxy", limit), {"restartPolicy": "Always"})

# A run-to-completion init container is done, and an ephemeral one has no limit.
test_sidecars_and_other_containers if {
	plain := {"name": "web", "resources": {"limits": {"memory": "4Gi"}}}
	path := ["spec", "initContainers", 0, "resources", "limits", "memory"]
	_violations(_with_init(_pod([plain]), [_sidecar("4Gi")]), _with_init(_pod([plain]), [_sidecar("768Mi")])) == {_finding("deny", path, _facts, ["sidecar \"proxy\"", "", "768Mi", "4Gi", _killed])}

	_violations(_with_init(_pod([plain]), [_named("copy", "4Gi")]), _with_init(_pod([plain]), [_named("copy", "768Mi")])) == set()
	_violations(_with_init(_pod([_db("4Gi")]), [_named("copy", "8Gi")]), _with_init(_pod([_db("768Mi")]), [_named("copy", "8Gi")])) == _denied

	debug := {"spec": {"ephemeralContainers": [{"name": "debug", "volumeMounts": [_mount]}]}}
	_violations(object.union(_pod([_db("4Gi")]), debug), object.union(_pod([_db("768Mi")]), debug)) == _denied
	shell := object.union(_pod([plain]), debug)
	_violations(object.union(shell, {"spec": _limited("4Gi")}), object.union(shell, {"spec": _limited("768Mi")})) == set()
}

test_what_is_no_writer if {
	got := {violations |
		some mounts in [null, [], {}, "shm", [null], [{"name": "data", "mountPath": "/data"}], [object.union(_mount, {"readOnly": true})]]
		violations := _violations(_pod([object.union(_db("4Gi"), {"volumeMounts": mounts})]), _pod([object.union(_db("768Mi"), {"volumeMounts": mounts})]))
	}
	got == {set()}
}

# Without a sizeLimit the size is that of the limit at the start, which nobody knows here.
test_what_is_no_sized_volume_in_memory if {
	got := {violations |
		some volumes in [
			null, [], "shm", [null],
			[{"name": "shm"}],
			[{"name": "shm", "emptyDir": {}}],
			[{"name": "shm", "emptyDir": {"sizeLimit": "1Gi"}}],
			[{"name": "shm", "emptyDir": {"medium": "", "sizeLimit": "1Gi"}}],
			[{"name": "shm", "emptyDir": {"medium": "HugePages", "sizeLimit": "1Gi"}}],
			[{"name": "shm", "emptyDir": {"medium": "Memory"}}],
			[{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": null}}],
			[{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "0"}}],
			[{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1 Gi"}}],
			[{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": ["1Gi"]}}],
		]
		violations := _violations(_with_volumes([_db("4Gi")], volumes), _with_volumes([_db("768Mi")], volumes))
	}
	got == {set()}
}

test_a_size_limit_below_zero_is_ignored if {
	volumes := [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "-1Gi"}}]
	_violations(_with_volumes([_db("4Gi")], volumes), _with_volumes([_db("768Mi")], volumes)) == set()
}

test_limits_of_the_wrong_type if {
	got := {violations |
		some resources in [null, "4Gi", [], {}, {"limits": null}, {"limits": "4Gi"}, {"limits": []}, {"limits": {"memory": []}}, {"limits": {"memory": true}}]
		violations := _violations(_pod([_db("4Gi")]), _pod([object.union(_db("4Gi"), {"resources": resources})]))
	}
	got == {set()}
}

test_other_requests_are_not_judged if {
	review := _resize(_pod([_db("4Gi")]), _pod([_db("768Mi")]))
	got := {violations |
		some other in [
			{"subResource": "status"}, {"subResource": ""}, {"subResource": null}, {"subResource": ["resize"]},
			{"operation": "CREATE"}, {"operation": ""}, {"operation": "DELETE"}, {"oldObject": null}, {"oldObject": "db-0"},
			{"object": null},
		]
		violations := rule.violation with input as {"review": object.union(object.remove(review, object.keys(other)), other)}
	}
	got == {set()}
	plain := rule.violation with input as {"review": object.remove(review, ["subResource"])}
	plain == set()
}

test_windows_pods_are_left_out if {
	windows := {"spec": {"os": {"name": "windows"}}}
	_violations(object.union(_pod([_db("4Gi")]), windows), object.union(_pod([_db("768Mi")]), windows)) == set()
}

test_labels_and_annotations_exempt_nothing if {
	marks := {"metadata": {
		"labels": {"admission.gatekeeper.sh/ignore": "true"},
		"annotations": {"kubernetes.io/config.mirror": "x"},
		"ownerReferences": [{"kind": "Job", "name": "batch"}],
	}}
	_violations(object.union(_pod([_db("4Gi")]), marks), object.union(_pod([_db("768Mi")]), marks)) == _denied
}

test_a_pod_on_its_way_out if {
	gone := {"metadata": {"deletionTimestamp": "2025-01-01T00:00:00Z"}}
	_violations(_pod([_db("4Gi")]), object.union(_pod([_db("768Mi")]), gone)) == set()
}

test_nothing_to_judge if {
	got := {violations |
		some in_ in [{}, {"review": {}}, {"review": {"subResource": "resize"}}, {"review": _resize({}, {})}, {"review": _resize({"kind": 5}, _pod(null))}]
		violations := rule.violation with input as in_
	}
	got == {set()}
}
