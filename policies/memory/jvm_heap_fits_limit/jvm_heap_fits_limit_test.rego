package policies.memory.jvm_heap_fits_limit_test

import data.policies.memory.jvm_heap_fits_limit as rule

_variable(name, value) := {"name": name, "value": value}

_java(value) := [_variable("TZ", "UTC"), _variable("JAVA_OPTS", value)]

_app(env) := {"name": "app", "image": "registry.example.com/shop/orders:2.7.0", "env": env}

_limited(env, limit) := object.union(_app(env), {"resources": {"limits": {"memory": limit}}})

_pod(spec) := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}

_of(container) := _violations(_pod({"containers": [container]}))

# _started is a container of 1Gi with command and args.
_started(command, args) := object.union(_limited([], "1Gi"), {"command": command, "args": args})

_violations(object_) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": {}}
}

_with(object_, parameters) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_violation(level, path, facts, text) := {
	"msg": sprintf("container \"app\": %s", [text]),
	"details": {"level": level, "path": path, "facts": facts},
}

_container := ["spec", "containers", 0]

_value := array.concat(_container, ["env", 1, "value"])

_missing := array.concat(_container, ["resources", "limits", "memory"])

_full(path, flag) := _violation(
	"deny", path, {"heapBytes": 1073741824, "limitBytes": 1073741824},
	sprintf("%s is not below memory limit \"1Gi\", so the kernel kills the container before the heap is full; set -Xmx to at most 768m, or raise the limit to 1366Mi", [flag]),
)

# _high is of a heap of 900 MiB.
_high(path, flag, heap) := _violation(
	"warn", path, {"heapBytes": heap, "limitBytes": 1073741824},
	sprintf("%s leaves too little of memory limit \"1Gi\" for metaspace, threads and buffers, so the kernel may kill the container before the heap is full; set -Xmx to at most 768m, or raise the limit to 1200Mi", [flag]),
)

_unbounded(flag, heap, needed) := _violation(
	"warn", _missing, {"heapBytes": heap},
	sprintf("%s, but no memory limit, so nothing bounds what the JVM takes besides its heap and the node may run out of memory; set limits.memory to at least %s", [flag, needed]),
)

_hidden := _violation(
	"warn", _value, {"limitBytes": 1073741824},
	"-XX:-UseContainerSupport in JAVA_OPTS hides memory limit \"1Gi\" from the JVM, which sizes its heap by the memory of the node, so the kernel may kill the container before the heap is full; remove it",
)

_share(level, percentage) := _violation(
	level, _value, {"limitBytes": 1073741824},
	sprintf("-XX:MaxRAMPercentage=%s in JAVA_OPTS leaves too little of memory limit \"1Gi\" for metaspace, threads and buffers, so the kernel may kill the container before the heap is full; set it to at most 80", [percentage]),
)

_share_of_node(percentage) := _violation(
	"warn", _missing, {},
	sprintf("-XX:MaxRAMPercentage=%s in JAVA_OPTS, but no memory limit, so the heap may take that part of all memory of the node; set limits.memory, and the percentage to at most 80", [percentage]),
)

_found := {_full(_value, "-Xmx1g in JAVA_OPTS")}

test_denied_at_the_limit if {
	_of(_limited(_java("-Xms512m -Xmx1g -jar"), "1Gi")) == _found
}

test_denied_above_the_limit if {
	_of(_limited(_java("-Xmx2g"), "1Gi")) == {_violation(
		"deny", _value, {"heapBytes": 2147483648, "limitBytes": 1073741824},
		"-Xmx2g in JAVA_OPTS is not below memory limit \"1Gi\", so the kernel kills the container before the heap is full; set -Xmx to at most 768m, or raise the limit to 2731Mi",
	)}
}

test_warned_close_to_the_limit if {
	_of(_limited(_java("-Xmx900m"), "1Gi")) == {_high(_value, "-Xmx900m in JAVA_OPTS", 943718400)}
	_of(_limited(_java("-Xmx768m"), "1Gi")) == set()
	_of(_limited(_java("-Xmx805306369"), "1Gi")) == {_violation(
		"warn", _value, {"heapBytes": 805306369, "limitBytes": 1073741824},
		"-Xmx805306369 in JAVA_OPTS leaves too little of memory limit \"1Gi\" for metaspace, threads and buffers, so the kernel may kill the container before the heap is full; set -Xmx to at most 768m, or raise the limit to 1025Mi",
	)}
	_of(_limited(_java("-Xmx1073741823"), 1.073741824e9)) == {_violation(
		"warn", _value, {"heapBytes": 1073741823, "limitBytes": 1073741824},
		"-Xmx1073741823 in JAVA_OPTS leaves too little of memory limit \"1073741824\" for metaspace, threads and buffers, so the kernel may kill the container before the heap is full; set -Xmx to at most 768m, or raise the limit to 1366Mi",
	)}
}

test_a_limit_with_room_for_no_heap if {
	_of(_limited(_java("-Xmx1m"), "1Mi")) == {_violation(
		"deny", _value, {"heapBytes": 1048576, "limitBytes": 1048576},
		"-Xmx1m in JAVA_OPTS is not below memory limit \"1Mi\", so the kernel kills the container before the heap is full; raise the limit to at least 129Mi",
	)}
	_of(_limited(_java("-Xmx128m"), "128Mi")) == {_violation(
		"deny", _value, {"heapBytes": 134217728, "limitBytes": 134217728},
		"-Xmx128m in JAVA_OPTS is not below memory limit \"128Mi\", so the kernel kills the container before the heap is full; raise the limit to at least 256Mi",
	)}
}

# Three quarters of 128Mi are no room for what a JVM takes besides.
test_a_small_heap_needs_as_much_besides if {
	_of(_app(_java("-Xmx128M"))) == {_unbounded("-Xmx128M in JAVA_OPTS", 134217728, "256Mi")}
	_of(_app(_java("-Xmx384m"))) == {_unbounded("-Xmx384m in JAVA_OPTS", 402653184, "512Mi")}
	_of(_app(_java("-Xmx385m"))) == {_unbounded("-Xmx385m in JAVA_OPTS", 403701760, "514Mi")}
	_of(_limited(_java("-Xmx128m"), "160Mi")) == {_violation(
		"warn", _value, {"heapBytes": 134217728, "limitBytes": 167772160},
		"-Xmx128m in JAVA_OPTS leaves too little of memory limit \"160Mi\" for metaspace, threads and buffers, so the kernel may kill the container before the heap is full; set -Xmx to at most 32m, or raise the limit to 256Mi",
	)}
	advices := {advice | some violation in _of(_limited(_java("-Xmx128m"), "129Mi")); advice := split(violation.msg, "; ")[1]}
	advices == {"set -Xmx to at most 1m, or raise the limit to 256Mi"}

	# It is advice only: three quarters are no finding.
	_of(_limited(_java("-Xmx128m"), "171Mi")) == set()
}

test_warned_without_a_limit if {
	got := {violations |
		some resources in [null, {}, {"limits": null}, {"limits": {"memory": null}}, {"limits": {"memory": "0"}}, {"requests": {"memory": "1Gi"}}]
		violations := _of(object.union(_app(_java("-Xmx1g")), {"resources": resources}))
	}
	got == {{_unbounded("-Xmx1g in JAVA_OPTS", 1073741824, "1366Mi")}}
	_of(_app(_java("-Xmx1g"))) == {_unbounded("-Xmx1g in JAVA_OPTS", 1073741824, "1366Mi")}
	_of(_app(_java("-Xmx768m"))) == {_unbounded("-Xmx768m in JAVA_OPTS", 805306368, "1Gi")}
}

test_a_limit_that_is_no_quantity_is_not_called_missing if {
	got := {violations | some limit in ["1 Gi", true, [], {}]; violations := _of(_limited(_java("-Xmx1g -XX:-UseContainerSupport"), limit))}
	got == {set()}
	_of(_limited(_java("-XX:MaxRAMPercentage=90"), "1 Gi")) == set()
}

test_no_parameters if {
	pod := _pod({"containers": [_limited(_java("-Xmx900m"), "1Gi"), _limited(_java("-XX:MaxRAMPercentage=81"), "1Gi")]})
	want := {_high(_value, "-Xmx900m in JAVA_OPTS", 943718400), object.union(_share("warn", "81"), {"details": {"path": ["spec", "containers", 1, "env", 1, "value"]}})}
	got := {violations |
		some in_ in [
			{"review": {"object": pod}},
			{"review": {"object": pod}, "parameters": null},
			{"review": {"object": pod}, "parameters": {}},
			{"review": {"object": pod}, "parameters": {"levels": null, "maxHeapRatio": null, "maxRamPercentage": null, "profiles": null}},
			{"review": {"object": pod}, "parameters": {"maxHeapRatio": "much"}},
		]
		violations := rule.violation with input as in_
	}
	got == {want}
}

test_levels if {
	denied := _pod({"containers": [_limited(_java("-Xmx1g"), "1Gi")]})
	_with(denied, {"levels": ["deny"]}) == _found
	_with(denied, {"levels": ["warn"]}) == set()
	warned := _pod({"containers": [_limited(_java("-Xmx900m"), "1Gi")]})
	_with(warned, {"levels": ["warn"]}) == {_high(_value, "-Xmx900m in JAVA_OPTS", 943718400)}
	_with(warned, {"levels": ["deny"]}) == set()
}

test_max_heap_ratio if {
	pod := _pod({"containers": [_limited(_java("-Xmx900m"), "1Gi")]})
	_with(pod, {"maxHeapRatio": "0.9"}) == set()
	_with(_pod({"containers": [_limited(_java("-Xmx512m"), "1Gi")]}), {"maxHeapRatio": "0.25"}) == {_violation(
		"warn", _value, {"heapBytes": 536870912, "limitBytes": 1073741824},
		"-Xmx512m in JAVA_OPTS leaves too little of memory limit \"1Gi\" for metaspace, threads and buffers, so the kernel may kill the container before the heap is full; set -Xmx to at most 256m, or raise the limit to 2Gi",
	)}

	# A heap of the whole limit is too large whatever the ratio.
	_with(_pod({"containers": [_limited(_java("-Xmx1g"), "1Gi")]}), {"maxHeapRatio": "2"}) == {_violation(
		"deny", _value, {"heapBytes": 1073741824, "limitBytes": 1073741824},
		"-Xmx1g in JAVA_OPTS is not below memory limit \"1Gi\", so the kernel kills the container before the heap is full; set -Xmx to at most 896m, or raise the limit to 1152Mi",
	)}
}

test_max_ram_percentage if {
	pod := _pod({"containers": [_limited(_java("-XX:MaxRAMPercentage=90"), "1Gi")]})
	_with(pod, {"maxRamPercentage": 90}) == set()
	{split(violation.msg, "; ")[1] | some violation in _with(pod, {"maxRamPercentage": 75})} == {"set it to at most 75"}
	_with(_pod({"containers": [_app(_java("-XX:MaxRAMPercentage=90"))]}), {"maxRamPercentage": 90}) == set()
}

test_profiles if {
	ratio := {image: advice |
		some image in [
			"docker.elastic.co/elasticsearch/elasticsearch:8.17.0", "docker.elastic.co/elasticsearch/elasticsearch-oss:6.8.6",
			"docker.io/opensearchproject/opensearch:2.18.0", "opensearch", "docker.io/opensearchproject/opensearch-dashboards:2.18.0", null, 7,
		]
		some violation in _of(object.union(_app(_java("-Xmx1g")), {"image": image}))
		advice := split(violation.msg, "at least ")[1]
	}
	ratio == {
		"docker.elastic.co/elasticsearch/elasticsearch:8.17.0": "2Gi", "docker.elastic.co/elasticsearch/elasticsearch-oss:6.8.6": "2Gi",
		"docker.io/opensearchproject/opensearch:2.18.0": "2Gi", "opensearch": "2Gi",
		"docker.io/opensearchproject/opensearch-dashboards:2.18.0": "1366Mi", null: "1366Mi", 7: "1366Mi",
	}
	pod := _pod({"containers": [_limited(_java("-Xmx768m"), "1Gi")]})
	_violations(_pod({"containers": [object.union(_limited(_java("-Xmx513m"), "1Gi"), {"image": "elasticsearch:8.17.0"})]})) == {_violation(
		"warn", _value, {"heapBytes": 537919488, "limitBytes": 1073741824},
		"-Xmx513m in JAVA_OPTS leaves too little of memory limit \"1Gi\" for metaspace, threads and buffers, so the kernel may kill the container before the heap is full; set -Xmx to at most 512m, or raise the limit to 1026Mi",
	)}
	_violations(_pod({"containers": [object.union(_limited(_java("-Xmx512m"), "1Gi"), {"image": "elasticsearch:8.17.0"})]})) == set()
	_with(pod, {"profiles": [{"image": "*/orders", "maxHeapRatio": "0.7"}]}) != set()
	_with(pod, {"profiles": [{"image": "*/orders", "maxHeapRatio": "0.8"}], "maxHeapRatio": "0.1"}) == set()
	_with(pod, {"profiles": [{"image": "*/orders"}, {"image": "*/payments", "maxHeapRatio": "0.1"}]}) == set()
	_with(pod, {"profiles": [{"image": "*/orders", "maxHeapRatio": "x"}], "maxHeapRatio": "0.1"}) == set()
	_with(_pod({"containers": [object.union(_limited(_java("-Xmx768m"), "1Gi"), {"image": "elasticsearch:8.17.0"})]}), {"profiles": []}) == set()
}

test_the_sizes_of_xmx if {
	got := {size: heap |
		some size in ["1073741824", "1048576k", "1048576K", "1024m", "1024M", "1g", "1G", "01g", "1t", "1T", "1Gi", "1gb", "1.5g", "", "g", "-1g", "$(HEAP)", "${HEAP}m", "1e9", "9999999999999999"]
		some violation in _of(_app(_java(sprintf("-Xmx%s", [size]))))
		heap := violation.details.facts.heapBytes
	}
	got == {
		"1073741824": 1073741824, "1048576k": 1073741824, "1048576K": 1073741824, "1024m": 1073741824, "1024M": 1073741824,
		"1g": 1073741824, "1G": 1073741824, "01g": 1073741824, "1t": 1099511627776, "1T": 1099511627776,
	}
}

test_the_last_flag_wins if {
	_of(_limited(_java("-Xmx4g -Xmx512m"), "1Gi")) == set()
	_of(_limited(_java("-Xmx512m -Xmx1g"), "1Gi")) == _found
	_of(_limited(_java("-Xmx4g -XX:MaxHeapSize=512m"), "1Gi")) == set()
	_of(_limited(_java("-Xmx512m -XX:MaxHeapSize=1g"), "1Gi")) == {_full(_value, "-XX:MaxHeapSize=1g in JAVA_OPTS")}

	# What the last one says is not known.
	_of(_limited(_java("-Xmx4g -Xmx$(HEAP)"), "1Gi")) == set()
	_of(_limited(_java("-XX:MaxRAMPercentage=95 -XX:MaxRAMPercentage=75.0"), "1Gi")) == set()
	_of(_limited(_java("-XX:MaxRAMPercentage=95 -XX:MaxRAMPercentage=$(PART)"), "1Gi")) == set()
	_of(_limited(_java("-XX:-UseContainerSupport -XX:+UseContainerSupport"), "1Gi")) == set()
	_of(_limited(_java("-XX:+UseContainerSupport -XX:-UseContainerSupport"), "1Gi")) == {_hidden}
}

test_the_last_of_several_variables_holds if {
	env := [_variable("JAVA_OPTS", "-Xmx512m"), _variable("JAVA_OPTS", "-Xmx1g")]
	_of(_limited(env, "1Gi")) == _found
	_of(_limited(array.reverse(env), "1Gi")) == set()
}

test_the_order_of_the_sources if {
	names := ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "JAVA_OPTS", "CATALINA_OPTS", "ES_JAVA_OPTS", "OPENSEARCH_JAVA_OPTS", "KAFKA_HEAP_OPTS", "LS_JAVA_OPTS", "_JAVA_OPTIONS"]
	every name in names {
		_of(_limited([_variable("TZ", "UTC"), _variable(name, "-Xmx1g")], "1Gi")) == {_full(_value, sprintf("-Xmx1g in %s", [name]))}
	}

	# Whatever the order in the manifest, each wins over those before it.
	every i, name in names {
		env := [variable |
			some j, other in array.reverse(names)
			index := 8 - j
			index <= i
			variable := _variable(other, {true: "-Xmx1g", false: "-Xmx2g"}[index == i])
		]
		_of(_limited(env, "1Gi")) == {_full(array.concat(_container, ["env", 0, "value"]), sprintf("-Xmx1g in %s", [name]))}
	}
	args := _full(array.concat(_container, ["args", 0]), "-Xmx1g in args")
	_of(object.union(_started(["java"], ["-Xmx1g"]), {"env": [_variable("KAFKA_HEAP_OPTS", "-Xmx2g")]})) == {args}
	_of(object.union(_started(["java"], ["-Xmx2g"]), {"env": [_variable("TZ", "UTC"), _variable("_JAVA_OPTIONS", "-Xmx1g")]})) == {_full(_value, "-Xmx1g in _JAVA_OPTIONS")}
}

test_other_variables_are_not_read if {
	_of(_limited([_variable("MAVEN_OPTS", "-Xmx1g"), _variable("java_opts", "-Xmx1g")], "1Gi")) == set()
}

test_command_and_args if {
	_of(_started(["java", "-Xmx1g", "-jar", "app.jar"], null)) == {_full(array.concat(_container, ["command", 1]), "-Xmx1g in command")}
	_of(_started(["java"], ["-jar", "-Xmx1g"])) == {_full(array.concat(_container, ["args", 1]), "-Xmx1g in args")}
	_of(_started(["java", "-Xmx2g"], ["-Xmx512m"])) == set()
	_of(_started(["sh", "-c"], ["exec java -Xmx1g -jar app.jar"])) == {_full(array.concat(_container, ["args", 0]), "-Xmx1g in args")}
	_of(_started(["sh", "-c"], ["JAVA_OPTS=\"-Xms1g -Xmx1g\"; run"])) == {_full(array.concat(_container, ["args", 0]), "-Xmx1g in args")}
	_of(_started(["sh", "-c"], ["export HEAP='-Xmx1g'\nrun"])) == {_full(array.concat(_container, ["args", 0]), "-Xmx1g in args")}
	_of(_started(["sh", "-c"], ["HEAP=-Xmx1g;run"])) == {_full(array.concat(_container, ["args", 0]), "HEAP=-Xmx1g in args")}
	got := {violations |
		some args in [
			null, [], {}, "-Xmx1g", [null, 7, true, [], {}], ["-J-Xmx1g"], ["-Dworker.args=-Xmx1g"], ["--Xmx1g"], ["-xmx1g"], ["-Xms1g"],
			["-XX:MaxMetaspaceSize=1g"], ["-XX:UseContainerSupport"], ["-XX:-UseContainerSupportX"], ["-XX:InitialRAMPercentage=95"],
		]
		violations := _of(_started(["java"], args))
	}
	got == {set()}
}

test_a_hidden_limit if {
	_of(_limited(_java("-XX:-UseContainerSupport"), "1Gi")) == {_hidden}

	# A heap that is given is not sized by anything, and without a limit there is nothing to hide.
	_of(_limited(_java("-XX:-UseContainerSupport -Xmx512m"), "1Gi")) == set()
	_of(_app(_java("-XX:-UseContainerSupport"))) == set()

	# One finding is enough.
	_of(_limited(_java("-XX:-UseContainerSupport -XX:MaxRAMPercentage=90"), "1Gi")) == {_hidden}
	_of(_limited(_java("-XX:+UseContainerSupport"), "1Gi")) == set()
}

test_percentages if {
	got := {percentage: violations |
		some percentage in ["80", "80.0", "75.0", "0", "80.5", "95", "99.9", "100", "100.0", "120", "", "x", "80%", "080", "1e2", "-1"]
		violations := _of(_limited(_java(sprintf("-XX:MaxRAMPercentage=%s", [percentage])), "1Gi"))
	}
	got == {
		"80": set(), "80.0": set(), "75.0": set(), "0": set(), "": set(), "x": set(), "80%": set(), "080": set(), "1e2": set(), "-1": set(),
		"80.5": {_share("warn", "80.5")}, "95": {_share("warn", "95")}, "99.9": {_share("warn", "99.9")},
		"100": {_share("deny", "100")}, "100.0": {_share("deny", "100.0")}, "120": {_share("deny", "120")},
	}
	_of(_limited(_java("-Xmx512m -XX:MaxRAMPercentage=95"), "1Gi")) == set()
	_of(_limited(_java("-XX:MaxRAMPercentage=95 -Xmx$(HEAP)"), "1Gi")) == set()
}

test_percentages_without_a_limit if {
	_of(_app(_java("-XX:MaxRAMPercentage=75"))) == set()
	_of(_app(_java("-XX:MaxRAMPercentage=80"))) == set()
	_of(_app(_java("-XX:MaxRAMPercentage=90"))) == {_share_of_node("90")}
	_of(_app(_java("-XX:MaxRAMPercentage=100"))) == {_share_of_node("100")}
}

test_odd_environments if {
	got := {violations |
		some env in [
			null, [], {}, "JAVA_OPTS", [null, "JAVA_OPTS", {}, {"name": null}, {"value": "-Xmx1g"}, {"name": "JAVA_OPTS"}],
			_java(null), _java(7), _java(true), _java(["-Xmx1g"]), _java({}), _java(""),
			[{"name": "JAVA_OPTS", "valueFrom": {"configMapKeyRef": {"name": "java", "key": "opts"}}}],
		]
		violations := _of(_limited(env, "1Gi"))
	}
	got == {set()}
	_of({"name": "app"}) == set()
}

test_odd_parts_hide_no_others if {
	odd := {"name": "app", "resources": {"limits": {"memory": "1Gi"}}, "env": "x", "command": "x", "args": [null, "-Xmx1g"]}
	_violations(_pod({"containers": [null, "x", odd], "initContainers": {}})) == {_full(["spec", "containers", 2, "args", 1], "-Xmx1g in args")}
	_of(_limited([null, "x", _variable("JAVA_OPTS", "-Xmx1g")], "1Gi")) == {_full(array.concat(_container, ["env", 2, "value"]), "-Xmx1g in JAVA_OPTS")}
	_violations(_pod({"containers": null})) == set()
}

test_the_limit_of_the_pod_counts if {
	_violations(_pod({"resources": {"limits": {"memory": "1Gi"}}, "containers": [_app(_java("-Xmx1g"))]})) == _found
}

test_init_sidecar_and_ephemeral_containers if {
	java := _limited(_java("-Xmx1g"), "1Gi")
	got := _violations(_pod({
		"resources": {"limits": {"memory": "1Gi"}},
		"initContainers": [java, object.union(java, {"restartPolicy": "Always"})],
		"ephemeralContainers": [_app(_java("-Xmx1g"))],
	}))
	text := "%s \"app\": -Xmx1g in JAVA_OPTS is not below memory limit \"1Gi\", so the kernel kills the container before the heap is full; set -Xmx to at most 768m, or raise the limit to 1366Mi"
	facts := {"heapBytes": 1073741824, "limitBytes": 1073741824}
	got == {
		{"msg": sprintf(text, ["init container"]), "details": {"level": "deny", "path": ["spec", "initContainers", 0, "env", 1, "value"], "facts": facts}},
		{"msg": sprintf(text, ["sidecar"]), "details": {"level": "deny", "path": ["spec", "initContainers", 1, "env", 1, "value"], "facts": facts}},
		{"msg": sprintf(text, ["ephemeral container"]), "details": {"level": "deny", "path": ["spec", "ephemeralContainers", 0, "env", 1, "value"], "facts": facts}},
	}
}

# What runs once, or can carry no limit, needs none for its heap.
test_init_and_ephemeral_containers_need_no_limit if {
	got := {violations |
		some flags in ["-Xmx1g", "-XX:MaxRAMPercentage=90"]
		some field in ["initContainers", "ephemeralContainers"]
		violations := _violations(_pod({field: [_app(_java(flags))]}))
	}
	got == {set()}
	sidecars := [violation |
		some flags in ["-Xmx1g", "-XX:MaxRAMPercentage=90"]
		some violation in _violations(_pod({"initContainers": [object.union(_app(_java(flags)), {"restartPolicy": "Always"})]}))
	]
	[sidecar.details.path | some sidecar in sidecars] == [
		["spec", "initContainers", 0, "resources", "limits", "memory"],
		["spec", "initContainers", 0, "resources", "limits", "memory"],
	]
}

test_every_container_is_reported if {
	got := _violations(_pod({"containers": [_limited(_java("-Xmx1g"), "1Gi"), _limited(_java("-Xmx900m"), "1Gi")]}))
	got == {_full(_value, "-Xmx1g in JAVA_OPTS"), _high(["spec", "containers", 1, "env", 1, "value"], "-Xmx900m in JAVA_OPTS", 943718400)}
}

test_every_workload_kind if {
	spec := {"containers": [_limited(_java("-Xmx1g"), "1Gi")]}
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
	flag := "-Xmx1g in JAVA_OPTS"
	templated := {_full(array.concat(["spec", "template"], _value), flag)}
	got == [
		_found,
		{_full(array.concat(["template"], _value), flag)},
		templated, templated, templated, templated, templated, templated,
		{_full(array.concat(["spec", "jobTemplate", "spec", "template"], _value), flag)},
	]
}

test_windows_pods_are_left_out if {
	_violations(_pod({"os": {"name": "windows"}, "containers": [_limited(_java("-Xmx1g"), "1Gi")]})) == set()
}

test_labels_and_annotations_exempt_nothing if {
	marked := object.union(_pod({"containers": [_limited(_java("-Xmx1g"), "1Gi")]}), {"metadata": {
		"labels": {"admission.gatekeeper.sh/ignore": "true"},
		"annotations": {"kubernetes.io/config.mirror": "x"},
		"ownerReferences": [{"kind": "Elasticsearch", "name": "logs"}],
	}})
	_violations(marked) == _found
}

test_an_update_that_changes_nothing_here if {
	pod := _pod({"containers": [_limited(_java("-Xmx1g"), "1Gi")]})
	after := object.union(pod, {"metadata": {"finalizers": ["example.com/wait"]}})
	got := rule.violation with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": pod}}
	got == set()
}

test_a_resize_that_lowers_the_limit if {
	before := _pod({"containers": [_limited(_java("-Xmx1g"), "2Gi")]})
	after := _pod({"containers": [_limited(_java("-Xmx1g"), "1Gi")]})
	got := rule.violation with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": before}}
	got == _found
}

test_a_deletion if {
	pod := _pod({"containers": [_limited(_java("-Xmx1g"), "1Gi")]})
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
