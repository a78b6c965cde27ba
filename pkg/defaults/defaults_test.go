package defaults_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/defaults"
	"github.com/memgate/memgate/pkg/manifest"
)

// read returns the objects of a text, of a Pod with its spec alone.
func read(t testing.TB, text string) []map[string]any {
	t.Helper()
	objects, err := manifest.Read("d.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var values []map[string]any
	for _, o := range objects {
		values = append(values, o.Value)
	}
	return values
}

func pod(spec string) string {
	return fmt.Sprintf("{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop}, spec: %s}", spec)
}

// limitRange is a LimitRange with entries in flow style.
func limitRange(name, namespace, entries string) string {
	return fmt.Sprintf("---\n{apiVersion: v1, kind: LimitRange, metadata: {name: %s, namespace: %s}, spec: {limits: [%s]}}\n", name, namespace, entries)
}

// The sources of what is wanted are in the comments of the package, but for the cases that
// name their own.
func TestApply(t *testing.T) {
	half := limitRange("half", "shop", "{type: Container, default: {memory: 512Mi}}")
	for _, tc := range []struct {
		name, ranges, spec string
		want               string // spec, the same if empty
		assumptions        []string
	}{
		{
			name: "a request is the limit, of init containers, too",
			spec: `{containers: [{name: a, resources: {limits: {memory: 64Mi, cpu: 1}}}], initContainers: [{name: i, resources: {limits: {memory: 1}, requests: null}}]}`,
			want: `{containers: [{name: a, resources: {limits: {memory: 64Mi, cpu: 1}, requests: {memory: 64Mi, cpu: 1}}}], initContainers: [{name: i, resources: {limits: {memory: 1}, requests: {memory: 1}}}]}`,
			assumptions: []string{
				`container "a": requests.cpu 1 from its limit`,
				`container "a": requests.memory 64Mi from its limit`,
				`init container "i": requests.memory 1 from its limit`,
			},
		},
		{
			name:        "a request that is there stays",
			spec:        `{containers: [{name: a, resources: {limits: {memory: 64Mi, nvidia.com/gpu: 1}, requests: {memory: 32Mi}}}]}`,
			want:        `{containers: [{name: a, resources: {limits: {memory: 64Mi, nvidia.com/gpu: 1}, requests: {memory: 32Mi, nvidia.com/gpu: 1}}}]}`,
			assumptions: []string{`container "a": requests.nvidia.com/gpu 1 from its limit`},
		},
		{name: "ephemeral containers have no resources", spec: `{containers: [], ephemeralContainers: [{name: e, resources: {limits: {memory: 1}}}]}`},
		{
			name: "what is no quantity is no source, and null is 0, not absent", ranges: half,
			spec:        `{containers: [{name: a, resources: {limits: {memory: 1 Gi, cpu: null, x: {}}, requests: {memory: 1}}}, {name: b, resources: {limits: {memory: null}, requests: {memory: null}}}, 7]}`,
			want:        `{containers: [{name: a, resources: {limits: {memory: 1 Gi, cpu: null, x: {}}, requests: {memory: 1, cpu: "0"}}}, {name: b, resources: {limits: {memory: null}, requests: {memory: null}}}, 7]}`,
			assumptions: []string{`container "a": requests.cpu 0 from its limit`},
		},
		{name: "what takes minutes to read is no source", spec: `{containers: [{name: a, resources: {limits: {memory: "1e-300000000"}}}]}`},
		{name: "no containers", spec: `{containers: {name: a}}`},
		{
			name: "a limit of a LimitRange is the request, too", ranges: half, spec: `{containers: [{name: a}]}`,
			want: `{containers: [{name: a, resources: {limits: {memory: 512Mi}, requests: {memory: 512Mi}}}]}`,
			assumptions: []string{
				`container "a": limits.memory 512Mi from LimitRange "half"`,
				`container "a": requests.memory 512Mi from LimitRange "half"`,
			},
		},
		{
			name: "a limit of its own is requested before a LimitRange is asked", ranges: limitRange("r", "shop", "{type: Container, default: {memory: 512Mi}, defaultRequest: {memory: 1Mi}}"),
			spec:        `{containers: [{name: a, resources: {limits: {memory: 64Mi}}}]}`,
			want:        `{containers: [{name: a, resources: {limits: {memory: 64Mi}, requests: {memory: 64Mi}}}]}`,
			assumptions: []string{`container "a": requests.memory 64Mi from its limit`},
		},
		{
			name: "a limit of 0 is one", ranges: half, spec: `{containers: [{name: a, resources: {limits: {memory: 0}, requests: {memory: 0}}}]}`,
		},
		{
			name: "a maximum is the limit, a minimum the request without one", ranges: limitRange("r", "shop", "{type: Container, max: {memory: 1Gi}, min: {cpu: 10m, memory: 1Mi}}"),
			spec: `{containers: [{name: a, resources: {}}]}`,
			want: `{containers: [{name: a, resources: {limits: {memory: 1Gi}, requests: {cpu: 10m, memory: 1Gi}}}]}`,
			assumptions: []string{
				`container "a": limits.memory 1Gi from LimitRange "r"`,
				`container "a": requests.cpu 10m from LimitRange "r"`,
				`container "a": requests.memory 1Gi from LimitRange "r"`,
			},
		},
		{
			name: "the later entry counts, and those about other types do not", ranges: limitRange("r", "shop", "{type: Container, default: {memory: 1Gi}}, {type: Container, default: {memory: 2Gi}}, {type: Pod, max: {memory: 3Gi}}, {type: PersistentVolumeClaim, min: {storage: 1Gi}}"),
			spec: `{containers: [{name: a, resources: {requests: {memory: 1Mi}}}]}`,
			want: `{containers: [{name: a, resources: {limits: {memory: 2Gi}, requests: {memory: 1Mi}}}]}`,
			assumptions: []string{
				`container "a": limits.memory 2Gi from LimitRange "r"`,
			},
		},
		{
			name: "of several LimitRanges the least memory counts", ranges: limitRange("a", "shop", "{type: Container, default: {memory: 1Gi}, defaultRequest: {cpu: 1}}") + limitRange("b", "shop", "{type: Container, default: {memory: 1e8}}") + limitRange("c", "shop", "{type: Container, defaultRequest: {cpu: 2}}"),
			spec: `{containers: [{name: a}]}`,
			want: `{containers: [{name: a, resources: {limits: {memory: 1e8}, requests: {memory: 1e8, cpu: 1}}}]}`,
			assumptions: []string{
				`container "a": limits.memory 100000000 from LimitRange "b", one of 3 whose order is not known`,
				`container "a": requests.memory 100000000 from LimitRange "b", one of 3 whose order is not known`,
				`container "a": requests.cpu 1 from LimitRange "a", one of 3 whose order is not known`,
			},
		},
		{
			name: "a limit past all numbers is not the least", ranges: limitRange("a", "shop", "{type: Container, default: {memory: 1e30}}") + limitRange("b", "shop", "{type: Container, default: {memory: 1Gi}}"),
			spec: `{containers: [{name: a}]}`,
			want: `{containers: [{name: a, resources: {limits: {memory: 1Gi}, requests: {memory: 1Gi}}}]}`,
			assumptions: []string{
				`container "a": limits.memory 1Gi from LimitRange "b", one of 2 whose order is not known`,
				`container "a": requests.memory 1Gi from LimitRange "b", one of 2 whose order is not known`,
			},
		},
		{name: "a LimitRange of another namespace, and one of none", ranges: limitRange("r", "bank", "{type: Container, default: {memory: 1Gi}}") + limitRange("r", `""`, "{type: Container, default: {memory: 1Gi}}"), spec: `{containers: [{name: a}]}`},
		{name: "LimitRanges that are none", ranges: "{apiVersion: v1, kind: LimitRange, metadata: {namespace: shop}, spec: {limits: [1, {type: Container, default: [], max: {memory: many}}]}}", spec: `{containers: [{name: a}]}`},
		{
			name:        "the Pod requests what it is limited to",
			spec:        `{resources: {limits: {memory: 1Gi, ephemeral-storage: 1Gi}}, containers: [{name: a}]}`,
			want:        `{resources: {limits: {memory: 1Gi, ephemeral-storage: 1Gi}, requests: {memory: 1Gi}}, containers: [{name: a}]}`,
			assumptions: []string{`Pod: requests.memory 1Gi from its limit`},
		},
		{
			name:        "or what its containers request, those of LimitRanges included",
			ranges:      limitRange("r", "shop", "{type: Container, defaultRequest: {memory: 256Mi}}"),
			spec:        `{resources: {limits: {memory: 1Gi}}, containers: [{name: a}, {name: b, resources: {requests: {memory: 128Mi}}}]}`,
			want:        `{resources: {limits: {memory: 1Gi}, requests: {memory: 384Mi}}, containers: [{name: a, resources: {requests: {memory: 256Mi}}}, {name: b, resources: {requests: {memory: 128Mi}}}]}`,
			assumptions: []string{`container "a": requests.memory 256Mi from LimitRange "r"`, `Pod: requests.memory 384Mi from its containers`},
		},
		{
			name: "init containers count where they need more, with the sidecars before them",
			spec: `{resources: {limits: {cpu: 8}}, containers: [{name: a, resources: {requests: {memory: 1Gi}}}],
				initContainers: [{name: s, restartPolicy: Always, resources: {requests: {memory: 512Mi}}}, {name: i, resources: {requests: {memory: 2Gi}}}, {name: t, restartPolicy: Always, resources: {requests: {memory: 256Mi}}}]}`,
			want: `{resources: {limits: {cpu: 8}, requests: {memory: 2560Mi, cpu: 8}}, containers: [{name: a, resources: {requests: {memory: 1Gi}}}],
				initContainers: [{name: s, restartPolicy: Always, resources: {requests: {memory: 512Mi}}}, {name: i, resources: {requests: {memory: 2Gi}}}, {name: t, restartPolicy: Always, resources: {requests: {memory: 256Mi}}}]}`,
			assumptions: []string{`Pod: requests.memory 2560Mi from its containers`, `Pod: requests.cpu 8 from its limit`},
		},
		{
			name:        "the Pod is limited as its containers, if all are",
			spec:        `{resources: {requests: {memory: 64Mi, cpu: 1}}, containers: [{name: a, resources: {limits: {memory: 64Mi, cpu: 2}, requests: {memory: 1Mi, cpu: 1}}}, {name: b, resources: {limits: {memory: 64Mi}, requests: {memory: 1Mi}}}]}`,
			want:        `{resources: {requests: {memory: 64Mi, cpu: 1}, limits: {memory: 128Mi}}, containers: [{name: a, resources: {limits: {memory: 64Mi, cpu: 2}, requests: {memory: 1Mi, cpu: 1}}}, {name: b, resources: {limits: {memory: 64Mi}, requests: {memory: 1Mi}}}]}`,
			assumptions: []string{`Pod: limits.memory 128Mi from its containers`},
		},
		{
			name:        "or as it requests, if that is more",
			spec:        `{resources: {requests: {memory: 1Gi}}, containers: [{name: a, resources: {limits: {memory: 64Mi}, requests: {memory: 64Mi}}}]}`,
			want:        `{resources: {requests: {memory: 1Gi}, limits: {memory: 1Gi}}, containers: [{name: a, resources: {limits: {memory: 64Mi}, requests: {memory: 64Mi}}}]}`,
			assumptions: []string{`Pod: limits.memory 1Gi from its request`},
		},
		{
			name: "huge pages are limited and requested as its containers are limited",
			spec: `{resources: {limits: {memory: 1Gi}, requests: {memory: 1Gi}}, containers: [{name: a, resources: {limits: {hugepages-2Mi: 4Mi}, requests: {hugepages-2Mi: 4Mi}}}]}`,
			want: `{resources: {limits: {memory: 1Gi, hugepages-2Mi: 4Mi}, requests: {memory: 1Gi, hugepages-2Mi: 4Mi}}, containers: [{name: a, resources: {limits: {hugepages-2Mi: 4Mi}, requests: {hugepages-2Mi: 4Mi}}}]}`,
			assumptions: []string{
				`Pod: limits.hugepages-2Mi 4Mi from its containers`,
				`Pod: requests.hugepages-2Mi 4Mi from its limit`,
			},
		},
		{name: "a Pod that names no resources gets none", spec: `{resources: {limits: {}}, containers: [{name: a, resources: {limits: {memory: 1Gi}, requests: {memory: 1Gi}}}]}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ranges, object := read(t, tc.ranges), read(t, pod(tc.spec))[0]
			got, assumptions := defaults.Apply(object, ranges)
			want := object
			if tc.want != "" {
				want = read(t, pod(tc.want))[0]
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("Apply(%s, %s)\n got %s\nwant %s", tc.spec, tc.ranges, text(got["spec"]), text(want["spec"]))
			}
			if !reflect.DeepEqual(assumptions, tc.assumptions) {
				t.Errorf("Apply(%s, %s): assumptions\n got %q\nwant %q", tc.spec, tc.ranges, assumptions, tc.assumptions)
			}
			if again := read(t, pod(tc.spec))[0]; !reflect.DeepEqual(object, again) {
				t.Errorf("Apply(%s) changed its argument to %s", tc.spec, text(object["spec"]))
			}
		})
	}
}

// TestOthers wants what is no Pod of v1 to stay as it is: the same map.
func TestOthers(t *testing.T) {
	const template = `{containers: [{name: a, resources: {limits: {memory: 64Mi}}}]}`
	for _, text := range []string{
		"{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: shop}, spec: {template: {spec: " + template + "}}}",
		"{apiVersion: v1, kind: PodTemplate, metadata: {namespace: shop}, template: {spec: " + template + "}, spec: " + template + "}",
		"{apiVersion: example.com/v1, kind: Pod, metadata: {namespace: shop}, spec: " + template + "}",
		"{apiVersion: v1, kind: Pod, metadata: 1, spec: []}",
		"{apiVersion: v1, kind: Pod, metadata: {name: in no namespace}, spec: {containers: [{name: a}]}}",
	} {
		object := read(t, text)[0]
		got, assumptions := defaults.Apply(object, read(t, limitRange("r", "shop", "{type: Container, default: {memory: 1Gi}}")+limitRange("r", `""`, "{type: Container, default: {memory: 1Gi}}")))
		if reflect.ValueOf(got).Pointer() != reflect.ValueOf(object).Pointer() || assumptions != nil {
			t.Errorf("Apply(%s) = %v, %q, want the object itself", text, got, assumptions)
		}
	}
}

func text(value any) string {
	found, _ := json.Marshal(value)
	return string(found)
}

// FuzzApply wants no Pod and no LimitRange to bring Apply down, an argument to stay as it
// is, and what Apply gives to have nothing left to fill in.
func FuzzApply(f *testing.F) {
	f.Add(pod(`{containers: [{name: a, resources: {limits: {memory: 64Mi}}}]}`), limitRange("r", "shop", "{type: Container, default: {memory: 1Gi}, max: {cpu: 1}}"))
	f.Add(pod(`{resources: {limits: {hugepages-1Gi: 1Gi}}, initContainers: [{restartPolicy: Always, resources: {requests: {memory: 1e3}}}], containers: []}`), "")
	f.Fuzz(func(t *testing.T, object, limitRanges string) {
		objects, err := manifest.Read("o.yaml", strings.NewReader(object))
		if err != nil {
			return
		}
		ranges, err := manifest.Read("r.yaml", strings.NewReader(limitRanges))
		if err != nil {
			return
		}
		var values []map[string]any
		for _, r := range ranges {
			values = append(values, r.Value)
		}
		for _, o := range objects {
			before := text(o.Value)
			changed, assumptions := defaults.Apply(o.Value, values)
			if after := text(o.Value); after != before {
				t.Errorf("Apply(%s) changed its argument to %s", before, after)
			}
			if _, more := defaults.Apply(changed, values); more != nil {
				t.Errorf("Apply(%s, %s): %q, and once more: %q", before, limitRanges, assumptions, more)
			}
		}
	})
}
