package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Fingerprint is the identity of a finding from one version of a manifest to the next, in
// hexadecimal: the hash of its rule, the object (its group, kind, namespace and name) and
// the field. Neither the file, the line, the constraint nor the version of the API is part
// of it. A rule that names no field has its message in place of one. Two findings may have
// one fingerprint.
func Fingerprint(f Finding) string {
	group, _, found := strings.Cut(f.Object.APIVersion, "/")
	if !found {
		group = ""
	}
	return hash(f.Rule, group, f.Object.Kind, f.Object.Namespace, f.Object.Name, cmp.Or(f.Field, f.Message))
}

// hash is the SHA-256 hash of texts, in hexadecimal.
func hash(texts ...string) string {
	sum := sha256.New()
	for _, text := range texts {
		fmt.Fprintf(sum, "%d:%s", len(text), text)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
