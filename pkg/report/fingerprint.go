package report

import (
	"crypto/sha256"
	"encoding/hex"
)

// fingerprint is the identity of a finding from one version of a manifest to the next:
// the hash of its rule, constraint, object and field. Neither the file nor the line is
// part of it. A rule that names no field has its message in place of one.
func fingerprint(f Finding) (string, error) {
	details, _ := f.Details.(map[string]any)
	field, found := details["path"]
	if !found {
		field = f.Message
	}
	return hash(f.Rule, f.Constraint, f.Object, f.Template, field)
}

// hash is the SHA-256 hash of values, in hexadecimal.
func hash(values ...any) (string, error) {
	text, err := marshal(values)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:]), nil
}
