package manifest

import "go.yaml.in/yaml/v3"

// mergeInto copies the members of y, the value of a "<<", into m. What stands
// before the "<<" is overridden and what stands after it overrides, as in
// sigs.k8s.io/yaml; of several mappings in a list the first wins.
func (b *builder) mergeInto(m map[string]any, y *yaml.Node, n int32, depth int) (size, *fault) {
	v, s, f := b.build(y, n, depth)
	if f != nil {
		return s, f
	}
	if y.Kind == yaml.SequenceNode {
		l := v.([]any)
		for i := len(l) - 1; i >= 0; i-- {
			if f := b.copyMembers(m, l[i], y.Content[i]); f != nil {
				return s, f
			}
		}
		return s, nil
	}
	return s, b.copyMembers(m, v, y)
}

func (b *builder) copyMembers(m map[string]any, v any, y *yaml.Node) *fault {
	from, ok := v.(map[string]any)
	if !ok {
		return b.fail(y, `found %s as the value of "<<", want a mapping or a list of mappings`, article(v))
	}
	for k, v := range from {
		m[k] = v
	}
	return b.count(y, len(from))
}

// keys returns the set of the keys of m.
func keys(m map[string]any) map[string]any {
	c := make(map[string]any, len(m))
	for k := range m {
		c[k] = nil
	}
	return c
}
