package review

import "k8s.io/apimachinery/pkg/runtime/schema"

// A Scope says whether objects of a kind live in a namespace.
type Scope int

// The scopes. A kind that Kubernetes does not ship is Unknown.
const (
	Unknown Scope = iota
	Namespaced
	Cluster
)

// ScopeOf is the scope of a built-in kind of Kubernetes 1.37, and of the kinds of
// Gatekeeper that policies consist of.
func ScopeOf(kind schema.GroupKind) Scope {
	return scopes[kind]
}

// IsCluster reports whether objects of a kind are known to live in no namespace.
func IsCluster(apiVersion, kind string) bool {
	return ScopeOf(groupVersionKind(map[string]any{"apiVersion": apiVersion, "kind": kind}).GroupKind()) == Cluster
}

var scopes = func() map[schema.GroupKind]Scope {
	table := map[schema.GroupKind]Scope{}
	for group, kinds := range namespacedKinds {
		for _, kind := range kinds {
			table[schema.GroupKind{Group: group, Kind: kind}] = Namespaced
		}
	}
	for group, kinds := range clusterKinds {
		for _, kind := range kinds {
			table[schema.GroupKind{Group: group, Kind: kind}] = Cluster
		}
	}
	return table
}()

var namespacedKinds = map[string][]string{
	"": {
		"ConfigMap", "Endpoints", "Event", "LimitRange", "PersistentVolumeClaim", "Pod", "PodTemplate",
		"ReplicationController", "ResourceQuota", "Secret", "Service", "ServiceAccount",
	},
	"apps":                      {"ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"},
	"autoscaling":               {"HorizontalPodAutoscaler"},
	"batch":                     {"CronJob", "Job"},
	"coordination.k8s.io":       {"Lease"},
	"discovery.k8s.io":          {"EndpointSlice"},
	"events.k8s.io":             {"Event"},
	"extensions":                {"DaemonSet", "Deployment", "Ingress", "NetworkPolicy", "ReplicaSet"},
	"networking.k8s.io":         {"Ingress", "NetworkPolicy"},
	"policy":                    {"PodDisruptionBudget"},
	"rbac.authorization.k8s.io": {"Role", "RoleBinding"},
	"resource.k8s.io":           {"ResourceClaim", "ResourceClaimTemplate"},
	"storage.k8s.io":            {"CSIStorageCapacity"},
	"config.gatekeeper.sh":      {"Config"},
}

var clusterKinds = map[string][]string{
	"": {"ComponentStatus", "Namespace", "Node", "PersistentVolume"},
	"admissionregistration.k8s.io": {
		"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration",
		"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
	},
	"apiextensions.k8s.io":         {"CustomResourceDefinition"},
	"apiregistration.k8s.io":       {"APIService"},
	"certificates.k8s.io":          {"CertificateSigningRequest", "ClusterTrustBundle"},
	"extensions":                   {"PodSecurityPolicy"},
	"flowcontrol.apiserver.k8s.io": {"FlowSchema", "PriorityLevelConfiguration"},
	"networking.k8s.io":            {"IPAddress", "IngressClass", "ServiceCIDR"},
	"node.k8s.io":                  {"RuntimeClass"},
	"policy":                       {"PodSecurityPolicy"},
	"rbac.authorization.k8s.io":    {"ClusterRole", "ClusterRoleBinding"},
	"resource.k8s.io":              {"DeviceClass", "ResourceSlice"},
	"scheduling.k8s.io":            {"PriorityClass"},
	"storage.k8s.io":               {"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"},
	"templates.gatekeeper.sh":      {"ConstraintTemplate"},
	"expansion.gatekeeper.sh":      {"ExpansionTemplate"},
	"syncset.gatekeeper.sh":        {"SyncSet"},
}
