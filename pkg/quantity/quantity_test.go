package quantity_test

import (
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/quantity"
)

func TestParse(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"1.5Gi", "1536Mi"},
		{"1e99", "1e99"},
		{"1E-9", "1E-9"},
		{strings.Repeat("1", 100), strings.Repeat("1", 100)},
		{strings.Repeat("1", 101), "found a quantity of 101 bytes, want at most 100"},
		{"1e100", "found an exponent of three digits or more, want at most two"},
		{"1E+300000000", "found an exponent of three digits or more, want at most two"},
		{"1e-300000000", "found an exponent of three digits or more, want at most two"},
		{strings.Repeat("1", 10_000_000), "found a quantity of 10000000 bytes, want at most 100"},
		{"", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
	} {
		q, err := quantity.Parse(tc.text)
		got := q.String()
		if err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("Parse(%.20q...) = %s, want %s", tc.text, got, tc.want)
		}
	}
}

// FuzzParse wants what was read to be cheap to reckon with.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"1Gi", "1e-300000000", "100m", "10E", "+.5e1", "1e9e9", "1e99", "-0.000000001Ki"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := quantity.Parse(text)
		if err != nil {
			return
		}
		sum := q.DeepCopy()
		sum.Add(q)
		sum.Sub(q)
		if sum.Cmp(q) != 0 || len(q.String()) > 400 {
			t.Errorf("Parse(%q) = %s, and with itself added and taken away %s", text, q.String(), sum.String())
		}
	})
}
