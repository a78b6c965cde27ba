package blame_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/blame"
	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// pod has something for each rule of TestPath to find.
const pod = `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}, annotations: {zone: moon}}
spec:
  hostNetwork: true
  initContainers:
  - {name: init, image: docker.io/busybox}
  containers:
  - name: good
    image: registry.example/good@sha256:1
    livenessProbe: {}
    resources: {limits: {memory: 1Gi, cpu: "1"}, requests: {memory: 1Gi}}
    securityContext: {privileged: false, runAsNonRoot: true, capabilities: {drop: [ALL]}}
  - name: bad
    image: docker.io/bad:latest
    ports: [{containerPort: 80}, {containerPort: 81, hostPort: 81}]
    resources: {limits: {cpu: "8"}, requests: {memory: 64Gi}}
    securityContext: {privileged: true, capabilities: {add: [NET_ADMIN, SYS_ADMIN], drop: [NET_RAW]}}
    volumeMounts: [{name: sock, mountPath: /sock}]
  volumes:
  - {name: data, emptyDir: {}}
  - {name: sock, hostPath: {path: /var/run/docker.sock}}
`

// containers are the containers of a Pod as libraries of templates gather them.
const containers = `
containers contains c if some c in input.review.object.spec.containers
containers contains c if some c in input.review.object.spec.initContainers
`

// TestPath has rules in the manner of the templates that are used most. unread is the
// path that the text alone leads to.
func TestPath(t *testing.T) {
	for _, tc := range []struct{ name, rego, text, want, unread string }{
		{
			"a label that is missing", `
violation contains {"msg": msg, "details": {"missing": missing}} if {
	provided := {label | input.review.object.metadata.labels[label]}
	required := {label | label := input.parameters.labels[_]}
	missing := required - provided
	count(missing) > 0
	msg := sprintf("you must provide labels: %v", [missing])
}`, `you must provide labels: {"owner"}`, "metadata.labels", "metadata.labels",
		},
		{
			"a label with a wrong value", `
violation contains {"msg": msg} if {
	value := input.review.object.metadata.annotations[key]
	key == "zone"
	not regex.match("^earth$", value)
	msg := sprintf("annotation %s: %s is not allowed", [key, value])
}`, `annotation zone: moon is not allowed`, "metadata.annotations.zone", "metadata.annotations.zone",
		},
		{
			"repositories", `
violation contains {"msg": msg} if {
	container := input.review.object.spec.containers[_]
	not startswith(container.image, "registry.example/")
	msg := sprintf("container <%v> has an invalid image repo <%v>", [container.name, container.image])
}`, `container <bad> has an invalid image repo <docker.io/bad:latest>`, "spec.containers[1].image", "spec.containers[1].image",
		},
		{
			"digests, of gathered containers", `
violation contains {"msg": msg} if {
	some container in containers
	not contains(container.image, "@")
	msg := sprintf("%v has no digest", [container.name])
}` + containers, `init has no digest`, "spec.initContainers[0].image", "spec.initContainers[0]",
		},
		{
			"a limit that is missing", `
violation contains {"msg": msg} if general[{"msg": msg, "field": "containers"}]
general contains {"msg": msg, "field": field} if {
	container := input.review.object.spec[field][_]
	not exempt(container)
	missing(container.resources.limits, "memory")
	msg := sprintf("container <%v> has no memory limit", [container.name])
}
missing(object, field) if not object[field]
missing(object, field) if object[field] == ""
exempt(container) if startswith(container.image, input.parameters.exempt[_])
`, `container <bad> has no memory limit`, "spec.containers[1].resources.limits.memory", "spec.containers[1].resources.requests.memory",
		},
		{
			"a limit that is too high", `
violation contains {"msg": msg} if {
	container := input.review.object.spec.containers[_]
	cpu := container.resources.limits.cpu
	to_number(cpu) > 4
	msg := sprintf("container <%v> cpu limit <%v> is higher than <%v>", [container.name, cpu, 4])
}`, `container <bad> cpu limit <8> is higher than <4>`, "spec.containers[1].resources.limits.cpu", "spec.containers[1].resources.limits.cpu",
		},
		{
			"resources of which nothing is there", `
violation contains {"msg": msg} if {
	some container in containers
	not container.resources.limits.memory
	container.name == "init"
	msg := sprintf("%v is unlimited", [container.name])
}` + containers, `init is unlimited`, "spec.initContainers[0].resources.limits.memory", "spec.initContainers[0]",
		},
		{
			"privileged", `
violation contains {"msg": msg, "details": {}} if {
	some c in containers
	c.securityContext.privileged
	msg := sprintf("Privileged container is not allowed: %v, securityContext: %v", [c.name, c.securityContext])
}` + containers, `Privileged container is not allowed: bad, securityContext: {"capabilities": {"add": ["NET_ADMIN", "SYS_ADMIN"], "drop": ["NET_RAW"]}, "privileged": true}`,
			"spec.containers[1].securityContext.privileged", "spec.containers[1].securityContext.capabilities.add[0]",
		},
		{
			"privileged, of nobody", `
violation contains {"msg": "privileged containers are not allowed"} if {
	some c in containers
	c.securityContext.privileged
}` + containers, `privileged containers are not allowed`, "spec.containers[1].securityContext.privileged", "spec.containers",
		},
		{
			"the network of the host", `
violation contains {"msg": msg} if {
	shares(input.review.object)
	msg := sprintf("The specified hostNetwork is not allowed, pod: %v", [input.review.object.metadata.name])
}
shares(o) if o.spec.hostNetwork`, `The specified hostNetwork is not allowed, pod: web`, "spec.hostNetwork", "spec.hostNetwork",
		},
		{
			"capabilities", `
violation contains {"msg": msg} if {
	some c in containers
	capability := c.securityContext.capabilities.add[_]
	not capability in input.parameters.allowed
	msg := sprintf("container <%v> has a disallowed capability %v", [c.name, capability])
}` + containers, `container <bad> has a disallowed capability SYS_ADMIN`, "spec.containers[1].securityContext.capabilities.add[1]", "spec.containers[1].securityContext.capabilities.add[1]",
		},
		{
			"probes", `
violation contains {"msg": msg} if {
	container := input.review.object.spec.containers[_]
	probe := input.parameters.probes[_]
	not container[probe]
	msg := sprintf("Container <%v> has no <%v>", [container.name, probe])
}`, `Container <bad> has no <livenessProbe>`, "spec.containers[1].livenessProbe", "spec.containers[1]",
		},
		{
			"ports of the host, without names", `
violation contains {"msg": msg} if {
	some c in containers
	some port in c.ports
	port.hostPort
	msg := "host ports are not allowed"
}` + containers, `host ports are not allowed`, "spec.containers[1].ports[1].hostPort", "",
		},
		{
			"a volume that a mount leads to", `
violation contains {"msg": msg} if {
	some volume in input.review.object.spec.volumes
	volume.hostPath
	mounted := [m | some c in input.review.object.spec.containers; some m in c.volumeMounts; m.name == volume.name]
	count(mounted) > 0
	msg := sprintf("volume %q is a hostPath", [volume.name])
}`, `volume "sock" is a hostPath`, "spec.volumes[1].hostPath", "spec.volumes[1].hostPath.path",
		},
		{
			"a name", `
violation contains {"msg": msg} if {
	not endswith(input.review.object.metadata.name, "-pod")
	msg := "give it another one"
}`, `give it another one`, "metadata.name", "",
		},
		{"nothing", `violation contains {"msg": "no"} if input.review.kind.kind == "Pod"`, `no`, "", ""},
	} {
		code := fmt.Sprintf("{engine: Rego, source: {version: v1, rego: %q}}", "package tested\n"+tc.rego)
		client, err := engine.NewClient(policies(t, code), engine.Options{Point: policy.OfflinePoint})
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		object := read(t, pod)[0].Value
		r := review.New(object, review.Options{})
		o := client.Review(t.Context(), r)[0]
		found := false
		for i, reads := range client.Trace(t.Context(), r, o) {
			if o.Violations[i].Message != tc.text {
				continue
			}
			found = true
			if got := manifest.PathString(blame.Path(object, reads, tc.text)); got != tc.want {
				t.Errorf("%s: Path of %q = %q, want %q; read was %v", tc.name, tc.text, got, tc.want, reads)
			}
			if got := manifest.PathString(blame.Path(object, nil, tc.text)); got != tc.unread {
				t.Errorf("%s: Path of %q without reads = %q, want %q", tc.name, tc.text, got, tc.unread)
			}
		}
		if !found {
			t.Errorf("%s: got %v, %v, want %q", tc.name, o.Violations, o.Err, tc.text)
		}
	}
}

// TestPathOfCEL asks for the element at which a loop of CEL has ended.
func TestPathOfCEL(t *testing.T) {
	for _, tc := range []struct{ expression, want string }{
		{"object.spec.containers.all(c, c.securityContext.privileged)", "spec.containers[0].securityContext.privileged"},
		{"object.spec.containers.all(c, !has(c.livenessProbe))", "spec.containers[0].livenessProbe"},
		{"object.spec.containers.filter(c, !has(c.livenessProbe)).size() == 0", "spec.containers"},
		{"(object.spec.containers + object.spec.initContainers).all(c, !c.image.contains('@'))", "spec.containers[0].image"},
		{"!object.spec.hostNetwork", "spec.hostNetwork"},
		{"object.spec.replicas > 1", ""}, // is not judged
	} {
		code := fmt.Sprintf("{engine: K8sNativeValidation, source: {validations: [{expression: %q, message: refused}]}}", tc.expression)
		client, err := engine.NewClient(policies(t, code), engine.Options{Point: policy.OfflinePoint})
		if err != nil {
			t.Fatal(err)
		}
		object, got := read(t, pod)[0].Value, ""
		r := review.New(object, review.Options{})
		for _, reads := range client.Trace(t.Context(), r, client.Review(t.Context(), r)[0]) {
			got = manifest.PathString(blame.Path(object, reads, "refused"))
		}
		if got != tc.want {
			t.Errorf("%s: Path = %q, want %q", tc.expression, got, tc.want)
		}
	}
}

// policies are a template and a constraint with the parameters of all tests.
func policies(t testing.TB, code string) *policy.Set {
	t.Helper()
	set, err := policy.NewSet(read(t, fmt.Sprintf(`
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: tested}
spec:
  crd: {spec: {names: {kind: Tested}, validation: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}
  targets: [{target: admission.k8s.gatekeeper.sh, code: [%s]}]
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Tested
metadata: {name: tested}
spec: {parameters: {labels: [app, owner], allowed: [NET_ADMIN], probes: [livenessProbe], exempt: [registry.example/exempt]}}
`, code)))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func read(t testing.TB, text string) []*manifest.Object {
	t.Helper()
	objects, err := manifest.Read("test.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// FuzzPath asks about any text: what it alone leads to is in the object.
func FuzzPath(f *testing.F) {
	for _, text := range []string{"", "container \"bad\" has no memory limit", "sizeLimit: \xff", "a-b.c:d/e@f", "İ ſ K"} {
		f.Add(text)
	}
	object := read(f, pod)[0].Value
	f.Fuzz(func(t *testing.T, text string) {
		if path := blame.Path(object, nil, text); path != nil && !has(object, path) {
			t.Errorf("Path of %q = %v, which the object does not have", text, path)
		}
	})
}

func has(v any, path []any) bool {
	for _, step := range path {
		switch c := v.(type) {
		case map[string]any:
			key, _ := step.(string)
			value, found := c[key]
			if !found {
				return false
			}
			v = value
		case []any:
			v = c[step.(int)]
		default:
			return false
		}
	}
	return true
}
