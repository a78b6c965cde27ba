package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// RegoEngine is the engine of Rego code, as spec.targets[].code[].engine names it.
const RegoEngine = "Rego"

// Code is the code of a template for one engine.
type Code struct {
	Engine string `json:"engine"`
	Source any    `json:"source"` // as written; nil if it is missing
}

// digestOf is the SHA-256 of code in hexadecimal.
func digestOf(code []Code) (string, error) {
	text, err := json.Marshal(code)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// code is the code of a target. The older fields rego and libs stand for Rego v0 code
// and replace a Rego entry of code, as the framework's conversion does.
func (t targetYAML) code() []Code {
	if t.Rego == "" {
		return t.Code
	}
	libs := make([]any, len(t.Libs))
	for i, lib := range t.Libs {
		libs[i] = lib
	}
	source := map[string]any{"rego": t.Rego, "libs": libs}
	rego := Code{Engine: RegoEngine, Source: source}
	for i := range t.Code {
		if t.Code[i].Engine == RegoEngine {
			t.Code[i] = rego
			return t.Code
		}
	}
	return append(t.Code, rego)
}

// CodeAt is the path in the template of a field of its code for an engine: of its source,
// without a field. The Rego of the older fields stands in the target itself.
func (t *Template) CodeAt(engine string, field ...any) []any {
	path := []any{"spec", "targets", 0}
	target := map[string]any{}
	if targets, ok := t.Source().Value["spec"].(map[string]any)["targets"].([]any); ok {
		target, _ = targets[0].(map[string]any)
	}
	if text, _ := target["rego"].(string); engine == RegoEngine && text != "" {
		return append(path, field...)
	}
	for i, code := range t.Code() {
		if code.Engine == engine {
			path = append(path, "code", i, "source")
			break
		}
	}
	return append(path, field...)
}

// RegoAt is the path of a module of Rego in the template: of its own for lib -1, else of
// that lib.
func (t *Template) RegoAt(lib int) []any {
	if lib < 0 {
		return t.CodeAt(RegoEngine, "rego")
	}
	return t.CodeAt(RegoEngine, "libs", lib)
}
