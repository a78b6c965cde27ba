package version_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/policy/pack"
	"github.com/memgate/memgate/pkg/version"
)

func TestWrite(t *testing.T) {
	for _, tc := range []struct {
		info version.Info
		want string
	}{
		{version.Info{}, "memgate (devel)\ncommit unknown\npack PACK\nopa unknown\ngo GO\n"},
		{version.Info{Number: "v0.1.0", Commit: "0123abc", OPA: "1.22.2"}, "memgate v0.1.0\ncommit 0123abc\npack PACK\nopa 1.22.2\ngo GO\n"},
	} {
		var out strings.Builder
		if err := tc.info.Write(&out, "memgate"); err != nil {
			t.Fatal(err)
		}
		want := strings.NewReplacer("PACK", pack.Version, "GO", runtime.Version()).Replace(tc.want)
		if out.String() != want {
			t.Errorf("%+v.Write = %q, want %q", tc.info, out.String(), want)
		}
	}
}
