package policies.runtime.limitrange_memory_floor_test

import data.policies.runtime.limitrange_memory_floor as rule

_range(limits) := {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "memory"}, "spec": {"limits": limits}}

_container(fields) := _range([object.union({"type": "Container"}, _memory(fields))])

_memory(fields) := {field: resources | some field, value in fields; resources := {"memory": value}}

_quota(hard) := {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "memory"}, "spec": {"hard": hard}}

_got(object_) := got if {
	got := rule.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_violation(path, facts, msg) := {"msg": msg, "details": {"level": "warn", "path": path, "facts": facts}}

_at(index, field, facts, text) := _violation(["spec", "limits", index, field, "memory"], facts, concat("", ["Container limits: ", text]))

_no_default(index) := _at(index, "default", {}, "no default.memory, so a container without a memory limit of its own stays without one and may take all memory of its node; set default.memory to what most containers of the namespace need")

_no_min := _at(0, "min", {}, "no min.memory, so a limit that is too small to start a container is let through; set min.memory to the smallest limit and request that is of use")

_no_ratio := _at(0, "maxLimitRequestRatio", {}, "maxLimitRequestRatio.memory is not 1, so containers may use more memory than they request, and are OOM-killed or evicted when the node has no more; set it to 1")

_low(field, bytes, text) := _at(0, field, {"valueBytes": bytes, "softMinBytes": 20971520}, text)

_low_min(bytes, written) := _low("min", bytes, sprintf("min.memory %q is below 20Mi, so a limit with which a container may be OOM-killed while it starts is let through; set it to 20Mi or more, and mind that it binds requests as well", [written]))

_low_default(bytes, written) := _low("default", bytes, sprintf("default.memory %q is below 20Mi, so a container without a memory limit of its own may be OOM-killed while it starts; set it to 20Mi or more", [written]))

_low_max(bytes, written) := _low("max", bytes, sprintf("max.memory %q is below 20Mi, so every container may be OOM-killed while it starts; set it to 20Mi or more", [written]))

_inverted(lower, lower_bytes, lower_text, upper, upper_bytes, upper_text) := _at(
	0, lower, {"valueBytes": lower_bytes, "upperBytes": upper_bytes},
	sprintf("%s.memory %q is above %s.memory %q, so the API server refuses the LimitRange; lower the former or raise the latter", [lower, lower_text, upper, upper_text]),
)

_unlimited_quota(name, bytes, written) := _violation(
	["spec", "hard", "limits.memory"], {"requestsBytes": bytes},
	sprintf("quota: %s %q bounds what Pods request and not what they use, so a Pod without a memory limit is let in and may take all memory of its node; add limits.memory", [name, written]),
)

# The default.

test_a_default_is_enough if {
	every fields in [
		{"default": "512Mi"},
		{"default": "512Mi", "defaultRequest": "256Mi"},
		{"default": 536870912},
		{"default": 5.36870912e8},
		{"default": "20Mi", "min": "20Mi", "max": "20Mi", "defaultRequest": "20Mi"},
		{"default": "1Gi", "min": "32Mi", "max": "2Gi", "defaultRequest": "64Mi"},
	] {
		_got(_container(fields)) == set()
	}
}

test_no_default if {
	every fields in [
		{"min": "90Mi"},
		{"defaultRequest": "256Mi"},
		{"defaultRequest": "1Mi"},
		{"defaultRequest": "256Mi", "default": null},
		{"defaultRequest": "0", "default": "0"},
		{"default": 0},
	] {
		_got(_container(fields)) == {_no_default(0)}
	}
	every value in [null, {}, {"cpu": "1"}, "1Gi", []] {
		_got(_range([{"type": "Container", "min": {"memory": "90Mi"}, "default": value}])) == {_no_default(0)}
	}
}

test_trap_a_limit_that_is_demanded_needs_no_default if {
	every fields in [
		{"max": "1Gi"},
		{"max": "1Gi", "min": "64Mi"},
		{"min": "64Mi", "maxLimitRequestRatio": 2},
	] {
		_got(_container(fields)) == set()
	}
	every field in ["max", "maxLimitRequestRatio"] {
		pod := {"type": "Pod", field: {"memory": "4"}}
		_got(_range([{"type": "Container", "min": {"memory": "64Mi"}}, pod])) == set()
		_got(_range([pod, {"type": "Container", "min": {"memory": "64Mi"}}])) == set()
	}
	every other in [
		{"type": "Pod", "min": {"memory": "4Gi"}},
		{"type": "Pod", "max": {"cpu": "4"}},
		{"type": "Pod", "max": {"memory": null}},
		{"type": "PersistentVolumeClaim", "max": {"memory": "4Gi"}},
		{"max": {"memory": "4Gi"}},
		null,
	] {
		_got(_range([other, {"type": "Container", "min": {"memory": "64Mi"}}])) == {_no_default(1)}
	}
}

test_trap_entries_without_memory if {
	every limits in [
		[{"type": "Container", "default": {"cpu": "500m"}, "max": {"cpu": "1"}, "min": {"cpu": "100m"}}],
		[{"type": "Container"}],
		[{"type": "Container", "min": {"cpu": "1"}}],
		[{"type": "Container", "min": {"memory": null}}],
		[{"type": "Container", "min": null, "max": "1Gi"}],
		[{"type": "Pod", "min": {"memory": "1Mi"}, "max": {"memory": "2Mi"}}],
		[{"type": "PersistentVolumeClaim", "min": {"storage": "1Gi", "memory": "1Mi"}}],
		[{"min": {"memory": "1Mi"}}],
		[{"type": null, "min": {"memory": "1Mi"}}],
		[null, "x", 1, []],
		[],
		null,
		{},
		"x",
	] {
		_with(_range(limits), {"requireMin": true, "equalRequests": true}) == set()
		_got(_range(limits)) == set()
	}
}

# The floor.

test_values_below_the_floor if {
	_got(_container({"min": "4Mi", "default": "256Mi"})) == {_low_min(4194304, "4Mi")}
	_got(_container({"default": "10Mi"})) == {_low_default(10485760, "10Mi")}
	_got(_container({"default": "20971519"})) == {_low_default(20971519, "20971519")}
	_got(_container({"max": 16777216})) == {_low_max(16777216, "16777216")}
	_got(_container({"max": 1.6777216e7})) == {_low_max(16777216, "16777216")}
	_got(_container({"min": "1Mi", "default": "2Mi", "max": "3Mi"})) == {_low_min(1048576, "1Mi"), _low_default(2097152, "2Mi"), _low_max(3145728, "3Mi")}
	_got(_container({"default": "64Mi", "defaultRequest": "4Mi"})) == set()
}

test_trap_values_that_are_none if {
	every value in ["0", 0, "-4Mi", "x", "", true, {}, []] {
		_got(_container({"min": value, "default": "64Mi"})) == set()
	}
	every value in ["x", "", true, {}, []] {
		_got(_container({"default": value})) == set()
	}
}

test_soft_min if {
	object_ := _container({"default": "24Mi"})
	_with(object_, {"softMin": "24Mi"}) == set()
	_with(object_, {"softMin": "32Mi"}) == {_at(
		0, "default", {"valueBytes": 25165824, "softMinBytes": 33554432},
		`default.memory "24Mi" is below 32Mi, so a container without a memory limit of its own may be OOM-killed while it starts; set it to 32Mi or more`,
	)}
	_with(_container({"default": "4Mi"}), {"softMin": "0"}) == set()
	every parameters in [null, {}, {"softMin": null}, {"softMin": "x"}] {
		_with(_container({"default": "10Mi"}), parameters) == {_low_default(10485760, "10Mi")}
	}
}

# The order.

test_values_out_of_order if {
	_got(_container({"default": "2Gi", "max": "1Gi"})) == {_inverted("default", 2147483648, "2Gi", "max", 1073741824, "1Gi")}
	_got(_container({"defaultRequest": "2Gi", "default": "1Gi"})) == {_inverted("defaultRequest", 2147483648, "2Gi", "default", 1073741824, "1Gi")}
	_got(_container({"defaultRequest": "2Gi", "max": "1Gi"})) == {_inverted("defaultRequest", 2147483648, "2Gi", "max", 1073741824, "1Gi")}
	_got(_container({"min": "128Mi", "defaultRequest": "64Mi", "default": "1Gi"})) == {_inverted("min", 134217728, "128Mi", "defaultRequest", 67108864, "64Mi")}
	_got(_container({"min": 134217728, "default": "100M"})) == {_inverted("min", 134217728, "134217728", "default", 100000000, "100M")}
	_got(_container({"min": "3Gi", "default": "2Gi", "max": "1Gi"})) == {
		_inverted("min", 3221225472, "3Gi", "default", 2147483648, "2Gi"),
		_inverted("default", 2147483648, "2Gi", "max", 1073741824, "1Gi"),
	}
}

test_trap_values_that_are_equal_or_none if {
	_got(_container({"min": "1Gi", "defaultRequest": "1024Mi", "default": 1073741824, "max": "1Gi"})) == set()
	_got(_container({"default": "2Gi", "max": "1 Gi"})) == set()
	_got(_container({"default": "2Gi", "max": null})) == set()
	_got(_container({"default": "64Mi", "max": "1Gi", "maxLimitRequestRatio": 1})) == set()
}

# What a parameter asks for.

test_require_min if {
	object_ := _container({"default": "512Mi"})
	_with(object_, {"requireMin": true}) == {_no_min}
	_with(_container({"default": "512Mi", "min": "0"}), {"requireMin": true}) == {_no_min}
	_with(_container({"default": "512Mi", "min": "20Mi"}), {"requireMin": true}) == set()
	every value in [false, null, "true"] {
		_with(object_, {"requireMin": value}) == set()
	}
}

test_equal_requests if {
	every value in ["1", 1, "1000m", 1e0] {
		_with(_container({"default": "512Mi", "maxLimitRequestRatio": value}), {"equalRequests": true}) == set()
	}
	every value in ["2", 1.5, "1500m", "500m", "x", null, "0"] {
		_with(_container({"default": "512Mi", "maxLimitRequestRatio": value}), {"equalRequests": true}) == {_no_ratio}
	}
	object_ := _container({"default": "512Mi"})
	_with(object_, {"equalRequests": true}) == {_no_ratio}
	every value in [false, null, "true"] {
		_with(object_, {"equalRequests": value}) == set()
	}
}

# The quota.

test_quota_of_requests_alone if {
	_got(_quota({"requests.memory": "16Gi"})) == {_unlimited_quota("requests.memory", 17179869184, "16Gi")}
	_got(_quota({"memory": "16Gi", "pods": "10"})) == {_unlimited_quota("memory", 17179869184, "16Gi")}
	_got(_quota({"memory": "16Gi", "requests.memory": 1.7179869184e10})) == {_unlimited_quota("requests.memory", 17179869184, "17179869184")}
	_got(_quota({"requests.memory": "16Gi", "limits.memory": null, "limits.cpu": "4"})) == {_unlimited_quota("requests.memory", 17179869184, "16Gi")}
	_got(_quota({"requests.memory": "x", "memory": "16Gi"})) == {_unlimited_quota("memory", 17179869184, "16Gi")}
}

test_trap_quota_with_limits_or_without_memory if {
	every hard in [
		{"requests.memory": "16Gi", "limits.memory": "16Gi"},
		{"memory": "16Gi", "limits.memory": "16Gi"},
		{"limits.memory": "16Gi"},
		{"requests.cpu": "4", "limits.cpu": "9"},
		{"pods": "100"},
		{"requests.memory": "0"},
		{"requests.memory": null},
		{"requests.memory": "x"},
		{},
		null,
		[],
		"x",
	] {
		_got(_quota(hard)) == set()
	}
}

# What is judged.

test_trap_other_kinds if {
	limits := [{"type": "Container", "min": {"memory": "1Mi"}}]
	every object_ in [
		object.union(_range(limits), {"kind": "LimitRangeList"}),
		object.union(_range(limits), {"apiVersion": "example.com/v1"}),
		object.union(_quota({"memory": "1Gi"}), {"kind": "ClusterResourceQuota"}),
		object.union(_quota({"memory": "1Gi"}), {"apiVersion": "quota.openshift.io/v1"}),
		object.union(_quota({"memory": "1Gi"}), {"kind": "LimitRange"}),
		object.union(_range(limits), {"kind": "ResourceQuota"}),
		{},
	] {
		_got(object_) == set()
	}
	every spec in [null, [], "x", {}] {
		_got({"apiVersion": "v1", "kind": "LimitRange", "spec": spec}) == set()
		_got({"apiVersion": "v1", "kind": "ResourceQuota", "spec": spec}) == set()
	}
}

test_an_odd_entry_hides_no_other if {
	_got(_range([null, {"type": "Pod", "min": "x"}, {"type": "Container", "min": {"memory": "64Mi"}, "defaultRequest": "x"}])) == {_no_default(2)}
}

test_levels if {
	every object_ in [_container({"min": "64Mi"}), _quota({"memory": "16Gi"})] {
		_with(object_, {"levels": ["warn"]}) == _got(object_)
		_with(object_, {"levels": ["deny"]}) == set()
	}
}

test_only_what_an_update_introduces if {
	old := _container({"min": "64Mi"})
	object_ := object.union(old, {"metadata": {"finalizers": ["x"]}})
	rule.violation == set() with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": old}}
	rule.violation == {_no_default(0)} with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": _container({"default": "64Mi"})}}
}

test_nothing_on_delete if {
	rule.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _container({"min": "64Mi"})}}
}
