package conformance

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/open-policy-agent/gatekeeper/v3/pkg/drivers/k8scel"

	"github.com/memgate/memgate/pkg/engine/cel"
	"github.com/memgate/memgate/pkg/policy"
)

// TestCELExpressions compares single expressions of testdata/cel: whether they compile,
// whether they fail, and the text of their value.
func TestCELExpressions(t *testing.T) {
	objects := read(t, "testdata/cel/expressions.yaml")
	parameters := map[string]any{"list": []any{"a", "b"}, "number": int64(3)}
	driver, err := k8scel.New()
	if err != nil {
		t.Fatal(err)
	}
	stock := newPeer(t, driver, policy.OfflinePoint)
	expressions := celExpressions(t)
	for i, text := range expressions {
		kind := fmt.Sprintf("Expression%d", i)
		if err := stock.load([]object{made(t, celTemplate(kind, celProbe(text))), made(t, constraint(kind, "it", map[string]any{"parameters": parameters}))}, nil); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	counts := map[string]int{}
	for _, s := range []subject{{objects[0], nil}, {objects[0], &objects[1]}, {requests(t, objects[:1])[1], &objects[1]}} {
		found, err := stock.review(s, policy.OfflinePoint)
		if err != nil {
			t.Fatal(err)
		}
		wanted := map[string]string{}
		for _, v := range found {
			wanted[v.Kind] = celOutcome(v.Message)
		}
		_, request, err := s.celRequest()
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range expressions {
			kind := fmt.Sprintf("Expression%d", i)
			got := celProbed(text, cel.Request{Review: request, Constraint: constraint(kind, "it", map[string]any{"parameters": parameters})})
			want := wanted[kind]
			name, _, _ := strings.Cut(want, ":")
			counts[name]++
			if got, _, _ := strings.Cut(got, "; "); got != want {
				t.Errorf("%s (namespace %t): got %s, want %s", text, s.namespace != nil, got, want)
			}
		}
	}
	t.Logf("%d expressions, of which %d have a value, %d fail, %d do not compile, in 3 reviews", len(expressions), counts["value"], counts["fails"], counts["does not compile"])
}

// celExpressions are the lines of the file that are neither empty nor a comment.
func celExpressions(t *testing.T) []string {
	t.Helper()
	file, err := os.Open("testdata/cel/expressions.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var found []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if text := lines.Text(); text != "" && !strings.HasPrefix(text, "#") {
			found = append(found, text)
		}
	}
	return found
}

func celTemplate(kind string, source map[string]any) map[string]any {
	return map[string]any{
		"apiVersion": "templates.gatekeeper.sh/v1", "kind": "ConstraintTemplate",
		"metadata": map[string]any{"name": strings.ToLower(kind)},
		"spec": map[string]any{
			"crd": map[string]any{"spec": map[string]any{
				"names":      map[string]any{"kind": kind},
				"validation": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
			"targets": []any{map[string]any{"target": policy.Target, "code": []any{map[string]any{"engine": cel.Engine, "source": source}}}},
		},
	}
}

// celProbe is violated by every value; the message is the value, or "no text" if it has
// no text.
func celProbe(text string) map[string]any {
	return map[string]any{"validations": []any{map[string]any{
		"expression":        "type(" + text + ") == type(" + text + ") ? false : false",
		"message":           "value without a text",
		"messageExpression": "'value: %s'.format([" + text + "])",
	}}}
}

// celOutcome names what Gatekeeper says of a probe.
func celOutcome(message string) string {
	switch {
	case strings.HasPrefix(message, "compilation error: "):
		return "does not compile"
	case celFailure.MatchString(message):
		return "fails"
	}
	return message
}

func celProbed(text string, request cel.Request) string {
	program, err := cel.Compile(celProbe(text))
	if err != nil {
		return "does not compile; " + err.Error()
	}
	found, err := program.Eval(context.Background(), request)
	switch {
	case err != nil:
		return "fails; " + err.Error()
	case len(found) != 1:
		return fmt.Sprintf("%d violations; want 1", len(found))
	}
	return found[0].Message
}
