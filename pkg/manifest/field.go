package manifest

import (
	"fmt"
	"strings"
)

// FieldString writes a path in a value as PathString does, but for elements of lists that
// have a name: these are written by it, as in spec.containers[name=web].image, so that
// the text stays the same where others come before them.
func FieldString(value any, path []any) string {
	var b strings.Builder
	for _, element := range path {
		switch at := value.(type) {
		case map[string]any:
			key, _ := element.(string)
			value = at[key]
		case []any:
			i, ok := index(element)
			if !ok || i < 0 || i >= len(at) {
				value = nil
				break
			}
			value = at[i]
			entry, _ := value.(map[string]any)
			if name, ok := entry["name"].(string); ok && plainKey(name) {
				b.WriteString("[name=" + name + "]")
				continue
			}
		default:
			value = nil
		}
		writeElement(&b, element)
	}
	return b.String()
}

func plainKey(key string) bool { return key != "" && !strings.ContainsAny(key, ".[]\"/ ") }

func writeElement(b *strings.Builder, element any) {
	key, ok := element.(string)
	switch {
	case !ok:
		fmt.Fprintf(b, "[%v]", element)
	case !plainKey(key):
		fmt.Fprintf(b, "[%q]", key)
	case b.Len() == 0:
		b.WriteString(key)
	default:
		b.WriteString("." + key)
	}
}
