package review

import (
	"fmt"
	"reflect"
	"testing"
)

func TestPodTemplates(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string // path, pod, and place of the first container's name
	}{
		{"a kind with one", `{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: web, namespace: shop}, spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: nginx}]}}}}`, []string{
			"[spec template] map[apiVersion:v1 kind:Pod metadata:map[labels:map[app:web] name:web namespace:shop] spec:map[containers:[map[image:nginx name:c]]]] list.yaml:1:162",
		}},
		{"in a map and in a list, in the order of paths, with a name and no metadata", `
apiVersion: example.com/v1
kind: Training
metadata: {name: t}
spec:
  replicas:
    Worker: {template: {spec: {containers: [{name: c, image: worker}]}}}
    Master: {podTemplate: {metadata: {name: m}, spec: {containers: [{name: c, image: master}]}}}
  groups:
  - template: {metadata: null, spec: {containers: [{name: c, image: group}]}}
`, []string{
			"[spec groups 0 template] map[apiVersion:v1 kind:Pod metadata:map[name:t] spec:map[containers:[map[image:group name:c]]]] list.yaml:10:53",
			"[spec replicas Master podTemplate] map[apiVersion:v1 kind:Pod metadata:map[name:m] spec:map[containers:[map[image:master name:c]]]] list.yaml:8:70",
			"[spec replicas Worker template] map[apiVersion:v1 kind:Pod metadata:map[name:t] spec:map[containers:[map[image:worker name:c]]]] list.yaml:7:46",
		}},
		{"a kind of Kubernetes", `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {containers: [{name: c, image: nginx}]}}}}`, nil},
		{"a kind of Kubernetes in another group", `{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: web}, spec: {template: {spec: {containers: [{image: nginx, name: c}]}}}}`, []string{
			"[spec template] map[apiVersion:v1 kind:Pod metadata:map[name:web] spec:map[containers:[map[image:nginx name:c]]]] list.yaml:1:129",
		}},
		{"containers at the root, merged into those of an operator", `{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {name: k8s}, spec: {containers: [{name: c, image: proxy}]}}`, nil},
		{"a kind whose spec is a pod spec", `{apiVersion: serving.kserve.io/v1alpha1, kind: ServingRuntime, metadata: {name: hf}, spec: {containers: [{name: c, image: x}]}}`, []string{
			"[] map[apiVersion:v1 kind:Pod metadata:map[name:hf] spec:map[containers:[map[image:x name:c]]]] list.yaml:1:107",
		}},
		{"a container without image", `{apiVersion: elasticsearch.k8s.elastic.co/v1, kind: Elasticsearch, metadata: {name: es}, spec: {nodeSets: [{podTemplate: {spec: {containers: [{name: c, image: x}, {name: elasticsearch}]}}}]}}`, nil},
		{"Cloud Run's service, which has no pod spec", `{apiVersion: run.cnrm.cloud.google.com/v1beta1, kind: RunService, metadata: {name: s}, spec: {template: {containers: [{name: c, image: x}], volumes: [{name: shm, emptyDir: {medium: MEMORY}}]}}}`, nil},
		{"Cloud Run's job, which has none either", `{apiVersion: run.googleapis.com/v1, kind: Job, metadata: {name: j}, spec: {template: {spec: {template: {spec: {containers: [{image: x, name: c}]}}}}}}`, nil},
		{"a manifest within", `{apiVersion: work.open-cluster-management.io/v1, kind: ManifestWork, metadata: {name: w}, spec: {workload: {manifests: [{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: {containers: [{name: c, image: x}]}}}}]}}}`, nil},
		{"a Pod called template", `{apiVersion: elastic.pytorch.org/v1alpha1, kind: ElasticJob, metadata: {name: j}, spec: {template: {apiVersion: v1, kind: Pod, spec: {containers: [{image: x, name: c}]}}}}`, []string{
			"[spec template] map[apiVersion:v1 kind:Pod metadata:map[name:j] spec:map[containers:[map[image:x name:c]]]] list.yaml:1:159",
		}},
		{"a template that says it is something else", `{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: r}, spec: {template: {apiVersion: x, kind: z, spec: {containers: [{image: x, name: c}]}}}}`, []string{
			"[spec template] map[apiVersion:v1 kind:Pod metadata:map[name:r] spec:map[containers:[map[image:x name:c]]]] list.yaml:1:145",
		}},
		{"a patch", `{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: p}, spec: {rules: [{mutate: {patchStrategicMerge: {spec: {template: {spec: {containers: [{name: c, image: "*"}]}}}}}}]}}`, nil},
		{"what only looks like one", `{apiVersion: example.com/v1, kind: Odd, metadata: {name: o}, spec: {a: {spec: {containers: []}}, b: {spec: {containers: {image: x}}}, c: {spec: [{containers: 1}]}, d: {spec: {containers: [null]}}, e: {spec: {containers: [{image: 5}]}}, f: null}}`, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, template := range PodTemplates(one(t, tc.text)) {
				place := template.Pod.Place([]any{"spec", "containers", 0, "name"})
				got = append(got, fmt.Sprint(template.Path, template.Pod.Value, " ", place.Start))
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("PodTemplates: got\n%q\nwant\n%q", got, tc.want)
			}
		})
	}
}
