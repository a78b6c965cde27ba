package policies.memory.gomemlimit_sane_test

import data.policies.memory.gomemlimit_sane as rule

_resources(limit) := {"limits": {"memory": limit}}

_literal(value) := [{"name": "GOGC", "value": "50"}, {"name": "GOMEMLIMIT", "value": value}]

_reference(ref) := [{"name": "GOGC", "value": "50"}, {"name": "GOMEMLIMIT", "valueFrom": {"resourceFieldRef": ref}}]

_over(divisor) := _reference({"resource": "limits.memory", "divisor": divisor})

_app(env) := {"name": "app", "env": env}

_limited(env, limit) := {"name": "app", "env": env, "resources": _resources(limit)}

_pod(spec) := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}

_violations(object_) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": {}}
}

_with(object_, parameters) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_of(container) := _violations(_pod({"containers": [container]}))

_violation(level, path, facts, msg) := {"msg": msg, "details": {"level": level, "path": path, "facts": facts}}

_env := ["spec", "containers", 0, "env", 1]

_value := array.concat(_env, ["value"])

_ref(field) := array.concat(_env, ["valueFrom", "resourceFieldRef", field])

_malformed(path) := _violation(
	"deny", path, {},
	"container \"app\": GOMEMLIMIT \"512Mi\" is not in Go's syntax, so a Go program dies at start with \"malformed GOMEMLIMIT\"; write 512MiB",
)

_high(path, written, bytes) := _violation(
	"warn", path, {"gomemlimitBytes": bytes, "limitBytes": 536870912},
	sprintf("container \"app\": GOMEMLIMIT %s is above 460MiB, the most that leaves room in memory limit \"512Mi\" for what Go does not manage, so the kernel may kill the container before garbage collection helps; write at most 460MiB", [written]),
)

_full := _high(_value, "\"512MiB\"", 536870912)

_divided(divisor, bytes, advice) := _violation(
	"deny", _ref("divisor"), {"divisorBytes": bytes},
	sprintf("container \"app\": GOMEMLIMIT is limits.memory divided by %q, a number that Go reads as bytes, so it collects garbage all the time; in place of the reference %s", [divisor, advice]),
)

_most := "write at most 460MiB"

_any := "write a whole number and its unit, such as 512MiB"

_unset_limits(path) := _violation(
	"warn", path, {},
	"container \"app\": GOMEMLIMIT is taken from limits.memory, which is not set, so Go takes all allocatable memory of the node for its limit; set limits.memory, and GOMEMLIMIT to its share as a value, such as 460MiB of 512Mi",
)

_unset_requests := _violation(
	"warn", ["spec", "containers", 0, "resources", "requests", "memory"], {},
	"container \"app\": GOMEMLIMIT is taken from requests.memory, which is not set, so it is 0 and Go collects garbage all the time; set limits.memory, and GOMEMLIMIT to its share as a value, such as 460MiB of 512Mi",
)

test_denied_in_the_syntax_of_kubernetes if {
	_of(_app(_literal("512Mi"))) == {_malformed(_value)}
}

test_no_parameters if {
	pod := _pod({"containers": [_limited(_literal("512MiB"), "512Mi")]})
	got := {violations |
		some in_ in [
			{"review": {"object": pod}},
			{"review": {"object": pod}, "parameters": null},
			{"review": {"object": pod}, "parameters": {}},
			{"review": {"object": pod}, "parameters": {"levels": null, "maxRatio": null}},
			{"review": {"object": pod}, "parameters": {"maxRatio": "much"}},
		]
		violations := rule.violation with input as in_
	}
	got == {{_full}}
}

test_levels if {
	denied := _pod({"containers": [_app(_literal("512Mi"))]})
	_with(denied, {"levels": ["deny"]}) == {_malformed(_value)}
	_with(denied, {"levels": ["warn"]}) == set()
	warned := _pod({"containers": [_limited(_literal("512MiB"), "512Mi")]})
	_with(warned, {"levels": ["warn"]}) == {_full}
	_with(warned, {"levels": ["deny"]}) == set()
}

test_max_ratio if {
	pod := _pod({"containers": [_limited(_literal("512MiB"), "512Mi")]})
	_with(pod, {"maxRatio": "1"}) == set()
	_with(pod, {"maxRatio": "0.5"}) == {_violation(
		"warn", _value, {"gomemlimitBytes": 536870912, "limitBytes": 536870912},
		"container \"app\": GOMEMLIMIT \"512MiB\" is above 256MiB, the most that leaves room in memory limit \"512Mi\" for what Go does not manage, so the kernel may kill the container before garbage collection helps; write at most 256MiB",
	)}
}

test_what_go_reads if {
	got := {written: violations |
		some written in [
			"", "off", "1048576", "1048576B", "1024KiB", "007MiB", "1GiB", "1TiB",
			"9223372036854775807", "8388607TiB", "0000000000000000000000001GiB",
		]
		violations := _of(_app(_literal(written)))
	}
	{violations | some violations in got} == {set()}
	count(got) == 11
}

test_what_go_refuses if {
	got := {written: fault |
		some written in [
			"512Mi", "512M", "512m", "512mb", "512mib", "1GB", "1G", " 1 g ", "0.5GiB", ".5Gi", "90%", "OFF", "Off", "0x10",
			"512MiB ", "512 MiB", "-1", "+1GiB", "1e9", "1PiB", "1_000", "MiB", "B", "iB", "GiB", "9223372036854775808",
			"8388608TiB", "99999999999999999999", "512MiB\n", "123456Mi", "1.123456Gi", "0Mi", "1023Ki", "1024Ki",
		]
		some violation in _of(_app(_literal(written)))
		violation.details == {"level": "deny", "path": _value, "facts": {}}
		prefix := sprintf("container \"app\": GOMEMLIMIT %q is not in Go's syntax, so a Go program dies at start with \"malformed GOMEMLIMIT\"; write ", [written])
		startswith(violation.msg, prefix)
		fault := trim_prefix(violation.msg, prefix)
	}
	generic := "a whole number and its unit, such as 512MiB"
	got == {
		"512Mi": "512MiB", "512M": "512MiB", "512m": "512MiB", "512mb": "512MiB", "512mib": "512MiB",
		"1GB": "1GiB", "1G": "1GiB", " 1 g ": "1GiB", "0.5GiB": "512MiB", ".5Gi": "512MiB", "90%": generic, "OFF": generic,
		"Off": generic, "0x10": generic, "512MiB ": "512MiB", "512 MiB": "512MiB", "-1": generic, "+1GiB": generic,
		"1e9": generic, "1PiB": generic, "1_000": generic, "MiB": generic, "B": generic, "iB": generic, "GiB": generic,
		"9223372036854775808": generic, "8388608TiB": generic, "99999999999999999999": generic, "512MiB\n": "512MiB",
		"123456Mi": generic, "1.123456Gi": generic, "0Mi": generic, "1023Ki": generic, "1024Ki": "1MiB",
	}
}

# What somebody meant is no advice where it does not fit.
test_the_advice_fits_the_limit if {
	got := {written: advice |
		some written in ["461Mi", "462Mi", "90%"]
		some violation in _of(_limited(_literal(written), "512Mi"))
		advice := split(violation.msg, "malformed GOMEMLIMIT\"; ")[1]
	}
	got == {"461Mi": "write 461MiB", "462Mi": "write at most 460MiB", "90%": "write at most 460MiB"}
	advices := {advice |
		some limit in ["1 Gi", "1Ki", true]
		some violation in _of(_limited(_literal("512Mi"), limit))
		advice := split(violation.msg, "malformed GOMEMLIMIT\"; ")[1]
	}
	advices == {"write a whole number and its unit, such as 512MiB"}
}

test_a_number_without_its_unit if {
	_of(_app(_literal("512"))) == {_violation(
		"deny", _value, {"gomemlimitBytes": 512},
		"container \"app\": GOMEMLIMIT \"512\" is 512 bytes, which every Go program exceeds, so it collects garbage all the time; did you mean 512MiB?",
	)}
	_of(_limited(_literal("512"), "512Mi")) == {_violation(
		"deny", _value, {"gomemlimitBytes": 512},
		"container \"app\": GOMEMLIMIT \"512\" is 512 bytes, which every Go program exceeds, so it collects garbage all the time; write at most 460MiB",
	)}
	_of(_app(_literal("0"))) == {_violation(
		"deny", _value, {"gomemlimitBytes": 0},
		"container \"app\": GOMEMLIMIT \"0\" is 0 bytes, which every Go program exceeds, so it collects garbage all the time; write a whole number and its unit, such as 512MiB",
	)}
	got := {written: advice |
		some written in ["1", "65536", "65537", "1023KiB"]
		some violation in _of(_app(_literal(written)))
		advice := split(violation.msg, "; ")[1]
	}
	generic := "write a whole number and its unit, such as 512MiB"
	got == {"1": "did you mean 1MiB?", "65536": "did you mean 65536MiB?", "65537": generic, "1023KiB": generic}
}

test_the_ratio_counts_bytes if {
	_of(_limited(_literal("483393536"), "512Mi")) == set()
	_of(_limited(_literal("483393537"), "512Mi")) == {_high(_value, "\"483393537\"", 483393537)}
	_of(_limited(_literal("1GiB"), "512Mi")) == {_high(_value, "\"1GiB\"", 1073741824)}
	_of(_limited(_literal("900MiB"), 1.073741824e9)) == set()

	# A share of whole MiB is not rounded up.
	_of(_limited(_literal("9MiB"), "10Mi")) == set()
	_of(_limited(_literal("9437185"), "10Mi")) == {_violation(
		"warn", _value, {"gomemlimitBytes": 9437185, "limitBytes": 10485760},
		"container \"app\": GOMEMLIMIT \"9437185\" is above 9MiB, the most that leaves room in memory limit \"10Mi\" for what Go does not manage, so the kernel may kill the container before garbage collection helps; write at most 9MiB",
	)}
}

test_trap_a_share_that_was_rounded_up if {
	_of(_limited(_literal("58MiB"), "64Mi")) == set()
	_of(_limited(_literal("461MiB"), "512Mi")) == set()
	_of(_limited(_literal("462MiB"), "512Mi")) == {_high(_value, "\"462MiB\"", 484442112)}
}

# What the advice says is no finding.
test_the_advice_ends_the_findings if {
	_of(_limited(_literal("460MiB"), "512Mi")) == set()
	got := {violations |
		some env in [_over("1Mi"), _reference({"resource": "limits.cpu"}), _literal("512Mi"), _literal("512")]
		violations := {advice | some violation in _of(_limited(env, "512Mi")); advice := split(violation.msg, "; ")[1]}
	}
	got == {{"in place of the reference write at most 460MiB"}, {"write at most 460MiB"}}
	halves := _with(_pod({"containers": [_app(_reference({"resource": "limits.memory"}))]}), {"maxRatio": "0.5"})
	{split(violation.msg, "; ")[1] | some violation in halves} == {"set limits.memory, and GOMEMLIMIT to its share as a value, such as 256MiB of 512Mi"}
}

test_a_literal_without_a_limit_conflicts_with_nothing if {
	got := {violations |
		some limit in [null, "0", 0, "1 Gi", "", true, [], {}, "1Mi"]
		violations := _of(_limited(_literal("512MiB"), limit))
	}
	got == {set()}
	_of(object.union(_app(_literal("512MiB")), {"resources": null})) == set()
	_of(object.union(_app(_literal("512MiB")), {"resources": "1Gi"})) == set()
}

test_the_limit_of_the_pod_counts if {
	pod := {"resources": _resources("512Mi"), "containers": [_app(_literal("512MiB"))]}
	_violations(_pod(pod)) == {_full}
	reference := {"resources": _resources("512Mi"), "containers": [_app(_reference({"resource": "limits.memory"}))]}
	_violations(_pod(reference)) == {_high(_ref("resource"), "from limits.memory", 536870912)}
}

test_an_expansion_is_not_known if {
	_of(_app(_literal("$(LIMIT)MiB"))) == set()
	_of(_limited(_literal("$(LIMIT)"), "512Mi")) == set()
}

test_the_last_of_several_holds if {
	env := [{"name": "GOMEMLIMIT", "value": "512Mi"}, {"name": "GOMEMLIMIT", "value": "512MiB"}]
	_of(_app(env)) == set()
	_of(_app(array.reverse(env))) == {_malformed(_value)}
}

test_spegel_takes_all_of_its_limit if {
	got := {violations |
		some divisor in [null, "", "0", "1", 1, 0]
		violations := _of(_limited(_reference({"resource": "limits.memory", "divisor": divisor}), "512Mi"))
	}
	got == {{_high(_ref("resource"), "from limits.memory", 536870912)}}
	_of(_limited(_reference({"resource": "limits.memory"}), "512Mi")) == {_high(_ref("resource"), "from limits.memory", 536870912)}
}

test_a_divisor_loses_the_unit if {
	_of(_limited(_over("1Mi"), "512Mi")) == {_divided("1Mi", 1048576, _most)}
	_of(_limited(_over("1k"), "512Mi")) == {_divided("1k", 1000, _most)}
	_of(_limited(_over(2), "512Mi")) == {_divided("2", 2, _most)}

	# With or without a limit, and of any container.
	_of(_app(_over("1Mi"))) == {_divided("1Mi", 1048576, _any)}
	other := _reference({"resource": "limits.memory", "divisor": "1Mi", "containerName": "db"})
	_of(_app(other)) == {_divided("1Mi", 1048576, _any)}
}

test_an_odd_divisor_is_not_judged if {
	got := {violations |
		some divisor in ["1 Mi", true, [], {}]
		violations := _with(
			_pod({"containers": [_limited(_reference({"resource": "limits.memory", "divisor": divisor}), "512Mi")]}),
			{"maxRatio": "1"},
		)
	}
	got == {set()}
}

test_cores_are_no_memory if {
	got := {violations |
		some resource in ["limits.cpu", "requests.cpu"]
		some violation in _of(_limited(_reference({"resource": resource, "divisor": "1Mi"}), "512Mi"))
		violations := [resource, violation]
	}
	text := "container \"app\": GOMEMLIMIT is taken from %s, so Go reads a number of cores as bytes and collects garbage all the time; in place of the reference write at most 460MiB"
	got == {
		["limits.cpu", _violation("deny", _ref("resource"), {}, sprintf(text, ["limits.cpu"]))],
		["requests.cpu", _violation("deny", _ref("resource"), {}, sprintf(text, ["requests.cpu"]))],
	}
}

test_a_reference_without_a_limit if {
	path := ["spec", "containers", 0, "resources", "limits", "memory"]
	_of(_app(_reference({"resource": "limits.memory", "divisor": "1"}))) == {_unset_limits(path)}
	_of(_limited(_reference({"resource": "limits.memory"}), "0")) == {_unset_limits(path)}
	requested := object.union(_app(_reference({"resource": "limits.memory"})), {"resources": {"requests": {"memory": "1Gi"}}})
	_of(requested) == {_unset_limits(path)}
	got := {violations |
		some name in ["", null, "app"]
		violations := _of(_app(_reference({"resource": "limits.memory", "containerName": name})))
	}
	got == {{_unset_limits(path)}}
}

test_a_reference_to_the_request if {
	env := _reference({"resource": "requests.memory"})
	_of(_app(env)) == {_unset_requests}
	_of(object.union(_app(env), {"resources": {"requests": {"memory": null}}})) == {_unset_requests}
	_of(object.union(_app(env), {"resources": {"requests": {"memory": "1Gi"}}})) == set()
	_of(object.union(_app(env), {"resources": {"requests": {"memory": "256Mi"}, "limits": {"memory": "512Mi"}}})) == set()
	high := _high(_ref("resource"), "from requests.memory", 536870912)
	_of(object.union(_app(env), {"resources": {"requests": {"memory": "512Mi"}, "limits": {"memory": "512Mi"}}})) == {high}
	_of(_limited(env, "512Mi")) == {high}
}

test_a_reference_to_another_container if {
	env := _reference({"resource": "limits.memory", "containerName": "db"})
	_of(_app(env)) == set()
	_of(_limited(env, "512Mi")) == set()
}

test_a_reference_to_something_else if {
	got := {violations |
		some ref in [null, "limits.memory", [], {}, {"resource": null}, {"resource": 1}, {"resource": "limits.ephemeral-storage", "divisor": "1Mi"}]
		violations := _of(_limited(_reference(ref), "512Mi"))
	}
	got == {set()}
	sources := {violations |
		some source in [null, "x", {}, {"configMapKeyRef": {"name": "go", "key": "limit"}}, {"secretKeyRef": {"name": "go", "key": "limit"}}]
		violations := _of(_limited([{"name": "GOMEMLIMIT", "valueFrom": source}], "512Mi"))
	}
	sources == {set()}
}

test_odd_values if {
	got := {violations |
		some value in [null, 512, true, [], {}, ["512Mi"]]
		violations := _of(_limited(_literal(value), "512Mi"))
	}
	got == {set()}
}

test_odd_environments if {
	got := {violations |
		some env in [null, [], {}, "GOMEMLIMIT", [null, "GOMEMLIMIT", {}, {"name": null}, {"value": "512Mi"}, {"name": "GOMEMLIMIT"}], [{"name": "gomemlimit", "value": "512Mi"}]]
		violations := _of(_limited(env, "512Mi"))
	}
	got == {set()}
	_of({"name": "app"}) == set()
}

test_an_odd_container_hides_no_other if {
	_violations(_pod({"containers": [null, "x", {"name": "app", "env": [null, {"name": "GOMEMLIMIT", "value": "512Mi"}]}], "initContainers": "x"})) == {_malformed(["spec", "containers", 2, "env", 1, "value"])}
	_violations(_pod({"containers": null})) == set()
}

test_init_sidecar_and_ephemeral_containers if {
	go := _app(_literal("512Mi"))
	got := _violations(_pod({
		"initContainers": [go, object.union(go, {"restartPolicy": "Always"})],
		"ephemeralContainers": [go],
	}))
	text := "%s \"app\": GOMEMLIMIT \"512Mi\" is not in Go's syntax, so a Go program dies at start with \"malformed GOMEMLIMIT\"; write 512MiB"
	got == {
		_violation("deny", ["spec", "initContainers", 0, "env", 1, "value"], {}, sprintf(text, ["init container"])),
		_violation("deny", ["spec", "initContainers", 1, "env", 1, "value"], {}, sprintf(text, ["sidecar"])),
		_violation("deny", ["spec", "ephemeralContainers", 0, "env", 1, "value"], {}, sprintf(text, ["ephemeral container"])),
	}
}

# An ephemeral container can carry no limit.
test_an_ephemeral_container_needs_no_limit if {
	_violations(_pod({"ephemeralContainers": [_app(_reference({"resource": "limits.memory"}))]})) == set()
}

test_every_container_is_reported if {
	got := _violations(_pod({"containers": [_app(_literal("512Mi")), _limited(_literal("512MiB"), "512Mi")]}))
	got == {_malformed(_value), _high(["spec", "containers", 1, "env", 1, "value"], "\"512MiB\"", 536870912)}
}

test_every_workload_kind if {
	spec := {"containers": [_app(_literal("512Mi"))]}
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
	templated := {_malformed(array.concat(["spec", "template"], _value))}
	got == [
		{_malformed(_value)},
		{_malformed(array.concat(["template"], _value))},
		templated, templated, templated, templated, templated, templated,
		{_malformed(array.concat(["spec", "jobTemplate", "spec", "template"], _value))},
	]
}

test_windows_pods_are_left_out if {
	_violations(_pod({"os": {"name": "windows"}, "containers": [_app(_literal("512Mi"))]})) == set()
}

test_labels_and_annotations_exempt_nothing if {
	pod := _pod({"containers": [_app(_literal("512Mi"))]})
	marked := object.union(pod, {"metadata": {
		"labels": {"admission.gatekeeper.sh/ignore": "true"},
		"annotations": {"kubernetes.io/config.mirror": "x"},
		"ownerReferences": [{"kind": "VerticalPodAutoscaler", "name": "web"}],
	}})
	_violations(marked) == {_malformed(_value)}
}

test_an_update_that_changes_nothing_here if {
	pod := _pod({"containers": [_app(_literal("512Mi"))]})
	after := object.union(pod, {"metadata": {"finalizers": ["example.com/wait"]}})
	got := rule.violation with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": pod}}
	got == set()
}

test_an_update_that_breaks_the_syntax if {
	before := _pod({"containers": [_app(_literal("512MiB"))]})
	after := _pod({"containers": [_app(_literal("512Mi"))]})
	got := rule.violation with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": before}}
	got == {_malformed(_value)}
}

test_a_deletion if {
	pod := _pod({"containers": [_app(_literal("512Mi"))]})
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
