package cel

import (
	"context"
	"testing"
)

func benchSource() map[string]any {
	return map[string]any{
		"variables": []any{
			map[string]any{"name": "containers", "expression": "has(variables.anyObject.spec.containers) ? variables.anyObject.spec.containers : []"},
			map[string]any{"name": "unlimited", "expression": "variables.containers.filter(c, !has(c.resources) || !has(c.resources.limits) || !has(c.resources.limits.memory))"},
		},
		"validations": []any{map[string]any{"expression": "variables.unlimited.size() == 0", "messageExpression": "'no limit: ' + variables.unlimited.map(c, c.name).join(', ')"}},
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := Compile(benchSource()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEval(b *testing.B) {
	p, err := Compile(benchSource())
	if err != nil {
		b.Fatal(err)
	}
	container := func(name string) any {
		return map[string]any{"name": name, "resources": map[string]any{"limits": map[string]any{"memory": "1Gi"}}}
	}
	review := map[string]any{"operation": "CREATE", "object": map[string]any{"spec": map[string]any{"containers": []any{container("a"), container("b"), container("c")}}}}
	b.ReportAllocs()
	for b.Loop() {
		if found, err := p.Eval(context.Background(), Request{Review: review}); len(found) > 0 || err != nil {
			b.Fatal(found, err)
		}
	}
}
