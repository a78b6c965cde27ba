package verify

import (
	"encoding/json"
	"io"
)

// WriteJSON writes a result as one JSON object: see Result.
func WriteJSON(out io.Writer, r Result) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
