// Package quantity reads the quantities of Kubernetes, such as 1.5Gi, that anybody may
// have written. It knows what they cost to read, not what they are quantities of.
package quantity

import (
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/api/resource"
)

// longest is the length of a text, in bytes, that is read as a quantity. All that fit into
// a quantity of Kubernetes have fewer digits than half of that.
const longest = 100

// huge is an exponent of three digits or more. ParseQuantity takes half a minute for
// 1e-30000000; what it makes of 1e30000000 in no time takes as long to be added, compared
// or written.
var huge = regexp.MustCompile(`[eE][+-]?[0-9]{3}`)

// Parse is resource.ParseQuantity in bounded time: a text of more than 100 bytes, or with
// an exponent of more than two digits, is an error, which does not quote it.
func Parse(text string) (resource.Quantity, error) {
	switch {
	case len(text) > longest:
		return resource.Quantity{}, fmt.Errorf("found a quantity of %d bytes, want at most %d", len(text), longest)
	case huge.MatchString(text):
		return resource.Quantity{}, fmt.Errorf("found an exponent of three digits or more, want at most two")
	}
	return resource.ParseQuantity(text)
}
