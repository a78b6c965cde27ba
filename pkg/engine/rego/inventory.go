package rego

import (
	"cmp"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A Kind is what a template reads of data.inventory. An empty field stands for all.
type Kind struct {
	APIVersion string
	Kind       string
}

// Covers reports whether objects of an apiVersion and kind are among those meant.
func (k Kind) Covers(apiVersion, kind string) bool {
	return (k.APIVersion == "" || k.APIVersion == apiVersion) && (k.Kind == "" || k.Kind == kind)
}

// inventoryReads are the kinds that compiled modules read of data.inventory,
// sorted: data.inventory.namespace[ns][apiVersion][kind][name] and
// data.inventory.cluster[apiVersion][kind][name]. Whatever is no constant stands for all.
// The Namespace of the object under review is among them.
func inventoryReads(modules []*ast.Module) []Kind {
	var found []Kind
	for _, module := range modules {
		ast.WalkRefs(module, func(ref ast.Ref) bool {
			kind := Kind{"v1", "Namespace"}
			if ref.HasPrefix(inventoryRef) {
				kind = kindOf(ref[len(inventoryRef):])
			} else if !ref.HasPrefix(namespaceRef) {
				return false
			}
			if !slices.Contains(found, kind) {
				found = append(found, kind)
			}
			return false
		})
	}
	slices.SortFunc(found, func(a, b Kind) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.APIVersion, b.APIVersion))
	})
	return found
}

var (
	inventoryRef = ast.MustParseRef("data.inventory")
	namespaceRef = ast.MustParseRef("input.review.namespaceObject")
)

// kindOf is the kind that a path below data.inventory leads to.
func kindOf(path ast.Ref) Kind {
	text := func(i int) string {
		if i >= len(path) {
			return ""
		}
		s, _ := path[i].Value.(ast.String)
		return string(s)
	}
	switch text(0) {
	case "cluster":
		return Kind{APIVersion: text(1), Kind: text(2)}
	case "namespace":
		return Kind{APIVersion: text(2), Kind: text(3)}
	}
	return Kind{}
}
