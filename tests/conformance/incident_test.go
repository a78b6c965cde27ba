package conformance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each incident is a file of testdata/incidents, called by the organization, repository
// and number of its issue: the manifest as it was reported, with what the rules report of
// it, and after a line "--- # mended" one of which they report nothing.

// Theme 0: memory that cannot be locked.

func TestIncident_varnish_cache_4193(t *testing.T) {
	incident(t, "varnishcache_varnish-cache_4193", "mlock-capability-required", "varnish-memory-budget")
}

func TestIncident_elasticsearch_75609(t *testing.T) {
	incident(t, "elastic_elasticsearch_75609", "mlock-capability-required", "ipc-lock-effective")
}

func TestIncident_cassandra_189(t *testing.T) {
	incident(t, "docker-library_cassandra_189", "mlock-capability-required")
}

func TestIncident_nvidia_container_toolkit_2037(t *testing.T) {
	incident(t, "NVIDIA_nvidia-container-toolkit_2037", "ipc-lock-effective")
}

func TestIncident_kubernetes_56374(t *testing.T) {
	incident(t, "kubernetes_kubernetes_56374", "ipc-lock-effective")
}

func TestIncident_kubernetes_3595(t *testing.T) {
	incident(t, "kubernetes_kubernetes_3595", "privileged-not-for-mlock")
}

func TestIncident_vault_31977(t *testing.T) {
	incident(t, "hashicorp_vault_31977", "setcap-image-needs-ipc-lock")
}

func TestIncident_vault_secrets_webhook_952(t *testing.T) {
	incident(t, "bank-vaults_vault-secrets-webhook_952", "setcap-image-needs-ipc-lock")
}

func TestIncident_boundary_6775(t *testing.T) {
	incident(t, "hashicorp_boundary_6775", "setcap-image-needs-ipc-lock")
}

func TestIncident_vmtouch_96(t *testing.T) {
	incident(t, "hoytech_vmtouch_96", "daemonset-memory-limit", "mlock-capability-required")
}

// Theme 1: what the runtime and the kubelet need.

func TestIncident_runc_4427(t *testing.T) {
	incident(t, "opencontainers_runc_4427", "min-memory-limit", "kubelet-cgroup-driver")
}

func TestIncident_runc_1980(t *testing.T) {
	incident(t, "opencontainers_runc_1980", "min-memory-limit")
}

func TestIncident_cri_o_1975(t *testing.T) {
	incident(t, "cri-o_cri-o_1975", "min-memory-limit")
}

func TestIncident_moby_41167(t *testing.T) {
	incident(t, "moby_moby_41167", "min-memory-limit")
}

func TestIncident_containerd_10799(t *testing.T) {
	incident(t, "containerd_containerd_10799", "node-runtime-version")
}

func TestIncident_amazon_eks_ami_419(t *testing.T) {
	incident(t, "awslabs_amazon-eks-ami_419", "kubelet-memory-reserved")
}

func TestIncident_kubernetes_124060(t *testing.T) {
	incident(t, "kubernetes_kubernetes_124060", "kubelet-swap-tmpfs-safety")
}

func TestIncident_kubernetes_79950(t *testing.T) {
	incident(t, "kubernetes_kubernetes_79950", "memory-quantity-sane", "min-memory-limit")
}

// Theme 2: /dev/shm and memory-backed volumes.

func TestIncident_kubernetes_28272(t *testing.T) {
	incident(t, "kubernetes_kubernetes_28272", "shm-volume-required")
}

func TestIncident_timescale_helm_charts_127(t *testing.T) {
	incident(t, "timescale_helm-charts_127", "shm-volume-required")
}

func TestIncident_oracle_docker_images_223(t *testing.T) {
	incident(t, "oracle_docker-images_223", "shm-volume-required")
}

func TestIncident_pytorch_tutorials_2475(t *testing.T) {
	incident(t, "pytorch_tutorials_2475", "shm-volume-required")
}

func TestIncident_harbor_15034(t *testing.T) {
	incident(t, "goharbor_harbor_15034", "shm-min-size")
}

func TestIncident_kubernetes_119611(t *testing.T) {
	incident(t, "kubernetes_kubernetes_119611", "memory-emptydir-sizelimit-required", "memory-emptydir-memory-limit-required")
}

func TestIncident_kubernetes_63126(t *testing.T) {
	incident(t, "kubernetes_kubernetes_63126", "memory-emptydir-memory-limit-required")
}

func TestIncident_kubernetes_128339(t *testing.T) {
	incident(t, "kubernetes_kubernetes_128339", "memory-emptydir-fits-memory-limit")
}

func TestIncident_website_36453(t *testing.T) {
	incident(t, "kubernetes_website_36453", "memory-emptydir-fits-memory-limit")
}

// Theme 3: page cache, and what Go knows of limits.

func TestIncident_spegel_718(t *testing.T) {
	incident(t, "spegel-org_spegel_718", "daemonset-memory-limit")
}

func TestIncident_fluent_bit_7353(t *testing.T) {
	incident(t, "fluent_fluent-bit_7353", "daemonset-memory-limit")
}

func TestIncident_kubescape_helm_charts_193(t *testing.T) {
	incident(t, "kubescape_helm-charts_193", "gomemlimit-sane")
}

// Theme 4: Gatekeeper itself.

func TestIncident_gatekeeper_3357(t *testing.T) {
	incident(t, "open-policy-agent_gatekeeper_3357", "gatekeeper-manager-resources", "gatekeeper-serving-threads")
}

func TestIncident_gatekeeper_2184(t *testing.T) {
	incident(t, "open-policy-agent_gatekeeper_2184", "gatekeeper-serving-threads")
}

func TestIncident_gatekeeper_1630(t *testing.T) {
	incident(t, "open-policy-agent_gatekeeper_1630", "gatekeeper-sync-scope")
}

func TestIncident_gatekeeper_780(t *testing.T) {
	incident(t, "open-policy-agent_gatekeeper_780", "gatekeeper-audit-flags")
}

func TestIncident_gatekeeper_339(t *testing.T) {
	incident(t, "open-policy-agent_gatekeeper_339", "gatekeeper-topology", "gatekeeper-manager-resources")
}

// TestIncidentFiles asks that each file has its test.
func TestIncidentFiles(t *testing.T) {
	source, err := os.ReadFile("incident_test.go")
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("testdata/incidents/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("testdata/incidents/*.yaml: %d files, %v", len(paths), err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		if !strings.Contains(string(source), `incident(t, "`+name+`"`) {
			t.Errorf("%s: no test here names it", path)
		}
	}
}

// mendedLine separates the manifests of an incident from those that mend it.
const mendedLine = "--- # mended"

// incident judges both parts of a file. The rules are those that the incident is about:
// each must report the first part, with an essential piece of its message, and no rule
// the second.
func incident(t *testing.T, name string, rules ...string) {
	t.Helper()
	path := filepath.Join("testdata", "incidents", name+".yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	mended := slices.Index(strings.Split(string(text), "\n"), mendedLine) + 1
	if mended == 0 {
		t.Fatalf("%s: no line %q", path, mendedLine)
	}
	objects, wanted := expectations(t, path)
	for _, rule := range rules {
		if !slices.ContainsFunc(wanted, func(f finding) bool { return f.rule == rule && f.text != "" }) {
			t.Errorf("%s: no comment wants a finding of %s with a part of its message", path, rule)
		}
	}
	for _, want := range wanted {
		if want.line > mended {
			t.Errorf("%s:%s: wanted of a mended manifest", path, want)
		}
	}
	l := ownLibrary(t)
	after := slices.IndexFunc(objects, func(o object) bool { return o.own.Position().Line > mended })
	if after < 1 {
		t.Fatalf("%s: no manifest before or after line %d", path, mended)
	}
	l.check(t, path, objects[:after], wanted)
	l.check(t, path, objects[after:], nil)
}
