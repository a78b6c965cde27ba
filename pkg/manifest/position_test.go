package manifest

import "testing"

func TestPositionString(t *testing.T) {
	for _, tc := range []struct {
		pos  Position
		want string
	}{
		{Position{File: "pod.yaml", Line: 9, Column: 7}, "pod.yaml:9:7"},
		{Position{File: "pod.yaml", Line: 9}, "pod.yaml:9"},
		{Position{File: "pod.yaml", Column: 7}, "pod.yaml"}, // a column without a line says nothing
		{Position{File: "-", Line: 1, Column: 1}, "-:1:1"},
		{Position{File: "-"}, "-"},
		{Position{}, "-"},
	} {
		if got := tc.pos.String(); got != tc.want {
			t.Errorf("%#v.String() = %q, want %q", tc.pos, got, tc.want)
		}
	}
}
