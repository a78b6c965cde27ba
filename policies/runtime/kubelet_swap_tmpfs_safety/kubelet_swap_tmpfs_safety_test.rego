package policies.runtime.kubelet_swap_tmpfs_safety_test

import data.policies.runtime.kubelet_swap_tmpfs_safety as rule

_file(fields) := object.union({"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}, fields)

_config_map(text) := {
	"apiVersion": "v1",
	"kind": "ConfigMap",
	"metadata": {"name": "kubelet-config", "namespace": "kube-system"},
	"data": {"kubelet": text},
}

_openshift(fields) := {"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "KubeletConfig", "spec": {"kubeletConfig": fields}}

_eks(fields) := {"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig", "spec": {"kubelet": {"config": fields}}}

_behavior(value) := {"memorySwap": {"swapBehavior": value}}

_node(kernel, swap) := {
	"apiVersion": "v1",
	"kind": "Node",
	"metadata": {"name": "worker-1"},
	"status": {"nodeInfo": {"operatingSystem": "linux", "kernelVersion": kernel, "swap": {"capacity": swap}}},
}

_got(object_) := got if {
	got := rule.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_violation(path, facts, msg) := {"msg": msg, "details": {"level": "warn", "path": path, "facts": facts}}

_swapped(path, title, behavior) := _swapped_by(path, title, behavior, "6.3")

_swapped_by(path, title, behavior, first) := _violation(path, {}, sprintf("%s: memorySwap.swapBehavior %q lets nodes swap, and before kernel %s, which has the tmpfs option noswap, Secrets and memory-backed volumes may be written to disk; run kernel %s or later, or encrypt the swap device", [title, behavior, first, first]))

_throttled(path, title, factor) := _violation(path, {}, sprintf("%s: memoryThrottlingFactor %s sets memory.high below the limit, and a container whose memory is mostly tmpfs or locked, which cannot be reclaimed, slows to a crawl there instead of being OOM-killed; leave memoryThrottlingFactor out for nodes with such Pods, or write 1", [title, factor]))

_old(kernel, first) := _violation(
	["status", "nodeInfo", "kernelVersion"], {"swapBytes": 4294967296},
	sprintf("node: has 4Gi swap and kernel %s, and before kernel %s, which has the tmpfs option noswap, Secrets and memory-backed volumes may be written to disk; run kernel %s or later, or encrypt the swap device", [kernel, first, first]),
)

_path := ["memorySwap", "swapBehavior"]

_limited := _file(_behavior("LimitedSwap"))

# Swap of a configuration.

test_swap if {
	_got(_limited) == {_swapped(_path, "kubelet", "LimitedSwap")}
	_got(_file(_behavior("UnlimitedSwap"))) == {_swapped(_path, "kubelet", "UnlimitedSwap")}
	_got(_config_map("failSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}")) == {_swapped(["data", "kubelet"], "data.kubelet", "LimitedSwap")}
	_got(_openshift(_behavior("LimitedSwap"))) == {_swapped(["spec", "kubeletConfig", "memorySwap", "swapBehavior"], "spec.kubeletConfig", "LimitedSwap")}
	_got(_eks(_behavior("LimitedSwap"))) == {_swapped(["spec", "kubelet", "config", "memorySwap", "swapBehavior"], "spec.kubelet.config", "LimitedSwap")}
}

test_trap_containers_do_not_swap if {
	every fields in [
		{},
		{"failSwapOn": false},
		_behavior("NoSwap"),
		_behavior(""),
		_behavior(null),
		_behavior(["LimitedSwap"]),
		{"memorySwap": {}},
		{"memorySwap": null},
		{"memorySwap": "LimitedSwap"},
	] {
		_got(_file(fields)) == set()
	}
}

test_trap_no_kubelet_starts_on_nodes_with_swap if {
	_got(object.union(_limited, {"failSwapOn": true})) == set()
	every value in [false, null, "true"] {
		_got(object.union(_limited, {"failSwapOn": value})) == {_swapped(_path, "kubelet", "LimitedSwap")}
	}
}

test_noswap if {
	_with(_limited, {"noswap": true}) == set()
	every value in [false, null, "true"] {
		_with(_limited, {"noswap": value}) == _got(_limited)
	}
	_with(_node("5.15.0-91-generic", 4294967296), {"noswap": true}) == {_old("5.15.0-91-generic", "6.3")}
}

# memory.high.

test_factor if {
	_got(_file({"memoryThrottlingFactor": 0.8})) == {_throttled(["memoryThrottlingFactor"], "kubelet", "0.8")}
	_got(_file({"memoryThrottlingFactor": 0.9, "featureGates": {"MemoryQoS": true}})) == {_throttled(["memoryThrottlingFactor"], "kubelet", "0.9")}
	_got(_config_map("memoryThrottlingFactor: 0.8")) == {_throttled(["data", "kubelet"], "data.kubelet", "0.8")}
	_got(_openshift({"memoryThrottlingFactor": 0.8})) == {_throttled(["spec", "kubeletConfig", "memoryThrottlingFactor"], "spec.kubeletConfig", "0.8")}
}

test_trap_factor_without_effect if {
	every fields in [
		{"memoryThrottlingFactor": 1},
		{"memoryThrottlingFactor": 1.0},
		{"memoryThrottlingFactor": null},
		{"memoryThrottlingFactor": "0.8"},
		{"memoryThrottlingFactor": false},
		{"memoryThrottlingFactor": 0.8, "featureGates": {"MemoryQoS": false}},
		{"featureGates": {"MemoryQoS": true}},
	] {
		_got(_file(fields)) == set()
	}
}

# Nodes.

test_node_with_swap_and_an_old_kernel if {
	every kernel in ["5.15.0-91-generic", "6.2.16", "6.1.0-37-amd64", "4.18.0-553.el8.x86_64", "6.2"] {
		_got(_node(kernel, 4294967296)) == {_old(kernel, "6.3")}
	}
	_got(_node("6.1.0-37-amd64", 4.294967296e9)) == {_old("6.1.0-37-amd64", "6.3")}
}

test_trap_nodes_that_do_not_swap_tmpfs if {
	every kernel in ["6.3.13", "6.3", "6.4.0", "6.8.0-60-generic", "6.12.0-55.el10_0.x86_64", "6.10.3", "7.0.1"] {
		_got(_node(kernel, 4294967296)) == set()
	}
	every swap in [0, -1, null, "4294967296"] {
		_got(_node("5.15.0-91-generic", swap)) == set()
	}
}

test_trap_noswap_in_an_older_kernel if {
	every kernel in ["5.14.0-427.13.1.el9_4.x86_64", "5.14.0-570.el9.aarch64"] {
		_got(_node(kernel, 4294967296)) == set()
	}
}

test_trap_nodes_that_say_nothing if {
	node := _node("5.15.0-91-generic", 4294967296)
	every other in [
		_node("", 4294967296),
		_node("unknown", 4294967296),
		_node(null, 4294967296),
		_node(5.15, 4294967296),
		object.remove(node, ["status"]),
		object.union(node, {"status": null}),
		object.union(node, {"status": {"nodeInfo": null}}),
		object.union(node, {"status": {"nodeInfo": {"swap": null}}}),
		object.union(node, {"status": {"nodeInfo": {"operatingSystem": "windows"}}}),
		object.union(node, {"apiVersion": "projectcalico.org/v3"}),
		object.union(node, {"kind": "NodeMetrics"}),
	] {
		_got(other) == set()
	}
}

test_min_kernel if {
	_with(_node("6.8.0-60-generic", 4294967296), {"minKernel": "6.12"}) == {_old("6.8.0-60-generic", "6.12")}
	_with(_node("6.8.0-60-generic", 4294967296), {"minKernel": "7.0"}) == {_old("6.8.0-60-generic", "7.0")}
	_with(_node("6.2.16", 4294967296), {"minKernel": "6.2"}) == set()
	_with(_limited, {"minKernel": "6.12"}) == {_swapped_by(_path, "kubelet", "LimitedSwap", "6.12")}
	every value in [null, "x", 6.2] {
		_with(_node("6.2.16", 4294967296), {"minKernel": value}) == {_old("6.2.16", "6.3")}
	}
}

test_noswap_kernels if {
	node := _node("5.14.0-427.13.1.el9_4.x86_64", 4294967296)
	_with(node, {"noswapKernels": []}) == {_old("5.14.0-427.13.1.el9_4.x86_64", "6.3")}
	_with(node, {"noswapKernels": ["6.*", "5.14.*"]}) == set()
	_with(node, {"noswapKernels": null}) == set()
}

# What is judged.

test_every_fault_is_reported if {
	_got(object.union(_limited, {"memoryThrottlingFactor": 0.8})) == {
		_swapped(_path, "kubelet", "LimitedSwap"),
		_throttled(["memoryThrottlingFactor"], "kubelet", "0.8"),
	}
}

test_trap_other_objects if {
	every object_ in [
		{},
		object.union(_limited, {"apiVersion": "example.com/v1"}),
		object.union(_config_map("memoryThrottlingFactor: 0.8"), {"metadata": {"namespace": "default"}}),
		_config_map("memoryThrottlingFactor: [0.8"),
	] {
		_got(object_) == set()
	}
}

test_no_parameters if {
	every in_ in [
		{"review": {"object": _limited}, "parameters": null},
		{"review": {"object": _limited}, "parameters": {}},
		{"review": {"object": _limited}, "parameters": {"levels": null}},
	] {
		rule.violation == {_swapped(_path, "kubelet", "LimitedSwap")} with input as in_
	}
}

test_levels if {
	every object_ in [_limited, _file({"memoryThrottlingFactor": 0.8}), _node("5.15.0-91-generic", 4294967296)] {
		_with(object_, {"levels": ["warn"]}) == _got(object_)
		_with(object_, {"levels": ["deny"]}) == set()
	}
}

test_only_what_an_update_introduces if {
	old := _openshift(_behavior("LimitedSwap"))
	object_ := object.union(old, {"metadata": {"labels": {"a": "b"}}})
	rule.violation == set() with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": old}}
	rule.violation == _got(old) with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": _openshift({})}}
}

test_nothing_on_delete if {
	rule.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _openshift(_behavior("LimitedSwap"))}}
}

# A Node is not refused its registration.
test_nodes_under_admission if {
	every operation in ["CREATE", "UPDATE"] {
		rule.violation == set() with input as {"review": {"operation": operation, "object": _node("5.15.0-91-generic", 4294967296)}}
	}
}
