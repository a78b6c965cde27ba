package suppress

import (
	"errors"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
)

// directive begins a comment that is a suppression.
const directive = "memgate:ignore"

// directives are the comments of an object that are addressed to memgate: a word that
// begins with its name and a colon. Others may speak of such ones.
func directives(object *manifest.Object) []manifest.Comment {
	const mark = "memgate:"
	var found []manifest.Comment
	for _, c := range object.Comments(mark) {
		if rest, ok := strings.CutPrefix(c.Text, mark); ok && rest != "" && !strings.ContainsRune(blanks, rune(rest[0])) {
			found = append(found, c)
		}
	}
	return found
}

func (r *reader) comments() {
	for _, c := range directives(r.object) {
		rules, t, err := parse(c.Text)
		if err == nil && c.Path == nil {
			err = errors.New(directive + " stands above nothing, want it behind a value or on a line above one")
		}
		r.add(Suppression{Kind: Comment, Position: c.Position, Path: c.Path, covers: c.Covers}, rules, t, err)
	}
}
