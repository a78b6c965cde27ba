package policies.gatekeeper.gatekeeper_serving_threads_test

import data.policies.gatekeeper.gatekeeper_serving_threads

_path := ["spec", "template", "spec", "containers", 0]

_deployment(spec) := {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "gatekeeper-controller-manager"}, "spec": {"template": {"spec": spec}}}

_running(container) := _deployment({"containers": [container]})

_manager := {"name": "manager", "image": "openpolicyagent/gatekeeper:v3.20.0", "command": ["/manager"]}

_with_args(arguments) := _running(object.union(_manager, {"args": arguments}))

_got(object_) := got if {
	got := gatekeeper_serving_threads.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := gatekeeper_serving_threads.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_finding(path, text, facts, largest) := {
	"msg": sprintf(`container "manager": %s, and each holds memory of its own; set --max-serving-threads to %d or less and add replicas, because a review that waits for a thread longer than the API server does fails with "serving context canceled"`, [text, largest]),
	"details": {"level": "warn", "path": path, "facts": object.union({"maxThreads": largest}, facts)},
}

_unbounded(path, written) := _finding(path, sprintf("--max-serving-threads %s and neither a CPU limit nor GOMAXPROCS says less, so as many reviews run at once as the node has cores", [written]), {}, 10)

_unset := _unbounded(array.concat(_path, ["args"]), "is not set")

_many(path, what, number) := _finding(path, sprintf("%s %d reviews run at once", [what, number]), {"threads": number}, 10)

# The flag.

test_flag_that_is_not_set if {
	_got(_running(_manager)) == {_unset}
	every arguments in [null, [], {}, "x", [null, 1], ["--port=8443"], ["--operation=webhook"], ["max-serving-threads=5"], ["--max-serving-threads-x=5"], ["x--max-serving-threads=5"], ["--max-serving-threads"], ["--max-serving-threads", 5]] {
		_got(_with_args(arguments)) == {_unset}
	}
}

test_flag_below_one if {
	every value in ["-1", "0", "-10"] {
		_got(_with_args(["--port=8443", concat("=", ["--max-serving-threads", value])])) == {_unbounded(array.concat(_path, ["args", 1]), concat(" ", ["is", value]))}
		_got(_with_args(["--max-serving-threads", value])) == {_unbounded(array.concat(_path, ["args", 1]), concat(" ", ["is", value]))}
	}
}

test_flag_above_the_maximum if {
	every words in [["--max-serving-threads=32"], ["-max-serving-threads=32"]] {
		_got(_with_args(words)) == {_many(array.concat(_path, ["args", 0]), "--max-serving-threads lets", 32)}
	}
	every words in [["--max-serving-threads", "32"], ["-max-serving-threads", "32"]] {
		_got(_with_args(words)) == {_many(array.concat(_path, ["args", 1]), "--max-serving-threads lets", 32)}
	}
	_got(_with_args(["--max-serving-threads=11"])) == {_many(array.concat(_path, ["args", 0]), "--max-serving-threads lets", 11)}
	in_command := _running(object.union(_manager, {"command": ["/manager", "--max-serving-threads=32"]}))
	_got(in_command) == {_many(array.concat(_path, ["command", 1]), "--max-serving-threads lets", 32)}
}

test_flag_within_the_maximum if {
	every value in ["1", "9", "10"] {
		_got(_with_args([concat("=", ["--max-serving-threads", value])])) == set()
		_got(_with_args(["--max-serving-threads", value])) == set()
	}
}

test_last_flag_counts if {
	_got(_with_args(["--max-serving-threads=32", "--max-serving-threads=4"])) == set()
	_got(_with_args(["--max-serving-threads=4", "--max-serving-threads", "32"])) == {_many(array.concat(_path, ["args", 2]), "--max-serving-threads lets", 32)}
	_got(_with_args(["--max-serving-threads=4", "--max-serving-threads=-1"])) == {_unbounded(array.concat(_path, ["args", 1]), "is -1")}
}

test_trap_flag_that_is_no_number if {
	every value in ["$(THREADS)", "", "x", "1.5", "0x20", "+32"] {
		_got(_with_args([concat("=", ["--max-serving-threads", value])])) == set()
	}
}

# What bounds GOMAXPROCS.

_variable(value) := {"env": [{"name": "GOMAXPROCS", "value": value}]}

test_variable_bounds if {
	every value in ["1", "10"] {
		_got(_running(object.union(_manager, _variable(value)))) == set()
	}
	_got(_running(object.union(_manager, _variable("16")))) == {_many(array.concat(_path, ["args"]), "GOMAXPROCS lets", 16)}
	_got(_running(object.union(object.union(_manager, _variable("16")), {"args": ["--max-serving-threads=-1"]}))) == {_many(array.concat(_path, ["args", 0]), "GOMAXPROCS lets", 16)}
	_got(_running(object.union(object.union(_manager, _variable("16")), {"args": ["--max-serving-threads=8"]}))) == set()
	twice := {"env": [{"name": "GOMAXPROCS", "value": "16"}, {"name": "GOMAXPROCS", "value": "2"}, {"name": "GOGC", "value": "50"}]}
	_got(_running(object.union(_manager, twice))) == set()
}

test_variable_that_go_ignores if {
	every value in ["0", "-1", "x", "", null] {
		_got(_running(object.union(_manager, _variable(value)))) == {_unset}
	}
	every environment in [null, [], {}, "x", [null, {}, {"name": "GOMAXPROCS"}, {"name": "GOMAXPROCS", "valueFrom": null}], [{"name": "OTHER", "value": "2"}]] {
		_got(_running(object.union(_manager, {"env": environment}))) == {_unset}
	}
}

test_trap_variable_that_only_the_kubelet_knows if {
	_got(_running(object.union(_manager, {"env": [{"name": "GOMAXPROCS", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]}))) == set()
	_got(_running(object.union(_manager, _variable("$(CORES)")))) == set()
	limited := {"resources": {"limits": {"cpu": "32"}}}
	_got(_running(object.union(object.union(_manager, _variable("$(CORES)")), limited))) == set()
}

_cpu(limit) := {"resources": {"limits": {"cpu": limit}}}

test_cpu_limit_bounds if {
	every limit in ["1", "10", "9500m", "500m", 2] {
		_got(_running(object.union(_manager, _cpu(limit)))) == set()
	}
	_got(_running(object.union(_manager, _cpu("16")))) == {_many(array.concat(_path, ["args"]), "a CPU limit of 16 lets", 16)}
	_got(_running(object.union(_manager, _cpu(16)))) == {_many(array.concat(_path, ["args"]), "a CPU limit of 16 lets", 16)}
	_got(_running(object.union(_manager, _cpu("10100m")))) == {_many(array.concat(_path, ["args"]), "a CPU limit of 10100m lets", 11)}
	_got(_running(object.union(object.union(_manager, _cpu("16")), _variable("4")))) == set()
	_got(_running(object.union(object.union(_manager, _cpu("16")), {"args": ["--max-serving-threads=4"]}))) == set()
	every resources in [null, {}, {"limits": null}, {"limits": {"cpu": null}}, {"limits": {"cpu": "0"}}, {"limits": {"cpu": "x"}}, {"requests": {"cpu": "1"}}] {
		_got(_running(object.union(_manager, {"resources": resources}))) == {_unset}
	}
}

test_cpu_limit_of_the_pod_bounds if {
	pod := {"resources": {"limits": {"cpu": "2"}}, "containers": [_manager]}
	_got(_deployment(pod)) == set()
	_got(_deployment(object.union(pod, {"containers": [object.union(_manager, _cpu("16"))]}))) == {_many(array.concat(_path, ["args"]), "a CPU limit of 16 lets", 16)}
}

# Which containers are judged.

test_trap_audit_serves_nothing if {
	every arguments in [
		["--operation=audit", "--operation=status"],
		["--operation", "audit"],
		["--operation=mutation-webhook"],
		["--operation=audit,status"],
	] {
		_got(_with_args(arguments)) == set()
	}
	every arguments in [
		["--operation=audit", "--operation=webhook"],
		["--operation", "webhook"],
		["--operation=status,webhook"],
		["-operation=webhook"],
	] {
		_got(_with_args(arguments)) == {_unset}
	}
}

test_gatekeeper_by_its_program_and_image if {
	every image in ["openpolicyagent/gatekeeper:v3.20.0", "mcr.microsoft.com/oss/open-policy-agent/gatekeeper@sha256:ab12", "registry.example:5000/mirror/gatekeeper-fips"] {
		every command in [["/manager"], ["manager", "--port=8443"]] {
			_got(_running(object.union(_manager, {"image": image, "command": command}))) == {_unset}
		}
	}
}

test_trap_other_programs_of_that_name if {
	every container in [
		{"name": "manager", "image": "quay.io/gogatekeeper/gatekeeper:2.1.1", "args": ["--config=/x"]},
		{"name": "manager", "image": "quay.io/sighup/gatekeeper-policy-manager:v1.0.3"},
		{"name": "manager", "image": "example.com/operator:v1", "command": ["/manager"]},
		{"name": "manager", "image": "openpolicyagent/gatekeeper-crds:v3.20.0", "command": ["/kubectl"]},
		{"name": "manager", "image": "openpolicyagent/gatekeeper:v3.20.0", "command": ["/manager/x"]},
		{"name": "manager", "command": ["/manager"]},
		{"name": "manager", "image": null, "command": ["/manager"]},
	] {
		_got(_running(container)) == set()
	}
}

test_gatekeeper_by_its_label if {
	labels := {"metadata": {"labels": {"gatekeeper.sh/system": "yes"}}}
	every container in [
		{"name": "manager", "image": "example.com/own:v1", "command": ["/manager"]},
		{"name": "manager", "image": "openpolicyagent/gatekeeper:v3.20.0"},
		{"name": "manager", "image": "openpolicyagent/gatekeeper:v3.20.0", "command": []},
		{"name": "manager", "image": "openpolicyagent/gatekeeper:v3.20.0", "command": null},
	] {
		deployment := _running(container)
		_got(object.union(deployment, labels)) == {_unset}
		_got(object.union(deployment, {"spec": {"template": labels}})) == {_unset}
		every value in ["no", true, null] {
			_got(object.union(deployment, {"metadata": {"labels": {"gatekeeper.sh/system": value}}})) == set()
		}
		_got(object.union(deployment, {"metadata": {"labels": null}})) == set()
	}
	every container in [
		{"name": "manager", "image": "istio/proxyv2:1.24"},
		{"name": "manager", "image": "example.com/own:v1", "command": ["/other"]},
		{"name": "manager", "image": "openpolicyagent/gatekeeper:v3.20.0", "command": ["/other"]},
	] {
		_got(object.union(_running(container), labels)) == set()
	}
}

test_every_container_is_looked_at if {
	_got(_deployment({"containers": [{"name": "x", "image": "istio/proxyv2:1.24"}, _manager]})) == {_unbounded(["spec", "template", "spec", "containers", 1, "args"], "is not set")}
}

test_only_deployments_are_judged if {
	spec := {"containers": [_manager]}
	every object_ in [
		{"apiVersion": "v1", "kind": "Pod", "spec": spec},
		{"apiVersion": "v1", "kind": "PodTemplate", "template": {"spec": spec}},
		{"apiVersion": "v1", "kind": "ReplicationController", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}},
		{"apiVersion": "example.com/v1", "kind": "Deployment", "spec": {"template": {"spec": spec}}},
	] {
		_got(object_) == set()
	}
}

# Parameters.

test_maximum_is_a_parameter if {
	sixteen := _with_args(["--max-serving-threads=16"])
	_with(sixteen, {"max": 16}) == set()
	_with(sixteen, {"max": 15}) == {_finding(array.concat(_path, ["args", 0]), "--max-serving-threads lets 16 reviews run at once", {"threads": 16}, 15)}
	_with(sixteen, {"max": 1e1}) == {_many(array.concat(_path, ["args", 0]), "--max-serving-threads lets", 16)}
	every parameters in [null, {}, {"max": null}] {
		_with(sixteen, parameters) == {_many(array.concat(_path, ["args", 0]), "--max-serving-threads lets", 16)}
	}
}

test_levels if {
	_with(_running(_manager), {"levels": ["warn"]}) == {_unset}
	_with(_running(_manager), {"levels": ["deny"]}) == set()
}

test_only_what_an_update_introduces if {
	old := _running(_manager)
	object_ := object.union(old, {"metadata": {"finalizers": ["x"]}})
	gatekeeper_serving_threads.violation == set() with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": old}}
	gatekeeper_serving_threads.violation == {_unset} with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": _with_args(["--max-serving-threads=4"])}}
}

test_nothing_on_delete if {
	gatekeeper_serving_threads.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _running(_manager)}}
}

test_specs_of_other_types_are_no_error if {
	every spec in [null, {}, [], "x", {"containers": null}, {"containers": {}}, {"containers": [null, 1, "x", []]}] {
		_got(_deployment(spec)) == set()
	}
}
