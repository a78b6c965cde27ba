package policies.memory.memory_quantity_sane_test

import data.policies.memory.memory_quantity_sane as rule

_violations(object_) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": {}}
}

_with(object_, parameters) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_violation(level, path, facts, msg) := {"msg": msg, "details": {"level": level, "path": path, "facts": facts}}

_pod(spec) := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}

_limited(limit) := _pod({"containers": [{"name": "web", "resources": {"limits": {"memory": limit}}}]})

_limit_path := ["spec", "containers", 0, "resources", "limits", "memory"]

# _said is what the rule says about a memory limit, each [level, bytes, text].
_said(limit) := {said |
	some violation in _violations(_limited(limit))
	violation.details.path == _limit_path
	bytes := object.get(violation.details.facts, "quantityBytes", "none")
	said := [violation.details.level, bytes, trim_prefix(violation.msg, "container \"web\": limits.memory ")]
}

_wrong(table) := {limit: said |
	some limit, want in table
	said := _said(limit)
	said != {want}
}

_milli := _violation(
	"deny", _limit_path, {"quantityBytes": 1},
	"container \"web\": limits.memory \"400m\" is 0.4 bytes, so no container starts with it; did you mean 400M or 400Mi?",
)

_low := _violation(
	"warn", _limit_path, {"quantityBytes": 512},
	"container \"web\": limits.memory 512 is 512 bytes, so no container starts with it; did you mean 512M or 512Mi?",
)

test_millibytes_are_denied if {
	_violations(_limited("400m")) == {_milli}
}

test_bare_bytes_are_warned_about if {
	_violations(_limited(512)) == {_low}
}

test_what_is_sane if {
	got := [limit |
		some limit in [
			"1Gi", "512Mi", "1Mi", "1048576", 1048576, 536870912, 5.36870912e8, "1e9", "12e6", "1E9", ".5Gi", "0.5Gi", "1.Gi",
			"+1Gi", "100M", "128974848", "1.5Gi", "16Ti", "17592186044416", "2097152000m", "1Gi ", "0", 0, "0Mi", "0m", null,
		]
		_violations(_limited(limit)) != set()
	]
	got == []
}

test_what_is_no_quantity_is_denied if {
	text := "is no quantity, so the API server rejects the object; "
	_wrong({
		"1K": ["deny", "none", sprintf("\"1K\" %sdid you mean 1k or 1Ki?", [text])],
		"1ki": ["deny", "none", sprintf("\"1ki\" %sdid you mean 1Ki?", [text])],
		"1mi": ["deny", "none", sprintf("\"1mi\" %sdid you mean 1Mi?", [text])],
		"1GB": ["deny", "none", sprintf("\"1GB\" %sdid you mean 1G or 1Gi?", [text])],
		"1.5g": ["deny", "none", sprintf("\"1.5g\" %sdid you mean 1.5G or 1.5Gi?", [text])],
		"512mb": ["deny", "none", sprintf("\"512mb\" %sdid you mean 512M or 512Mi?", [text])],
		"1GiB": ["deny", "none", sprintf("\"1GiB\" %sdid you mean 1Gi?", [text])],
		".5 TiB": ["deny", "none", sprintf("\".5 TiB\" %sdid you mean .5Ti?", [text])],
		"2 P": ["deny", "none", sprintf("\"2 P\" %sdid you mean 2P or 2Pi?", [text])],
		"1 Gi": ["deny", "none", sprintf("\"1 Gi\" %sdid you mean 1Gi?", [text])],
		"": ["deny", "none", sprintf("\"\" %swrite whole Mi, such as 64Mi", [text])],
		"Gi": ["deny", "none", sprintf("\"Gi\" %swrite whole Mi, such as 64Mi", [text])],
		"lots": ["deny", "none", sprintf("\"lots\" %swrite whole Mi, such as 64Mi", [text])],
		"1,5Gi": ["deny", "none", sprintf("\"1,5Gi\" %swrite whole Mi, such as 64Mi", [text])],
		"-1GB": ["deny", "none", sprintf("\"-1GB\" %swrite whole Mi, such as 64Mi", [text])],
	}) == {}
	_said(true) == {["deny", "none", sprintf("true %swrite whole Mi, such as 64Mi", [text])]}
	_said(["1Gi"]) == {["deny", "none", sprintf("[\"1Gi\"] %swrite whole Mi, such as 64Mi", [text])]}
	_said({}) == {["deny", "none", sprintf("{} %swrite whole Mi, such as 64Mi", [text])]}
}

test_what_is_below_zero_is_denied if {
	_wrong({
		"-1Gi": ["deny", -1073741824, "\"-1Gi\" is below zero, which no memory is; write it without the sign"],
		"-1": ["deny", -1, "\"-1\" is below zero, which no memory is; write it without the sign"],
		"-400m": ["deny", -1, "\"-400m\" is below zero, which no memory is; write it without the sign"],
	}) == {}
	_said(-5) == {["deny", -5, "-5 is below zero, which no memory is; write it without the sign"]}
}

test_a_fraction_of_a_byte_in_next_to_nothing_is_denied if {
	_wrong({
		"400m": ["deny", 1, "\"400m\" is 0.4 bytes, so no container starts with it; did you mean 400M or 400Mi?"],
		"1234m": ["deny", 2, "\"1234m\" is 1.234 bytes, so no container starts with it; did you mean 1234M or 1234Mi?"],
		"2050m": ["deny", 3, "\"2050m\" is 2.05 bytes, so no container starts with it; did you mean 2050M or 2050Mi?"],
		"5m": ["deny", 1, "\"5m\" is 0.005 bytes, so no container starts with it; did you mean 5M or 5Mi?"],
		"123456m": ["deny", 124, "\"123456m\" is 123.456 bytes, so no container starts with it; write whole Mi, such as 64Mi"],
		"0.5": ["deny", 1, "\"0.5\" is 0.5 bytes, so no container starts with it; did you mean 0.5Gi?"],
		".5": ["deny", 1, "\".5\" is .5 bytes, so no container starts with it; did you mean .5Gi?"],
		"1.5": ["deny", 2, "\"1.5\" is 1.5 bytes, so no container starts with it; did you mean 1.5Gi?"],
		"0.12345": ["deny", 1, "\"0.12345\" is 0.12345 bytes, so no container starts with it; write whole Mi, such as 64Mi"],
		"1u": ["deny", 1, "\"1u\" is less than 1 byte, so no container starts with it; write whole Mi, such as 64Mi"],
		"1e-3": ["deny", 1, "\"1e-3\" is less than 1 byte, so no container starts with it; write whole Mi, such as 64Mi"],
		"0.1Mi": ["deny", 104858, "\"0.1Mi\" is less than 104858 bytes, so no container starts with it; write whole Mi, such as 64Mi"],
	}) == {}
	_said(0.5) == {["deny", 1, "0.5 is 0.5 bytes, so no container starts with it; did you mean 0.5Gi?"]}
}

test_next_to_nothing_is_warned_about if {
	_wrong({
		"1": ["warn", 1, "\"1\" is 1 byte, so no container starts with it; did you mean 1M or 1Mi?"],
		"512": ["warn", 512, "\"512\" is 512 bytes, so no container starts with it; did you mean 512M or 512Mi?"],
		"1000m": ["warn", 1, "\"1000m\" is 1 byte, so no container starts with it; did you mean 1000M or 1000Mi?"],
		"64k": ["warn", 64000, "\"64k\" is 64000 bytes, so no container starts with it; did you mean 64M or 64Mi?"],
		"64Ki": ["warn", 65536, "\"64Ki\" is 65536 bytes, so no container starts with it; did you mean 64M or 64Mi?"],
		"1023Ki": ["warn", 1047552, "\"1023Ki\" is 1047552 bytes, so no container starts with it; did you mean 1023M or 1023Mi?"],
		"1048575": ["warn", 1048575, "\"1048575\" is 1048575 bytes, so no container starts with it; write whole Mi, such as 64Mi"],
		"0.5Mi": ["warn", 524288, "\"0.5Mi\" is 524288 bytes, so no container starts with it; write whole Mi, such as 64Mi"],
		"0.5k": ["warn", 500, "\"0.5k\" is 500 bytes, so no container starts with it; write whole Mi, such as 64Mi"],
		"1e3": ["warn", 1000, "\"1e3\" is 1000 bytes, so no container starts with it; write whole Mi, such as 64Mi"],
	}) == {}
}

test_a_fraction_of_a_byte_in_more_is_warned_about if {
	_wrong({
		"1.2Gi": ["warn", 1288490189, "\"1.2Gi\" is no whole number of bytes and is rounded up to 1288490189; write 1229Mi"],
		"1048575.5": ["warn", 1048576, "\"1048575.5\" is no whole number of bytes and is rounded up to 1048576; write 1Mi"],
		"1048576.5": ["warn", 1048577, "\"1048576.5\" is no whole number of bytes and is rounded up to 1048577; write 2Mi"],
		"1288490188800m": ["warn", 1288490189, "\"1288490188800m\" is no whole number of bytes and is rounded up to 1288490189; write 1229Mi"],
		"17592186044416.5": ["warn", 17592186044417, "\"17592186044416.5\" is no whole number of bytes and is rounded up to 17592186044417; write 16777217Mi"],
	}) == {}
}

test_more_than_max_is_warned_about if {
	_wrong({
		"17Ti": ["warn", 18691697672192, "\"17Ti\" is more than the 16Ti that parameter max allows; check the suffix"],
		"17592186044417": ["warn", 17592186044417, "\"17592186044417\" is more than the 16Ti that parameter max allows; check the suffix"],
		"10E": ["warn", 10000000000000000000, "\"10E\" is more than the 16Ti that parameter max allows; check the suffix"],
	}) == {}
	_said(1.8691697672192e13) == {["warn", 18691697672192, "18691697672192 is more than the 16Ti that parameter max allows; check the suffix"]}
}

test_no_parameters if {
	pod := _limited("400m")
	got := {violations |
		some in_ in [
			{"review": {"object": pod}},
			{"review": {"object": pod}, "parameters": null},
			{"review": {"object": pod}, "parameters": {}},
			{"review": {"object": pod}, "parameters": {"levels": null, "max": null, "crPaths": null}},
		]
		violations := rule.violation with input as in_
	}
	got == {{_milli}}
}

test_levels if {
	_with(_limited("400m"), {"levels": ["deny"]}) == {_milli}
	_with(_limited("400m"), {"levels": ["warn"]}) == set()
	_with(_limited(512), {"levels": ["deny"]}) == set()
	_with(_limited(512), {"levels": ["warn"]}) == {_low}
}

test_max if {
	_with(_limited("2Gi"), {"max": "1Gi"}) == {_violation(
		"warn", _limit_path, {"quantityBytes": 2147483648},
		"container \"web\": limits.memory \"2Gi\" is more than the 1Gi that parameter max allows; check the suffix",
	)}
	_with(_limited("2Gi"), {"max": "2Gi"}) == set()
}

test_a_max_that_is_none_is_the_default if {
	got := {violations |
		some max_ in ["", "0", "-1Gi", "1 Gi", true, [], {}]
		some limit in ["16Ti", "2Gi"]
		violations := _with(_limited(limit), {"max": max_})
	}
	got == {set()}
	count(_with(_limited("17Ti"), {"max": "1 Gi"})) == 1
}

test_limits_and_requests_of_every_container if {
	resources := {"limits": {"memory": "400m", "cpu": "400m"}, "requests": {"memory": "200m", "cpu": "200m", "hugepages-2Mi": "4m"}}
	pod := _pod({
		"initContainers": [
			{"name": "init", "resources": resources},
			{"name": "proxy", "restartPolicy": "Always", "resources": resources},
		],
		"containers": [{"name": "web", "resources": resources}],
		"ephemeralContainers": [{"name": "debug", "resources": resources}],
	})
	_violations(pod) == {violation |
		some place in [
			["init container \"init\"", ["spec", "initContainers", 0]],
			["sidecar \"proxy\"", ["spec", "initContainers", 1]],
			["container \"web\"", ["spec", "containers", 0]],
			["ephemeral container \"debug\"", ["spec", "ephemeralContainers", 0]],
		]
		some said in [
			["limits", "limits.memory \"400m\" is 0.4 bytes, so no container starts with it; did you mean 400M or 400Mi?"],
			["requests", "requests.memory \"200m\" is 0.2 bytes, so the scheduler reserves next to nothing; did you mean 200M or 200Mi?"],
		]
		violation := _violation(
			"deny", array.concat(place[1], ["resources", said[0], "memory"]), {"quantityBytes": 1},
			sprintf("%s: %s", [place[0], said[1]]),
		)
	}
}

test_the_pods_own_resources_and_overhead if {
	pod := _pod({
		"resources": {"limits": {"memory": "2g"}, "requests": {"memory": "1"}},
		"overhead": {"memory": "120m", "cpu": "250m"},
		"containers": [{"name": "web"}],
	})
	_violations(pod) == {
		_violation(
			"deny", ["spec", "resources", "limits", "memory"], {},
			"pod: limits.memory \"2g\" is no quantity, so the API server rejects the object; did you mean 2G or 2Gi?",
		),
		_violation(
			"warn", ["spec", "resources", "requests", "memory"], {"quantityBytes": 1},
			"pod: requests.memory \"1\" is 1 byte, so the scheduler reserves next to nothing; did you mean 1M or 1Mi?",
		),
		_violation(
			"deny", ["spec", "overhead", "memory"], {"quantityBytes": 1},
			"pod: overhead.memory \"120m\" is 0.12 bytes, so the sandbox counts for next to nothing; did you mean 120M or 120Mi?",
		),
	}
}

_volume(size) := _pod({"volumes": [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": size}}], "containers": [{"name": "web"}]})

_volume_path := ["spec", "volumes", 0, "emptyDir", "sizeLimit"]

test_a_sizelimit_of_a_memory_backed_volume if {
	_violations(_volume("64Ki")) == {_violation(
		"warn", _volume_path, {"quantityBytes": 65536},
		"volume \"shm\": sizeLimit \"64Ki\" is 65536 bytes, so the volume is full at once; did you mean 64M or 64Mi?",
	)}
	_violations(_volume("1GB")) == {_violation(
		"deny", _volume_path, {},
		"volume \"shm\": sizeLimit \"1GB\" is no quantity, so the API server rejects the object; did you mean 1G or 1Gi?",
	)}
	_violations(_volume("20Ti")) == {_violation(
		"warn", _volume_path, {"quantityBytes": 21990232555520},
		"volume \"shm\": sizeLimit \"20Ti\" is more than the 16Ti that parameter max allows; check the suffix",
	)}
}

test_a_sizelimit_below_a_page_is_another_rules if {
	got := {violations | some size in ["400m", "1", "65535", "0", null]; violations := _violations(_volume(size))}
	got == {set()}
}

test_a_sizelimit_on_disk_is_no_memory if {
	got := {violations |
		some empty_dir in [{"sizeLimit": "400m"}, {"medium": "", "sizeLimit": "20Ti"}, {"medium": "HugePages", "sizeLimit": "1K"}, null, "1K"]
		violations := _violations(_pod({"volumes": [{"name": "tmp", "emptyDir": empty_dir}]}))
	}
	got == {set()}
}

test_odd_parts_hide_no_other if {
	pod := _pod({
		"resources": "1Gi",
		"overhead": "1Gi",
		"volumes": "shm",
		"initContainers": [null, {"name": "init", "resources": null}, {"name": "init", "resources": {"limits": "1K", "requests": ["1K"]}}],
		"containers": [{"name": "web", "resources": {"limits": {"memory": "400m"}, "requests": {}}}],
	})
	_violations(pod) == {_milli}
}

test_what_is_absent if {
	got := {violations |
		some spec in [
			{}, {"containers": null}, {"containers": []}, {"containers": [{"name": "web"}]}, {"resources": null, "overhead": null},
			{"resources": {"limits": {}, "requests": null}, "overhead": {}}, {"overhead": {"memory": null}},
			{"resources": {"limits": {"memory": null}}},
		]
		violations := _violations(_pod(spec))
	}
	got == {set()}
}

test_every_workload_kind if {
	template := {"spec": {"containers": [{"name": "web", "resources": {"limits": {"memory": "400m"}}}]}}
	got := [violations |
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
		violations := _violations(object_)
	]
	got == [violations |
		some head in [
			[], ["template"], ["spec", "template"], ["spec", "template"], ["spec", "template"], ["spec", "template"],
			["spec", "template"], ["spec", "template"], ["spec", "jobTemplate", "spec", "template"],
		]
		violations := {object.union(_milli, {"details": {"path": array.concat(head, _limit_path)}})}
	]
}

_limit_range(limits) := {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "defaults"}, "spec": {"limits": limits}}

test_limit_range if {
	limits := [
		{"type": "PersistentVolumeClaim", "max": {"storage": "1m"}},
		{
			"type": "Container",
			"max": {"memory": "1K"},
			"min": {"memory": "4Ki", "cpu": "100m"},
			"default": {"memory": "400m", "cpu": "400m"},
			"defaultRequest": {"memory": "20Ti"},
			"maxLimitRequestRatio": {"memory": "1.5"},
		},
		{"max": {"memory": "-1Gi"}},
	]
	path := ["spec", "limits", 1]
	_violations(_limit_range(limits)) == {
		_violation(
			"deny", array.concat(path, ["max", "memory"]), {},
			"Container limits: max.memory \"1K\" is no quantity, so the API server rejects the object; did you mean 1k or 1Ki?",
		),
		_violation(
			"warn", array.concat(path, ["min", "memory"]), {"quantityBytes": 4096},
			"Container limits: min.memory \"4Ki\" is 4096 bytes, so it bounds next to nothing; did you mean 4M or 4Mi?",
		),
		_violation(
			"deny", array.concat(path, ["default", "memory"]), {"quantityBytes": 1},
			"Container limits: default.memory \"400m\" is 0.4 bytes, so no container starts with it; did you mean 400M or 400Mi?",
		),
		_violation(
			"warn", array.concat(path, ["defaultRequest", "memory"]), {"quantityBytes": 21990232555520},
			"Container limits: defaultRequest.memory \"20Ti\" is more than the 16Ti that parameter max allows; check the suffix",
		),
		_violation(
			"deny", ["spec", "limits", 2, "max", "memory"], {"quantityBytes": -1073741824},
			" limits: max.memory \"-1Gi\" is below zero, which no memory is; write it without the sign",
		),
	}
}

test_limit_range_default_request if {
	_violations(_limit_range([{"type": "Container", "defaultRequest": {"memory": "400m"}}])) == {_violation(
		"deny", ["spec", "limits", 0, "defaultRequest", "memory"], {"quantityBytes": 1},
		"Container limits: defaultRequest.memory \"400m\" is 0.4 bytes, so the scheduler reserves next to nothing; did you mean 400M or 400Mi?",
	)}
}

test_limit_range_that_is_sane_or_odd if {
	got := {violations |
		some limits in [
			null, "1K", [], [null], ["1K"], [{}], [{"type": "Container", "default": null}],
			[{"type": "Container", "default": {"memory": "512Mi"}, "min": {"memory": "0"}}], [{"type": "Container", "max": {"cpu": "1m"}}],
		]
		violations := _violations(_limit_range(limits))
	}
	got == {set()}
}

test_limit_range_of_another_group if {
	_violations(object.union(_limit_range([{"max": {"memory": "1K"}}]), {"apiVersion": "example.com/v1"})) == set()
	_violations(object.union(_limit_range([{"max": {"memory": "1K"}}]), {"kind": "Other"})) == set()
}

_quota(hard) := {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "team"}, "spec": {"hard": hard}}

test_resource_quota if {
	hard := {
		"memory": "1GB",
		"requests.memory": "400m",
		"limits.memory": "-1Gi",
		"requests.cpu": "400m",
		"requests.storage": "1m",
		"pods": "4",
		"count/configmaps": "1",
	}
	_violations(_quota(hard)) == {
		_violation(
			"deny", ["spec", "hard", "memory"], {},
			"quota: memory \"1GB\" is no quantity, so the API server rejects the object; did you mean 1G or 1Gi?",
		),
		_violation(
			"deny", ["spec", "hard", "requests.memory"], {"quantityBytes": 1},
			"quota: requests.memory \"400m\" is 0.4 bytes, so no Pod fits into it; did you mean 400M or 400Mi?",
		),
		_violation(
			"deny", ["spec", "hard", "limits.memory"], {"quantityBytes": -1073741824},
			"quota: limits.memory \"-1Gi\" is below zero, which no memory is; write it without the sign",
		),
	}
}

test_resource_quota_that_is_sane_or_odd if {
	got := {violations |
		some hard in [null, "1K", [], {}, {"memory": null}, {"limits.memory": "0"}, {"limits.memory": "1Gi"}, {"limits.memory": "500Ti"}]
		violations := _violations(_quota(hard))
	}
	got == {set()}
}

test_resource_quota_of_another_group if {
	_violations(object.union(_quota({"memory": "1K"}), {"apiVersion": "quota.openshift.io/v1"})) == set()
	_violations(object.union(_quota({"memory": "1K"}), {"kind": "ClusterResourceQuota"})) == set()
}

_kubelet(fields) := object.union({"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}, fields)

test_kubelet_configuration if {
	fields := {
		"kubeReserved": {"cpu": "100m", "memory": "100m"},
		"systemReserved": {"memory": "1 Gi"},
		"evictionHard": {"memory.available": "100", "nodefs.available": "1K"},
		"evictionSoft": {"memory.available": "1.2Gi", "allocatableMemory.available": "5percent"},
		"evictionMinimumReclaim": {"memory.available": "-1Mi"},
		"reservedMemory": [{"numaNode": 0, "limits": {"memory": "1Gi"}}, {"numaNode": 1, "limits": {"memory": "20Ti"}}],
		"containerLogMaxSize": "1K",
	}
	_violations(_kubelet(fields)) == {
		_violation(
			"deny", ["kubeReserved", "memory"], {"quantityBytes": 1},
			"kubeReserved: memory \"100m\" is 0.1 bytes, so the kubelet keeps next to nothing free; did you mean 100M or 100Mi?",
		),
		_violation(
			"deny", ["systemReserved", "memory"], {},
			"systemReserved: memory \"1 Gi\" is no quantity, so the kubelet does not start; did you mean 1Gi?",
		),
		_violation(
			"warn", ["evictionHard", "memory.available"], {"quantityBytes": 100},
			"evictionHard: memory.available \"100\" is 100 bytes, so the kubelet keeps next to nothing free; did you mean 100M or 100Mi?",
		),
		_violation(
			"warn", ["evictionSoft", "memory.available"], {"quantityBytes": 1288490189},
			"evictionSoft: memory.available \"1.2Gi\" is no whole number of bytes and is rounded up to 1288490189; write 1229Mi",
		),
		_violation(
			"deny", ["evictionSoft", "allocatableMemory.available"], {},
			"evictionSoft: allocatableMemory.available \"5percent\" is no quantity, so the kubelet does not start; write whole Mi, such as 64Mi",
		),
		_violation(
			"deny", ["evictionMinimumReclaim", "memory.available"], {"quantityBytes": -1048576},
			"evictionMinimumReclaim: memory.available \"-1Mi\" is below zero, which no memory is; write it without the sign",
		),
		_violation(
			"warn", ["reservedMemory", 1, "limits", "memory"], {"quantityBytes": 21990232555520},
			"reservedMemory: memory \"20Ti\" is more than the 16Ti that parameter max allows; check the suffix",
		),
	}
}

test_every_threshold_of_the_kubelet if {
	fields := {field: {"memory.available": "1K", "allocatableMemory.available": "1K"} |
		some field in ["evictionHard", "evictionSoft", "evictionMinimumReclaim"]
	}
	{path | some violation in _violations(_kubelet(fields)); path := violation.details.path} == {
		["evictionHard", "memory.available"],
		["evictionHard", "allocatableMemory.available"],
		["evictionSoft", "memory.available"],
		["evictionSoft", "allocatableMemory.available"],
		["evictionMinimumReclaim", "memory.available"],
		["evictionMinimumReclaim", "allocatableMemory.available"],
	}
}

test_kubelet_configuration_that_is_sane_or_odd if {
	got := {violations |
		some fields in [
			{},
			{"evictionHard": {"memory.available": "5%"}},
			{"evictionHard": {"memory.available": "2.5%"}},
			{"evictionHard": {"memory.available": ".5%"}},
			{"evictionHard": {"memory.available": "0"}},
			{"evictionHard": {"memory.available": null}},
			{"evictionHard": null, "kubeReserved": "1K", "systemReserved": ["1K"], "reservedMemory": "1K"},
			{"reservedMemory": [null, "1K", {"limits": null}, {"limits": {"memory": "1Gi"}}]},
			{"kubeReserved": {"memory": "500Mi"}},
		]
		violations := _violations(_kubelet(fields))
	}
	got == {set()}
}

test_kubelet_configuration_of_another_group if {
	fields := {"kubeReserved": {"memory": "1K"}}
	_violations(object.union(_kubelet(fields), {"apiVersion": "machineconfiguration.openshift.io/v1"})) == set()
	_violations(object.union(_kubelet(fields), {"kind": "KubeletConfig"})) == set()
	count(_violations(object.union(_kubelet(fields), {"apiVersion": "kubelet.config.k8s.io/v1"}))) == 1
}

_cluster := {
	"apiVersion": "postgresql.cnpg.io/v1",
	"kind": "Cluster",
	"spec": {
		"resources": {"limits": {"memory": "1K"}},
		"ephemeralVolumesSizeLimit": {"shm": "400m"},
		"groups": [{"memory": "1Gi"}, {"memory": "64Ki"}, {"cpu": "1"}, {"memory": null}],
	},
}

test_other_kinds_are_not_judged if {
	_violations(_cluster) == set()
	_with(_cluster, {"crPaths": []}) == set()
}

test_cr_paths if {
	paths := [["spec", "resources", "limits", "memory"], ["spec", "groups", "*", "memory"], ["spec", "ephemeralVolumesSizeLimit", "*"]]
	_with(_cluster, {"crPaths": paths}) == {
		_violation(
			"deny", ["spec", "resources", "limits", "memory"], {},
			"spec.resources.limits.memory \"1K\" is no quantity, so its reader rejects or ignores it; did you mean 1k or 1Ki?",
		),
		_violation(
			"warn", ["spec", "groups", 1, "memory"], {"quantityBytes": 65536},
			"spec.groups.1.memory \"64Ki\" is 65536 bytes; did you mean 64M or 64Mi?",
		),
		_violation(
			"deny", ["spec", "ephemeralVolumesSizeLimit", "shm"], {"quantityBytes": 1},
			"spec.ephemeralVolumesSizeLimit.shm \"400m\" is 0.4 bytes; did you mean 400M or 400Mi?",
		),
	}
}

test_cr_paths_that_lead_nowhere if {
	got := {violations |
		some paths in [
			null, "spec", {}, [null], ["spec"], [5], [[]], [["spec"], ["spec", 5]],
			[["spec", "limits", "memory"]], [["*", "groups", "*", "memory", "*"]], [["spec", "groups", "1", "memory"]],
		]
		violations := {violation |
			some violation in _with(_cluster, {"crPaths": paths})
			not violation.details.path in [[], ["spec"]]
		}
	}
	got == {set()}
}

test_cr_paths_are_not_reported_twice if {
	paths := [["spec", "containers", "*", "resources", "*", "memory"], ["spec", "volumes", "*", "emptyDir", "sizeLimit"]]
	disk := {"volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "1K"}}]}
	pod := _pod(object.union(_limited("400m").spec, disk))
	_with(pod, {"crPaths": paths}) == {
		_milli,
		_violation(
			"deny", ["spec", "volumes", 0, "emptyDir", "sizeLimit"], {},
			"spec.volumes.0.emptyDir.sizeLimit \"1K\" is no quantity, so its reader rejects or ignores it; did you mean 1k or 1Ki?",
		),
	}
}

test_windows_pods_are_not_judged if {
	_violations(_pod(object.union(_limited("400m").spec, {"os": {"name": "windows"}}))) == set()
}

test_pods_in_a_vm_are_judged if {
	_violations(_pod(object.union(_limited("400m").spec, {"runtimeClassName": "kata"}))) == {_milli}
}

test_labels_and_annotations_exempt_nothing if {
	marked := object.union(_limited("400m"), {"metadata": {
		"labels": {"admission.gatekeeper.sh/ignore": "true"},
		"annotations": {"memgate/ignore": "true"},
		"ownerReferences": [{"kind": "Cluster", "name": "pg"}],
	}})
	_violations(marked) == {_milli}
}

test_an_update_that_changes_nothing_here if {
	job := {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}, "spec": {"template": {"spec": _limited(512).spec}}}
	got := {violations |
		some object_ in [_limited("400m"), job, _quota({"memory": "400m"}), _limit_range([{"max": {"memory": "400m"}}])]
		after := object.union(object_, {"metadata": {"finalizers": ["example.com/wait"]}})
		violations := rule.violation with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": object_}}
	}
	got == {set()}
}

test_an_update_that_makes_it_worse if {
	got := rule.violation with input as {"review": {"operation": "UPDATE", "object": _limited("400m"), "oldObject": _limited(512)}}
	got == {_milli}
}

test_a_deletion if {
	got := rule.violation with input as {"review": {"operation": "DELETE", "oldObject": _limited("400m")}}
	got == set()
}

test_nothing_to_judge if {
	got := {violations |
		some in_ in [{}, {"review": {}}, {"review": {"object": null}}, {"review": {"object": {}}}]
		violations := rule.violation with input as in_
	}
	got == {set()}
}

_both(limit, request) := _pod({"containers": [{
	"name": "web",
	"resources": {"limits": {"memory": limit}, "requests": {"memory": request}},
}]})

# A request that is the limit beside it is said once, as the limit.
test_copied_request if {
	_violations(_both("400m", "400m")) == {_milli}
	{violation.details.path | some violation in _violations(_both("400m", "300m"))} == {
		_limit_path,
		["spec", "containers", 0, "resources", "requests", "memory"],
	}
}
