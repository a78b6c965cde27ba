// Package e2e runs memgate's binaries as their users do.
package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/review"
)

const root = "../.."

// TestWebhookAgreesWithCheck posts an AdmissionReview of every example with curl to a
// running memgate-webhook and wants the verdict that memgate check gives.
func TestWebhookAgreesWithCheck(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed: the webhook is not compared with check")
	}
	bin := t.TempDir()
	command(t, "go", "build", "-o", bin, root+"/cmd/memgate", root+"/cmd/memgate-webhook")
	cert, key := certificate(t)
	address := start(t, filepath.Join(bin, "memgate-webhook"), "--tls-cert-file", cert, "--tls-private-key-file", key, "--shutdown-delay", "0s")
	url := "https://" + address
	ready(t, curl, cert, url+"/readyz")

	denied, warned := 0, 0
	objects := examples(t)
	verdicts := checked(t, filepath.Join(bin, "memgate"), objects)
	for i, object := range objects {
		want := verdicts[i]
		got := posted(t, curl, cert, url+"/v1/validate?timeout=10s", object)
		if !slices.Equal(got.denials, want.denials) || !slices.Equal(got.warnings, want.warnings) || got.allowed != (len(want.denials) == 0) {
			t.Errorf("%s: webhook: allowed %t, denials %q, warnings %q; check: denials %q, warnings %q",
				object.Position(), got.allowed, got.denials, got.warnings, want.denials, want.warnings)
		}
		denied, warned = denied+len(got.denials), warned+len(got.warnings)
	}
	if denied == 0 || warned == 0 {
		t.Errorf("%d denials and %d warnings in all examples, want some of both", denied, warned)
	}
	t.Logf("%d denials and %d warnings are the same", denied, warned)
}

// examples are the objects in the examples of the README and of all rules, but for those
// that compare objects with each other, and LimitRanges: the webhook has no reference
// data. Nodes are left out as well: rules do not refuse them their registration; and requests,
// which the webhook would take for objects.
func examples(t *testing.T) []*manifest.Object {
	t.Helper()
	var objects []*manifest.Object
	for _, pattern := range []string{"policies/*/*/examples/*.yaml", "examples/*.yaml"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			if readsOthers(t, file) {
				t.Logf("%s: left out, its rule reads other objects", file)
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			found, err := manifest.Read(file, bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			for _, object := range found {
				items, faults := review.Items(object)
				if len(faults) > 0 {
					t.Fatalf("%s: %v", file, faults)
				}
				objects = append(objects, slices.DeleteFunc(items, func(o *manifest.Object) bool {
					return o.Kind() == "LimitRange" || o.Kind() == "Node" || review.IsRequest(o)
				})...)
			}
		}
	}
	return objects
}

// readsOthers reports whether the rule of an example reads reference data itself.
func readsOthers(t *testing.T, example string) bool {
	t.Helper()
	dir := filepath.Dir(filepath.Dir(example))
	code, err := os.ReadFile(filepath.Join(dir, filepath.Base(dir)+".rego"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return bytes.Contains(code, []byte("data.inventory")) || bytes.Contains(code, []byte("input.review.namespaceObject"))
}

// A verdict is what one object leads to; its texts are "[constraint] message", sorted.
type verdict struct {
	allowed           bool
	denials, warnings []string
}

// checked are the verdicts of one run of memgate check, which reads the objects as a
// stream of JSON, a line each. What an API server fills in is not in the requests, either.
func checked(t *testing.T, memgate string, objects []*manifest.Object) []verdict {
	t.Helper()
	var stream bytes.Buffer
	verdicts := make([]verdict, len(objects))
	for i, object := range objects {
		stream.Write(marshal(t, object.Value))
		stream.WriteByte('\n')
		verdicts[i].allowed = true
	}
	cmd := exec.Command(memgate, "check", "-o", "json", "--no-defaults", "-")
	cmd.Stdin = &stream
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("memgate check: %v\n%s", err, out)
	}
	var report struct {
		Findings []struct {
			Line            int
			Action, Message string
			Constraint      struct{ Name string }
		}
		Summary struct{ Objects int }
	}
	unmarshal(t, out, &report)
	if report.Summary.Objects != len(objects) {
		t.Fatalf("memgate check judged %d objects, want %d", report.Summary.Objects, len(objects))
	}
	for _, f := range report.Findings {
		v := &verdicts[f.Line-1]
		line := fmt.Sprintf("[%s] %s", f.Constraint.Name, f.Message)
		switch f.Action {
		case "deny":
			v.allowed, v.denials = false, append(v.denials, line)
		case "warn":
			v.warnings = append(v.warnings, line)
		}
	}
	for _, v := range verdicts {
		slices.Sort(v.denials)
		slices.Sort(v.warnings)
	}
	return verdicts
}

func posted(t *testing.T, curl, cert, url string, object *manifest.Object) verdict {
	t.Helper()
	group, version, found := strings.Cut(object.APIVersion(), "/")
	if !found {
		group, version = "", group
	}
	request := marshal(t, map[string]any{
		"apiVersion": "admission.k8s.io/v1",
		"kind":       "AdmissionReview",
		"request": map[string]any{
			"uid":       "705ab4f5-6393-11e8-b7cc-42010a800002",
			"kind":      map[string]any{"group": group, "version": version, "kind": object.Kind()},
			"name":      object.Name(),
			"namespace": object.Namespace(),
			"operation": "CREATE",
			"userInfo":  map[string]any{"username": "admin"},
			"object":    object.Value,
		},
	})
	cmd := exec.Command(curl, "--silent", "--show-error", "--fail-with-body", "--cacert", cert,
		"--header", "Content-Type: application/json", "--data-binary", "@-", url)
	cmd.Stdin = bytes.NewReader(request)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: curl: %v\n%s", object.Position(), err, out)
	}
	var answer struct {
		Response struct {
			UID      string
			Allowed  bool
			Status   struct{ Message string }
			Warnings []string
		}
	}
	unmarshal(t, out, &answer)
	if answer.Response.UID != "705ab4f5-6393-11e8-b7cc-42010a800002" {
		t.Errorf("%s: uid = %q, want that of the request", object.Position(), answer.Response.UID)
	}
	v := verdict{allowed: answer.Response.Allowed, warnings: answer.Response.Warnings}
	if !v.allowed {
		v.denials = strings.Split(answer.Response.Status.Message, "\n")
	}
	slices.Sort(v.denials)
	slices.Sort(v.warnings)
	return v
}

// start runs a server until the test ends and returns its address.
func start(t *testing.T, server string, args ...string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command(server, append(args, "--address", address)...)
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v, want it to end by itself\n%s", server, err, &log)
		}
	})
	return address
}

// ready waits until a server answers a probe.
func ready(t *testing.T, curl, cert, url string) {
	t.Helper()
	out, err := exec.Command(curl, "--silent", "--show-error", "--fail", "--cacert", cert,
		"--retry", "100", "--retry-delay", "1", "--retry-max-time", "60", "--retry-all-errors", url).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", url, err, out)
	}
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	start := time.Now()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v after %s\n%s", name, strings.Join(args, " "), err, time.Since(start), out)
	}
}

func marshal(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func unmarshal(t *testing.T, text []byte, value any) {
	t.Helper()
	if err := json.Unmarshal(text, value); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
}
