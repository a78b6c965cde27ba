package engine

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestTemplateErrors(t *testing.T) {
	for _, engine := range []string{VM, Topdown} {
		_, err := NewClient(newSet(t, template("Good", always), template("Bad", "package a\nviolation := "), template("Worse", "package a\nx := 1")), Options{Engine: engine})
		var kinds []string
		for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
			var fault *TemplateError
			if !errors.As(e, &fault) {
				t.Fatalf("NewClient: %v, want a *TemplateError", e)
			}
			kinds = append(kinds, fault.Template.Kind)
		}
		if want := []string{"Bad", "Worse"}; !reflect.DeepEqual(kinds, want) {
			t.Errorf("NewClient: templates %q do not compile, want %q", kinds, want)
		}
		if want := `template Worse: rego: no rule "violation"`; !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("NewClient: %v, want %s in it", err, want)
		}
	}
}
