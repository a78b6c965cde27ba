package policies.gatekeeper.gatekeeper_capacity_test

import data.policies.gatekeeper.gatekeeper_capacity as rule

_spec := ["spec", "template", "spec"]

_path := array.concat(_spec, ["containers", 0, "resources", "limits", "memory"])

_deployment(spec) := {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "gatekeeper-controller-manager"}, "spec": {"template": {"spec": spec}}}

_manager := {"name": "manager", "image": "openpolicyagent/gatekeeper:v3.20.0", "command": ["/manager"], "args": ["--operation=webhook"], "resources": {"limits": {"memory": "512Mi"}}}

_running(changes) := _deployment({"containers": [object.union(_manager, changes)]})

_chart := _running({})

_limited(limit) := _running({"resources": {"limits": {"memory": limit}}})

_got(object_) := got if {
	got := rule.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_mi(number) := number * 1048576

_webhook := "the webhook may be OOM-killed, and with failurePolicy Ignore the API server then admits what nobody reviewed; set limits.memory and requests.memory to %dMi, or sync fewer objects and lower --max-serving-threads"

_audit := "audit may be OOM-killed before it reports what it found; set limits.memory and requests.memory to %dMi, or sync fewer objects"

# A finding has what it needs by parameter headroom, as a text.
_violation(path, limit, need, parts, end) := {
	"msg": sprintf(
		concat("; ", [`container "manager": memory limit %q is below %dMi, which is %s times the %dMi that its policies need: %s`, end]),
		[limit.text, need.want, need.headroom, need.sum, parts, need.want],
	),
	"details": {"level": "warn", "path": path, "facts": {"limitBytes": limit.bytes, "needBytes": _mi(need.sum), "wantBytes": _mi(need.want)}},
}

_chart_limit := {"text": "512Mi", "bytes": 536870912}

_finding(want, sum, parts) := _violation(_path, _chart_limit, {"want": want, "sum": sum, "headroom": "1.5"}, parts, _webhook)

_no(names) := sprintf(" (not known, so not in it: %s)", [concat(", ", names)])

# Everything that a process holds, so that only reviews are left to vary.
_full := {"templates": 49, "constraints": 100, "objects": 5000}

_held := "150Mi for the process + 16Mi for 49 ConstraintTemplates + 1Mi for 100 constraints + 644Mi for 5000 synced objects"

_one := _finding(1221, 814, concat("", [_held, " + 3Mi for 1 review at once"]))

_eight := _finding(1242, 828, concat("", [_held, " + 17Mi for 8 reviews at once"]))

# What is known.

test_nothing_is_known if {
	every parameters in [
		null, {}, {"threads": 1000}, {"baseMi": 4096}, {"templates": null, "objects": null},
		{"baseMi": 4096, "templates": 0, "constraints": 0, "objects": 0, "referentialObjects": 0},
	] {
		_with(_chart, parameters) == set()
	}
	every inventory in [
		{}, {"cluster": {}}, {"namespace": {}}, {"cluster": {"v1": {"Namespace": {"a": {}}}}},
		{"cluster": {"templates.gatekeeper.sh/v1": {"ConstraintTemplate": {}}, "constraints.gatekeeper.sh/v1beta1": {}}},
	] {
		got := _with(_chart, {"baseMi": 4096}) with data.inventory as inventory
		got == set()
	}
}

test_all_is_known if {
	_with(_chart, _full) == {_one}
}

test_one_count_is_enough if {
	_with(_chart, {"baseMi": 400, "templates": 1}) == {_finding(606, 404, concat("", ["400Mi for the process + 1Mi for 1 ConstraintTemplate + 3Mi for 1 review at once", _no(["constraints", "synced objects"])]))}
	_with(_chart, {"baseMi": 400, "constraints": 1}) == {_finding(606, 404, concat("", ["400Mi for the process + 1Mi for 1 constraint + 3Mi for 1 review at once", _no(["ConstraintTemplates", "synced objects"])]))}
	_with(_chart, {"baseMi": 400, "objects": 1}) == {_finding(606, 404, concat("", ["400Mi for the process + 1Mi for 1 synced object + 3Mi for 1 review at once", _no(["ConstraintTemplates", "constraints"])]))}
	_with(_chart, {"baseMi": 400, "referentialObjects": 1}) == {_finding(605, 403, concat("", ["400Mi for the process + 3Mi for 1 review at once through 1 object", _no(["ConstraintTemplates", "constraints", "synced objects"])]))}
}

_data := {"cluster": {
	"templates.gatekeeper.sh/v1": {"ConstraintTemplate": {"a": {}, "b": {}, "c": null}},
	"templates.gatekeeper.sh/v1beta1": {"ConstraintTemplate": {"c": {}, "d": {}}},
	"example.com/v1": {"ConstraintTemplate": {"e": {}}},
	"constraints.gatekeeper.sh/v1beta1": {"K8sRequiredLabels": {"a": {}, "b": {}}, "K8sAllowedRepos": {"a": {}}, "Empty": {}},
}}

test_counts_of_the_reference_data if {
	got := _with(_chart, {"baseMi": 400}) with data.inventory as _data
	got == {_finding(609, 406, concat("", ["400Mi for the process + 2Mi for 4 ConstraintTemplates + 1Mi for 3 constraints + 3Mi for 1 review at once", _no(["synced objects"])]))}
	templates := _with(_chart, {"baseMi": 400}) with data.inventory as {"cluster": object.remove(_data.cluster, ["constraints.gatekeeper.sh/v1beta1"])}
	templates == {_finding(608, 405, concat("", ["400Mi for the process + 2Mi for 4 ConstraintTemplates + 3Mi for 1 review at once", _no(["constraints", "synced objects"])]))}
}

test_parameters_win_over_the_reference_data if {
	got := _with(_chart, {"baseMi": 400, "templates": 8, "constraints": 300}) with data.inventory as _data
	got == {_finding(612, 408, concat("", ["400Mi for the process + 3Mi for 8 ConstraintTemplates + 2Mi for 300 constraints + 3Mi for 1 review at once", _no(["synced objects"])]))}
}

test_objects_of_the_seed if {
	# The model of 5000 Pods of 9 kB, of which each of 8 reviews goes through all.
	parameters := object.union(_full, {"objects": 5e3, "referentialObjects": 5e3})
	_with(_running({"args": ["--operation=webhook", "--max-serving-threads=8"]}), parameters) == {_finding(5877, 3918, concat("", [_held, " + 3107Mi for 8 reviews at once through 5000 objects"]))}
}

# The limit.

test_limit_that_is_large_enough if {
	every limit in ["1221Mi", "2Gi", 1280311296, 1.280311296e9, "10G"] {
		_with(_limited(limit), _full) == set()
	}
	_with(_limited("1280311295"), _full) == {_violation(_path, {"text": "1280311295", "bytes": 1280311295}, {"want": 1221, "sum": 814, "headroom": "1.5"}, concat("", [_held, " + 3Mi for 1 review at once"]), _webhook)}
	_with(_limited(5.36870912e8), _full) == {_violation(_path, {"text": "536870912", "bytes": 536870912}, {"want": 1221, "sum": 814, "headroom": "1.5"}, concat("", [_held, " + 3Mi for 1 review at once"]), _webhook)}
}

test_trap_limit_that_is_not_known if {
	every resources in [null, {}, [], "x", {"limits": null}, {"limits": {}}, {"limits": {"memory": null}}, {"limits": {"memory": "0"}}, {"limits": {"memory": "1 Gi"}}, {"requests": {"memory": "1Gi"}}] {
		_with(_deployment({"containers": [object.union(object.remove(_manager, ["resources"]), {"resources": resources})]}), _full) == set()
	}
	_with(_deployment({"containers": [object.remove(_manager, ["resources"])]}), _full) == set()
}

test_limit_of_the_pod if {
	pod := {"resources": {"limits": {"memory": "512Mi"}}, "containers": [object.remove(_manager, ["resources"])]}
	_with(_deployment(pod), _full) == {object.union(_one, {"details": {"path": array.concat(_spec, ["resources", "limits", "memory"])}})}
	_with(_deployment(object.union(pod, {"resources": {"limits": {"memory": "2Gi"}}})), _full) == set()
	_with(_deployment({"resources": {"limits": {"memory": "2Gi"}}, "containers": [_manager]}), _full) == {_one}
}

# How many reviews run at once.

_cpu(limit) := {"resources": {"limits": {"cpu": limit}}}

_go(value) := {"env": [{"name": "GOMAXPROCS", "value": value}]}

_set(value) := {"args": ["--operation=webhook", concat("=", ["--max-serving-threads", value])]}

test_threads_of_the_flag if {
	_with(_running(_set("8")), object.union(_full, {"threads": 2})) == {_eight}
	_with(_running(object.union(_set("8"), _cpu("2"))), _full) == {_eight}
	_with(_running(object.union(_set("8"), _go("2"))), _full) == {_eight}
	_with(_running(_set("1")), object.union(_full, {"threads": 8})) == {_one}
}

test_threads_of_the_variable if {
	every flag in [{}, _set("-1"), _set("0")] {
		_with(_running(object.union(flag, _go("8"))), object.union(_full, {"threads": 2})) == {_eight}
		_with(_running(object.union(object.union(flag, _cpu("2")), _go("8"))), _full) == {_eight}
	}
	_with(_running(_go("1")), object.union(_full, {"threads": 8})) == {_one}
	several := {"env": [{"name": "GOMAXPROCS", "value": "2"}, {"name": "GOMAXPROCS", "value": "8"}, {"name": "GOGC", "value": "50"}]}
	_with(_running(several), _full) == {_eight}
}

test_threads_of_the_cpu_limit if {
	every flag in [{}, _set("-1"), _set("0")] {
		_with(_running(object.union(flag, _cpu("7500m"))), object.union(_full, {"threads": 2})) == {_eight}
	}
	every variable in [_go("0"), _go("x"), _go(""), _go(null), {"env": [null, {}, {"name": "GOGC", "value": "2"}]}, {"env": [{"name": "GOMAXPROCS", "valueFrom": null}]}] {
		_with(_running(object.union(_cpu(8), variable)), object.union(_full, {"threads": 2})) == {_eight}
	}
	pod := {"resources": {"limits": {"cpu": "8"}}, "containers": [_manager]}
	_with(_deployment(pod), _full) == {_eight}
	_with(_deployment(object.union(pod, {"containers": [object.union(_manager, {"resources": {"limits": {"cpu": "500m"}}})]})), _full) == {_one}
}

test_threads_of_the_parameter if {
	every changes in [
		{}, _set("-1"), _set("$(THREADS)"), _set("x"), _cpu("0"), _cpu("x"), _cpu(null), _go("$(CORES)"),
		object.union(_set("$(THREADS)"), _cpu("2")),
		object.union(_set("$(THREADS)"), _go("2")),
		object.union(_cpu("2"), _go("$(CORES)")),
		object.union(_cpu("2"), {"env": [{"name": "GOMAXPROCS", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]}),
	] {
		_with(_running(changes), object.union(_full, {"threads": 8})) == {_eight}
		_with(_running(changes), object.union(_full, {"threads": 1})) == {_one}
	}
}

test_at_least_one_thread if {
	every parameters in [{}, {"threads": 0}, {"threads": null}] {
		_with(_chart, object.union(_full, parameters)) == {_one}
	}
}

# Which containers are judged.

test_audit_reviews_one_object_at_once if {
	want := _violation(_path, _chart_limit, {"want": 1221, "sum": 814, "headroom": "1.5"}, concat("", [_held, " + 3Mi for 1 review at once"]), _audit)
	_with(_running({"args": ["--operation=audit", "--operation=status", "--max-serving-threads=8"]}), object.union(_full, {"threads": 8})) == {want}
}

test_operations if {
	every arguments in [[], ["--operation=webhook", "--operation=audit"], ["--operation=status,webhook"]] {
		_with(_running({"args": arguments}), _full) == {_one}
	}
	every arguments in [["--operation=mutation-webhook"], ["--operation=status"]] {
		_with(_running({"args": arguments}), _full) == set()
	}
}

test_trap_other_programs if {
	_with(_running({"image": "quay.io/sighup/gatekeeper-policy-manager:v1.0.13", "command": []}), _full) == set()
	_with(_running({"image": "example.com/operator:v1"}), _full) == set()
	job := {"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": {"containers": [object.union(_manager, {"image": "openpolicyagent/gatekeeper-crds:v3.20.0"})]}}}}
	_with(job, _full) == set()
}

test_only_the_manager_of_several_containers if {
	got := _with(_deployment({"containers": [{"name": "istio-proxy", "image": "istio/proxyv2:1.24.1", "resources": {"limits": {"memory": "64Mi"}}}, _manager]}), _full)
	got == {object.union(_one, {"details": {"path": array.concat(_spec, ["containers", 1, "resources", "limits", "memory"])}})}
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
		_with(object_, _full) == set()
	}
}

test_specs_of_other_types_are_no_error if {
	every spec in [null, {}, [], "x", {"containers": null}, {"containers": {}}, {"containers": [null, 1, "x", []]}] {
		_with(_deployment(spec), _full) == set()
	}
	_with(_deployment({"resources": "x", "containers": [object.union(_manager, {"env": "x"})]}), _full) == {_one}
}

# Parameters.

_sized(parameters) := _with(_chart, object.union({"baseMi": 0, "templates": 1, "constraints": 1, "objects": 1, "referentialObjects": 1, "perTemplateKi": 0, "perConstraintKi": 0, "objectFactor": 0, "refFactor": 0, "perReviewMi": 0, "maxObjectBytes": 1, "avgObjectBytes": 1}, parameters))

_of_one(want, sum, sizes) := {_finding(want, sum, sprintf("%dMi for the process + %dMi for 1 ConstraintTemplate + %dMi for 1 constraint + %dMi for 1 synced object + %dMi for 1 review at once through 1 object", sizes))}

test_sizes_are_parameters if {
	_sized({}) == set()
	_sized({"baseMi": 1000}) == _of_one(1502, 1001, [1000, 0, 0, 0, 1])
	_sized({"perTemplateKi": 1024000}) == _of_one(1502, 1001, [0, 1000, 0, 0, 1])
	_sized({"perTemplateKi": 1023001}) == _of_one(1502, 1001, [0, 1000, 0, 0, 1])
	_sized({"perConstraintKi": 1024000}) == _of_one(1502, 1001, [0, 0, 1000, 0, 1])
	_sized({"objectFactor": 1000, "avgObjectBytes": 1048576}) == _of_one(1502, 1001, [0, 0, 0, 1000, 1])
	_sized({"refFactor": 1000, "avgObjectBytes": 1048576}) == _of_one(1502, 1001, [0, 0, 0, 0, 1001])
	_sized({"perReviewMi": 1000}) == _of_one(1502, 1001, [0, 0, 0, 0, 1001])
	_sized({"maxObjectBytes": 209715200}) == _of_one(1500, 1000, [0, 0, 0, 0, 1000])
}

test_default_sizes if {
	parameters := {"templates": 1000, "constraints": 1000, "objects": 1000, "referentialObjects": 1000, "threads": 100}
	parts := "150Mi for the process + 313Mi for 1000 ConstraintTemplates + 4Mi for 1000 constraints + 129Mi for 1000 synced objects + 7930Mi for 100 reviews at once through 1000 objects"
	_with(_chart, parameters) == {_finding(12789, 8526, parts)}
}

test_headroom_is_a_parameter if {
	parts := concat("", [_held, " + 3Mi for 1 review at once"])
	_with(_chart, object.union(_full, {"headroom": "1"})) == {_violation(_path, _chart_limit, {"want": 814, "sum": 814, "headroom": "1"}, parts, _webhook)}
	_with(_chart, object.union(_full, {"headroom": "1.3333"})) == {_violation(_path, _chart_limit, {"want": 1086, "sum": 814, "headroom": "1.3333"}, parts, _webhook)}
	_with(_chart, object.union(_full, {"headroom": "0.5"})) == set()
	_with(_chart, object.union(_full, {"headroom": null})) == {_one}
}

test_no_parameters if {
	every parameters in [null, {}, {"templates": null, "constraints": null, "objects": null, "referentialObjects": null, "threads": null, "headroom": null, "levels": null}] {
		got := _with(_limited("128Mi"), parameters) with data.inventory as _data
		got == {_violation(_path, {"text": "128Mi", "bytes": 134217728}, {"want": 234, "sum": 156, "headroom": "1.5"}, concat("", ["150Mi for the process + 2Mi for 4 ConstraintTemplates + 1Mi for 3 constraints + 3Mi for 1 review at once", _no(["synced objects"])]), _webhook)}
	}
	none := _got(_limited("128Mi")) with data.inventory as {}
	none == set()
}

test_levels if {
	_with(_chart, object.union(_full, {"levels": ["warn"]})) == {_one}
	_with(_chart, object.union(_full, {"levels": ["deny"]})) == set()
}

test_only_what_an_update_introduces if {
	object_ := object.union(_chart, {"metadata": {"finalizers": ["x"]}})
	rule.violation == set() with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": _chart}, "parameters": _full}
	rule.violation == {_one} with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": _limited("4Gi")}, "parameters": _full}
}

test_nothing_on_delete if {
	rule.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _chart}, "parameters": _full}
}
