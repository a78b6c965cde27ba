package policies.runtime.node_runtime_version_test

import data.policies.runtime.node_runtime_version as rule

_info := {
	"containerRuntimeVersion": "containerd://2.1.4",
	"kernelVersion": "6.8.0-45-generic",
	"kubeletVersion": "v1.33.4",
	"operatingSystem": "linux",
	"osImage": "Ubuntu 24.04.1 LTS",
}

_node(info) := {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "worker-1"}, "status": {"nodeInfo": object.union(_info, info)}}

_labelled(labels) := object.union(_node({}), {"metadata": {"labels": labels}})

_violations(object_) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": {}}
}

_with(object_, parameters) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

# _reported are the versions of a field that are reported.
_reported(field, versions) := {version |
	some version in versions
	_violations(_node({field: version})) != set()
}

_violation(path, msg) := {"msg": msg, "details": {"level": "warn", "path": path, "facts": {}}}

_runtime(msg) := _violation(["status", "nodeInfo", "containerRuntimeVersion"], sprintf("container runtime %s", [msg]))

_charged := "runc's start-up may count against the container, and one with a small memory limit fails with \"container init was OOM-killed\""

_containerd := _runtime(sprintf("\"containerd://1.6.36\" is older than 1.7.0, so %s; upgrade containerd and, with it, runc", [_charged]))

_docker := _runtime("\"docker://24.0.7\" is Docker, by dockershim (gone since Kubernetes 1.24) or cri-dockerd, where a non-root binary with the file capability IPC_LOCK does not get it under allowPrivilegeEscalation: false, so mlock fails with ENOMEM; move the node to containerd or CRI-O")

_kernel(version, least) := _violation(
	["status", "nodeInfo", "kernelVersion"],
	sprintf("kernel %q is older than %s, so containers may lock no more than 64 KiB of memory without IPC_LOCK, and mlock fails with ENOMEM, unless systemd 250 or the unit of the runtime allows more; upgrade the node, or set LimitMEMLOCK of the runtime's unit and add the kernel to exemptKernels", [version, least]),
)

_kubelet := _violation(
	["status", "nodeInfo", "kubeletVersion"],
	"kubelet \"v1.21.14\" is older than 1.22, so a memory-backed volume is mounted larger than its sizeLimit, and what writes past that is evicted later in place of ENOSPC at once; upgrade the node",
)

_old := _node({"containerRuntimeVersion": "containerd://1.6.36", "kernelVersion": "5.4.0-1103-aws", "kubeletVersion": "v1.21.14"})

_found := {_containerd, _kernel("5.4.0-1103-aws", "5.16"), _kubelet}

test_a_new_node_is_fine if {
	_violations(_node({})) == set()
}

test_an_old_node_is_reported_for_each_program if {
	_violations(_old) == _found
}

test_a_node_that_runs_docker if {
	node := _node({"containerRuntimeVersion": "docker://24.0.7"})
	_with(node, {"reportDocker": true}) == {_docker}
	_with(_node({}), {"reportDocker": true}) == set()
	_violations(node) == set()
	every other in [false, null, "true", 1, [], {}] {
		_with(node, {"reportDocker": other}) == set()
	}
}

test_no_parameters if {
	got := {violations |
		some in_ in [
			{"review": {"object": _old}},
			{"review": {"object": _old}, "parameters": null},
			{"review": {"object": _old}, "parameters": {}},
			{"review": {"object": _old}, "parameters": {
				"levels": null, "minContainerd": null, "minCrio": null, "minKernel": null, "exemptKernels": null,
				"minKubelet": null, "runcVersionLabel": null, "minRunc": null,
			}},
		]
		violations := rule.violation with input as in_
	}
	got == {_found}
}

test_levels if {
	_with(_old, {"levels": ["warn"]}) == _found
	_with(_old, {"levels": ["deny"]}) == set()
}

# What vendors add to a version says nothing.
test_containerd if {
	versions := {
		"containerd://1.7.0", "containerd://1.7", "containerd://1.7.27-k3s1", "containerd://2.0.0-rc.1", "containerd://2.1", "containerd://v1.7.3",
		"containerd://1.10.0", "containerd://10.0.0",
		"containerd://1.6.36+unknown", "containerd://1.6.28-k3s1", "containerd://v1.6.9", "containerd://1.6", "containerd://1.06.36",
		"containerd://0.9.9",
		"containerd://Unknown", "containerd://", "containerd://1", "containerd:1.6.36", "1.6.36", "", "containerd://main-1.6.36",
		"containerd://12345678901.1", null, 1.6, ["containerd://1.6.36"], {}, true,
	}
	_reported("containerRuntimeVersion", versions) == {
		"containerd://1.6.36+unknown", "containerd://1.6.28-k3s1", "containerd://v1.6.9", "containerd://1.6", "containerd://1.06.36",
		"containerd://0.9.9",
	}
}

test_min_containerd if {
	_with(_node({"containerRuntimeVersion": "containerd://1.7.29"}), {"minContainerd": "2.0"}) == {_runtime(sprintf("\"containerd://1.7.29\" is older than 2.0, so %s; upgrade containerd and, with it, runc", [_charged]))}
	_with(_old, {"minContainerd": ""}) == _found - {_containerd}
	_with(_old, {"minContainerd": "1.6.36"}) == _found - {_containerd}
	_with(_old, {"minContainerd": "1.6.36.9"}) == _found - {_containerd}
	_with(_old, {"minContainerd": 1.7}) == _found - {_containerd}
}

test_min_crio if {
	node := _node({"containerRuntimeVersion": "cri-o://1.25.1-5.rhaos4.12.git6005903.el8"})
	_violations(node) == set()
	_with(node, {"minCrio": "1.26.0"}) == {_runtime(sprintf("\"cri-o://1.25.1-5.rhaos4.12.git6005903.el8\" is older than 1.26.0, so %s; upgrade CRI-O and, with it, runc or crun", [_charged]))}
	_with(node, {"minCrio": "1.25.1"}) == set()
	_with(_node({}), {"minCrio": "9.0.0"}) == set()
}

test_kernels if {
	_reported("kernelVersion", {
		"5.16.0", "5.16", "5.16-rc1", "6.1.112-122.189.amzn2023.x86_64", "6.6.44+", "6.12.0-55.el10.x86_64", "10.0.20348.2700",
		"5.15.0-122-generic", "5.10.226-214.880.amzn2.x86_64", "4.18.0-553.el8_10.x86_64", "3.10.0-1160.el7.x86_64", "5.2",
		"5.15.138.1-4.cm2", "linux", "", "5", null, 5.15, [5, 15], {},
	}) == {
		"5.15.0-122-generic", "5.10.226-214.880.amzn2.x86_64", "4.18.0-553.el8_10.x86_64", "3.10.0-1160.el7.x86_64", "5.2",
		"5.15.138.1-4.cm2",
	}
}

test_min_kernel if {
	node := _node({"kernelVersion": "6.1.0-18-amd64"})
	_with(node, {"minKernel": "6.3"}) == {_kernel("6.1.0-18-amd64", "6.3")}
	_with(node, {"minKernel": "6.1.0"}) == set()
	_with(_node({"kernelVersion": "4.4.0"}), {"minKernel": ""}) == set()
}

# The systemd of RHEL 9 lets processes lock 8 MiB.
test_exempt_kernels if {
	node := _node({"kernelVersion": "5.14.0-503.11.1.el9_5.x86_64"})
	_violations(node) == set()
	_with(node, {"exemptKernels": []}) == {_kernel("5.14.0-503.11.1.el9_5.x86_64", "5.16")}
	_with(node, {"exemptKernels": [1, null, "5.15.*", "*.el9_5.*"]}) == set()
	_with(node, {"exemptKernels": "*"}) == {_kernel("5.14.0-503.11.1.el9_5.x86_64", "5.16")}
	_with(_old, {"exemptKernels": ["*"]}) == {_containerd, _kubelet}
}

test_min_kubelet if {
	_reported("kubeletVersion", {"v1.22.0", "v1.34.1-eks-113cf36", "v1.31.5+k3s1", "v1.22.0-rc.0", "v2.0.0", "v1.21.14", "1.19.3", "v1", "", null, 1.2}) == {"v1.21.14", "1.19.3"}
	_with(_node({}), {"minKubelet": "1.33.4"}) == set()
	{violation.details.path | some violation in _with(_node({}), {"minKubelet": "1.34"})} == {["status", "nodeInfo", "kubeletVersion"]}
	_with(_old, {"minKubelet": ""}) == _found - {_kubelet}
}

test_runc_version_label if {
	label := "node.example.com/runc"
	node := _labelled({label: "1.1.15-0ubuntu1"})
	_violations(node) == set()
	_with(node, {"runcVersionLabel": label}) == {_violation(
		["metadata", "labels", label],
		sprintf("runc \"1.1.15-0ubuntu1\" is older than 1.2.0, so %s; upgrade runc", [_charged]),
	)}
	_with(node, {"runcVersionLabel": label, "minRunc": "1.1.15"}) == set()
	_with(node, {"runcVersionLabel": label, "minRunc": ""}) == set()
	got := {violations |
		some labels in [{}, {label: "1.2.0"}, {label: "v1.3.2"}, {label: "true"}, {label: ""}, {label: null}, {label: 1.1}, {"node.example.com/crun": "1.1"}]
		violations := _with(_labelled(labels), {"runcVersionLabel": label})
	}
	got == {set()}
	_with(_node({}), {"runcVersionLabel": label}) == set()
	_with(object.union(node, {"metadata": {"labels": "none"}}), {"runcVersionLabel": label}) == set()
	_with(object.remove(node, ["status"]), {"runcVersionLabel": label}) != set()
}

# Swap on an old kernel is another rule's finding.
test_swap_changes_nothing if {
	_violations(_node({"kernelVersion": "6.1.0-18-amd64", "swap": {"capacity": 8589934592}})) == set()
}

test_windows_nodes_are_left_out if {
	_violations(_node({"operatingSystem": "windows", "containerRuntimeVersion": "containerd://1.6.36", "kernelVersion": "10.0.17763.6414"})) == set()
	bare := object.remove(_old.status.nodeInfo, ["operatingSystem"])
	_violations(object.union(object.remove(_old, ["status"]), {"status": {"nodeInfo": bare}})) == _found
}

test_other_kinds_are_left_out if {
	got := {violations |
		some other in [{"apiVersion": "projectcalico.org/v3"}, {"apiVersion": null}, {"kind": "Pod"}, {"kind": "node"}, {"kind": null}]
		violations := _violations(object.union(_old, other))
	}
	got == {set()}
	_violations(object.remove(_old, ["apiVersion"])) == set()
	_violations(object.remove(_old, ["kind"])) == set()
}

test_a_node_that_reports_nothing if {
	got := {violations |
		some status in [null, "ready", [], {}, {"nodeInfo": null}, {"nodeInfo": "linux"}, {"nodeInfo": []}, {"nodeInfo": {}}]
		violations := _violations(object.union(object.remove(_old, ["status"]), {"status": status}))
	}
	got == {set()}
	_violations(object.remove(_old, ["status"])) == set()
}

test_labels_and_annotations_exempt_nothing if {
	marked := object.union(_old, {"metadata": {
		"labels": {"admission.gatekeeper.sh/ignore": "true", "node-role.kubernetes.io/control-plane": ""},
		"annotations": {"kubernetes.io/config.mirror": "x"},
	}})
	_violations(marked) == _found
}

# Who denies a Node its registration takes it from the cluster.
test_a_node_under_admission if {
	before := object.union(_old, {"status": {"nodeInfo": {"kernelVersion": "6.1.0"}}})
	every review in [
		{"operation": "CREATE", "object": _old},
		{"operation": "UPDATE", "object": _old, "oldObject": before},
	] {
		rule.violation == set() with input as {"review": review}
	}
	rule.violation == _found with input as {"review": {"operation": "", "object": _old}}
}

test_a_deletion if {
	got := rule.violation with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _old}}
	got == set()
}

test_nothing_to_judge if {
	got := {violations |
		some in_ in [{}, {"review": {}}, {"review": {"object": null}}, {"review": {"object": {}}}]
		violations := rule.violation with input as in_
	}
	got == {set()}
}
