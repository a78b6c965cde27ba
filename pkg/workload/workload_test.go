package workload_test

import (
	"math"
	"reflect"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/memgate/memgate/pkg/workload"
)

const (
	mi = 1 << 20
	gi = 1 << 30
)

var (
	unlimited = workload.Amount{State: workload.Unlimited}
	unknown   = workload.Amount{State: workload.Unknown}
	bytes     = workload.Bytes
)

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	var object map[string]any
	if err := yaml.Unmarshal([]byte(text), &object); err != nil {
		t.Fatal(err)
	}
	return object
}

// TestOf reads whole workloads.
func TestOf(t *testing.T) {
	for _, tc := range []struct {
		name, object string
		want         []workload.Pod
	}{
		{"a volume on tmpfs, one on disk, and a sidecar that may lock", `
apiVersion: apps/v1
kind: StatefulSet
spec:
  template:
    spec:
      initContainers:
      - name: setup
        resources: {limits: {memory: 4Gi}, requests: {memory: 1Gi}}
      - name: agent
        restartPolicy: Always
        resources: {limits: {memory: 64Mi}}
        securityContext: {capabilities: {add: [IPC_LOCK]}}
        volumeMounts: [{name: shm, mountPath: /agent, readOnly: true}]
      containers:
      - name: db
        resources: {limits: {memory: 2Gi, hugepages-2Mi: 256Mi}, requests: {memory: 1536Mi}}
        volumeMounts: [{name: data, mountPath: /data}, {name: shm, mountPath: /dev/shm}]
      overhead: {memory: 32Mi}
      volumes:
      - {name: data, emptyDir: {sizeLimit: 5Gi}}
      - {name: shm, emptyDir: {medium: Memory, sizeLimit: 1Gi}}
      - {name: spare, emptyDir: {medium: Memory, sizeLimit: "0"}}
`, []workload.Pod{{
			Path:  []any{"spec", "template", "spec"},
			Limit: bytes(4*gi + 32*mi), Request: bytes(1536*mi + 64*mi + 32*mi), Lockable: bytes(64 * mi),
			Containers: []workload.Container{
				{Name: "setup", Kind: workload.Init, Limit: bytes(4 * gi), Request: bytes(gi)},
				{Name: "agent", Kind: workload.Sidecar, Limit: bytes(64 * mi), Request: bytes(64 * mi), Locks: true, Mounts: []workload.Mount{{Volume: "shm", Path: "/agent", ReadOnly: true}}},
				{Name: "db", Kind: workload.Regular, Limit: bytes(2 * gi), Request: bytes(1536 * mi), Mounts: []workload.Mount{{Volume: "shm", Path: "/dev/shm"}}},
			},
			Tmpfs: []workload.Volume{
				{Name: "shm", SizeLimit: bytes(gi), MountedBy: []string{"agent", "db"}},
				{Name: "spare", SizeLimit: unlimited},
			},
			Hugepages: []workload.Hugepages{{Page: "2Mi", Limit: bytes(256 * mi)}},
		}}},
		{"an init container needs its own and what sidecars before it have", `
apiVersion: v1
kind: Pod
spec:
  initContainers:
  - {name: a, restartPolicy: Always, resources: {limits: {memory: 1Gi}}}
  - {name: b, resources: {limits: {memory: 4Gi}}}
  - {name: c, restartPolicy: Always, resources: {limits: {memory: 2Gi}}}
  containers: [{name: d, resources: {limits: {memory: 1Gi}}}]
`, []workload.Pod{{
			Path:  []any{"spec"},
			Limit: bytes(5 * gi), Request: bytes(5 * gi),
			Containers: []workload.Container{
				{Name: "a", Kind: workload.Sidecar, Limit: bytes(gi), Request: bytes(gi)},
				{Name: "b", Kind: workload.Init, Limit: bytes(4 * gi), Request: bytes(4 * gi)},
				{Name: "c", Kind: workload.Sidecar, Limit: bytes(2 * gi), Request: bytes(2 * gi)},
				{Name: "d", Kind: workload.Regular, Limit: bytes(gi), Request: bytes(gi)},
			},
		}}},
		{"an init container without a limit", `
apiVersion: v1
kind: Pod
spec:
  initContainers: [{name: a}]
  containers: [{name: b, resources: {limits: {memory: 1Gi}}, securityContext: {privileged: true}}]
`, []workload.Pod{{
			Path:  []any{"spec"},
			Limit: unlimited, Request: bytes(gi), Lockable: bytes(gi),
			Containers: []workload.Container{
				{Name: "a", Kind: workload.Init, Limit: unlimited},
				{Name: "b", Kind: workload.Regular, Limit: bytes(gi), Request: bytes(gi), Locks: true},
			},
		}}},
		{"a limit of the Pod holds for containers without one, and once for both", `
apiVersion: batch/v1
kind: CronJob
spec:
  jobTemplate:
    spec:
      template:
        spec:
          resources: {limits: {memory: 2Gi, hugepages-1Gi: 1Gi}}
          containers:
          - {name: a, securityContext: {capabilities: {add: [all]}}, resources: {limits: {hugepages-1Gi: 3Gi}}}
          - {name: b, securityContext: {capabilities: {add: [ipc_lock], drop: [ALL]}}}
`, []workload.Pod{{
			Path:  []any{"spec", "jobTemplate", "spec", "template", "spec"},
			Limit: bytes(2 * gi), Request: bytes(2 * gi), Lockable: bytes(2 * gi),
			Containers: []workload.Container{
				{Name: "a", Kind: workload.Regular, Limit: bytes(2 * gi), Locks: true},
				{Name: "b", Kind: workload.Regular, Limit: bytes(2 * gi), Locks: true},
			},
			Hugepages: []workload.Hugepages{{Page: "1Gi", Limit: bytes(gi)}},
		}}},
		{"the request of the Pod is that of its containers, if these have one", `
apiVersion: v1
kind: PodTemplate
template:
  spec:
    resources: {limits: {memory: 2Gi}}
    containers: [{name: a, resources: {requests: {memory: 128Mi}}}, {name: b}]
`, []workload.Pod{{
			Path:  []any{"template", "spec"},
			Limit: bytes(2 * gi), Request: bytes(128 * mi),
			Containers: []workload.Container{
				{Name: "a", Kind: workload.Regular, Limit: bytes(2 * gi), Request: bytes(128 * mi)},
				{Name: "b", Kind: workload.Regular, Limit: bytes(2 * gi)},
			},
		}}},
		{"unreadable amounts, and none", `
apiVersion: v1
kind: Pod
spec:
  hostUsers: false
  containers:
  - {name: a, resources: {limits: {memory: 1 Gi}}, securityContext: {privileged: true}}
  - {name: b, resources: {limits: {memory: 1Gi}}}
  - {name: c, resources: [], volumeMounts: {}, securityContext: {capabilities: {add: IPC_LOCK}}}
  - none
  volumes: [{name: v, emptyDir: {medium: Memory, sizeLimit: 100q}}, 7]
`, []workload.Pod{{
			Path:  []any{"spec"},
			Limit: unlimited, Request: unknown,
			Containers: []workload.Container{
				{Name: "a", Kind: workload.Regular, Limit: unknown, Request: unknown},
				{Name: "b", Kind: workload.Regular, Limit: bytes(gi), Request: bytes(gi)},
				{Name: "c", Kind: workload.Regular, Limit: unlimited},
			},
			Tmpfs: []workload.Volume{{Name: "v", SizeLimit: unknown}},
		}}},
		{"two templates of a custom resource", `
apiVersion: ray.io/v1
kind: RayCluster
spec:
  headGroupSpec: {template: {spec: {containers: [{name: head, image: ray, resources: {limits: {memory: 1Gi}}}]}}}
  workerGroupSpecs: [{template: {spec: {containers: [{name: worker, image: ray}]}}}]
`, []workload.Pod{
			{
				Path: []any{"spec", "headGroupSpec", "template", "spec"}, Limit: bytes(gi), Request: bytes(gi),
				Containers: []workload.Container{{Name: "head", Kind: workload.Regular, Limit: bytes(gi), Request: bytes(gi)}},
			},
			{
				Path: []any{"spec", "workerGroupSpecs", 0, "template", "spec"}, Limit: unlimited,
				Containers: []workload.Container{{Name: "worker", Kind: workload.Regular, Limit: unlimited}},
			},
		}},
		{"Windows", `
apiVersion: apps/v1
kind: Deployment
spec: {template: {spec: {os: {name: windows}, containers: [{name: a}]}}}
`, nil},
		{"no workload", "{apiVersion: v1, kind: ConfigMap, data: {spec: a}}", nil},
		{"no spec", "{apiVersion: apps/v1, kind: Deployment, spec: [template]}", nil},
		{"no container", "{apiVersion: v1, kind: Pod, spec: {}}", []workload.Pod{{Path: []any{"spec"}, Limit: unlimited}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := workload.Of(parse(t, tc.object)); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("Of: got\n%+v\nwant\n%+v", got, tc.want)
			}
		})
	}
}

// TestLocks wants IPC_LOCK to be granted as containerd does.
func TestLocks(t *testing.T) {
	for _, tc := range []struct {
		security string
		want     bool
	}{
		{"{}", false},
		{"{privileged: true, capabilities: {drop: [ALL]}}", true},
		{"{capabilities: {add: [IPC_LOCK]}}", true},
		{"{capabilities: {add: [ipc_lock], drop: [all]}}", true},
		{"{capabilities: {add: [IPC_LOCK], drop: [IPC_LOCK]}}", false},
		{"{capabilities: {add: [ALL]}}", true},
		{"{capabilities: {add: [ALL], drop: [ALL]}}", false},
		{"{capabilities: {add: [ALL], drop: [IPC_LOCK]}}", false},
		{"{capabilities: {add: [CAP_IPC_LOCK, SYS_ADMIN]}}", false},
	} {
		pod := workload.Of(parse(t, `{apiVersion: v1, kind: Pod, spec: {containers: [{securityContext: `+tc.security+`}]}}`))
		want, locked := tc.want, workload.Amount{}
		if want {
			locked = unlimited
		}
		if got := pod[0]; got.Containers[0].Locks != want || got.Lockable != locked {
			t.Errorf("%s: got %v, %v, want %v, %v", tc.security, got.Containers[0].Locks, got.Lockable, want, locked)
		}
	}
}

// TestQuantities wants the amounts of the API server.
func TestQuantities(t *testing.T) {
	for _, tc := range []struct {
		written string // as YAML
		want    workload.Amount
		text    string
	}{
		{"512Mi", bytes(512 * mi), "512Mi"},
		{"' .5Gi '", bytes(512 * mi), "512Mi"},
		{"1.", bytes(1), "1"},
		{"100m", bytes(1), "1"},
		{"128M", bytes(128e6), "122.07Mi"},
		{"1e9", bytes(1e9), "953.67Mi"},
		{"'1E3'", bytes(1000), "1000"},
		{"536870912", bytes(512 * mi), "512Mi"},
		{"1.5", bytes(2), "2"},
		{"4160Mi", bytes(4160 * mi), "4160Mi"},
		{"5000000Ki", bytes(5000000 << 10), "4.77Gi"},
		{"1Ei", bytes(1 << 60), "1Ei"},
		{"10E", bytes(math.MaxInt64), "8Ei"},
		{"0", unlimited, "unlimited"},
		{"null", unlimited, "unlimited"},
		{"-1Gi", unknown, "unknown"},
		{"1GB", unknown, "unknown"},
		{"Gi", unknown, "unknown"},
		{"''", unknown, "unknown"},
		{"true", unknown, "unknown"},
		{"'1e-300000000'", unknown, "unknown"}, // for which ParseQuantity takes minutes
	} {
		pod := workload.Of(parse(t, `{apiVersion: v1, kind: Pod, spec: {resources: {limits: {memory: `+tc.written+`}}}}`))
		if got := pod[0].Limit; got != tc.want || got.String() != tc.text {
			t.Errorf("%s: got %+v, %s, want %+v, %s", tc.written, got, got, tc.want, tc.text)
		}
	}
}

// FuzzOf wants any quantity to be read in time, and no amount to be negative.
func FuzzOf(f *testing.F) {
	for _, s := range []string{"1Gi", "1e-300000000", "100m", "10E", "+.5e1", "1e9e9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		limits := map[string]any{"resources": map[string]any{"limits": map[string]any{"memory": s}}}
		pod := workload.Of(map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": map[string]any{
			"overhead": map[string]any{"memory": s}, "containers": []any{limits, limits},
		}})[0]
		if pod.Limit.Bytes < 0 || pod.Request.Bytes < 0 || pod.Limit.State != workload.Known && pod.Limit.Bytes != 0 {
			t.Errorf("%q: limit %+v, request %+v", s, pod.Limit, pod.Request)
		}
	})
}
