package cel

import (
	"context"
	"fmt"
	"testing"
)

func TestTrace(t *testing.T) {
	object := decoded(t, `{spec: {hostNetwork: true, initContainers: [{name: i}], containers: [{name: a, image: x}, {name: b}, {name: c}]}}`)
	for _, tc := range []struct{ expression, want string }{
		{"!object.spec.hostNetwork", "[{[spec hostNetwork] true false} {[spec] true false}]"},
		{"has(object.spec.replicas)", "[{[spec replicas] false false} {[spec] true false}]"},
		{"'owner' in object.spec", "[{[spec owner] false false} {[spec] true false}]"},
		{
			"variables.anyObject.spec.containers.all(c, has(c.image))",
			"[{[spec containers 1 image] false false} {[spec containers 0 image] true true} {[spec containers] true false} {[spec] true false}]",
		},
		{
			"(object.spec.initContainers + object.spec.containers)[1].name == 'b'",
			"[{[spec containers 0 name] true false} {[spec containers] true false} {[spec] true false} {[spec initContainers] true false} {[spec] true false}]",
		},
		{
			"object.spec.containers.exists(c, c.name == 'z')", // looks at all
			"[{[spec containers 2 name] true true} {[spec containers 1 name] true true} {[spec containers 0 name] true true} {[spec containers] true false} {[spec] true false}]",
		},
		{"true", "none"},
		{"object.spec.x == 1", "none"}, // an error
	} {
		p, err := Compile(map[string]any{"validations": []any{map[string]any{"expression": tc.expression, "message": "m"}}})
		if err != nil {
			t.Fatal(err)
		}
		request := Request{Review: map[string]any{"object": object}}
		got := "none"
		if reads, found := p.Trace(context.Background(), request)["m"]; found {
			got = fmt.Sprint(reads)
		}
		if got != tc.want {
			t.Errorf("Trace of %s: got\n%s\nwant\n%s", tc.expression, got, tc.want)
		}
	}
}
