package manifest

import (
	"fmt"
	"strings"
)

// PathString writes a path of keys and indices as messages show it:
// spec.containers[0].image, with keys that are no plain names in brackets.
func PathString(path []any) string {
	var b strings.Builder
	for _, element := range path {
		switch element := element.(type) {
		case string:
			switch {
			case strings.ContainsAny(element, ".[]\"/ ") || element == "":
				fmt.Fprintf(&b, "[%q]", element)
			case b.Len() == 0:
				b.WriteString(element)
			default:
				b.WriteString("." + element)
			}
		default:
			fmt.Fprintf(&b, "[%v]", element)
		}
	}
	return b.String()
}
