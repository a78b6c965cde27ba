package policies.runtime.kubelet_cgroup_driver_test

import data.policies.runtime.kubelet_cgroup_driver as rule

_file(fields) := object.union({"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}, fields)

_ca(file) := {"authentication": {"x509": {"clientCAFile": file}}}

_whole(fields) := _file(object.union(_ca("/var/lib/kubernetes/ca.pem"), fields))

_config_map(text) := {
	"apiVersion": "v1",
	"kind": "ConfigMap",
	"metadata": {"name": "kubelet-config", "namespace": "kube-system"},
	"data": {"kubelet": text},
}

_openshift(fields) := {"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "KubeletConfig", "spec": {"kubeletConfig": fields}}

_eks(fields) := {"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig", "spec": {"kubelet": {"config": fields}}}

_karpenter(fields) := {"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "spec": {"kubelet": fields}}

_got(object_) := got if {
	got := rule.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_violation(path, msg) := {"msg": msg, "details": {"level": "warn", "path": path, "facts": {}}}

_effect := "kubelet and systemd then change the same cgroups, and containers with small memory limits may be OOM-killed while runc starts them; write systemd, for the container runtime as well"

_missing := _missing_at(["kind"])

_missing_at(path) := _violation(path, sprintf("kubelet: no cgroupDriver, so it is cgroupfs unless the container runtime tells the kubelet another; %s", [_effect]))

_cgroupfs(path, title) := _driver(path, title, "\"cgroupfs\"")

_driver(path, title, shown) := _violation(path, sprintf("%s: cgroupDriver is %s, which counts unless the container runtime tells the kubelet another; %s", [title, shown, _effect]))

_v1(path, title) := _violation(path, sprintf("%s: failCgroupV1 is false, so the kubelet runs on nodes with cgroup v1, where swap cannot be limited and an OOM kill takes single processes instead of the container; leave failCgroupV1 out and move those nodes to cgroup v2", [title]))

# The driver that is written.

test_cgroupfs if {
	_got(_file({"cgroupDriver": "cgroupfs"})) == {_cgroupfs(["cgroupDriver"], "kubelet")}
	_got(_config_map("cgroupDriver: cgroupfs\n")) == {_cgroupfs(["data", "kubelet"], "data.kubelet")}
	_got(_eks({"cgroupDriver": "cgroupfs"})) == {_cgroupfs(["spec", "kubelet", "config", "cgroupDriver"], "spec.kubelet.config")}
}

test_cgroupfs_that_openshift_rejects if {
	_got(_openshift({"cgroupDriver": "cgroupfs"})) == {_violation(
		["spec", "kubeletConfig", "cgroupDriver"],
		"spec.kubeletConfig: cgroupDriver \"cgroupfs\" is set, so the Machine Config Operator rejects the KubeletConfig and the nodes get nothing of it; leave cgroupDriver out, it is systemd",
	)}
}

test_what_is_not_systemd if {
	_got(_file({"cgroupDriver": "Systemd"})) == {_driver(["cgroupDriver"], "kubelet", "\"Systemd\"")}
	_got(_file({"cgroupDriver": 1})) == {_driver(["cgroupDriver"], "kubelet", "1")}
	_got(_file({"cgroupDriver": ["systemd"]})) == {_driver(["cgroupDriver"], "kubelet", "[\"systemd\"]")}
	_got(_file({"cgroupDriver": false})) == {_driver(["cgroupDriver"], "kubelet", "false")}
}

test_systemd if {
	every object_ in [
		_file({"cgroupDriver": "systemd"}),
		_whole({"cgroupDriver": "systemd"}),
		_config_map("cgroupDriver: systemd"),
		_openshift({"cgroupDriver": "systemd"}),
		_eks({"cgroupDriver": "systemd"}),
	] {
		_got(object_) == set()
	}
}

# The driver that is missing.

test_no_driver_in_a_whole_configuration if {
	_got(_whole({})) == {_missing}
	every value in [null, ""] {
		_got(_whole({"cgroupDriver": value})) == {_missing_at(["cgroupDriver"])}
	}
}

test_trap_part_of_a_configuration if {
	every object_ in [
		_file({}),
		_file({"cgroupDriver": ""}),
		_file({"cgroupDriver": null}),
		_file({"imageMinimumGCAge": "1h"}),
		_file({"authentication": {"anonymous": {"enabled": false}}}),
	] {
		_got(object_) == set()
	}
}

test_trap_kubeadm_sets_systemd if {
	_got(_config_map("kind: KubeletConfiguration\nclusterDNS: [10.96.0.10]\n")) == set()
	_got(_file(_ca("/etc/kubernetes/pki/ca.crt"))) == set()
}

test_trap_openshift_and_eks_set_systemd if {
	every object_ in [_openshift({"maxPods": 500}), _eks({"maxPods": 58}), _karpenter({"maxPods": 58})] {
		_got(object_) == set()
	}
}

test_trap_a_windows_kubelet_has_no_driver if {
	_got(_file(_ca("C:\\etc\\kubernetes\\pki\\ca.crt"))) == set()
}

# The driver that the runtime tells.

test_trap_the_runtime_tells_the_driver if {
	gate := {"featureGates": {"KubeletCgroupDriverFromCRI": true}}
	_got(_whole(gate)) == set()
	_got(_file(object.union(gate, {"cgroupDriver": "cgroupfs"}))) == set()
	every gates in [{}, null, {"KubeletCgroupDriverFromCRI": false}, {"KubeletCgroupDriverFromCRI": "true"}] {
		_got(_whole({"featureGates": gates})) == {_missing}
	}
}

test_runtime_tells_driver if {
	every object_ in [_whole({}), _file({"cgroupDriver": "cgroupfs"}), _openshift({"cgroupDriver": "cgroupfs"})] {
		_with(object_, {"runtimeTellsDriver": true}) == set()
		every value in [false, null, "true"] {
			_with(object_, {"runtimeTellsDriver": value}) == _got(object_)
		}
	}
	_with(_whole({"failCgroupV1": false}), {"runtimeTellsDriver": true}) == {_v1(["failCgroupV1"], "kubelet")}
}

# cgroup v1.

test_cgroup_v1_allowed if {
	_got(_file({"failCgroupV1": false})) == {_v1(["failCgroupV1"], "kubelet")}
	_got(_config_map("failCgroupV1: false")) == {_v1(["data", "kubelet"], "data.kubelet")}
	_got(_openshift({"failCgroupV1": false})) == {_v1(["spec", "kubeletConfig", "failCgroupV1"], "spec.kubeletConfig")}
	_got(_file({"failCgroupV1": false, "cgroupDriver": "cgroupfs"})) == {_v1(["failCgroupV1"], "kubelet"), _cgroupfs(["cgroupDriver"], "kubelet")}
}

test_cgroup_v1_not_allowed if {
	every value in [true, null, "false", 0] {
		_got(_file({"failCgroupV1": value})) == set()
	}
}

test_allow_cgroup_v1 if {
	object_ := _file({"failCgroupV1": false, "cgroupDriver": "cgroupfs"})
	_with(object_, {"allowCgroupV1": true}) == {_cgroupfs(["cgroupDriver"], "kubelet")}
	every value in [false, null, "true"] {
		_with(object_, {"allowCgroupV1": value}) == _got(object_)
	}
}

# What is judged.

test_trap_other_objects if {
	every object_ in [
		{},
		object.union(_file({"cgroupDriver": "cgroupfs"}), {"apiVersion": "example.com/v1"}),
		object.union(_config_map("cgroupDriver: cgroupfs"), {"metadata": {"namespace": "default"}}),
		_config_map("cgroupDriver: [cgroupfs"),
		_config_map(null),
		_openshift(null),
		_eks("cgroupDriver: cgroupfs"),
	] {
		_got(object_) == set()
	}
}

test_no_parameters if {
	object_ := _file({"cgroupDriver": "cgroupfs"})
	every in_ in [
		{"review": {"object": object_}, "parameters": null},
		{"review": {"object": object_}, "parameters": {}},
		{"review": {"object": object_}, "parameters": {"levels": null}},
	] {
		rule.violation == {_cgroupfs(["cgroupDriver"], "kubelet")} with input as in_
	}
}

test_levels if {
	every object_ in [_whole({}), _file({"cgroupDriver": "cgroupfs", "failCgroupV1": false})] {
		_with(object_, {"levels": ["warn"]}) == _got(object_)
		_with(object_, {"levels": ["deny"]}) == set()
	}
}

test_only_what_an_update_introduces if {
	old := _config_map("cgroupDriver: cgroupfs")
	object_ := _config_map("cgroupDriver: cgroupfs\nmaxPods: 50")
	rule.violation == set() with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": old}}
	rule.violation == {_cgroupfs(["data", "kubelet"], "data.kubelet")} with input as {"review": {
		"operation": "UPDATE",
		"object": object_,
		"oldObject": _config_map("cgroupDriver: systemd"),
	}}
}

test_nothing_on_delete if {
	rule.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _config_map("cgroupDriver: cgroupfs")}}
}
