// Package blame guesses which field of an object a violation is about, where its template
// does not say: from what the rule read on the way to the violation, and from what the
// text of it names. It knows neither templates nor how they are evaluated.
package blame

import "github.com/memgate/memgate/pkg/engine"

// Path is the path of the field of an object that a violation is about: keys (string) and
// indices (int) from the root. What is at its end may be missing in the object: then it is
// what was looked for. Path is nil if there is nothing to tell by.
//
// The reads are those of the violation that engine.Client.Trace gives, the last first. If
// they are nil, what the text names has to do. A path is as good as texts are: of the
// violations of this module's own rules, nine in ten are in the right element, such as
// a container, and six at the right field.
func Path(object map[string]any, reads []engine.Read, text string) []any {
	m := newMessage(text)
	fields := fieldsOf(object, reads)
	if reads == nil {
		fields = fieldsIn(object)
	}
	element := elementOf(object, fields, m)
	if best := bestOf(fields, element, m); best != nil {
		return best
	}
	return element.path
}
