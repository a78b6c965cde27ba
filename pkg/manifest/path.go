package manifest

import "strings"

// PathString writes a path of keys and indices as messages show it:
// spec.containers[0].image, with keys that are no plain names in brackets.
func PathString(path []any) string {
	var b strings.Builder
	for _, element := range path {
		writeElement(&b, element)
	}
	return b.String()
}
