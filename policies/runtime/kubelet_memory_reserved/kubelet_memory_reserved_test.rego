package policies.runtime.kubelet_memory_reserved_test

import data.policies.runtime.kubelet_memory_reserved as rule

_file(fields) := object.union({"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}, fields)

_whole(fields) := _file(object.union({"authentication": {"x509": {"clientCAFile": "/var/lib/kubernetes/ca.pem"}}}, fields))

_config_map(text) := {
	"apiVersion": "v1",
	"kind": "ConfigMap",
	"metadata": {"name": "kubelet-config", "namespace": "kube-system"},
	"data": {"kubelet": text},
}

_openshift(fields) := {"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "KubeletConfig", "spec": {"kubeletConfig": fields}}

_eks(fields) := {"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig", "spec": {"kubelet": {"config": fields}}}

_karpenter(fields) := {"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "spec": {"kubelet": fields}}

_memory(value) := {"memory": value}

_got(object_) := got if {
	got := rule.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_violation(path, facts, msg) := {"msg": msg, "details": {"level": "warn", "path": path, "facts": facts}}

_low(path, title, bytes, what) := _low_by(path, title, bytes, what, 104857600, "100Mi")

_low_by(path, title, bytes, what, least, text) := _violation(
	path, {"reservedBytes": bytes, "minBytes": least},
	sprintf("%s: %s, so Pods may take memory that the kubelet, the container runtime and sshd need, and the node turns NotReady before a Pod is evicted; reserve %s or more, by the size of the node", [title, what, text]),
)

_none := "neither kubeReserved.memory nor systemReserved.memory is set"

_dropped(path, title) := _violation(path, {}, sprintf("%s: evictionHard has no memory.available, which drops the default of 100Mi, so the kubelet evicts no Pod when memory runs out and the kernel OOM-kills instead; add memory.available, or mergeDefaultEvictionSettings: true (Kubernetes 1.33)", [title]))

_late(path, title, bytes, written) := _violation(
	path, {"thresholdBytes": bytes, "minBytes": 104857600},
	sprintf("%s: evictionHard[\"memory.available\"] %q is less than 100Mi, so the kernel OOM-kills before the kubelet, which looks every 10 seconds, evicts a Pod; write 100Mi or more", [title, written]),
)

_available := ["evictionHard", "memory.available"]

_no_cgroup(key, reserve) := _violation(
	["enforceNodeAllocatable", 1], {},
	sprintf("kubelet: enforceNodeAllocatable has %q and there is no %sCgroup, so the kubelet does not start; set %sCgroup to a cgroup that exists, or leave %q out", [key, reserve, reserve, key]),
)

_tight(path, title, key, reserve, bytes, written) := _violation(
	path, {"reservedBytes": bytes, "hardMinBytes": 524288000},
	sprintf("%s: %s.memory %q is enforced as a limit and less than 500Mi, so the daemons in %sCgroup are OOM-killed while the node has free memory; raise it to 500Mi or more, or leave %q out of enforceNodeAllocatable", [title, reserve, written, reserve, key]),
)

# The reserve.

test_reserve_below_min if {
	_got(_file({"kubeReserved": _memory("50Mi")})) == {_low(["kubeReserved", "memory"], "kubelet", 52428800, "only 50Mi is reserved (kubeReserved.memory \"50Mi\"), less than 100Mi")}
	_got(_file({"systemReserved": _memory("99Mi")})) == {_low(["systemReserved", "memory"], "kubelet", 103809024, "only 99Mi is reserved (systemReserved.memory \"99Mi\"), less than 100Mi")}
	_got(_file({"kubeReserved": _memory("50Mi"), "systemReserved": _memory(20971520)})) == {_low(
		["kubeReserved", "memory"], "kubelet", 73400320,
		"only 70Mi is reserved (kubeReserved.memory \"50Mi\", systemReserved.memory \"20971520\"), less than 100Mi",
	)}
	_got(_file({"kubeReserved": {"cpu": "100m"}, "systemReserved": _memory("50Mi")})) == {_low(["systemReserved", "memory"], "kubelet", 52428800, "only 50Mi is reserved (systemReserved.memory \"50Mi\"), less than 100Mi")}
	_got(_config_map("kubeReserved: {memory: 50Mi}")) == {_low(["data", "kubelet"], "data.kubelet", 52428800, "only 50Mi is reserved (kubeReserved.memory \"50Mi\"), less than 100Mi")}
	_got(_file({"kubeReserved": _memory("50Mi"), "podReserved": _memory("1Gi")})) == _got(_file({"kubeReserved": _memory("50Mi")}))
	_got(_file({"kubeReserved": _memory("0")})) == {_low(["kubeReserved", "memory"], "kubelet", 0, "only 0 is reserved (kubeReserved.memory \"0\"), less than 100Mi")}
}

test_reserve_without_memory if {
	_got(_file({"kubeReserved": {"cpu": "100m"}})) == {_low(["kubeReserved", "memory"], "kubelet", 0, _none)}
	_got(_file({"systemReserved": {"cpu": "100m"}})) == {_low(["systemReserved", "memory"], "kubelet", 0, _none)}
	_got(_file({"systemReserved": {}, "kubeReserved": _memory(null)})) == {_low(["kubeReserved", "memory"], "kubelet", 0, _none)}
}

test_no_reserve_in_a_whole_configuration if {
	_got(_whole({})) == {_low(["kind"], "kubelet", 0, _none)}
	_got(_whole({"kubeReserved": null})) == {_low(["kubeReserved", "memory"], "kubelet", 0, _none)}
	_got(_config_map("cgroupDriver: systemd")) == {_low(["data", "kubelet"], "data.kubelet", 0, _none)}
}

test_enough_in_reserve if {
	every fields in [
		{"kubeReserved": _memory("100Mi")},
		{"systemReserved": _memory("100Mi")},
		{"kubeReserved": _memory("50Mi"), "systemReserved": _memory("50Mi")},
		{"kubeReserved": _memory(104857600)},
		{"kubeReserved": _memory(1.048576e8)},
		{"kubeReserved": _memory("1Gi"), "systemReserved": {"cpu": "1"}},
	] {
		_got(_whole(fields)) == set()
	}
}

test_trap_part_of_a_configuration if {
	every fields in [{}, {"maxPods": 50}, {"kubeReserved": null}, {"kubeReserved": "memory=50Mi"}, {"cgroupDriver": "systemd"}] {
		_got(_file(fields)) == set()
	}
}

test_trap_a_reserve_that_is_no_quantity if {
	_got(_whole({"kubeReserved": _memory("50 Mi")})) == set()
	_got(_whole({"kubeReserved": _memory(["50Mi"]), "systemReserved": _memory("10Mi")})) == set()
}

test_trap_openshift_reserves_for_the_system if {
	every fields in [{}, {"maxPods": 500}, {"systemReserved": {"cpu": "1"}}, {"kubeReserved": _memory("50Mi")}, {"systemReserved": _memory("1Gi")}] {
		_got(_openshift(fields)) == set()
	}
	_got(_openshift({"systemReserved": _memory("50Mi")})) == {_low(
		["spec", "kubeletConfig", "systemReserved", "memory"], "spec.kubeletConfig", 52428800,
		"only 50Mi is reserved (systemReserved.memory \"50Mi\"), less than 100Mi",
	)}
}

test_trap_eks_reserves_for_the_kubelet if {
	every fields in [{}, {"maxPods": 58}, {"kubeReserved": {"cpu": "1"}}, {"systemReserved": _memory("50Mi")}, {"kubeReserved": _memory("1Gi")}] {
		_got(_eks(fields)) == set()
		_got(_karpenter(fields)) == set()
	}
	what := "only 50Mi is reserved (kubeReserved.memory \"50Mi\"), less than 100Mi"
	_got(_eks({"kubeReserved": _memory("50Mi")})) == {_low(["spec", "kubelet", "config", "kubeReserved", "memory"], "spec.kubelet.config", 52428800, what)}
	_got(_karpenter({"kubeReserved": _memory("50Mi")})) == {_low(["spec", "kubelet", "kubeReserved", "memory"], "spec.kubelet", 52428800, what)}
}

test_min if {
	_with(_whole({"kubeReserved": _memory("1Gi")}), {"min": "2Gi"}) == {_low_by(
		["kubeReserved", "memory"], "kubelet", 1073741824,
		"only 1Gi is reserved (kubeReserved.memory \"1Gi\"), less than 2Gi", 2147483648, "2Gi",
	)}
	_with(_whole({}), {"min": "0"}) == set()
	every value in [null, "x"] {
		_with(_whole({}), {"min": value}) == _got(_whole({}))
	}
}

# Eviction.

test_eviction_threshold_dropped if {
	every fields in [{"nodefs.available": "10%"}, {"nodefs.available": "10%", "memory.available": null}] {
		_got(_file({"evictionHard": fields})) == {_dropped(_available, "kubelet")}
	}
	_got(_openshift({"evictionHard": {"nodefs.available": "10%"}})) == {_dropped(["spec", "kubeletConfig", "evictionHard", "memory.available"], "spec.kubeletConfig")}
	_got(_config_map("evictionHard: {nodefs.available: 10%}\nkubeReserved: {memory: 1Gi}")) == {_dropped(["data", "kubelet"], "data.kubelet")}
	every value in [false, null, "true"] {
		_got(_file({"evictionHard": {"nodefs.available": "10%"}, "mergeDefaultEvictionSettings": value})) == {_dropped(_available, "kubelet")}
	}
}

test_trap_defaults_of_eviction_that_stay if {
	every fields in [
		{"evictionHard": {"nodefs.available": "10%"}, "mergeDefaultEvictionSettings": true},
		{"evictionSoft": {"nodefs.available": "10%"}},
		{"evictionHard": {}},
		{"evictionHard": null},
		{"evictionHard": "nodefs.available<10%"},
		{"evictionHard": ["nodefs.available"]},
	] {
		_got(_file(fields)) == set()
	}
	_got(_eks({"evictionHard": {"nodefs.available": "10%"}})) == set()
	_got(_karpenter({"evictionHard": {"nodefs.available": "10%"}})) == set()
}

test_eviction_switched_off if {
	every written in ["0%", "100%"] {
		_got(_file({"evictionHard": {"memory.available": written}})) == {_violation(
			_available, {},
			sprintf("kubelet: evictionHard[\"memory.available\"] %q switches the threshold off, so the kubelet evicts no Pod when memory runs out and the kernel OOM-kills instead; write 100Mi or more", [written]),
		)}
	}
}

test_eviction_threshold_too_low if {
	_got(_file({"evictionHard": {"memory.available": "50Mi"}})) == {_late(_available, "kubelet", 52428800, "50Mi")}
	_got(_file({"evictionHard": {"memory.available": 52428800}})) == {_late(_available, "kubelet", 52428800, "52428800")}
	_got(_file({"evictionHard": {"memory.available": "1"}})) == {_late(_available, "kubelet", 1, "1")}
	_got(_eks({"evictionHard": {"memory.available": "50Mi"}})) == {_late(["spec", "kubelet", "config", "evictionHard", "memory.available"], "spec.kubelet.config", 52428800, "50Mi")}
	_got(_file({"evictionHard": {"memory.available": "50Mi"}, "mergeDefaultEvictionSettings": true})) == {_late(_available, "kubelet", 52428800, "50Mi")}
}

test_eviction_threshold_that_the_kubelet_refuses if {
	_got(_file({"evictionHard": {"memory.available": "0"}})) == {_violation(
		_available, {"thresholdBytes": 0, "minBytes": 104857600},
		"kubelet: evictionHard[\"memory.available\"] \"0\" is not above zero, so the kubelet does not start; write 100Mi or more",
	)}
}

test_trap_eviction_thresholds_that_are_enough_or_unknown if {
	every value in ["100Mi", "500Mi", 104857600, "5%", "1%", "0.5%", "x", ["1Gi"], true] {
		_got(_file({"evictionHard": {"memory.available": value}})) == set()
	}
}

test_eviction_min if {
	_with(_file({"evictionHard": {"memory.available": "200Mi"}}), {"evictionMin": "500Mi"}) == {_violation(
		_available, {"thresholdBytes": 209715200, "minBytes": 524288000},
		"kubelet: evictionHard[\"memory.available\"] \"200Mi\" is less than 500Mi, so the kernel OOM-kills before the kubelet, which looks every 10 seconds, evicts a Pod; write 500Mi or more",
	)}
	object_ := _file({"evictionHard": {"memory.available": "50Mi"}})
	_with(object_, {"evictionMin": "50Mi"}) == set()
	every value in [null, "x"] {
		_with(object_, {"evictionMin": value}) == _got(object_)
	}
}

# What is enforced.

test_enforced_without_a_cgroup if {
	every key, reserve in {
		"kube-reserved": "kubeReserved",
		"system-reserved": "systemReserved",
		"kube-reserved-compressible": "kubeReserved",
		"system-reserved-compressible": "systemReserved",
	} {
		cgroup := sprintf("%sCgroup", [reserve])
		enforced := {"enforceNodeAllocatable": ["pods", key]}
		_got(_file(enforced)) == {_no_cgroup(key, reserve)}
		_got(_file(object.union(enforced, {cgroup: ""}))) == {_no_cgroup(key, reserve)}
		_got(_file(object.union(enforced, {cgroup: null}))) == {_no_cgroup(key, reserve)}
		_got(_file(object.union(enforced, {cgroup: "/podruntime.slice"}))) == set()
	}
}

test_trap_cgroups_that_eks_and_openshift_set if {
	_got(_eks({"enforceNodeAllocatable": ["pods", "kube-reserved", "system-reserved"]})) == set()
	_got(_openshift({"enforceNodeAllocatable": ["pods", "system-reserved-compressible"]})) == set()
	count(_got(_openshift({"enforceNodeAllocatable": ["pods", "kube-reserved"]}))) == 1
}

test_enforced_and_too_small if {
	kube := {"enforceNodeAllocatable": ["pods", "kube-reserved"], "kubeReservedCgroup": "/podruntime.slice", "kubeReserved": _memory("255Mi")}
	_got(_file(kube)) == {_tight(["kubeReserved", "memory"], "kubelet", "kube-reserved", "kubeReserved", 267386880, "255Mi")}
	system := {"enforceNodeAllocatable": ["system-reserved"], "systemReserved": _memory("499Mi")}
	_got(_openshift(system)) == {_tight(["spec", "kubeletConfig", "systemReserved", "memory"], "spec.kubeletConfig", "system-reserved", "systemReserved", 523239424, "499Mi")}
	_got(_file(object.union(kube, {"kubeReserved": _memory("500Mi")}))) == set()
	_with(_file(kube), {"hardMin": "255Mi"}) == set()
	every value in [null, "x"] {
		_with(_file(kube), {"hardMin": value}) == _got(_file(kube))
	}
}

test_trap_reserves_that_bound_no_memory if {
	base := {"kubeReservedCgroup": "/podruntime.slice", "kubeReserved": _memory("255Mi")}
	every enforced in [["pods"], ["pods", "kube-reserved-compressible"], ["none"], [], null, "kube-reserved", [null, 1, ["kube-reserved"]]] {
		_got(_file(object.union(base, {"enforceNodeAllocatable": enforced}))) == set()
	}
	_got(_file({"enforceNodeAllocatable": ["kube-reserved"], "kubeReservedCgroup": "/podruntime.slice", "systemReserved": _memory("200Mi")})) == set()
}

# Nodes.

_node(capacity, allocatable) := {
	"apiVersion": "v1",
	"kind": "Node",
	"metadata": {"name": "worker-1"},
	"status": {
		"capacity": {"cpu": "4", "memory": capacity, "hugepages-2Mi": "0"},
		"allocatable": {"memory": allocatable},
		"nodeInfo": {"operatingSystem": "linux", "containerRuntimeVersion": "containerd://2.0.4"},
	},
}

_kept(capacity, capacity_text, kept, kept_text, least, least_text) := _violation(
	["status", "allocatable", "memory"], {"capacityBytes": capacity, "keptBytes": kept, "minBytes": least},
	sprintf("node: %s of %s memory is kept from Pods, less than %s, so Pods may take what the kubelet, the container runtime and sshd need, and the node turns NotReady before a Pod is evicted; raise kubeReserved or systemReserved in the kubelet's configuration", [kept_text, capacity_text, least_text]),
)

test_node_that_keeps_nothing if {
	_got(_node("16Gi", "16Gi")) == {_kept(17179869184, "16Gi", 0, "0", 104857600, "100Mi")}
	_got(_node("16393244Ki", "16342044Ki")) == {_kept(16786681856, "16393244Ki", 52428800, "50Mi", 104857600, "100Mi")}
}

test_trap_node_that_keeps_the_default if {
	_got(_node("16393244Ki", "16290844Ki")) == set()
	_got(_node("16Gi", "12Gi")) == set()
	_got(_node(17179869184, 1.0e10)) == set()
}

test_huge_pages_are_no_reserve if {
	huge := {"status": {"capacity": {"hugepages-2Mi": "1Gi", "hugepages-1Gi": "2Gi", "hugepages-64Ki": null}}}
	_got(object.union(_node("16Gi", "13Gi"), huge)) == {_kept(17179869184, "16Gi", 0, "0", 104857600, "100Mi")}
	_got(object.union(_node("16Gi", "12Gi"), huge)) == set()
}

test_trap_nodes_without_a_linux_kubelet if {
	every info in [
		{"operatingSystem": "windows", "containerRuntimeVersion": "containerd://2.0.4"},
		{"operatingSystem": "linux", "containerRuntimeVersion": ""},
		{"operatingSystem": "linux"},
		{"containerRuntimeVersion": "containerd://2.0.4"},
		null,
	] {
		node := object.union(object.remove(_node("16Gi", "16Gi"), ["status"]), {"status": {
			"capacity": {"memory": "16Gi"},
			"allocatable": {"memory": "16Gi"},
			"nodeInfo": info,
		}})
		_got(node) == set()
	}
}

test_trap_nodes_that_say_nothing if {
	every node in [
		_node("16 Gi", "16Gi"),
		_node("16Gi", null),
		_node(null, "16Gi"),
		object.union(_node("16Gi", "16Gi"), {"status": null}),
		object.union(_node("16Gi", "16Gi"), {"apiVersion": "projectcalico.org/v3"}),
		object.union(_node("16Gi", "16Gi"), {"kind": "NodeMetrics"}),
	] {
		_got(node) == set()
	}
}

test_min_of_a_node if {
	_with(_node("16Gi", "15Gi"), {"min": "2Gi"}) == {_kept(17179869184, "16Gi", 1073741824, "1Gi", 2147483648, "2Gi")}
}

# 25 % of 4Gi, 20 % of 4Gi, 10 % of 8Gi, 6 % of 112Gi, 2 % of 128Gi.
test_tiers if {
	got := [least |
		some capacity in ["2Gi", "4Gi", "8Gi", "16Gi", "128Gi", "256Gi"]
		some violation in _with(_node(capacity, capacity), {"tiers": true})
		least := violation.details.facts.minBytes
	]
	got == [536870912, 1073741824, 1932735283, 2791728742, 10007273799, 12756052869]
	_with(_node("4Gi", "3Gi"), {"tiers": true}) == set()
	_with(_node("256Mi", "186Mi"), {"tiers": true}) == {_kept(268435456, "256Mi", 73400320, "70Mi", 104857600, "100Mi")}
	every value in [false, null, "true"] {
		_with(_node("4Gi", "3Gi"), {"tiers": value}) == set()
		_with(_node("4Gi", "3900Mi"), {"tiers": value}) == set()
	}
}

# What is judged.

test_every_fault_is_reported if {
	_got(_file({
		"kubeReserved": _memory("50Mi"),
		"kubeReservedCgroup": "/podruntime.slice",
		"enforceNodeAllocatable": ["kube-reserved"],
		"evictionHard": {"memory.available": "50Mi"},
	})) == {
		_low(["kubeReserved", "memory"], "kubelet", 52428800, "only 50Mi is reserved (kubeReserved.memory \"50Mi\"), less than 100Mi"),
		_tight(["kubeReserved", "memory"], "kubelet", "kube-reserved", "kubeReserved", 52428800, "50Mi"),
		_late(_available, "kubelet", 52428800, "50Mi"),
	}
}

test_trap_other_objects if {
	every object_ in [
		{},
		object.union(_whole({}), {"apiVersion": "example.com/v1"}),
		object.union(_config_map("maxPods: 50"), {"metadata": {"namespace": "default"}}),
		_config_map("maxPods: [50"),
	] {
		_got(object_) == set()
	}
}

test_no_parameters if {
	every in_ in [
		{"review": {"object": _whole({})}, "parameters": null},
		{"review": {"object": _whole({})}, "parameters": {}},
		{"review": {"object": _whole({})}, "parameters": {"levels": null}},
	] {
		rule.violation == {_low(["kind"], "kubelet", 0, _none)} with input as in_
	}
}

test_levels if {
	every object_ in [_whole({}), _node("16Gi", "16Gi")] {
		_with(object_, {"levels": ["warn"]}) == _got(object_)
		_with(object_, {"levels": ["deny"]}) == set()
	}
}

test_only_what_an_update_introduces if {
	old := _karpenter({"kubeReserved": _memory("50Mi")})
	object_ := object.union(old, {"metadata": {"labels": {"a": "b"}}})
	rule.violation == set() with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": old}}
	rule.violation == _got(old) with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": _karpenter({})}}
}

test_nothing_on_delete if {
	rule.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _karpenter({"kubeReserved": _memory("50Mi")})}}
}

# A Node is not refused its registration.
test_nodes_under_admission if {
	_got(_node("16Gi", "16Gi")) != set()
	every operation in ["CREATE", "UPDATE"] {
		rule.violation == set() with input as {"review": {"operation": operation, "object": _node("16Gi", "16Gi")}}
	}
}
