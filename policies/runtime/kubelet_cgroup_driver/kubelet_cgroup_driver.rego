# METADATA
# title: The kubelet's cgroup driver is systemd
# description: |
#   With cgroupfs, which is the kubelet's own default, the kubelet and systemd both
#   change the cgroups of a node without knowing of each other, and runc is in the
#   container's cgroup before it has copied itself. Judged are files of kind
#   KubeletConfiguration, kubeadm's ConfigMap kube-system/kubelet-config, OpenShift's
#   KubeletConfig and EKS's NodeConfig; KubeletConfiguration and NodeConfig are no
#   objects of a cluster, so they are judged offline only. A field that is missing is
#   reported in a file that is a kubelet's whole configuration, which it is taken for if
#   it has authentication.x509.clientCAFile: kubeadm since 1.22, OpenShift and EKS set
#   systemd themselves. A kubelet since 1.31 asks the container runtime, and containerd 2
#   and CRI-O answer; the field then does not count, which no file shows.
# related_resources:
# - https://kubernetes.io/docs/setup/production-environment/container-runtimes/#cgroup-drivers
# - https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/configure-cgroup-driver/
# - https://kep.k8s.io/4033
# - https://github.com/opencontainers/runc/issues/4427
# schemas:
# - input.parameters:
#     type: object
#     properties:
#       levels:
#         description: The levels that the constraint returns. The rule has warn only.
#         type: array
#         items: {type: string, enum: [deny, warn]}
#         default: [deny, warn]
#       runtimeTellsDriver:
#         description: Whether all container runtimes tell the kubelets their driver (kubelet 1.31 with containerd 2.0 or CRI-O 1.28, or later); cgroupDriver is then not judged.
#         type: boolean
#         default: false
#       allowCgroupV1:
#         description: Whether failCgroupV1 may be false.
#         type: boolean
#         default: false
# custom:
#   id: kubelet-cgroup-driver
#   kind: MemgateKubeletCgroupDriver
#   severity: medium
#   since: 0.1.0
#   remediation: Set cgroupDriver to systemd in the kubelet's configuration and SystemdCgroup to true in containerd's, on nodes that are drained or new, and leave failCgroupV1 out.
#   failure: |
#     Containers with small memory limits are OOM-killed before their first instruction; the kernel log of the node
#     says "runc:[2:INIT] invoked oom-killer". With runc 1.1.15 on cgroup v2 this failed Kubernetes' tests wherever the
#     driver was cgroupfs and nowhere else ([runc#4427](https://github.com/opencontainers/runc/issues/4427)). Where
#     kubelet and runtime disagree no Pod starts at all: "expected cgroupsPath to be of format
#     "slice:prefix:name" for systemd cgroups" ([cri-tools#1292](https://github.com/kubernetes-sigs/cri-tools/issues/1292)).
package policies.runtime.kubelet_cgroup_driver

import data.lib.finding
import data.lib.kubelet
import data.lib.parameter

# METADATA
# description: one violation for each kubelet configuration whose driver is not systemd, and for each that allows cgroup v1
# entrypoint: true
violation contains found if some found in finding.violations(_findings(finding.subject), _findings(finding.previous))

_findings(object_) := {found |
	some config in kubelet.configs(object_)
	some fault in array.concat(_driver(object_, config), _version(config))
	found := {
		"level": "warn",
		"path": kubelet.at(config, [fault.field]),
		"facts": {},
		"msg": sprintf("%s: %s", [config.title, fault.text]),
	}
}

_driver(object_, config) := [{"field": "cgroupDriver", "text": text} |
	not _asked(config)
	text := _text(object_, config)
]

_asked(_) if parameter.get("runtimeTellsDriver", false) == true

_asked(config) if config.spec.featureGates.KubeletCgroupDriverFromCRI == true

_text(object_, config) := sprintf("no cgroupDriver, so it is cgroupfs unless the container runtime tells the kubelet another; %s", [_effect]) if {
	object.get(config.spec, "cgroupDriver", "") in {"", null}
	config.whole
	not "cgroupDriver" in config.base
} else := sprintf("cgroupDriver %s is set, so the Machine Config Operator rejects the KubeletConfig and the nodes get nothing of it; leave cgroupDriver out, it is systemd", [_shown(config)]) if {
	_other(config)
	object_.kind == "KubeletConfig"
} else := sprintf("cgroupDriver is %s, which counts unless the container runtime tells the kubelet another; %s", [_shown(config), _effect]) if {
	_other(config)
}

_other(config) if not config.spec.cgroupDriver in {"systemd", "", null}

_shown(config) := json.marshal(config.spec.cgroupDriver)

_effect := "kubelet and systemd then change the same cgroups, and containers with small memory limits may be OOM-killed while runc starts them; write systemd, for the container runtime as well"

_version(config) := [{
	"field": "failCgroupV1",
	"text": "failCgroupV1 is false, so the kubelet runs on nodes with cgroup v1, where swap cannot be limited and an OOM kill takes single processes instead of the container; leave failCgroupV1 out and move those nodes to cgroup v2",
} |
	config.spec.failCgroupV1 == false
	not parameter.get("allowCgroupV1", false) == true
]
