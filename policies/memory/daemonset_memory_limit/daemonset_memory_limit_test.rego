package policies.memory.daemonset_memory_limit_test

import data.policies.memory.daemonset_memory_limit

_path := ["spec", "template", "spec", "containers", 0]

_daemonset(spec) := {"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {"template": {"spec": spec}}}

_running(container) := _daemonset({"containers": [container]})

_limited(limit) := {"name": "a", "image": "example.com/a:1", "resources": {"limits": {"memory": limit}}}

_bare := {"name": "a", "image": "example.com/a:1"}

_got(object_) := got if {
	got := daemonset_memory_limit.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := daemonset_memory_limit.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_missing(level, title, path, advice) := {
	"msg": sprintf("%s: no memory limit, so the page cache that it fills may grow to the size of the node, is charged to its pod, and counts when the kubelet picks pods to evict; set limits.memory%s", [title, advice]),
	"details": {"level": level, "path": array.concat(path, ["resources", "limits", "memory"]), "facts": {}},
}

_twice := " to at least twice its resident memory"

_deny := _missing("deny", `container "a"`, _path, _twice)

_warn := _missing("warn", `container "a"`, _path, _twice)

test_container_without_a_limit if {
	_got(_running(_bare)) == {_deny}
	every resources in [null, [], "x", {}, {"limits": null}, {"limits": {}}, {"limits": {"cpu": "1"}}, {"limits": {"memory": null}}, {"limits": {"memory": "0"}}, {"requests": {"memory": "1Gi"}}] {
		_got(_running(object.union(_bare, {"resources": resources}))) == {_deny}
	}
	_got(_running({"name": "a"})) == {_deny}
	_got(_running({"name": "a", "image": null})) == {_deny}
}

test_container_with_a_limit if {
	every limit in ["128Mi", "64Gi", 134217728, 1.34217728e+08, "1"] {
		_got(_running(_limited(limit))) == set()
	}
}

test_trap_limit_that_is_no_quantity_is_another_rules_finding if {
	_got(_running(_limited("1 Gi"))) == set()
	_with(_running(_limited("1 Gi")), {"maxLimit": "1Mi"}) == set()
}

test_limit_of_the_pod_is_enough if {
	_got(_daemonset({"resources": {"limits": {"memory": "1Gi"}}, "containers": [_bare]})) == set()
	_got(_daemonset({"resources": {"limits": {"memory": "0"}}, "containers": [_bare]})) == {_deny}
}

test_sidecars_are_judged_init_and_ephemeral_containers_are_not if {
	_got(_daemonset({
		"initContainers": [{"name": "i"}, {"name": "s", "restartPolicy": "Always"}],
		"containers": [_limited("1Mi"), {"name": "c"}],
		"ephemeralContainers": [{"name": "e"}],
	})) == {
		_missing("deny", `sidecar "s"`, ["spec", "template", "spec", "initContainers", 1], _twice),
		_missing("deny", `container "c"`, ["spec", "template", "spec", "containers", 1], _twice),
	}
}

# Which objects are judged.

test_other_workloads_are_not_judged if {
	spec := {"containers": [_bare]}
	every object_ in [
		{"apiVersion": "v1", "kind": "Pod", "spec": spec},
		{"apiVersion": "v1", "kind": "PodTemplate", "template": {"spec": spec}},
		{"apiVersion": "v1", "kind": "ReplicationController", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}},
		{"apiVersion": "example.com/v1", "kind": "DaemonSet", "spec": {"template": {"spec": spec}}},
	] {
		_got(object_) == set()
	}
	_got({"apiVersion": "extensions/v1beta1", "kind": "DaemonSet", "spec": {"template": {"spec": spec}}}) == {_deny}
}

test_pod_of_a_daemonset if {
	owned := {"apiVersion": "v1", "kind": "Pod", "metadata": {"ownerReferences": [{"kind": "DaemonSet", "name": "a"}]}, "spec": {"containers": [_bare]}}
	_got(owned) == {_missing("deny", `container "a"`, ["spec", "containers", 0], _twice)}
	every owners in [null, [], {}, "DaemonSet", [null], [{}], [{"kind": "ReplicaSet"}]] {
		_got(object.union(owned, {"metadata": {"ownerReferences": owners}})) == set()
	}
	_got(object.union(owned, {"kind": "PodTemplate", "template": {"spec": {"containers": [_bare]}}})) == set()
}

test_windows_is_not_judged if {
	_got(_daemonset({"nodeSelector": {"kubernetes.io/os": "windows"}, "containers": [_bare]})) == set()
}

# Exemptions.

test_trap_images_that_need_no_limit if {
	every image in ["registry.k8s.io/kube-proxy:v1.30.0", "kube-proxy", "602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/kube-proxy:v1.29.0", "registry.k8s.io/pause:3.10.2", "gke.gcr.io/pause:3.8@sha256:ab12"] {
		_got(_running({"name": "a", "image": image})) == set()
	}
	every image in ["example.com/kube-proxy-exporter", "example.com/a:pause", "pause/agent"] {
		_got(_running({"name": "a", "image": image})) == {_deny}
	}
}

test_exempt_images_are_those_of_the_parameter if {
	_with(_running(_bare), {"exemptImages": ["*/a"]}) == set()
	_with(_running(_bare), {"exemptImages": ["b", "example.com/*"]}) == set()
	every patterns in [[], ["b"], "*/a", {}, [null, 1]] {
		_with(_running(_bare), {"exemptImages": patterns}) == {_deny}
		_with(_running({"name": "a", "image": "kube-proxy"}), {"exemptImages": patterns}) == {_deny}
	}
	_with(_running({"name": "a", "image": "kube-proxy"}), {"exemptImages": null}) == set()
}

test_trap_container_that_only_waits if {
	every words in [
		{"command": ["sleep", "infinity"]},
		{"command": ["/bin/sh", "-c", "echo share-manager image pulled && sleep infinity"]},
		{"command": ["sh", "-c"], "args": ["exec /usr/bin/sleep 1d"]},
		{"args": ["bash", "-ec", "echo done; sleep 3600\n"]},
		{"command": ["/usr/bin/tail", "-f", "/dev/null"]},
		{"command": [null, "sleep", 1, "infinity"]},
		{"command": ["sh", "-c", "echo all validations are successful; while true; do sleep 86400; done"]},
		{"command": ["/bin/sh", "-c", "while :; do sleep 2073600; done"]},
		{"command": ["/bin/bash"], "args": ["-c", "while true; do date; sleep 10; done"]},
		{"command": ["ash", "-c", "date && while true; do /bin/sleep 0.5 ; date +%s; echo \"still here\"; done"]},
		{"command": ["sh", "-c", "echo a\nwhile true\ndo\n  date\n  sleep 60\ndone\n"]},
		{"command": ["sh", "-c", "while true; do tail -f /dev/null; done"]},
	] {
		_got(_running(object.union(_bare, words))) == set()
	}
	every words in [
		{"command": ["sh", "-c", "cp /a /host/a && sleep infinity"]},
		{"command": ["sh", "-c", "while true; do du -s /data; sleep 60; done"]},
		{"command": ["sh", "-c", "while true; do sleep 60; du -s /data; done"]},
		{"command": ["sh", "-c", "while true; do echo $(cat /data/*); sleep 60; done"]},
		{"command": ["sh", "-c", "while true; do date > /data/now; sleep 60; done"]},
		{"command": ["sh", "-c", "while true; do date; done"]},
		{"command": ["sh", "-c", "while true; do sleep 60; done; cat /data"]},
		{"command": ["sh", "-c", "while sync; do sleep 60; done"]},
		{"command": ["sh", "-c", "echo a\ncat /data; sleep 60"]},
		{"command": ["sh", "-c", "echo `cat /data`; sleep 60"]},
		{"command": ["sh", "-c", "cat</data;/bin/sleep 60"]},
		{"command": ["sh", "-c", "echo $(cat /data/*) && sleep 60"]},
		{"command": ["sh", "-c", "sleep 60 && cat /data"]},
		{"command": ["tail", "-f", "/var/log/messages"]},
		{"command": ["sleeper", "infinity"]},
		{"command": [null, 1], "args": null},
		{"command": "sleep infinity", "args": {"a": "b"}},
		{"command": []},
	] {
		_got(_running(object.union(_bare, words))) == {_deny}
	}
}

test_trap_image_that_an_operator_fills_in if {
	every image in ["FILLED BY THE OPERATOR", "<DPDK testpmd image>", "filled\tin"] {
		_got(_running({"name": "a", "image": image})) == set()
	}
	every image in ["", "nginx ", " nginx:1.27.3\n", " ", "TBD", "$(IMAGE)", 1] {
		_got(_running({"name": "a", "image": image})) == {_deny}
	}
}

test_system_node_critical_is_a_warning if {
	critical := _daemonset({"priorityClassName": "system-node-critical", "containers": [_bare]})
	_got(critical) == {_warn}
	_with(critical, {"criticalAsWarn": true}) == {_warn}
	_with(critical, {"criticalAsWarn": null}) == {_warn}
	_with(critical, {"criticalAsWarn": false}) == {_deny}
	every class in ["system-cluster-critical", "high", "", null, 1] {
		_got(_daemonset({"priorityClassName": class, "containers": [_bare]})) == {_deny}
	}
}

# Limits that are too large.

_large(level, limit, bytes, largest, number) := {
	"msg": sprintf(`container "a": memory limit %q is above %s, the most that a DaemonSet may take of each node here; lower it`, [limit, largest]),
	"details": {"level": level, "path": array.concat(_path, ["resources", "limits", "memory"]), "facts": {"limitBytes": bytes, "maxBytes": number}},
}

test_max_limit if {
	_with(_running(_limited("2Gi")), {"maxLimit": "1Gi"}) == {_large("deny", "2Gi", 2147483648, "1Gi", 1073741824)}
	_with(_running(_limited(2147483648)), {"maxLimit": "1Gi"}) == {_large("deny", "2147483648", 2147483648, "1Gi", 1073741824)}
	_with(_running(_limited("1Gi")), {"maxLimit": "1Gi"}) == set()
	_with(_running(_bare), {"maxLimit": "1Gi"}) == {_deny}
	critical := _daemonset({"priorityClassName": "system-node-critical", "containers": [_limited("2Gi")]})
	_with(critical, {"maxLimit": "1Gi"}) == {_large("warn", "2Gi", 2147483648, "1Gi", 1073741824)}
	every largest in ["", null, "x", [], {}] {
		_with(_running(_limited("2Gi")), {"maxLimit": largest}) == set()
	}
}

test_max_limit_of_the_pod_is_reported_where_it_is_written if {
	large := _large("deny", "2Gi", 2147483648, "1Gi", 1073741824)
	place := ["spec", "template", "spec", "resources", "limits", "memory"]
	every container in [_bare, _limited("0"), _limited(null)] {
		_with(_daemonset({"resources": {"limits": {"memory": "2Gi"}}, "containers": [container]}), {"maxLimit": "1Gi"}) == {object.union(large, {"details": {"path": place}})}
	}
	_with(_daemonset({"resources": {"limits": {"memory": "2Gi"}}, "containers": [_limited("1Gi")]}), {"maxLimit": "1Gi"}) == set()
}

# Profiles.

_spegel := "ghcr.io/spegel-org/spegel:v0.4.0"

_cache(limit, bytes, largest, number, advice) := {
	"msg": sprintf(`container "a": memory limit %q is above %s, and page cache alone fills the rest on each node; set limits.memory%s`, [limit, largest, advice]),
	"details": {"level": "warn", "path": array.concat(_path, ["resources", "limits", "memory"]), "facts": {"limitBytes": bytes, "maxBytes": number}},
}

test_spegel if {
	_got(_running({"name": "a", "image": _spegel})) == {_missing("deny", `container "a"`, _path, " to 128Mi")}
	_got(_running(object.union(_limited("128Mi"), {"image": _spegel}))) == set()
	_got(_running(object.union(_limited("256Mi"), {"image": _spegel}))) == set()
	_got(_running(object.union(_limited("257Mi"), {"image": _spegel}))) == {_cache("257Mi", 269484032, "256Mi", 268435456, " to 128Mi")}
	critical := _daemonset({"priorityClassName": "system-node-critical", "containers": [{"name": "a", "image": _spegel}]})
	_got(critical) == {_missing("warn", `container "a"`, _path, " to 128Mi")}
}

test_profile_and_max_limit if {
	large := _running(object.union(_limited("2Gi"), {"image": _spegel}))
	_with(large, {"maxLimit": "1Gi"}) == {_large("deny", "2Gi", 2147483648, "1Gi", 1073741824)}
	_with(large, {"maxLimit": "4Gi"}) == {_cache("2Gi", 2147483648, "256Mi", 268435456, " to 128Mi")}
}

test_profiles_of_the_parameter if {
	profile := {"image": "*/a", "recommended": "64Mi", "max": "128Mi"}
	_with(_running(_bare), {"profiles": [profile]}) == {_missing("deny", `container "a"`, _path, " to 64Mi")}
	_with(_running(_limited("129Mi")), {"profiles": [profile]}) == {_cache("129Mi", 135266304, "128Mi", 134217728, " to 64Mi")}
	_with(_running({"name": "a", "image": _spegel}), {"profiles": [profile]}) == {_missing("deny", `container "a"`, _path, " to 128Mi")}
	_with(_running(_bare), {"profiles": [object.union(profile, {"recommended": 67108864})]}) == {_missing("deny", `container "a"`, _path, " to 67108864")}
	every recommended in [null, "", "x", "0", []] {
		_with(_running(_bare), {"profiles": [object.union(profile, {"recommended": recommended})]}) == {_deny}
	}
	_with(_running(_limited("129Mi")), {"profiles": [object.remove(profile, ["recommended"])]}) == {_cache("129Mi", 135266304, "128Mi", 134217728, _twice)}
	every largest in [null, "", "x", []] {
		_with(_running(_limited("129Mi")), {"profiles": [object.union(profile, {"max": largest})]}) == set()
	}
	_with(_running(_limited("129Mi")), {"profiles": [object.remove(profile, ["max"])]}) == set()
	_with(_running(_limited("129Mi")), {"profiles": [object.remove(profile, ["max"]), profile]}) == {_cache("129Mi", 135266304, "128Mi", 134217728, " to 64Mi")}
}

test_profile_of_the_parameter_goes_before_the_built_in_one if {
	profile := {"image": "*/spegel", "recommended": "512Mi", "max": "1Gi"}
	_with(_running({"name": "a", "image": _spegel}), {"profiles": [profile]}) == {_missing("deny", `container "a"`, _path, " to 512Mi")}
	_with(_running(object.union(_limited("1Gi"), {"image": _spegel})), {"profiles": [profile]}) == set()
	_with(_running(object.union(_limited("2Gi"), {"image": _spegel})), {"profiles": [profile]}) == {_cache("2Gi", 2147483648, "1Gi", 1073741824, " to 512Mi")}
	_with(_running({"name": "a", "image": _spegel}), {"profiles": [{"image": "*/spegel"}]}) == {_deny}
}

test_profiles_of_another_type_are_none if {
	every profiles in [null, "x", {}, [], [null, 1, "x", [], {}, {"image": 1}]] {
		_with(_running({"name": "a", "image": _spegel}), {"profiles": profiles}) == {_missing("deny", `container "a"`, _path, " to 128Mi")}
	}
}

test_extra_pod_spec_paths if {
	object_ := object.union(_running(_bare), {"apiVersion": "apps.kruise.io/v1alpha1"})
	_got(object_) == set()
	_with(object_, {"extraPodSpecPaths": [{"group": "apps.kruise.io", "kind": "DaemonSet", "path": ["spec", "template", "spec"]}]}) == {_deny}
}

test_levels if {
	_with(_running(_bare), {}) == {_deny}
	_with(_running(_bare), {"levels": ["deny"]}) == {_deny}
	_with(_running(_bare), {"levels": ["warn"]}) == set()
}

test_only_what_an_update_introduces if {
	old := _running(_bare)
	object_ := object.union(old, {"metadata": {"finalizers": ["x"]}})
	daemonset_memory_limit.violation == set() with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": old}}
	daemonset_memory_limit.violation == {_deny} with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": _running(_limited("1Gi"))}}
}

test_nothing_on_delete if {
	daemonset_memory_limit.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _running(_bare)}}
}

test_specs_of_other_types_are_no_error if {
	every spec in [null, {}, [], "x", {"containers": null}, {"containers": {}}, {"containers": [null, 1, "x", []]}] {
		_got(_daemonset(spec)) == set()
	}
}
