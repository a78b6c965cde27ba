package policies.gatekeeper.gatekeeper_sync_scope_test

import data.policies.gatekeeper.gatekeeper_sync_scope as rule

_config(entries) := {"apiVersion": "config.gatekeeper.sh/v1alpha1", "kind": "Config", "metadata": {"name": "config", "namespace": "gatekeeper-system"}, "spec": {"sync": {"syncOnly": entries}}}

_sync_set(entries) := {"apiVersion": "syncset.gatekeeper.sh/v1alpha1", "kind": "SyncSet", "metadata": {"name": "shop"}, "spec": {"gvks": entries}}

_path(index) := ["spec", "gvks", index, "kind"]

_entry(group, kind) := {"group": group, "version": "v1", "kind": kind}

_pod := _entry("", "Pod")

_ingress := _entry("networking.k8s.io", "Ingress")

_got(object_) := got if {
	got := rule.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_finding(path, facts, msg) := {"msg": msg, "details": {"level": "warn", "path": path, "facts": facts}}

_wide(path, text) := _finding(
	path, {},
	sprintf("kind %s is synced, and a cluster has thousands of them: every replica of webhook and audit keeps each object in memory, at about 15 times its JSON (130Mi for 1000 of 9 kB), which may get it OOM-killed; remove it, or add it to allowedKinds and size limits.memory for it", [text]),
)

_idle(path, text, templates) := _finding(
	path, {"templates": templates},
	sprintf("kind %s is synced, but none of the ConstraintTemplates that are known (%d) reads it, as metadata.gatekeeper.sh/requires-sync-data says: unless another template or --audit-from-cache needs it, every replica of webhook and audit keeps each object for nothing, at about 15 times its JSON; remove it, or add it to allowedKinds", [text, templates]),
)

_many(path, number, largest) := _finding(
	path, {"kinds": number, "maxKinds": largest},
	sprintf("%d kinds are synced, more than %d: every replica of webhook and audit keeps all objects of each in memory, which grows with the cluster and may get it OOM-killed; keep those that templates read, or raise maxKinds", [number, largest]),
)

# Kinds of which there are many.

test_where_kinds_are_named if {
	_got(_config([_ingress, _pod])) == {_wide(["spec", "sync", "syncOnly", 1, "kind"], `"Pod"`)}
	_got(_sync_set([_ingress, _pod])) == {_wide(_path(1), `"Pod"`)}
}

test_kinds_of_which_there_are_many if {
	entries := [
		_entry("", "Pod"), _entry("", "Event"), _entry("", "Secret"), _entry("", "ConfigMap"), _entry("", "Endpoints"),
		_entry("discovery.k8s.io", "EndpointSlice"), _entry("apps", "ReplicaSet"), _entry("coordination.k8s.io", "Lease"),
		_entry("wgpolicyk8s.io", "PolicyReport"), _entry("aquasecurity.github.io", "VulnerabilityReport"),
	]
	_got(_sync_set(entries)) == {
		_wide(_path(0), `"Pod"`), _wide(_path(1), `"Event"`), _wide(_path(2), `"Secret"`), _wide(_path(3), `"ConfigMap"`), _wide(_path(4), `"Endpoints"`),
		_wide(_path(5), `"EndpointSlice" of discovery.k8s.io`), _wide(_path(6), `"ReplicaSet" of apps`), _wide(_path(7), `"Lease" of coordination.k8s.io`),
		_wide(_path(8), `"PolicyReport" of wgpolicyk8s.io`), _wide(_path(9), `"VulnerabilityReport" of aquasecurity.github.io`),
	}
}

test_other_kinds if {
	_got(_sync_set([
		_entry("", "Namespace"), _entry("", "Service"), _entry("", "PodTemplate"), _entry("", "ServiceAccount"), _ingress,
		_entry("apps", "Deployment"), _entry("policy", "PodDisruptionBudget"), _entry("example.com", "ReportSchedule"),
	])) == set()
}

test_every_entry_is_reported if {
	_got(_sync_set([_pod, _pod])) == {_wide(_path(0), `"Pod"`), _wide(_path(1), `"Pod"`)}
}

test_what_names_no_kinds if {
	every entries in [null, [], {}, "x", 1, [null, 1, "Pod", []], [{}, {"kind": null}, {"kind": 1}, {"kind": ""}, {"group": "", "version": "v1"}]] {
		_got(_config(entries)) == set()
		_got(_sync_set(entries)) == set()
	}
	every spec in [null, {}, [], "x", {"sync": null}, {"sync": {}}, {"sync": "x"}, {"match": [{"excludedNamespaces": ["kube-*"], "processes": ["*"]}]}] {
		_got({"apiVersion": "config.gatekeeper.sh/v1alpha1", "kind": "Config", "spec": spec}) == set()
		_got({"apiVersion": "syncset.gatekeeper.sh/v1alpha1", "kind": "SyncSet", "spec": spec}) == set()
	}
	_got({"apiVersion": "config.gatekeeper.sh/v1alpha1", "kind": "Config"}) == set()
}

test_an_entry_without_a_kind_is_none if {
	_reading(_sync_set([{}, {"kind": null}, {"kind": 5}, {"kind": ""}]), {"a": _silent}) == set()
}

test_an_odd_entry_hides_no_other if {
	_got(_sync_set([null, {"kind": 5}, {"kind": "Pod"}, {"kind": "Lease", "group": null, "version": 1}])) == {_wide(_path(2), `"Pod"`), _wide(_path(3), `"Lease"`)}
}

test_trap_other_objects_of_that_kind if {
	every object_ in [
		object.union(_config([_pod]), {"apiVersion": "v1"}),
		object.union(_config([_pod]), {"apiVersion": "example.com/v1alpha1"}),
		object.union(_config([_pod]), {"apiVersion": "syncset.gatekeeper.sh/v1alpha1"}),
		object.union(_config([_pod]), {"apiVersion": null}),
		object.union(_sync_set([_pod]), {"apiVersion": "config.gatekeeper.sh/v1alpha1"}),
		object.union(_sync_set([_pod]), {"kind": "SyncSetList"}),
		object.union(_sync_set([_pod]), {"apiVersion": "example.com/v1"}),
		object.union(_config([_pod]), {"kind": "Configuration"}),
		{"apiVersion": "v1", "kind": "Pod", "spec": {"gvks": [_pod], "sync": {"syncOnly": [_pod]}}},
	] {
		_got(object_) == set()
	}
}

test_every_version_of_the_api if {
	_got(object.union(_config([_pod]), {"apiVersion": "config.gatekeeper.sh/v1"})) == {_wide(["spec", "sync", "syncOnly", 0, "kind"], `"Pod"`)}
	_got(object.union(_sync_set([_pod]), {"apiVersion": "syncset.gatekeeper.sh/v1beta1"})) == {_wide(_path(0), `"Pod"`)}
}

# The number of kinds.

_numbered(last) := [entry | some i in numbers.range(1, last); entry := _entry("example.com", sprintf("Kind%d", [i]))]

test_number_of_kinds if {
	_got(_sync_set(_numbered(10))) == set()
	_got(_sync_set(_numbered(11))) == {_many(["spec", "gvks"], 11, 10)}
	_got(_config(_numbered(12))) == {_many(["spec", "sync", "syncOnly"], 12, 10)}
}

test_the_same_kind_twice_is_one if {
	_got(_sync_set(array.concat(_numbered(10), _numbered(10)))) == set()
	other := {"group": "example.com", "version": "v2", "kind": "Kind1"}
	_got(_sync_set(array.concat(_numbered(10), [other]))) == {_many(["spec", "gvks"], 11, 10)}
	_got(_sync_set(array.concat(_numbered(10), [_entry("example.org", "Kind1")]))) == {_many(["spec", "gvks"], 11, 10)}
}

# What templates read.

_template(annotation) := {
	"metadata": {"annotations": {"metadata.gatekeeper.sh/requires-sync-data": annotation}},
	"spec": {"targets": [{"rego": "package unique\nviolation { data.inventory.namespace[_][_].Ingress[_] }"}]},
}

_silent := {"metadata": {"annotations": {"description": "x"}}, "spec": {"targets": [{"rego": "package labels"}]}}

_data(templates) := {"cluster": {"templates.gatekeeper.sh/v1": {"ConstraintTemplate": templates}}}

_reading(object_, templates) := got if {
	got := rule.violation with input as {"review": {"object": object_}} with data.inventory as _data(templates)
}

_needs_ingress := `[[{"groups": ["extensions", "networking.k8s.io"], "versions": ["v1beta1", "v1"], "kinds": ["Other", "Ingress"]}]]`

_service := _entry("", "Service")

test_kind_that_no_template_reads if {
	_reading(_sync_set([_ingress, _service]), {"a": _template(_needs_ingress)}) == {_idle(_path(1), `"Service"`, 1)}
	_reading(_sync_set([_ingress]), {"a": _silent, "b": _silent}) == {_idle(_path(0), `"Ingress" of networking.k8s.io`, 2)}
	_reading(_config([_ingress]), {"a": _silent}) == {_idle(["spec", "sync", "syncOnly", 0, "kind"], `"Ingress" of networking.k8s.io`, 1)}
}

test_the_group_counts_but_not_the_version if {
	_reading(_sync_set([{"group": "extensions", "version": "v1beta1", "kind": "Ingress"}, {"group": "networking.k8s.io", "version": "v2", "kind": "Ingress"}]), {"a": _template(_needs_ingress)}) == set()
	_reading(_sync_set([_entry("example.com", "Ingress")]), {"a": _template(_needs_ingress)}) == {_idle(_path(0), `"Ingress" of example.com`, 1)}
}

test_all_alternatives_of_all_templates_count if {
	either := `[[{"groups":["apps"],"versions":["v1"],"kinds":["Deployment"]},{"groups":["apps"],"versions":["v1"],"kinds":["StatefulSet"]}],[{"groups":[""],"versions":["v1"],"kinds":["Service"]}]]`
	entries := [_entry("apps", "Deployment"), _entry("apps", "StatefulSet"), _service, _ingress]
	_reading(_sync_set(entries), {"a": _template(either), "b": _template(_needs_ingress), "c": _silent}) == set()
	_reading(_sync_set(entries), {"a": _template(either), "c": _silent}) == {_idle(_path(3), `"Ingress" of networking.k8s.io`, 2)}
}

test_annotation_in_quotes if {
	_reading(_sync_set([_ingress, _service]), {"a": _template(concat("", [`"`, _needs_ingress, "\"\n"]))}) == {_idle(_path(1), `"Service"`, 1)}
}

test_templates_of_both_versions if {
	inventory := {"cluster": {
		"templates.gatekeeper.sh/v1": {"ConstraintTemplate": {"a": _silent}},
		"templates.gatekeeper.sh/v1beta1": {"ConstraintTemplate": {"b": _template(_needs_ingress)}},
		"example.com/v1": {"ConstraintTemplate": {"c": _silent}},
	}}
	got := _got(_sync_set([_ingress, _service])) with data.inventory as inventory
	got == {_idle(_path(1), `"Service"`, 2)}
}

test_trap_no_template_is_known if {
	_reading(_sync_set([_ingress]), {}) == set()
	every inventory in [{}, {"cluster": {}}, {"namespace": {}}, {"cluster": {"v1": {"Namespace": {"a": {}}}}}] {
		got := _got(_sync_set([_ingress, _pod])) with data.inventory as inventory
		got == {_wide(_path(1), `"Pod"`)}
	}
}

test_trap_template_that_is_not_understood if {
	every annotation in [
		"", "x", "null", "5", `{"groups": [""]}`, `"x"`,
		`{"all": [{"groups": [""], "versions": ["v1"], "kinds": ["Service"]}]}`,
		`[{"groups": [""], "versions": ["v1"], "kinds": ["Service"]}]`,
		`[["Service"]]`, `["Service"]`, `[[[""]]]`, `[[{}]]`,
		`[[{"groups": "", "versions": ["v1"], "kinds": ["Service"]}]]`,
		`[[{"groups": [""], "versions": ["v1"], "kinds": "Service"}]]`,
		`[[{"groups": [""], "versions": ["v1"]}]]`,
		`[[{"versions": ["v1"], "kinds": ["Service"]}]]`,
		null, 5, [],
	] {
		_reading(_sync_set([_ingress, _pod]), {"a": _template(annotation), "b": _silent}) == {_wide(_path(1), `"Pod"`)}
		_reading(_sync_set([_ingress, _pod]), {"a": object.union(_template(annotation), {"spec": {"targets": []}})}) == {_wide(_path(1), `"Pod"`)}
	}
}

test_trap_template_that_reads_without_saying_so if {
	every template in [
		object.remove(_template(""), ["metadata"]),
		object.union(_silent, {"spec": {"targets": [{"code": [{"source": {"libs": ["package lib.x\nall := data.inventory.cluster"]}}]}]}}),
		{}, null, {"metadata": {}},
	] {
		_reading(_sync_set([_ingress]), {"a": template, "b": _silent}) == set()
	}
}

test_template_that_reads_nothing if {
	every metadata in [null, {}, {"annotations": null}, {"annotations": {}}] {
		_reading(_sync_set([_ingress]), {"a": {"metadata": metadata, "spec": {"targets": []}}}) == {_idle(_path(0), `"Ingress" of networking.k8s.io`, 1)}
	}
	_reading(_sync_set([_ingress]), {"a": _template("[]")}) == {_idle(_path(0), `"Ingress" of networking.k8s.io`, 1)}
}

test_kind_that_is_read_may_still_be_too_many if {
	pods := `[[{"groups": [""], "versions": ["v1"], "kinds": ["Pod"]}]]`
	_reading(_sync_set([_pod]), {"a": _template(pods)}) == {_wide(_path(0), `"Pod"`)}
	_reading(_sync_set([_pod]), {"a": _silent}) == {_idle(_path(0), `"Pod"`, 1)}
}

test_trap_kinds_that_need_no_template if {
	_reading(_sync_set([_entry("", "Namespace"), _entry("templates.gatekeeper.sh", "ConstraintTemplate"), _entry("constraints.gatekeeper.sh", "K8sRequiredLabels")]), {"a": _silent}) == set()
	_reading(_sync_set([_entry("example.com", "Namespace")]), {"a": _silent}) == {_idle(_path(0), `"Namespace" of example.com`, 1)}
}

# Parameters.

test_no_parameters if {
	every parameters in [null, {}, {"levels": null, "deniedKinds": null, "allowedKinds": null, "maxKinds": null}] {
		_with(_sync_set([_pod]), parameters) == {_wide(_path(0), `"Pod"`)}
	}
}

test_denied_kinds if {
	_with(_sync_set([_pod, _ingress]), {"deniedKinds": ["Ing*"]}) == {_wide(_path(1), `"Ingress" of networking.k8s.io`)}
	_with(_sync_set([_pod]), {"deniedKinds": []}) == set()
}

test_allowed_kinds if {
	_with(_sync_set([_pod, _entry("", "Secret")]), {"allowedKinds": ["Other", "Pod"]}) == {_wide(_path(1), `"Secret"`)}
	_with(_sync_set([_pod, _entry("", "Secret")]), {"allowedKinds": ["*"]}) == set()
	got := _with(_sync_set([_ingress, _service]), {"allowedKinds": ["Ingress"]}) with data.inventory as _data({"a": _silent})
	got == {_idle(_path(1), `"Service"`, 1)}
	_with(_sync_set(_numbered(11)), {"allowedKinds": ["*"]}) == {_many(["spec", "gvks"], 11, 10)}
}

test_largest_number_of_kinds_is_a_parameter if {
	_with(_sync_set(_numbered(3)), {"maxKinds": 2}) == {_many(["spec", "gvks"], 3, 2)}
	_with(_sync_set(_numbered(3)), {"maxKinds": 3}) == set()
	_with(_sync_set(_numbered(11)), {"maxKinds": 1e1}) == {_many(["spec", "gvks"], 11, 10)}
}

test_levels if {
	_with(_sync_set([_pod]), {"levels": ["warn"]}) == {_wide(_path(0), `"Pod"`)}
	_with(_sync_set([_pod]), {"levels": ["deny"]}) == set()
}

test_only_what_an_update_introduces if {
	old := _sync_set([_pod])
	rule.violation == set() with input as {"review": {"operation": "UPDATE", "object": _sync_set([_ingress, _pod]), "oldObject": old}}
	rule.violation == {_wide(_path(1), `"Lease"`)} with input as {"review": {"operation": "UPDATE", "object": _sync_set([_pod, _entry("", "Lease")]), "oldObject": old}}
}

test_nothing_on_delete if {
	rule.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _sync_set([_pod])}}
}
