package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/engine/cel"
)

// celTemplate is a template of CEL code alone.
func celTemplate(kind, source string) string {
	return strings.Replace(template(kind, always), "{engine: Rego, source: {version: v1, rego: "+fmt.Sprintf("%q", always)+", libs: []}}",
		"{engine: K8sNativeValidation, source: "+source+"}", 1)
}

// TestCEL wants templates of CEL to be judged beside others, by every engine, and what
// fails to evaluate not to be judged.
func TestCEL(t *testing.T) {
	policies := []string{
		template("A", always), constraint("A", "a", "{}"),
		celTemplate("B", "{validations: [{expression: 'object.metadata.name != variables.params.name', messageExpression: '\"not \" + object.metadata.name'}]}"),
		constraint("B", "other", "{parameters: {name: other}}"), constraint("B", "same", "{parameters: {name: web}}"),
		celTemplate("C", "{validations: [{expression: 'object.spec.missing == 1'}]}"), constraint("C", "c", "{}"),
	}
	for _, engine := range []string{VM, Topdown, Verify} {
		got := tellAll(newClient(t, Options{Engine: engine}, policies...).Review(t.Context(), reviewOf(t, pod)))
		want := `A/a [deny] judged; saw web map[]
B/other [deny] judged
B/same [deny] judged; not web map[]
C/c [deny] not judged: evaluation error: validations[0].expression: no such key: spec
`
		if got != want {
			t.Errorf("%s: got\n%swant\n%s", engine, got, want)
		}
	}
}

// TestCELFaults wants a template of CEL that does not compile to be an error with the path
// of the expression.
func TestCELFaults(t *testing.T) {
	_, err := NewClient(newSet(t, template("A", always), celTemplate("B", "{variables: [{name: a, expression: '1'}], validations: [{expression: 'true'}, {expression: 'object.name =='}]}")), Options{})
	var fault *TemplateError
	if !errors.As(err, &fault) {
		t.Fatalf("NewClient: %v, want a *TemplateError", err)
	}
	faults := fault.Faults()
	if len(faults) != 1 || fmt.Sprint(faults[0].Path) != "[spec targets 0 code 0 source validations 1 expression]" || faults[0].Line != 1 ||
		!strings.HasPrefix(faults[0].Text, "validations[1].expression:1:15: Syntax error: ") {
		t.Errorf("Faults() = %+v, want one at the second validation", faults)
	}
}

// TestCELLimit wants what costs too much to be counted as such.
func TestCELLimit(t *testing.T) {
	list := "[" + strings.TrimSuffix(strings.Repeat("1,", 100), ",") + "]"
	deep := list + ".all(a, " + list + ".all(b, " + list + ".all(c, " + list + ".all(d, a + b + c + d > 0))))"
	c := newClient(t, Options{}, celTemplate("B", "{validations: [{expression: '"+deep+"'}]}"), constraint("B", "b", "{}"))
	if o := c.Review(t.Context(), reviewOf(t, pod))[0]; o.Status != NotJudged || !errors.Is(o.Err, cel.ErrLimit) || Reason(o.Err) != ReasonLimit {
		t.Errorf("%s, want not judged: %v", told(o), cel.ErrLimit)
	}
}
