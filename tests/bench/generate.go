package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The chances of each defect that an object may have. Of the first kind every object
// violates a few dozen constraints of the mix, of the second about two in three none.
const (
	dirtyChance = 0.27
	cleanChance = 0.004
)

// seed makes the objects the same in every run.
const seed = 23

// generated are n objects: Pods, and a Deployment in every tenth place. A defect is in
// each field that a template of the mix looks at, with some chance.
func generated(n int, chance float64) []*unstructured.Unstructured {
	objects := make([]*unstructured.Unstructured, n)
	for i := range objects {
		g := generator{rand.New(rand.NewPCG(seed, uint64(i))), chance}
		name := fmt.Sprintf("%s-%d", apps[i%len(apps)], i)
		if i%10 == 9 {
			objects[i] = &unstructured.Unstructured{Object: g.deployment(name)}
		} else {
			objects[i] = &unstructured.Unstructured{Object: g.pod(name)}
		}
	}
	return objects
}

// apps are what the objects are called after.
var apps = []string{"checkout", "catalogue", "payments", "sessions", "search", "ledger", "mailer"}

// A generator makes one object.
type generator struct {
	*rand.Rand
	chance float64
}

// or is the right value or, with the chance of a defect, the wrong one.
func (g generator) or(right, wrong any) any {
	if g.Float64() < g.chance {
		return wrong
	}
	return right
}

// set gives a field its value, or leaves it out, which is the defect.
func (g generator) set(object map[string]any, field string, value any) {
	if kept := g.or(value, nil); kept != nil {
		object[field] = kept
	}
}

func (g generator) pod(name string) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": g.metadata(name), "spec": g.podSpec()}
}

func (g generator) deployment(name string) map[string]any {
	return map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": g.metadata(name),
		"spec": map[string]any{
			"replicas":             g.or(int64(3), int64(1)),
			"revisionHistoryLimit": int64(5),
			"selector":             map[string]any{"matchLabels": map[string]any{"app": name}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": name, "pizza": "margherita"}},
				"spec":     g.podSpec(),
			},
		},
	}
}

func (g generator) metadata(name string) map[string]any {
	labels := map[string]any{
		"app": name, "app.kubernetes.io/part-of": "shop", "app.kubernetes.io/managed-by": "Helm",
		"helm.sh/chart": "shop-4.17.2", "tier": "backend",
	}
	g.set(labels, "pizza", "margherita")
	namespace := "default"
	if g.IntN(16) == 0 {
		namespace = "shop"
	}
	return map[string]any{
		"name": name, "namespace": namespace, "labels": labels,
		"annotations": map[string]any{
			"checksum/config":      fmt.Sprintf("%016x%016x", g.Uint64(), g.Uint64()),
			"prometheus.io/scrape": "true", "prometheus.io/port": "8080", "prometheus.io/path": "/metrics",
		},
	}
}

func (g generator) podSpec() map[string]any {
	return map[string]any{
		"automountServiceAccountToken":  g.or(false, true),
		"serviceAccountName":            "shop",
		"terminationGracePeriodSeconds": int64(30),
		"nodeSelector":                  map[string]any{"kubernetes.io/os": "linux"},
		"containers":                    []any{g.container("app", 8080), g.container("proxy", 15001)},
		"volumes": []any{
			map[string]any{"name": "config", "configMap": map[string]any{"name": "shop-config", "optional": false}},
			map[string]any{"name": "tmp", "emptyDir": map[string]any{"sizeLimit": "64Mi"}},
			map[string]any{"name": "cache", "emptyDir": map[string]any{"medium": "Memory", "sizeLimit": g.or("64Mi", "4Gi")}},
		},
	}
}

func (g generator) container(name string, port int64) map[string]any {
	probe := func() map[string]any {
		return map[string]any{
			"httpGet":       map[string]any{"path": "/healthz", "port": port},
			"periodSeconds": int64(10), "timeoutSeconds": int64(2), "failureThreshold": int64(3),
		}
	}
	container := map[string]any{
		"name":            name,
		"image":           g.image(name),
		"imagePullPolicy": "IfNotPresent",
		"args":            []any{"--listen", fmt.Sprintf(":%d", port), "--log-level=info", "--config=/etc/shop/config.yaml"},
		"ports":           []any{map[string]any{"name": name, "containerPort": port, "protocol": "TCP"}},
		"env": []any{
			map[string]any{"name": "POD_NAME", "valueFrom": map[string]any{"fieldRef": map[string]any{"fieldPath": "metadata.name"}}},
			map[string]any{"name": "DATABASE_URL", "value": "postgres://shop@db.default.svc.cluster.local:5432/shop"},
		},
		"volumeMounts": []any{
			map[string]any{"name": "config", "mountPath": "/etc/shop", "readOnly": true},
			map[string]any{"name": "tmp", "mountPath": "/tmp"},
			map[string]any{"name": "cache", "mountPath": "/var/cache/shop"},
		},
		"stdin": g.or(false, true),
		"tty":   g.or(false, true),
	}
	g.set(container, "resources", g.resources())
	g.set(container, "livenessProbe", probe())
	g.set(container, "readinessProbe", probe())
	return container
}

// image names one from a repository, with a tag and a digest, or lacks one of these.
func (g generator) image(name string) string {
	repository := g.or("openpolicyagent", "k8s.gcr.io/shop").(string)
	tag := g.or(":1.4.2", ":latest").(string)
	if digest := g.or("@sha256:", ""); digest != "" && tag != ":latest" {
		tag += "@sha256:" + strings.Repeat(fmt.Sprintf("%016x", g.Uint64()), 4)
	}
	return repository + "/" + name + tag
}

func (g generator) resources() map[string]any {
	limits := map[string]any{"ephemeral-storage": g.or("256Mi", "2Gi")}
	g.set(limits, "cpu", g.or("200m", "2"))
	g.set(limits, "memory", g.or("512Mi", "4Gi"))
	requests := map[string]any{}
	g.set(requests, "cpu", g.or("100m", "500m"))
	g.set(requests, "memory", g.or("512Mi", "2Gi"))
	return map[string]any{"limits": limits, "requests": requests}
}
