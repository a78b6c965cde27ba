package policies.gatekeeper.gatekeeper_topology_test

import data.policies.gatekeeper.gatekeeper_topology

_replicas := ["spec", "replicas"]

_args := ["spec", "template", "spec", "containers", 0, "args"]

_manager := {"name": "manager", "image": "openpolicyagent/gatekeeper:v3.20.0", "command": ["/manager"]}

_with_args(arguments) := object.union(_manager, {"args": arguments})

_deployment(replicas, containers) := {
	"apiVersion": "apps/v1",
	"kind": "Deployment",
	"metadata": {"name": "gatekeeper"},
	"spec": {"replicas": replicas, "template": {"spec": {"containers": containers}}},
}

_running(replicas, arguments) := _deployment(replicas, [_with_args(arguments)])

_webhook(replicas) := _running(replicas, ["--port=8443", "--operation=webhook", "--operation=mutation-webhook"])

_audit(replicas) := _running(replicas, ["--operation=audit", "--operation=status"])

_got(object_) := got if {
	got := gatekeeper_topology.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := gatekeeper_topology.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_finding(path, facts, text) := {
	"msg": concat("", [`container "manager": `, text]),
	"details": {"level": "warn", "path": path, "facts": facts},
}

_mixed(path, why, least) := _finding(
	path, {},
	sprintf("audit runs in the Pod of the webhook%s, so an OOM kill while it lists the cluster takes the webhook away, and with failurePolicy Ignore the API server admits what nobody reviewed; run --operation=audit in a Deployment of its own with 1 replica, and --operation=webhook in one with at least %d", [why, least]),
)

_unset := ", because without --operation a process does everything"

_few(number, text, least) := _finding(
	_replicas, {"replicas": number, "minReplicas": least},
	sprintf("the webhook has %s, so an OOM kill or a drained node leaves too few to review, and with failurePolicy Ignore the API server admits what nobody reviewed; set replicas to %d or more", [text, least]),
)

_many(number) := _finding(
	_replicas, {"replicas": number},
	sprintf("audit has %d replicas and elects no leader, so each lists and evaluates the whole cluster in memory of its own and overwrites what the others report; set replicas to 1", [number]),
)

# Both in one Deployment.

test_both_in_one_process if {
	_got(_running(3, ["--operation=webhook", "--operation=audit"])) == {_mixed(array.concat(_args, [1]), "", 3)}
	_got(_running(3, ["--operation", "audit,webhook"])) == {_mixed(array.concat(_args, [1]), "", 3)}
	every arguments in [null, [], {}, "x", [null, 1], ["--port=8443"]] {
		_got(_running(3, arguments)) == {_mixed(_args, _unset, 3)}
	}
}

test_both_in_one_pod if {
	containers := [object.union(_with_args(["--operation=webhook"]), {"name": "webhook"}), _with_args(["--operation=audit"])]
	_got(_deployment(3, containers)) == {_mixed(["spec", "template", "spec", "containers", 1, "args", 0], "", 3)}
}

test_trap_no_replicas_suit_both if {
	every replicas in [0, 1, 2, 3, 5, null, "3"] {
		_got(_running(replicas, [])) == {_mixed(_args, _unset, 3)}
	}
}

test_trap_audit_that_is_off if {
	_got(_running(3, ["--audit-interval=0"])) == set()
	_got(_running(1, ["--audit-interval=0"])) == {_few(1, "1 replica", 3)}
	_got(_running(3, ["--operation=audit", "--audit-interval=0"])) == set()
}

# The webhook.

test_webhook_with_too_few_replicas if {
	_got(_webhook(0)) == {_few(0, "0 replicas", 3)}
	_got(_webhook(1)) == {_few(1, "1 replica", 3)}
	_got(_webhook(2)) == {_few(2, "2 replicas", 3)}
	_got(_webhook(2e0)) == {_few(2, "2 replicas", 3)}
}

test_webhook_with_enough_replicas if {
	every replicas in [3, 4, 10] {
		_got(_webhook(replicas)) == set()
	}
}

test_no_replicas_are_one if {
	_got(_webhook(null)) == {_few(1, "1 replica", 3)}
	_got(json.remove(_webhook(3), ["spec/replicas"])) == {_few(1, "1 replica", 3)}
	_got(_audit(null)) == set()
	_got(json.remove(_audit(1), ["spec/replicas"])) == set()
}

test_trap_replicas_that_are_no_number if {
	every replicas in ["1", "HELM_REPLICAS", true, [], {}] {
		_got(_webhook(replicas)) == set()
		_got(_audit(replicas)) == set()
	}
}

test_webhooks_of_two_containers_are_one_finding if {
	_got(_deployment(1, [_with_args(["--operation=webhook"]), object.union(_with_args(["--operation=webhook"]), {"name": "other"})])) == {_few(1, "1 replica", 3)}
}

# Audit.

test_audit_with_many_replicas if {
	_got(_audit(2)) == {_many(2)}
	_got(_audit(3)) == {_many(3)}
}

test_audit_with_one_replica if {
	_got(_audit(1)) == set()
	_got(_audit(0)) == set()
}

# What is judged.

test_trap_other_operations if {
	every arguments in [["--operation=status"], ["--operation=mutation-webhook"], ["--operation=generate,mutation-controller"]] {
		_got(_running(1, arguments)) == set()
		_got(_running(3, arguments)) == set()
	}
}

test_trap_other_programs if {
	every container in [{"image": "example.com/operator:v1"}, {"command": ["/proxy"]}, {"image": null}] {
		_got(_deployment(1, [object.union(_manager, container)])) == set()
	}
}

test_trap_a_sidecar_beside_the_webhook if {
	_got(_deployment(3, [{"name": "istio-proxy", "image": "istio/proxyv2:1.24"}, _with_args(["--operation=webhook"])])) == set()
}

test_only_deployments_are_judged if {
	spec := {"containers": [_manager]}
	every object_ in [
		{"apiVersion": "v1", "kind": "Pod", "spec": spec},
		{"apiVersion": "v1", "kind": "PodTemplate", "template": {"spec": spec}},
		{"apiVersion": "v1", "kind": "ReplicationController", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": {"replicas": 1, "template": {"spec": spec}}},
		{"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}},
	] {
		_got(object_) == set()
	}
}

# Parameters.

test_min_replicas if {
	_with(_webhook(1), {"minReplicas": 1}) == set()
	_with(_webhook(2), {"minReplicas": 2}) == set()
	_with(_webhook(3), {"minReplicas": 5}) == {_few(3, "3 replicas", 5)}
	_with(_running(3, []), {"minReplicas": 5}) == {_mixed(_args, _unset, 5)}
	_with(_audit(2), {"minReplicas": 5}) == {_many(2)}
	every parameters in [null, {}, {"levels": null, "minReplicas": null}] {
		_with(_webhook(1), parameters) == {_few(1, "1 replica", 3)}
	}
}

test_levels if {
	_with(_webhook(1), {"levels": ["warn"]}) == {_few(1, "1 replica", 3)}
	_with(_webhook(1), {"levels": ["deny"]}) == set()
}

test_only_what_an_update_introduces if {
	object_ := object.union(_webhook(1), {"metadata": {"finalizers": ["x"]}})
	gatekeeper_topology.violation == set() with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": _webhook(1)}}
	gatekeeper_topology.violation == {_few(1, "1 replica", 3)} with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": _webhook(3)}}
}

test_nothing_on_delete if {
	gatekeeper_topology.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _webhook(1)}}
}

test_specs_of_other_types_are_no_error if {
	every containers in [null, {}, "x", [], [null, 1, "x", []]] {
		_got(_deployment(1, containers)) == set()
	}
	every spec in [null, [], "x", {}, {"template": null}] {
		_got({"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}) == set()
	}
}
