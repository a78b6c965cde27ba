package version_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/version"
)

func TestWrite(t *testing.T) {
	var out strings.Builder
	if err := version.Write(&out, "memgate"); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^memgate \S+\ncommit \S+\npack [0-9a-f]{12}\nopa (1\.\d+\.\d+|unknown)\ngo go1\.\S+\n$`)
	if !want.MatchString(out.String()) {
		t.Errorf("Write = %q, want a match of %s", out.String(), want)
	}
}
