# METADATA
# title: finds kubelet configurations in five kinds
# description: |
#   Where the configuration of kubelets stands: in files of kind KubeletConfiguration
#   and in objects that kubeadm, OpenShift, EKS and Karpenter turn into such files.
package lib.kubelet

# configs are the kubelet configurations of an object, each {path, spec, title, whole,
# base, embedded}. The kubelet gets no other file if it is whole. base are the fields
# that somebody else sets where spec does not. An embedded one is a text at path.
configs(object_) := [config |
	some place in array.concat(_objects(object_), _texts(object_))
	is_object(place.spec)
	config := object.union(place, {"title": _title(place.path)})
]

# at is the path of a field of a configuration. A text has no places inside, and where
# a file lacks the field its kind stands for it.
at(config, field) := config.path if {
	config.embedded
} else := ["kind"] if {
	config.path == []
	not field[0] in object.keys(config.spec)
} else := array.concat(config.path, field)

_objects(object_) := [place |
	kind := _kinds[split(object_.apiVersion, "/")[0]][object_.kind]
	spec := object.get(object_, kind.path, null)
	place := {
		"path": kind.path,
		"spec": spec,
		"whole": _whole(object_, spec),
		"base": kind.base | {"cgroupDriver" | spec.authentication.x509.clientCAFile == "/etc/kubernetes/pki/ca.crt"},
		"embedded": false,
	}
]

# kubeadm hands its ConfigMap to every kubelet as the file that it starts with.
_texts(object_) := [place |
	object_.apiVersion == "v1"
	object_.kind == "ConfigMap"
	object_.metadata.namespace == "kube-system"
	regex.match(`^kubelet-config(-1[.][0-9]+)?$`, object_.metadata.name)
	yaml.is_valid(object_.data.kubelet)
	place := {
		"path": ["data", "kubelet"],
		"spec": yaml.unmarshal(object_.data.kubelet),
		"whole": true,
		"base": {"cgroupDriver"},
		"embedded": true,
	}
]

# What a kubelet gets besides: of the Machine Config Operator 1Gi for the system, of
# nodeadm a reserve by the number of Pods, of kubeadm, known by its CA, a cgroup driver.
_kinds := {
	"kubelet.config.k8s.io": {"KubeletConfiguration": {"path": [], "base": set()}},
	"machineconfiguration.openshift.io": {"KubeletConfig": {
		"path": ["spec", "kubeletConfig"],
		"base": {"cgroupDriver", "systemReserved", "systemReservedCgroup"},
	}},
	"node.eks.aws": {"NodeConfig": {"path": ["spec", "kubelet", "config"], "base": _eks}},
	"karpenter.k8s.aws": {"EC2NodeClass": {"path": ["spec", "kubelet"], "base": _eks}},
}

_eks := {"cgroupDriver", "evictionHard", "kubeReserved", "kubeReservedCgroup", "systemReservedCgroup"}

# A file that says whom the kubelet trusts is no part of one. That of a Windows node
# names a drive and is not taken for whole.
default _whole(_, _) := false

_whole(object_, spec) if {
	object_.kind == "KubeletConfiguration"
	startswith(spec.authentication.x509.clientCAFile, "/")
}

_title(path) := concat(".", path) if {
	count(path) > 0
} else := "kubelet"
