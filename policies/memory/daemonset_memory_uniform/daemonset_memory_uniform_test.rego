package policies.memory.daemonset_memory_uniform_test

import data.policies.memory.daemonset_memory_uniform as rule

_image := "ghcr.io/spegel-org/spegel:v0.1.1"

_limited(limit) := {"resources": {"limits": {"memory": limit}}}

_named(name, limit) := object.union({"name": name, "image": _image}, _limited(limit))

_spegel(limit) := _named("registry", limit)

_on(pool) := {"nodeSelector": {"example.com/pool": pool}}

# _set is a DaemonSet for a pool of nodes.
_set(name, pool, containers) := _with_spec(name, object.union(_on(pool), {"containers": containers}))

_with_spec(name, spec) := {
	"apiVersion": "apps/v1", "kind": "DaemonSet",
	"metadata": {"name": name, "namespace": "spegel"},
	"spec": {"template": {"spec": spec}},
}

_blue(limit) := _set("spegel-blue", "blue", [_spegel(limit)])

_green(limit) := _set("spegel-green", "green", [_spegel(limit)])

_red(limit) := _set("spegel-red", "red", [_spegel(limit)])

# _inventory is what Gatekeeper has of some DaemonSets of the namespace spegel.
_inventory(sets) := {"namespace": {"spegel": {"apps/v1": {"DaemonSet": {name: daemon_set |
	some daemon_set in sets
	name := daemon_set.metadata.name
}}}}}

_violations(object_, inventory) := violations if {
	violations := rule.violation with input as {"review": {"operation": "CREATE", "object": object_}, "parameters": {}}
		with data.inventory as inventory
}

# _among is what is found in a DaemonSet when others are synced, and itself.
_among(object_, others) := _violations(object_, _inventory(array.concat([object_], others)))

_with(object_, inventory, parameters) := violations if {
	violations := rule.violation with input as {"review": {"operation": "CREATE", "object": object_}, "parameters": parameters}
		with data.inventory as inventory
}

_path := ["spec", "template", "spec", "containers", 0, "resources", "limits", "memory"]

_registrar(limit) := object.union({"name": "node-driver-registrar", "image": "registry.k8s.io/sig-storage/csi-node-driver-registrar:v2.12.0"}, _limited(limit))

_everywhere(name, limit) := _with_spec(name, {"containers": [_spegel(limit)]})

_affine(name, zone, limit) := _with_spec(name, {
	"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "topology.kubernetes.io/zone", "operator": "In", "values": [zone]}]}]}}},
	"containers": [_spegel(limit)],
})

_two(name, pool, first, second) := _set(name, pool, [_spegel(first), _named("metrics", second)])

_init(name, pool, container) := _with_spec(name, object.union(_on(pool), {"containers": [{"name": "pause", "image": "registry.k8s.io/pause:3.10"}], "initContainers": [container]}))

_debugged(name, pool, limit) := _with_spec(name, object.union(_on(pool), {"containers": [_spegel("128Mi")], "ephemeralContainers": [_named("debug", limit)]}))

_bare := {"name": "registry", "image": _image}

_pooled(name, pool, limit) := _with_spec(name, object.union(object.union(_on(pool), _limited(limit)), {"containers": [_bare]}))

_imaged(image, limit) := object.union(_spegel(limit), {"image": image})

_violation(path, text, bytes) := {"msg": text, "details": {"level": "warn", "path": path, "facts": {"limitBytes": bytes}}}

_uneven(title, limit, names) := sprintf("%s: memory limit %q is not that of the same container in %s, DaemonSets for other nodes, so the kernel reclaims its page cache, and kills it, at another size here than there; set one limit in all of them", [title, limit, names])

_found(names) := {_violation(_path, _uneven("container \"registry\"", "128Mi", names), 134217728)}

_green_alone := _found("\"spegel-green\" (256Mi)")

# Offline and in audit it has to be among the DaemonSets that are known: one that the
# manifests have in several forms is not.
test_only_what_is_known_is_compared if {
	blue := _blue("128Mi")
	every review in [{"object": blue}, {"operation": "", "object": blue}] {
		rule.violation == set() with input as {"review": review} with data.inventory as _inventory([_green("256Mi")])
		rule.violation == _green_alone with input as {"review": review} with data.inventory as _inventory([blue, _green("256Mi")])
	}
	rule.violation == _green_alone with input as {"review": {"operation": "CREATE", "object": blue}} with data.inventory as _inventory([_green("256Mi")])
}

test_two_copies_that_differ if {
	_among(_blue("128Mi"), [_green("256Mi")]) == _green_alone
	_among(_green("256Mi"), [_blue("128Mi")]) == {_violation(_path, _uneven("container \"registry\"", "256Mi", "\"spegel-blue\" (128Mi)"), 268435456)}
}

test_copies_that_agree_are_fine if {
	got := {violations |
		some limit in ["128Mi", "131072Ki", 134217728, 1.34217728e8, "0.125Gi"]
		violations := _among(_blue("128Mi"), [_green(limit)])
	}
	got == {set()}
}

# Where most copies agree, the others are to blame.
test_the_odd_one_of_several if {
	_among(_blue("128Mi"), [_green("256Mi"), _red("256Mi")]) == _found("\"spegel-green\" (256Mi), \"spegel-red\" (256Mi)")
	_among(_blue("128Mi"), [_green("256Mi"), _red("128Mi")]) == set()
	_among(_blue("128Mi"), [_green("256Mi"), _red("64Mi")]) == _found("\"spegel-green\" (256Mi), \"spegel-red\" (64Mi)")
	violet := _set("spegel-violet", "violet", [_spegel("128Mi")])
	_among(_blue("128Mi"), [_green("256Mi"), _red("256Mi"), violet]) == _found("\"spegel-green\" (256Mi), \"spegel-red\" (256Mi)")
}

test_without_reference_data if {
	got := {violations |
		some inventory in [
			null, {}, "none", [], {"namespace": null}, {"namespace": {}}, {"namespace": "spegel"},
			{"namespace": {"spegel": null}}, {"namespace": {"spegel": {"apps/v1": null}}},
			{"namespace": {"spegel": {"apps/v1": {}}}}, {"namespace": {"spegel": {"apps/v1": {"DaemonSet": null}}}},
			{"namespace": {"spegel": {"apps/v1": {"DaemonSet": "spegel"}}}},
			{"namespace": {"spegel": {"apps/v1": {"DaemonSet": {"a": null, "b": "b", "c": [], "d": {}, "e": {"kind": 5, "spec": null}}}}}},
		]
		violations := _violations(_blue("128Mi"), inventory)
	}
	got == {set()}
	unsynced := rule.violation with input as {"review": {"object": _blue("128Mi")}}
	unsynced == set()
}

# What cannot be read hides nothing else.
test_a_copy_beside_garbage if {
	inventory := {"namespace": {"spegel": {"apps/v1": {"DaemonSet": {"a": null, "b": "b", "spegel-green": _green("256Mi")}}}}}
	_violations(_blue("128Mi"), inventory) == _green_alone
}

test_never_with_itself if {
	_violations(_blue("128Mi"), _inventory([_blue("256Mi")])) == set()
	moved := _set("spegel-blue", "green", [_spegel("256Mi")])
	_violations(_blue("128Mi"), _inventory([moved])) == set()
}

test_a_copy_without_a_name_yet if {
	unnamed := object.union(object.remove(_blue("128Mi"), ["metadata"]), {"metadata": {"generateName": "spegel-", "namespace": "spegel"}})
	_violations(unnamed, _inventory([_green("256Mi")])) == _green_alone
}

test_only_within_a_namespace if {
	inventory := {"namespace": {"shop": {"apps/v1": {"DaemonSet": {"spegel-green": _green("256Mi")}}}}}
	_violations(_blue("128Mi"), inventory) == set()
}

_homeless(object_) := object.union(object.remove(object_, ["metadata"]), {"metadata": {"name": object_.metadata.name}})

test_manifests_without_a_namespace if {
	inventory := {
		"cluster": {"apps/v1": {"DaemonSet": {"spegel-green": _homeless(_green("256Mi"))}}},
		"namespace": {"": {"apps/v1": {"DaemonSet": {"spegel-green": _green("512Mi")}}}},
	}
	_violations(_homeless(_blue("128Mi")), inventory) == _green_alone
	_violations(_blue("128Mi"), inventory) == set()
	_violations(object.union(_blue("128Mi"), {"metadata": {"namespace": ""}}), inventory) == _green_alone
	_violations(object.union(_blue("128Mi"), {"metadata": {"namespace": null}}), inventory) == set()
	_violations(object.union(_blue("128Mi"), {"metadata": {"namespace": ["spegel"]}}), inventory) == set()
}

# CSI drivers share their helpers, and are no copies of one another.
test_a_shared_helper_is_no_copy if {
	ebs := _set("ebs-csi-node", "blue", [{"name": "ebs-plugin", "image": "public.ecr.aws/ebs-csi-driver/aws-ebs-csi-driver:v1.37.0"}, _registrar("128Mi")])
	efs := _set("efs-csi-node", "green", [{"name": "efs-plugin", "image": "public.ecr.aws/efs-csi-driver/amazon/aws-efs-csi-driver:v2.1.0"}, _registrar("256Mi")])
	_among(ebs, [efs]) == set()
}

test_copies_have_the_same_containers_and_images if {
	other := object.union(_spegel("256Mi"), {"image": "mirror.example:5000/spegel-org/spegel:v0.1.1"})
	got := {violations |
		some containers in [
			[], null, {}, "registry", [null], [_named("mirror", "256Mi")], [other], [object.remove(_spegel("256Mi"), ["image"])],
			[_spegel("256Mi"), {"name": "exporter", "image": "quay.io/prometheus/node-exporter:v1.8.2"}],
		]
		violations := _among(_blue("128Mi"), [_set("spegel-green", "green", containers)])
	}
	got == {set()}
	newer := object.union(_spegel("256Mi"), {"image": "ghcr.io/spegel-org/spegel:v0.2.0@sha256:0a"})
	_among(_blue("128Mi"), [_set("spegel-green", "green", [newer])]) == _green_alone
}

# Two teams, or two products, that run one image on the same nodes.
test_the_same_nodes if {
	_among(_blue("128Mi"), [_set("audit", "blue", [_spegel("256Mi")])]) == set()
	_among(_everywhere("a", "128Mi"), [_everywhere("b", "256Mi")]) == set()
	_among(_everywhere("a", "128Mi"), [_with_spec("b", {"nodeSelector": {}, "affinity": {"podAffinity": {}}, "containers": [_spegel("256Mi")]})]) == set()
}

test_nodes_by_affinity if {
	_among(_affine("a", "eu-1", "128Mi"), [_affine("b", "eu-2", "256Mi")]) == _found("\"b\" (256Mi)")
	_among(_affine("a", "eu-1", "128Mi"), [_affine("b", "eu-1", "256Mi")]) == set()
}

# Selectors that differ may still match one node.
test_nodes_that_may_be_the_same if {
	_among(_affine("a", "eu-1", "128Mi"), [_everywhere("b", "256Mi")]) == set()
	_among(_blue("128Mi"), [_everywhere("b", "256Mi")]) == set()
	_among(_everywhere("a", "128Mi"), [_green("256Mi")]) == set()
	narrow := _with_spec("b", {"nodeSelector": {"example.com/pool": "blue", "kernel": "5.4"}, "containers": [_spegel("256Mi")]})
	_among(_blue("128Mi"), [narrow]) == set()
	other := _with_spec("b", {"nodeSelector": {"example.com/zone": "eu-1"}, "containers": [_spegel("256Mi")]})
	_among(_blue("128Mi"), [other]) == set()
}

test_each_container_by_its_name if {
	path := ["spec", "template", "spec", "containers", 1, "resources", "limits", "memory"]
	_among(_two("a", "blue", "128Mi", "64Mi"), [_two("b", "green", "128Mi", "32Mi")]) == {_violation(path, _uneven("container \"metrics\"", "64Mi", "\"b\" (32Mi)"), 67108864)}
	swapped := _set("b", "green", [_named("metrics", "64Mi"), _spegel("128Mi")])
	_among(_two("a", "blue", "128Mi", "64Mi"), [swapped]) == set()
}

test_sidecars_count_and_other_containers_do_not if {
	sidecar := object.union(_spegel("128Mi"), {"restartPolicy": "Always"})
	path := ["spec", "template", "spec", "initContainers", 0, "resources", "limits", "memory"]
	_among(_init("a", "blue", sidecar), [_init("b", "green", object.union(sidecar, _limited("256Mi")))]) == {_violation(path, _uneven("sidecar \"registry\"", "128Mi", "\"b\" (256Mi)"), 134217728)}
	_among(_init("a", "blue", _spegel("128Mi")), [_init("b", "green", _spegel("256Mi"))]) == set()
	_among(_debugged("a", "blue", "128Mi"), [_debugged("b", "green", "256Mi")]) == set()
}

test_the_limit_of_the_pod if {
	path := ["spec", "template", "spec", "resources", "limits", "memory"]
	_among(_pooled("a", "blue", "128Mi"), [_pooled("b", "green", "256Mi")]) == {_violation(path, _uneven("container \"registry\"", "128Mi", "\"b\" (256Mi)"), 134217728)}
	_among(_blue("128Mi"), [_pooled("b", "green", "128Mi")]) == set()
	_among(_blue("128Mi"), [_pooled("b", "green", "256Mi")]) == _found("\"b\" (256Mi)")
}

# That there is no limit, or none that can be read, is another rule's finding.
test_a_missing_limit_is_not_compared if {
	got := {violations |
		some resources in [
			null, "128Mi", [], {}, {"limits": null}, {"limits": []}, {"limits": {}}, {"limits": {"memory": null}}, {"limits": {"memory": "0"}},
			{"limits": {"memory": "-1Mi"}}, {"limits": {"memory": "128 MB"}}, {"limits": {"memory": true}}, {"limits": {"memory": ["128Mi"]}},
			{"requests": {"memory": "256Mi"}},
		]
		container := object.union(_bare, {"resources": resources})
		some violations in [
			_among(_set("a", "blue", [container]), [_green("256Mi")]),
			_among(_blue("128Mi"), [_set("b", "green", [container])]),
		]
	}
	got == {set()}
}

test_no_parameters if {
	inventory := _inventory([_blue("128Mi"), _green("256Mi")])
	got := {violations |
		some in_ in [
			{"review": {"object": _blue("128Mi")}},
			{"review": {"object": _blue("128Mi")}, "parameters": null},
			{"review": {"object": _blue("128Mi")}, "parameters": {}},
			{"review": {"object": _blue("128Mi")}, "parameters": {"levels": null, "allowedLimits": null, "exemptImages": null}},
		]
		violations := rule.violation with input as in_ with data.inventory as inventory
	}
	got == {_green_alone}
}

test_levels if {
	inventory := _inventory([_green("256Mi")])
	_with(_blue("128Mi"), inventory, {"levels": ["warn"]}) == _green_alone
	_with(_blue("128Mi"), inventory, {"levels": ["deny"]}) == set()
}

_disallowed(limit, allowed, bytes) := {_violation(
	_path,
	sprintf("container \"registry\": memory limit %q is none of %s, which allowedLimits has for its image, so nodes are not planned for it; set one of them", [limit, allowed]),
	bytes,
)}

test_allowed_limits if {
	parameters := {"allowedLimits": [{"image": "*/spegel", "limits": ["128Mi", "256Mi"]}]}
	_with(_blue("200Mi"), {}, parameters) == _disallowed("200Mi", "128Mi, 256Mi", 209715200)
	got := {violations |
		some limit in ["128Mi", "256Mi", "0.25Gi", 268435456, 1.34217728e8, null, "0", "-1", "much"]
		violations := _with(_blue(limit), {}, parameters)
	}
	got == {set()}
	_with(_set("a", "blue", [object.union(_spegel("200Mi"), {"image": "docker.io/library/redis:7.4.1"})]), {}, parameters) == set()
	_with(_set("a", "blue", [object.remove(_spegel("200Mi"), ["image"])]), {}, parameters) == set()
	_with(_blue("200Mi"), {}, {"allowedLimits": []}) == set()
}

test_allowed_limits_that_are_none if {
	got := {violations |
		some allowed in [
			null, "*/spegel", [null], ["*/spegel"], [{}], [{"image": "*/spegel"}], [{"image": "*/spegel", "limits": null}],
			[{"image": "*/spegel", "limits": []}], [{"image": "*/spegel", "limits": ["", "much", "0", "-1Mi"]}],
			[{"image": null, "limits": ["128Mi"]}], [{"limits": ["128Mi"]}],
		]
		violations := _with(_blue("200Mi"), {}, {"allowedLimits": allowed})
	}
	got == {set()}
	mixed := [{"image": "*/spegel", "limits": ["0", "128Mi"]}, {"image": "spegel-org/*", "limits": ["64Mi"]}]
	_with(_blue("200Mi"), {}, {"allowedLimits": mixed}) == _disallowed("200Mi", "128Mi, 64Mi", 209715200)
	_with(_blue("64Mi"), {}, {"allowedLimits": mixed}) == set()
}

test_both_at_once if {
	parameters := {"allowedLimits": [{"image": "*/spegel", "limits": ["256Mi"]}]}
	_with(_blue("128Mi"), _inventory([_green("256Mi")]), parameters) == _green_alone | _disallowed("128Mi", "256Mi", 134217728)
}

# What some agents need grows with the node.
test_exempt_images if {
	inventory := _inventory([_green("256Mi")])
	_with(_blue("128Mi"), inventory, {"exemptImages": ["*/redis", null, 5]}) == _green_alone
	_with(_blue("128Mi"), inventory, {"exemptImages": ["*/redis", "*/spegel"]}) == set()
	_with(_blue("128Mi"), inventory, {"exemptImages": "*/spegel"}) == _green_alone
	got := {image |
		some image in [
			"quay.io/cilium/cilium:v1.16.4", "docker.io/falcosecurity/falco-no-driver:0.39.2", "quay.io/cilium/tetragon:v1.2.0",
			"gcr.io/datadoghq/agent:7.59.0", "gke.gcr.io/fluent-bit:v1.8.12-gke.31", "docker.io/grafana/agent:v0.43.4",
			"cr.fluentbit.io/fluent/fluent-bit:3.2.2",
		]
		_among(_set("a", "blue", [_imaged(image, "128Mi")]), [_set("b", "green", [_imaged(image, "256Mi")])]) == set()
	}
	got == {
		"quay.io/cilium/cilium:v1.16.4", "docker.io/falcosecurity/falco-no-driver:0.39.2", "quay.io/cilium/tetragon:v1.2.0",
		"gcr.io/datadoghq/agent:7.59.0", "gke.gcr.io/fluent-bit:v1.8.12-gke.31",
	}
}

test_other_kinds_are_not_judged if {
	got := {violations |
		some other in [
			{"apiVersion": "apps/v1", "kind": "Deployment"}, {"apiVersion": "apps/v1", "kind": "StatefulSet"},
			{"apiVersion": "apps/v1", "kind": "ReplicaSet"}, {"apiVersion": "batch/v1", "kind": "Job"},
			{"apiVersion": "v1", "kind": "ReplicationController"}, {"apiVersion": "example.com/v1", "kind": "DaemonSet"},
			{"kind": null}, {"apiVersion": null},
		]
		violations := _among(object.union(_blue("128Mi"), other), [_green("256Mi")])
	}
	got == {set()}
	pod := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "spegel"}, "spec": object.union(_on("blue"), {"containers": [_spegel("128Mi")]})}
	_among(pod, [_green("256Mi")]) == set()
	_violations(object.union(_blue("128Mi"), {"apiVersion": "extensions/v1beta1"}), _inventory([_green("256Mi")])) == _green_alone
}

test_windows_copies_are_left_out if {
	windows := {"spec": {"template": {"spec": {"nodeSelector": {"kubernetes.io/os": "windows"}}}}}
	_among(_blue("128Mi"), [object.union(_green("256Mi"), windows)]) == set()
	_among(object.union(_blue("128Mi"), windows), [_green("256Mi")]) == set()
}

test_labels_and_annotations_exempt_nothing if {
	marked := object.union(_blue("128Mi"), {"metadata": {
		"labels": {"admission.gatekeeper.sh/ignore": "true", "app.kubernetes.io/instance": "blue"},
		"annotations": {"kubernetes.io/config.mirror": "x"},
		"ownerReferences": [{"kind": "Spegel", "name": "spegel"}],
	}})
	_among(marked, [_green("256Mi")]) == _green_alone
}

test_a_new_copy if {
	got := rule.violation with input as {"review": {"operation": "CREATE", "object": _blue("128Mi"), "oldObject": null}}
		with data.inventory as _inventory([_green("256Mi")])
	got == _green_alone
}

# Copies are changed one after the other, and the last one may be on its way.
test_an_update_is_not_compared if {
	got := {violations |
		some before in ["256Mi", "128Mi", "64Mi"]
		violations := rule.violation with input as {"review": {"operation": "UPDATE", "object": _blue("128Mi"), "oldObject": _blue(before)}}
			with data.inventory as _inventory([_green("256Mi")])
	}
	got == {set()}
}

test_an_update_to_a_limit_that_is_not_allowed if {
	parameters := {"allowedLimits": [{"image": "*/spegel", "limits": ["128Mi"]}]}
	got := [violations |
		some before in ["128Mi", "200Mi"]
		violations := rule.violation with input as {"review": {"operation": "UPDATE", "object": _blue("200Mi"), "oldObject": _blue(before)}, "parameters": parameters}
	]
	got == [_disallowed("200Mi", "128Mi", 209715200), set()]
}

test_a_deletion if {
	got := rule.violation with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _blue("128Mi")}}
		with data.inventory as _inventory([_green("256Mi")])
	got == set()
}

test_nothing_to_judge if {
	got := {violations |
		some in_ in [{}, {"review": {}}, {"review": {"object": null}}, {"review": {"object": {}}}, {"review": {"object": {"apiVersion": "apps/v1", "kind": "DaemonSet"}}}]
		violations := rule.violation with input as in_ with data.inventory as _inventory([_green("256Mi")])
	}
	got == {set()}
}
