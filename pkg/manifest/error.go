package manifest

// A SyntaxError is a document that could not be read. What the document would
// have meant is unknown, so it is neither an object nor "no manifest".
type SyntaxError struct {
	Position Position
	Message  string // what was found and what was wanted, without the place

	// LooksLikeManifest tells whether what could be seen of the document has the
	// keys apiVersion and kind: at the start of a line (YAML), or quoted and
	// before the fault (JSON).
	LooksLikeManifest bool
}

// Error returns the place and the message, as in
// `web.yaml:14:3: duplicate key "env", first at line 9`.
func (e *SyntaxError) Error() string { return e.Position.String() + ": " + e.Message }

// A NotManifestError is a document that could be read and is no manifest: no
// mapping, or one without the keys apiVersion and kind.
type NotManifestError struct {
	Position Position
	Found    string // "a list", "a mapping without kind", ...
}

// Error returns the place, what was found and what was wanted.
func (e *NotManifestError) Error() string {
	return e.Position.String() + ": found " + e.Found + ", want a mapping with apiVersion and kind"
}

// A fault is a SyntaxError before its offset is translated to a position.
type fault struct {
	offset   int // into the text of the document
	message  string
	first    *node // of a duplicate key: the first one, whose line ends the message
	manifest bool  // the document has been parsed and has apiVersion and kind
}

func duplicate(name string, key, first node) *fault {
	return &fault{offset: int(key.start), message: "duplicate key " + quote(name), first: &first}
}
