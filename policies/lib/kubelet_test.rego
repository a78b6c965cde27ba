package lib.kubelet_test

import data.lib.kubelet

_eks := {"cgroupDriver", "evictionHard", "kubeReserved", "kubeReservedCgroup", "systemReservedCgroup"}

_file(fields) := object.union({"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}, fields)

_ca(file) := {"authentication": {"x509": {"clientCAFile": file}}}

_config_map(name, text) := {
	"apiVersion": "v1",
	"kind": "ConfigMap",
	"metadata": {"name": name, "namespace": "kube-system"},
	"data": {"kubelet": text},
}

_embedded(spec) := {
	"path": ["data", "kubelet"],
	"spec": spec,
	"title": "data.kubelet",
	"whole": true,
	"base": {"cgroupDriver"},
	"embedded": true,
}

test_file if {
	part := _file({"maxPods": 50})
	kubelet.configs(part) == [{"path": [], "spec": part, "title": "kubelet", "whole": false, "base": set(), "embedded": false}]
	whole := _file(_ca("/var/lib/kubernetes/ca.pem"))
	kubelet.configs(whole) == [{"path": [], "spec": whole, "title": "kubelet", "whole": true, "base": set(), "embedded": false}]
	kubeadm := _file(_ca("/etc/kubernetes/pki/ca.crt"))
	kubelet.configs(kubeadm) == [{"path": [], "spec": kubeadm, "title": "kubelet", "whole": true, "base": {"cgroupDriver"}, "embedded": false}]
}

test_what_makes_no_file_whole if {
	every fields in [_ca("C:\\k\\ca.crt"), _ca(""), _ca(null), _ca(1), {"authentication": {"x509": null}}, {"authentication": null}, {}] {
		[config] := kubelet.configs(_file(fields))
		config.whole == false
		config.base == set()
	}
}

test_objects_that_become_files if {
	got := [config |
		some object_ in [
			{"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "KubeletConfig", "spec": {"kubeletConfig": _ca("/etc/kubernetes/ca.crt")}},
			{"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig", "spec": {"kubelet": {"config": {"maxPods": 50}}}},
			{"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "spec": {"kubelet": {"maxPods": 50}}},
		]
		some config in kubelet.configs(object_)
	]
	got == [
		{
			"path": ["spec", "kubeletConfig"],
			"spec": _ca("/etc/kubernetes/ca.crt"),
			"title": "spec.kubeletConfig",
			"whole": false,
			"base": {"cgroupDriver", "systemReserved", "systemReservedCgroup"},
			"embedded": false,
		},
		{"path": ["spec", "kubelet", "config"], "spec": {"maxPods": 50}, "title": "spec.kubelet.config", "whole": false, "base": _eks, "embedded": false},
		{"path": ["spec", "kubelet"], "spec": {"maxPods": 50}, "title": "spec.kubelet", "whole": false, "base": _eks, "embedded": false},
	]
}

test_kubeadm_config_map if {
	every name in ["kubelet-config", "kubelet-config-1.21"] {
		kubelet.configs(_config_map(name, "maxPods: 50\n")) == [_embedded({"maxPods": 50})]
	}
	kubelet.configs(_config_map("kubelet-config", "{\"maxPods\": 50}")) == [_embedded({"maxPods": 50})]
}

test_other_config_maps if {
	object_ := _config_map("kubelet-config", "maxPods: 50")
	every other in [
		_config_map("kubelet-config-custom", "maxPods: 50"),
		_config_map("my-kubelet-config", "maxPods: 50"),
		_config_map("kubelet-config", "a: b: c"),
		_config_map("kubelet-config", "text"),
		_config_map("kubelet-config", ""),
		_config_map("kubelet-config", null),
		_config_map("kubelet-config", {"maxPods": 50}),
		_config_map(null, "maxPods: 50"),
		object.union(object_, {"metadata": {"namespace": "default"}}),
		object.union(object_, {"metadata": null}),
		object.union(object_, {"apiVersion": "example.com/v1"}),
		object.union(object_, {"kind": "Secret"}),
		object.union(object_, {"data": null}),
		object.remove(object_, ["data"]),
	] {
		kubelet.configs(other) == []
	}
}

test_what_holds_no_configuration if {
	every object_ in [
		{},
		{"kind": "KubeletConfiguration"},
		{"apiVersion": null, "kind": "KubeletConfiguration"},
		{"apiVersion": "v1", "kind": "KubeletConfiguration"},
		{"apiVersion": "kubelet.config.k8s.io/v1", "kind": "CredentialProviderConfig"},
		{"apiVersion": "scylla.scylladb.com/v1alpha1", "kind": "NodeConfig", "spec": {"kubelet": {"config": {}}}},
		{"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig"},
		{"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig", "spec": null},
		{"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig", "spec": {"kubelet": {"config": null}}},
		{"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "spec": {"kubelet": ["a"]}},
		{"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "KubeletConfig", "spec": {"kubeletConfig": "{}"}},
	] {
		kubelet.configs(object_) == []
	}
}

test_at if {
	[embedded] := kubelet.configs(_config_map("kubelet-config", "maxPods: 50"))
	kubelet.at(embedded, ["kubeReserved", "memory"]) == ["data", "kubelet"]
	[node] := kubelet.configs({"apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "spec": {"kubelet": {}}})
	kubelet.at(node, ["kubeReserved", "memory"]) == ["spec", "kubelet", "kubeReserved", "memory"]
}

test_at_a_field_that_a_file_lacks if {
	[config] := kubelet.configs(_file({"kubeReserved": null}))
	kubelet.at(config, ["kubeReserved", "memory"]) == ["kubeReserved", "memory"]
	kubelet.at(config, ["systemReserved", "memory"]) == ["kind"]
}
