package admission

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/policy/pack"
	"github.com/memgate/memgate/pkg/review"
)

// bundled is a client with a built-in bundle.
func bundled(t testing.TB, name, point string) *engine.Client {
	t.Helper()
	set, err := policy.Bundle(name)
	if err != nil {
		t.Fatal(err)
	}
	client, err := engine.NewClient(set, engine.Options{Point: point, Plans: pack.Plans})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// examples are the objects in the examples of the rules, each in a namespace.
func examples(t testing.TB) []*manifest.Object {
	t.Helper()
	files, err := filepath.Glob("../../policies/*/*/examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var objects []*manifest.Object
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		documents, err := manifest.Read(file, bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range documents {
			items, faults := review.Items(document)
			for _, fault := range faults {
				t.Error(fault)
			}
			for _, item := range items {
				objects = append(objects, review.InNamespace(item, "default"))
			}
		}
	}
	return objects
}

// reviewFor is the AdmissionReview that asks whether an object may be created.
func reviewFor(t testing.TB, object *manifest.Object) string {
	t.Helper()
	request := map[string]any{
		"uid": "u-1", "operation": "CREATE", "name": object.Name(), "object": object.Value,
		"kind": map[string]any{"kind": object.Kind()},
	}
	if namespace := object.Namespace(); namespace != "" {
		request["namespace"] = namespace
	}
	text, err := json.Marshal(map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A decision is what an answer says, in whatever words.
type decision struct {
	status   int
	allowed  bool
	denials  string
	warnings []string
}

// offline is the decision that the outcomes of a check without a cluster call for.
func offline(outcomes []engine.Outcome) decision {
	type finding struct{ message, line string }
	found := map[policy.Action][]finding{}
	unjudged := false
	for _, o := range outcomes {
		unjudged = unjudged || o.Status == engine.NotJudged && o.Action() == policy.Deny
		for _, v := range o.Violations {
			found[o.Action()] = append(found[o.Action()], finding{v.Message, fmt.Sprintf("[%s] %s", o.Constraint.Name, v.Message)})
		}
	}
	lines := func(action policy.Action) []string {
		slices.SortStableFunc(found[action], func(a, b finding) int { return strings.Compare(a.message, b.message) })
		var lines []string
		for _, f := range found[action] {
			lines = append(lines, f.line)
		}
		return lines
	}
	d := decision{status: 200, allowed: true, warnings: lines(policy.Warn)}
	denials := lines(policy.Deny)
	switch {
	case len(denials) > 0:
		d.allowed, d.denials = false, strings.Join(denials, "\n")
	case unjudged:
		return decision{status: 500}
	}
	return d
}

// online is the decision in an answer.
func online(t testing.TB, reply got) decision {
	t.Helper()
	d := decision{status: reply.status}
	if reply.status != 200 {
		return d
	}
	var read struct {
		Response struct {
			Allowed bool
			Status  struct {
				Code    int
				Message string
			}
			Warnings []string
		}
	}
	if err := json.Unmarshal([]byte(reply.body), &read); err != nil {
		t.Fatalf("%v in %s", err, reply.body)
	}
	d.allowed, d.denials, d.warnings = read.Response.Allowed, read.Response.Status.Message, read.Response.Warnings
	return d
}

// The webhook says of every example what a check without a cluster says, but for Nodes,
// which the rules do not refuse their registration. The bundles of single groups hold the
// same constraints as baseline.
func TestExamplesAsOffline(t *testing.T) {
	objects := slices.DeleteFunc(examples(t), func(o *manifest.Object) bool { return o.Kind() == "Node" })
	if len(objects) == 0 {
		t.Fatal("no examples in policies/*/*/examples")
	}
	for _, bundle := range []string{"baseline", "strict"} {
		client := bundled(t, bundle, policy.OfflinePoint)
		r := run(t, newServer(t, func(c *Config) { c.Engine = bundled(t, bundle, policy.WebhookPoint) }))
		denied := 0
		for _, object := range objects {
			want := offline(client.Review(t.Context(), review.New(object.Value, review.Options{})))
			reply := r.post("?timeout=30s", reviewFor(t, object))
			if got := online(t, reply); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: bundle %s: POST /v1/validate = %+v, want %+v as offline\n%s", object.Position(), bundle, got, want, reply.body)
			}
			if !want.allowed {
				denied++
			}
		}
		if denied == 0 || denied == len(objects) {
			t.Errorf("bundle %s denies %d of %d examples, want some and not all", bundle, denied, len(objects))
		}
	}
}

var residentLine = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// BenchmarkIdle measures the memory of a process that serves the bundle baseline and
// has nothing to do: MiB-resident, the same after a garbage collection, and after a
// thousand reviews. The budget is 40 MiB.
func BenchmarkIdle(b *testing.B) {
	resident := func() float64 {
		text, err := os.ReadFile("/proc/self/status")
		if err != nil {
			b.Skip(err)
		}
		match := residentLine.FindSubmatch(text)
		kib, err := strconv.ParseFloat(string(match[1]), 64)
		if err != nil {
			b.Fatal(err)
		}
		return kib / 1024
	}
	r := run(b, newServer(b, func(c *Config) { c.Engine = bundled(b, "baseline", policy.WebhookPoint) }))
	start := resident()
	debug.FreeOSMemory()
	idle := resident()
	body := reviewFor(b, typicalPod(b))
	for range 1000 {
		r.post("", body)
	}
	busy := resident()
	for b.Loop() {
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(start, "MiB-at-start")
	b.ReportMetric(idle, "MiB-resident")
	b.ReportMetric(busy, "MiB-after-1000")
}

// BenchmarkValidate measures reviews of a usual Pod by the bundle baseline, from many
// clients at a time, with and without HTTPS.
func BenchmarkValidate(b *testing.B) {
	s := newServer(b, func(c *Config) { c.Engine = bundled(b, "baseline", policy.WebhookPoint) })
	body := reviewFor(b, typicalPod(b))
	b.Run("handler", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if reply := validate(s, body); reply.status != 200 {
				b.Fatalf("POST /v1/validate = %+v", reply)
			}
		}
	})
	b.Run("https", func(b *testing.B) {
		r := run(b, s)
		b.ReportAllocs()
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				if reply := r.post("", body); reply.status != 200 {
					b.Errorf("POST /v1/validate = %+v", reply)
					return
				}
			}
		})
	})
}

// typicalPod is a Pod of three containers with what an API server adds to one.
func typicalPod(t testing.TB) *manifest.Object {
	t.Helper()
	var containers, volumes []string
	for i := range 3 {
		containers = append(containers, fmt.Sprintf(
			`{name: c%d, image: "registry.example/app:%d", env: [{name: A, value: b}, {name: C, value: d}], resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 256Mi}}, `+
				`volumeMounts: [{name: v%d, mountPath: /data}, {name: token, mountPath: /var/run/secrets, readOnly: true}], terminationMessagePath: /dev/termination-log, imagePullPolicy: IfNotPresent}`, i, i, i))
		volumes = append(volumes, fmt.Sprintf(`{name: v%d, emptyDir: {medium: Memory, sizeLimit: 64Mi}}`, i))
	}
	text := "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: default, labels: {app: p}}, spec: {containers: [" +
		strings.Join(containers, ", ") + "], volumes: [" + strings.Join(volumes, ", ") + ", {name: token, projected: {sources: []}}], serviceAccountName: default, restartPolicy: Always}}"
	objects, err := manifest.Read("pod.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects[0]
}
