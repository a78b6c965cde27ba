package policies.shm.memory_emptydir_size_aligned_test

import data.policies.shm.memory_emptydir_size_aligned as rule

_mount := {"name": "shm", "mountPath": "/dev/shm"}

_writer := {"name": "web", "volumeMounts": [_mount]}

_shm(size) := {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": size}}

_spec(size) := {"volumes": [_shm(size)], "containers": [_writer]}

_pod(spec) := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}

_sized(size) := _pod(_spec(size))

_violations(object_) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": {}}
}

_with(object_, parameters) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_path := ["spec", "volumes", 0, "emptyDir", "sizeLimit"]

_violation(level, path, facts, text) := {
	"msg": sprintf("volume \"shm\": sizeLimit %s", [text]),
	"details": {"level": level, "path": path, "facts": facts},
}

_warned(path) := _violation(
	"warn", path, {"sizeLimitBytes": 100000000, "tmpfsBytes": 100003840},
	"100M is not whole pages: where they are 4Ki, the volume holds 100003840 bytes, so when it is full the kubelet evicts the Pod instead of its writer getting ENOSPC; write whole Mi, such as 95Mi",
)

_denied := _violation(
	"deny", _path, {"sizeLimitBytes": 1},
	"400m is less than 1 byte, so the first byte in the volume takes a page, which is over the limit, and the kubelet evicts the Pod; did you mean 400Mi?",
)

test_decimal_megabytes if {
	_violations(_sized("100M")) == {_warned(_path)}
}

test_a_fraction_of_a_byte if {
	_violations(_sized("400m")) == {_denied}
}

test_no_parameters if {
	got := {violations |
		some in_ in [
			{"review": {"object": _sized("100M")}},
			{"review": {"object": _sized("100M")}, "parameters": null},
			{"review": {"object": _sized("100M")}, "parameters": {}},
			{"review": {"object": _sized("100M")}, "parameters": {"levels": null, "markerSizes": null, "pageSize": null, "vmRuntimeClasses": null}},
		]
		violations := rule.violation with input as in_
	}
	got == {{_warned(_path)}}
}

test_levels if {
	_with(_sized("100M"), {"levels": ["warn"]}) == {_warned(_path)}
	_with(_sized("100M"), {"levels": ["deny"]}) == set()
	_with(_sized("400m"), {"levels": ["warn"]}) == set()
	_with(_sized("400m"), {"levels": ["deny"]}) == {_denied}
}

test_whole_pages_are_fine if {
	got := {violations |
		some size in ["1Mi", "64Mi", "1Gi", ".5Gi", "1024M", "1048576", 1048576, 5.36870912e8, "1114112", " 64Mi "]
		violations := _violations(_sized(size))
	}
	got == {set()}
}

test_sizes_that_miss_the_pages if {
	got := [fault |
		some size in ["1048577", 1048577, "128M", "512M", "1G", 1.0e9, "1e9", "1500Ki", "8E", "100000000000m"]
		some violation in _violations(_sized(size))
		violation.details.level == "warn"
		fault := [violation.details.facts, violation.msg]
	]
	text := concat("", [
		"volume \"shm\": sizeLimit %s is not whole pages: where they are %s, the volume holds %s bytes, ",
		"so when it is full the kubelet evicts the Pod instead of its writer getting ENOSPC; write whole Mi, such as %s",
	])
	got == [
		[{"sizeLimitBytes": 1048577, "tmpfsBytes": 1052672}, sprintf(text, ["1048577", "4Ki", "1052672", "1Mi"])],
		[{"sizeLimitBytes": 1048577, "tmpfsBytes": 1052672}, sprintf(text, ["1048577", "4Ki", "1052672", "1Mi"])],
		[{"sizeLimitBytes": 128000000, "tmpfsBytes": 128057344}, sprintf(text, ["128M", "64Ki", "128057344", "122Mi"])],
		[{"sizeLimitBytes": 512000000, "tmpfsBytes": 512032768}, sprintf(text, ["512M", "64Ki", "512032768", "488Mi"])],
		[{"sizeLimitBytes": 1000000000, "tmpfsBytes": 1000001536}, sprintf(text, ["1G", "4Ki", "1000001536", "953Mi"])],
		[{"sizeLimitBytes": 1000000000, "tmpfsBytes": 1000001536}, sprintf(text, ["1000000000", "4Ki", "1000001536", "953Mi"])],
		[{"sizeLimitBytes": 1000000000, "tmpfsBytes": 1000001536}, sprintf(text, ["1e9", "4Ki", "1000001536", "953Mi"])],
		[{"sizeLimitBytes": 1536000, "tmpfsBytes": 1572864}, sprintf(text, ["1500Ki", "64Ki", "1572864", "1Mi"])],
		[{"sizeLimitBytes": 100000000, "tmpfsBytes": 100003840}, sprintf(text, ["100000000000m", "4Ki", "100003840", "95Mi"])],
	]
}

test_sizes_below_the_largest_page if {
	got := [fault |
		some size in [
			"1n", "400m", "1500m", "0.5", "1e-3", ".0001Ki",
			"1", 1, "1000m", "512", 512, "4095",
			"4Ki", "4096", "8k", "63.9990234375Ki", "65535",
		]
		some violation in _violations(_sized(size))
		violation.details.path == _path
		text := trim_prefix(violation.msg, "volume \"shm\": sizeLimit ")
		fault := [violation.details.level, violation.details.facts.sizeLimitBytes, text]
	]
	evicted := "so the first byte in the volume takes a page, which is over the limit, and the kubelet evicts the Pod"
	full := "so a few files fill the volume, and where pages are larger the first byte gets the Pod evicted"
	whole := "write whole Mi, such as 64Mi"
	got == [
		["deny", 1, sprintf("1n is less than 1 byte, %s; %s", [evicted, whole])],
		["deny", 1, sprintf("400m is less than 1 byte, %s; did you mean 400Mi?", [evicted])],
		["deny", 2, sprintf("1500m is less than 2 bytes, %s; did you mean 1500Mi?", [evicted])],
		["deny", 1, sprintf("0.5 is less than 1 byte, %s; %s", [evicted, whole])],
		["deny", 1, sprintf("1e-3 is less than 1 byte, %s; %s", [evicted, whole])],
		["deny", 1, sprintf(".0001Ki is less than 1 byte, %s; %s", [evicted, whole])],
		["warn", 1, sprintf("1 is 1 byte, %s; did you mean 1Mi?", [evicted])],
		["warn", 1, sprintf("1 is 1 byte, %s; did you mean 1Mi?", [evicted])],
		["warn", 1, sprintf("1000m is 1 byte, %s; did you mean 1000Mi?", [evicted])],
		["warn", 512, sprintf("512 is 512 bytes, %s; did you mean 512Mi?", [evicted])],
		["warn", 512, sprintf("512 is 512 bytes, %s; did you mean 512Mi?", [evicted])],
		["warn", 4095, sprintf("4095 is 4095 bytes, %s; did you mean 4095Mi?", [evicted])],
		["warn", 4096, sprintf("4Ki is 4096 bytes, %s; did you mean 4Mi?", [full])],
		["warn", 4096, sprintf("4096 is 4096 bytes, %s; did you mean 4096Mi?", [full])],
		["warn", 8000, sprintf("8k is 8000 bytes, %s; did you mean 8Mi?", [full])],
		["warn", 65535, sprintf("63.9990234375Ki is 65535 bytes, %s; %s", [full, whole])],
		["warn", 65535, sprintf("65535 is 65535 bytes, %s; %s", [full, whole])],
	]
}

test_what_memory_quantity_sane_says_is_not_said_twice if {
	got := {violations |
		some size in ["65536", "64Ki", "100k", "1000Ki", "999999", "0.1Gi", "1.1Mi", "1048577001m", "1GB", "1 Gi", "-100M", "-1"]
		violations := _violations(_sized(size))
	}
	got == {set()}
}

test_no_sizelimit_is_no_finding_of_this_rule if {
	got := {violations |
		some size in [null, "", "0", 0, "0Mi", true, ["100M"], {}]
		violations := _violations(_sized(size))
	}
	got == {set()}
	_violations(_pod({"volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}], "containers": [_writer]})) == set()
}

test_a_volume_for_marker_files if {
	_violations(_sized("1Ki")) == set()
	_violations(_sized("1024")) == set()
	_violations(_sized("4Ki")) != set()
	_with(_sized("4Ki"), {"markerSizes": ["1Ki", "4Ki"]}) == set()
	_with(_sized("4Ki"), {"markerSizes": ["none", 4096]}) == set()
	_with(_sized("100M"), {"markerSizes": ["100M"]}) == {_warned(_path)}
	_with(_sized("1Ki"), {"markerSizes": []}) == {_violation(
		"warn", _path, {"sizeLimitBytes": 1024},
		"1Ki is 1024 bytes, so the first byte in the volume takes a page, which is over the limit, and the kubelet evicts the Pod; did you mean 1Mi?",
	)}
}

test_page_size if {
	got := {size: holds |
		some size in [4096, 16384, 65536, 65536.0, "4096", 1048576, true]
		sizes := [bytes |
			some written in ["1001Mi", "100M", "128M", "200016Ki"]
			some violation in _with(_sized(written), {"pageSize": size})
			bytes := violation.details.facts.tmpfsBytes
		]
		holds := sizes
	}
	got == {
		4096: [100003840],
		16384: [100003840, 128008192],
		65536: [100003840, 128057344, 204865536],
		"4096": [100003840, 128057344, 204865536],
		1048576: [100003840, 128057344, 204865536],
		true: [100003840, 128057344, 204865536],
	}
}

test_vm_runtime_classes if {
	kata := _pod(object.union(_spec("100M"), {"runtimeClassName": "kata-qemu"}))
	_violations(kata) == set()
	_with(kata, {"vmRuntimeClasses": []}) == {_warned(_path)}
	_violations(_pod(object.union(_spec("100M"), {"runtimeClassName": "nvidia"}))) == {_warned(_path)}

	# memory-quantity-sane leaves a slip to this rule wherever the Pod runs.
	_violations(_pod(object.union(_spec("400m"), {"runtimeClassName": "kata-qemu"}))) == {_denied}
}

test_a_volume_that_the_limit_of_the_pod_cuts if {
	got := {limit: violations |
		some limit in ["95Mi", "99999999", "100000000", "1Gi"]
		pod := _pod({"volumes": [_shm("100M")], "containers": [object.union(_writer, {"resources": {"limits": {"memory": limit}}})]})
		violations := _violations(pod)
	}
	got == {"95Mi": set(), "99999999": set(), "100000000": {_warned(_path)}, "1Gi": {_warned(_path)}}
}

test_the_limit_of_one_container_cuts_nothing if {
	_violations(_pod({"volumes": [_shm("100M")], "containers": [
		object.union(_writer, {"resources": {"limits": {"memory": "64Mi"}}}),
		{"name": "log"},
	]})) == {_warned(_path)}
}

test_a_pod_level_limit_cuts_too if {
	_violations(_pod(object.union(_spec("100M"), {"resources": {"limits": {"memory": "64Mi"}}}))) == set()
	_violations(_pod(object.union(_spec("100M"), {"resources": {"limits": {"memory": "1Gi"}}}))) == {_warned(_path)}
}

test_a_slip_in_a_volume_that_nobody_writes_is_warned_about if {
	want := _violation("warn", _path, {"sizeLimitBytes": 1}, trim_prefix(_denied.msg, "volume \"shm\": sizeLimit "))
	got := {violations |
		some containers in [
			null,
			[],
			[{"name": "web"}],
			[{"name": "web", "volumeMounts": null}],
			[{"name": "web", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
			[{"name": "web", "volumeMounts": [object.union(_mount, {"readOnly": true})]}],
		]
		violations := _violations(_pod({"volumes": [_shm("400m")], "containers": containers}))
	}
	got == {{want}}
}

test_init_sidecar_and_ephemeral_containers_are_writers if {
	got := {violations |
		some spec in [
			{"initContainers": [_writer]},
			{"initContainers": [object.union(_writer, {"restartPolicy": "Always"})]},
			{"ephemeralContainers": [_writer]},
		]
		violations := _violations(_pod(object.union(spec, {"volumes": [_shm("400m")], "containers": [{"name": "a"}]})))
	}
	got == {{_denied}}
}

test_only_tmpfs_is_rounded if {
	got := {violations |
		some volume in [
			{"name": "shm", "emptyDir": {"sizeLimit": "100M"}},
			{"name": "shm", "emptyDir": {"medium": "", "sizeLimit": "400m"}},
			{"name": "shm", "emptyDir": {"medium": "MEMORY", "sizeLimit": "100M"}},
			{"name": "shm", "emptyDir": {"medium": "HugePages", "sizeLimit": "100M"}},
			{"name": "shm", "emptyDir": null},
			{"name": "shm", "ephemeral": {}},
			null,
			"shm",
		]
		violations := _violations(_pod({"volumes": [volume], "containers": [_writer]}))
	}
	got == {set()}
	_violations(_pod({"volumes": null, "containers": [_writer]})) == set()
	_violations(_pod({"volumes": "shm", "containers": [_writer]})) == set()
	_violations(_pod({"volumes": [], "containers": [_writer]})) == set()
}

test_an_odd_volume_hides_no_other if {
	pod := _pod({"volumes": [null, _shm("100M"), _shm("400m")], "containers": [_writer, null]})
	_violations(pod) == {
		_warned(["spec", "volumes", 1, "emptyDir", "sizeLimit"]),
		object.union(_denied, {"details": {"path": ["spec", "volumes", 2, "emptyDir", "sizeLimit"]}}),
	}
}

test_every_workload_kind if {
	template := {"metadata": {"labels": {"app": "web"}}, "spec": _spec("100M")}
	got := [violations |
		some object_ in [
			{"apiVersion": "v1", "kind": "Pod", "spec": _spec("100M")},
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
		{_warned(_path)},
		{_warned(array.concat(["template"], _path))},
		{_warned(array.concat(["spec", "template"], _path))},
		{_warned(array.concat(["spec", "template"], _path))},
		{_warned(array.concat(["spec", "template"], _path))},
		{_warned(array.concat(["spec", "template"], _path))},
		{_warned(array.concat(["spec", "template"], _path))},
		{_warned(array.concat(["spec", "template"], _path))},
		{_warned(array.concat(["spec", "jobTemplate", "spec", "template"], _path))},
	]
}

test_windows_pods_have_no_tmpfs if {
	_violations(_pod(object.union(_spec("100M"), {"os": {"name": "windows"}}))) == set()
}

test_labels_and_annotations_exempt_nothing if {
	marked := object.union(_sized("100M"), {"metadata": {
		"labels": {"admission.gatekeeper.sh/ignore": "true"},
		"annotations": {"kubernetes.io/config.mirror": "x"},
		"ownerReferences": [{"kind": "Cluster", "name": "pg"}],
	}})
	_violations(marked) == {_warned(_path)}
}

test_an_update_that_changes_nothing_here if {
	after := object.union(_sized("100M"), {"metadata": {"finalizers": ["example.com/wait"]}})
	got := rule.violation with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": _sized("100M")}}
	got == set()
}

test_an_update_that_changes_the_unit if {
	got := rule.violation with input as {"review": {"operation": "UPDATE", "object": _sized("100M"), "oldObject": _sized("100Mi")}}
	got == {_warned(_path)}
}

test_a_deletion if {
	got := rule.violation with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _sized("100M")}}
	got == set()
}

test_nothing_to_judge if {
	got := {violations |
		some in_ in [{}, {"review": {}}, {"review": {"object": null}}, {"review": {"object": {}}}]
		violations := rule.violation with input as in_
	}
	got == {set()}
}
