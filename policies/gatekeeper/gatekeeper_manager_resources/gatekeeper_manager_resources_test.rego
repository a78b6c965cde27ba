package policies.gatekeeper.gatekeeper_manager_resources_test

import data.policies.gatekeeper.gatekeeper_manager_resources as rule

_spec := ["spec", "template", "spec"]

_path := array.concat(_spec, ["containers", 0])

_limit_path := array.concat(_path, ["resources", "limits", "memory"])

_request_path := array.concat(_path, ["resources", "requests", "memory"])

_deployment(spec) := {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "gatekeeper-controller-manager"}, "spec": {"template": {"spec": spec}}}

_running(container) := _deployment({"containers": [container]})

_manager := {"name": "manager", "image": "openpolicyagent/gatekeeper:v3.20.0", "command": ["/manager"], "args": ["--operation=webhook"]}

_env := [{"name": "GOMEMLIMIT", "value": "3686MiB"}]

_with_resources(resources) := _running(object.union(_manager, {"env": _env, "resources": resources}))

_limited(limit) := {"limits": {"memory": limit}}

_with_env(env) := _running(object.union(_manager, {"env": env, "resources": _limited("4Gi")}))

_got(object_) := got if {
	got := rule.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_finding(path, facts, text) := {
	"msg": concat("", [`container "manager": `, text]),
	"details": {"level": "warn", "path": path, "facts": facts},
}

_webhook := "the webhook may be OOM-killed, and with failurePolicy Ignore the API server then admits what nobody reviewed"

_audit := "audit may be OOM-killed before it reports what it found"

_missing := _finding(
	_limit_path, {"minLimitBytes": 4294967296},
	"no memory limit, so under load it may grow until the node is out of memory and Pods of others are killed; set limits.memory and requests.memory to 4Gi or more",
)

_small_to(path, written, bytes, end) := _finding(
	path, {"limitBytes": bytes, "minLimitBytes": 4294967296},
	sprintf("memory limit %q is below 4Gi, so with many or large synced objects, %s, %s; set limits.memory and requests.memory to 4Gi, or minMemoryLimit to what is known to be enough", [written, _loads[end], end]),
)

_loads := {_webhook: "or many reviews at once", _audit: "or large ones in what it lists at once"}

_small(written, bytes) := _small_to(_limit_path, written, bytes, _webhook)

_request(path, request, limit, facts) := _finding(
	path, facts,
	sprintf("requests.memory %q is below the memory limit %q, so the node may promise the difference to others, and when it runs out of memory %s; set it to %q as well", [request, limit, _webhook, limit]),
)

_unset_with(value, limit) := _finding(
	array.concat(_path, ["env"]), {},
	sprintf("GOMEMLIMIT is not set, so Go does not collect more often when memory gets short, and the container may be OOM-killed with garbage that could be freed; set it to %s, nine tenths of a memory limit of %s", [value, limit]),
)

_unset := _unset_with("3686MiB", "4Gi")

# The limit.

test_defaults_of_the_chart if {
	resources := {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "512Mi"}}
	_got(_running(object.union(_manager, {"resources": resources}))) == {_small("512Mi", 536870912), _unset}
	audit := object.union(_manager, {"args": ["--operation=audit", "--operation=status"], "resources": resources})
	_got(_running(audit)) == {_small_to(_limit_path, "512Mi", 536870912, _audit), _unset}
}

test_limit_that_is_large_enough if {
	every limit in ["4Gi", "4294967296", 4294967296, 4.294967296e9, "5e9", "10Gi"] {
		_got(_with_resources(_limited(limit))) == set()
	}
}

test_limit_that_is_too_small if {
	_got(_with_resources(_limited("4294967295"))) == {_small("4294967295", 4294967295)}
	_got(_with_resources(_limited(5.36870912e8))) == {_small("536870912", 536870912)}
	_got(_with_resources(_limited("4G"))) == {_small("4G", 4000000000)}
}

test_limit_that_is_missing if {
	every resources in [null, {}, [], "x", {"limits": null}, {"limits": {}}, {"limits": {"cpu": "1"}}, {"limits": {"memory": null}}, _limited("0"), {"requests": {"memory": "4Gi"}}] {
		_got(_with_resources(resources)) == {_missing}
	}
	_got(_running(_manager)) == {_missing, _unset}
}

test_trap_limit_that_is_no_quantity_is_not_called_missing if {
	every limit in ["4 Gi", "", true, {}] {
		_got(_with_resources(_limited(limit))) == set()
	}
	_got(_running(object.union(_manager, {"resources": _limited("4 Gi")}))) == {_unset}
}

test_limit_of_the_pod if {
	manager := object.union(_manager, {"env": _env})
	_got(_deployment({"resources": _limited("4Gi"), "containers": [manager]})) == set()
	small := _small_to(array.concat(_spec, ["resources", "limits", "memory"]), "1Gi", 1073741824, _webhook)
	_got(_deployment({"resources": _limited("1Gi"), "containers": [manager]})) == {small}
	_got(_deployment({"resources": _limited("1Gi"), "containers": [object.union(manager, {"resources": _limited("0")})]})) == {small}
	_got(_deployment({"resources": _limited("8Gi"), "containers": [object.union(manager, {"resources": _limited("1Gi")})]})) == {_small("1Gi", 1073741824)}
}

test_limit_of_a_limit_range if {
	deployment := object.union(_with_resources({}), {"metadata": {"namespace": "gatekeeper-system"}})
	item := {"type": "Container", "default": {"memory": "1Gi"}}
	inventory := {"namespace": {"gatekeeper-system": {"v1": {"LimitRange": {"defaults": {"spec": {"limits": [item]}}}}}}}
	got := _got(deployment) with data.inventory as inventory
	got == {_small("1Gi", 1073741824)}
}

# The request.

test_request_that_is_the_limit if {
	every request in ["4Gi", "4096Mi", 4294967296] {
		_got(_with_resources({"limits": {"memory": "4Gi"}, "requests": {"memory": request}})) == set()
	}
	every requests in [null, {}, "x", {"cpu": "100m"}, {"memory": null}, {"memory": "x"}] {
		_got(_with_resources({"limits": {"memory": "4Gi"}, "requests": requests})) == set()
	}
}

test_trap_the_api_server_refuses_a_request_above_the_limit if {
	_got(_with_resources({"limits": {"memory": "4Gi"}, "requests": {"memory": "5Gi"}})) == set()
}

test_request_below_the_limit if {
	facts := {"requestBytes": 536870912, "limitBytes": 4294967296}
	_got(_with_resources({"limits": {"memory": "4Gi"}, "requests": {"memory": "512Mi"}})) == {_request(_request_path, "512Mi", "4Gi", facts)}
	_got(_with_resources({"limits": {"memory": 4294967296}, "requests": {"memory": 5.36870912e8}})) == {_request(_request_path, "536870912", "4294967296", facts)}
	pod := {"resources": {"limits": {"memory": "4Gi"}, "requests": {"memory": "512Mi"}}, "containers": [object.union(_manager, {"env": _env})]}
	_got(_deployment(pod)) == {_request(array.concat(_spec, ["resources", "requests", "memory"]), "512Mi", "4Gi", facts)}
}

test_a_small_limit_says_what_to_request if {
	_got(_with_resources({"limits": {"memory": "1Gi"}, "requests": {"memory": "512Mi"}})) == {_small("1Gi", 1073741824)}
}

# GOMEMLIMIT.

test_variable_that_is_missing if {
	every env in [null, [], {}, "x", [null, 1, {}], [{"name": "GOGC", "value": "50"}], [{"name": "GOMEMLIMIT"}], [{"name": "GOMEMLIMIT", "value": ""}], [{"name": "GOMEMLIMIT", "value": null, "valueFrom": null}]] {
		_got(_with_env(env)) == {_unset}
	}
	_got(_running(object.union(_manager, {"resources": _limited("10Gi")}))) == {_unset_with("9216MiB", "10Gi")}
	_got(_running(object.union(_manager, {"resources": _limited("5000Mi")}))) == {_unset_with("4500MiB", "5000Mi")}
}

test_trap_whatever_the_variable_says_is_for_another_rule if {
	every variable in [{"value": "off"}, {"value": "512Mi"}, {"value": "$(LIMIT)"}, {"value": "1"}, {"valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}}] {
		_got(_with_env([{"name": "GOGC", "value": "50"}, object.union({"name": "GOMEMLIMIT"}, variable)])) == set()
	}
}

test_trap_go_before_1_19_knows_no_such_variable if {
	limited := object.union(_manager, {"resources": _limited("4Gi")})
	got := {image |
		some image in [
			"openpolicyagent/gatekeeper:v3.5.2", "openpolicyagent/gatekeeper:v3.9.2", "gcr.io/x/gatekeeper:3.9", "mirror:5000/gatekeeper:v3.4.1-2",
			"openpolicyagent/gatekeeper:v3.9.0@sha256:ab12", "openpolicyagent/gatekeeper:v3.9.0-rc.1",
			"openpolicyagent/gatekeeper:v3.10.0", "openpolicyagent/gatekeeper:v3.13.4", "openpolicyagent/gatekeeper:3.20", "openpolicyagent/gatekeeper",
			"openpolicyagent/gatekeeper:latest", "openpolicyagent/gatekeeper:dev-v3.5.2", "openpolicyagent/gatekeeper@sha256:ab12",
			"openpolicyagent/gatekeeper:v4.1.0", "openpolicyagent/gatekeeper:v3", "openpolicyagent/gatekeeper:v345.2",
		]
		_got(_running(object.union(limited, {"image": image}))) == {_unset}
	}
	got == {
		"openpolicyagent/gatekeeper:v3.10.0", "openpolicyagent/gatekeeper:v3.13.4", "openpolicyagent/gatekeeper:3.20", "openpolicyagent/gatekeeper",
		"openpolicyagent/gatekeeper:latest", "openpolicyagent/gatekeeper:dev-v3.5.2", "openpolicyagent/gatekeeper@sha256:ab12",
		"openpolicyagent/gatekeeper:v4.1.0", "openpolicyagent/gatekeeper:v3", "openpolicyagent/gatekeeper:v345.2",
	}
	_got(_running(object.union(limited, {"image": "openpolicyagent/gatekeeper:v3.5.2"}))) == set()
	_got(_running(object.union(_manager, {"image": "openpolicyagent/gatekeeper:v3.5.2"}))) == {_missing}

	# The label says that it is Gatekeeper.
	bare := object.remove(limited, ["image"])
	_got(object.union(_running(bare), {"metadata": {"labels": {"gatekeeper.sh/system": "yes"}}})) == {_unset}
}

test_trap_variables_of_a_config_map_cannot_be_seen if {
	manager := object.union(_manager, {"resources": _limited("4Gi")})
	_got(_running(object.union(manager, {"envFrom": [{"configMapRef": {"name": "gatekeeper"}}]}))) == set()
	every from in [null, [], {}, "x"] {
		_got(_running(object.union(manager, {"envFrom": from}))) == {_unset}
	}
}

# Which containers are judged.

test_operations if {
	every arguments in [null, [], ["--operation=webhook"], ["--operation=webhook", "--operation=audit"], ["--operation", "audit,webhook"], ["--operation=mutation-webhook", "--operation=webhook"]] {
		_got(_running(object.union(_manager, {"args": arguments, "env": _env, "resources": _limited("1Gi")}))) == {_small("1Gi", 1073741824)}
	}
	_got(_running(object.union(_manager, {"args": ["--operation=audit"], "env": _env, "resources": _limited("1Gi")}))) == {_small_to(_limit_path, "1Gi", 1073741824, _audit)}
}

test_trap_processes_that_hold_no_policies if {
	every arguments in [["--operation=mutation-webhook"], ["--operation=mutation-status", "--operation=mutation-controller"]] {
		_got(_running(object.union(_manager, {"args": arguments}))) == set()
	}
}

test_trap_other_programs_of_that_name if {
	every container in [
		{"name": "manager", "image": "quay.io/gogatekeeper/gatekeeper:2.1.1", "args": ["--config=/x"]},
		{"name": "gatekeeper-policy-manager", "image": "quay.io/sighup/gatekeeper-policy-manager:v1.0.3"},
		{"name": "manager", "image": "example.com/operator:v1", "command": ["/manager"]},
	] {
		_got(_running(container)) == set()
	}
}

test_trap_hook_of_the_chart if {
	_got({
		"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "gatekeeper-update-crds-hook", "labels": {"gatekeeper.sh/system": "yes"}},
		"spec": {"template": {"spec": {"containers": [{"name": "crds-upgrade", "image": "openpolicyagent/gatekeeper-crds:v3.20.0", "args": ["apply", "-f", "crds/"]}]}}},
	}) == set()
}

test_only_the_manager_of_several_containers if {
	got := _got(_deployment({"containers": [{"name": "istio-proxy", "image": "istio/proxyv2:1.24.1"}, object.union(_manager, {"env": _env})]}))
	got == {object.union(_missing, {"details": {"path": array.concat(_spec, ["containers", 1, "resources", "limits", "memory"])}})}
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

test_specs_of_other_types_are_no_error if {
	every spec in [null, {}, [], "x", {"containers": null}, {"containers": {}}, {"containers": [null, 1, "x", []]}, {"resources": "x", "containers": []}] {
		_got(_deployment(spec)) == set()
	}
	_got(_deployment({"resources": "x", "containers": [object.union(_manager, {"env": _env})]})) == {_missing}
}

# Parameters.

test_smallest_limit_is_a_parameter if {
	small := _with_resources(_limited("1Gi"))
	_with(small, {"minMemoryLimit": "1Gi"}) == set()
	_with(small, {"minMemoryLimit": "1025Mi"}) == {_finding(
		_limit_path, {"limitBytes": 1073741824, "minLimitBytes": 1074790400},
		sprintf(`memory limit "1Gi" is below 1025Mi, so with many or large synced objects, or many reviews at once, %s; set limits.memory and requests.memory to 1025Mi, or minMemoryLimit to what is known to be enough`, [_webhook]),
	)}
	_with(_running(object.union(_manager, {"resources": _limited("1Gi")})), {"minMemoryLimit": "512Mi"}) == {_unset_with("921MiB", "1Gi")}
	every parameters in [null, {}, {"minMemoryLimit": null, "levels": null}] {
		_with(small, parameters) == {_small("1Gi", 1073741824)}
	}
}

test_levels if {
	_with(_running(_manager), {"levels": ["warn"]}) == {_missing, _unset}
	_with(_running(_manager), {"levels": ["deny"]}) == set()
}

test_only_what_an_update_introduces if {
	old := _running(_manager)
	object_ := object.union(old, {"metadata": {"finalizers": ["x"]}})
	rule.violation == set() with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": old}}
	rule.violation == {_unset} with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": _running(object.union(_manager, {"env": _env}))}}
}

test_nothing_on_delete if {
	rule.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _running(_manager)}}
}
