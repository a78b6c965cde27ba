package review_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/review"
)

func TestOrigin(t *testing.T) {
	const pod = "apiVersion: v1\nkind: Pod\n"
	annotated := func(text string) string {
		return pod + "metadata:\n  annotations:\n    config.kubernetes.io/origin: |\n      " + strings.ReplaceAll(text, "\n", "\n      ") + "\n"
	}
	at := func(file, note string) []manifest.Related {
		return []manifest.Related{{Position: manifest.Position{File: file}, Note: note}}
	}
	const helm, kustomize = "source of the Helm template", "source of the kustomization"
	for _, tc := range []struct {
		name, text string
		want       []manifest.Related
	}{
		{"nothing", pod, nil},
		{"Helm", "---\n# Source: shop/templates/web.yaml\n" + pod, at("shop/templates/web.yaml", helm)},
		{"a chart in a chart", "---\n# Source: shop/charts/db/templates/sub/web.yaml\r\n# note\r\n" + pod, at("shop/charts/db/templates/sub/web.yaml", helm)},
		{"Helm's custom resource definitions", "---\n# Source: shop/crds/web.yaml\n" + pod, at("shop/crds/web.yaml", helm)},
		{"an item of a list", "---\n# Source: shop/templates/web.yaml\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n", at("shop/templates/web.yaml", helm)},
		{"another source", "# Source: https://example.com/templates/web.yaml\n" + pod, nil},
		{"a source in words", "# Source: the templates/ of others\n" + pod, nil},
		{"a comment below", pod + "# Source: shop/templates/web.yaml\n", nil},
		{"kustomize", annotated("path: ../base/web.yaml"), at("../base/web.yaml", kustomize)},
		{"a repository", annotated("path: config/web.yaml\nrepo: https://example.com/shop\nref: v1.2"), at("https://example.com/shop//config/web.yaml?ref=v1.2", kustomize)},
		{"a repository without a version", annotated("path: web.yaml\nrepo: https://example.com/shop"), at("https://example.com/shop//web.yaml", kustomize)},
		{"a generator", annotated("configuredIn: base/kustomization.yaml\nconfiguredBy:\n  apiVersion: builtin\n  kind: ConfigMapGenerator"), at("base/kustomization.yaml", "made by the ConfigMapGenerator")},
		{"a generator with a name", annotated("configuredIn: gen.yaml\nconfiguredBy: {kind: Gen, name: a}"), at("gen.yaml", "made by the Gen a")},
		{"an annotation that is no origin", annotated("[a"), nil},
		{"an annotation without a file", annotated("repo: https://example.com/shop"), nil},
		{"both", "# Source: shop/templates/web.yaml\n" + annotated("path: all.yaml"), append(at("shop/templates/web.yaml", helm), at("all.yaml", kustomize)...)},
	} {
		objects, err := manifest.Read("t.yaml", strings.NewReader(tc.text))
		if err != nil || len(objects) != 1 {
			t.Fatalf("%s: Read(%q) gives %d objects, %v; want one", tc.name, tc.text, len(objects), err)
		}
		items, _ := review.Items(objects[0])
		if got := review.Origin(items[0]); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: Origin(%q) = %+v, want %+v", tc.name, tc.text, got, tc.want)
		}
	}
}
