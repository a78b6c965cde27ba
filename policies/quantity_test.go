package policies

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"k8s.io/apimachinery/pkg/api/resource"
)

// probe parses a list of quantities; what is none is null.
const probe = `package probe

import data.lib.quantity

parsed := [p | some text in input; p := _parse(text)]

_parse(text) := p if {
	p := quantity.parse(text)
} else := null
`

// parser evaluates lib quantity.
func parser(t testing.TB) func(t testing.TB, texts []any) []any {
	t.Helper()
	query, err := rego.New(
		rego.Query("data.probe.parsed"),
		rego.SetRegoVersion(ast.RegoV1),
		rego.Load([]string{"lib/quantity.rego"}, nil),
		rego.Module("probe.rego", probe),
	).PrepareForEval(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return func(t testing.TB, texts []any) []any {
		t.Helper()
		set, err := query.Eval(context.Background(), rego.EvalInput(texts))
		if err != nil {
			t.Fatal(err)
		}
		parsed, _ := set[0].Expressions[0].Value.([]any)
		if len(parsed) != len(texts) {
			t.Fatalf("lib quantity: got %d results for %d quantities", len(parsed), len(texts))
		}
		return parsed
	}
}

var (
	// ParseQuantity takes "Gi" and "e3" for 0.
	digit = regexp.MustCompile(`^[+-]?\.?[0-9]`)

	// Past these ParseQuantity takes for ever (an exponent of nine digits), or wraps
	// around (of ten).
	hugeExponent = regexp.MustCompile(`[eE][+-]?[0-9]{4}`)

	// Before a binary suffix the lib is exact for 13 decimal places.
	longFraction = regexp.MustCompile(`\.[0-9]{14,}[KMGTPE]i`)
)

// disagreement compares the lib's result with what the API server makes of a quantity;
// "" if they agree. Values from 2^63 on are capped by the API server and compared in
// sign and in being as large.
func disagreement(text string, got any) string {
	trimmed := strings.TrimSpace(text) // as Quantity.UnmarshalJSON does
	quantity, err := resource.ParseQuantity(trimmed)
	valid := err == nil && digit.MatchString(trimmed)
	result, found := got.(map[string]any)
	if found != valid {
		return fmt.Sprintf("quantity.parse(%q): got %v, want it to be a quantity: %v (ParseQuantity: %v)", text, got, valid, err)
	}
	if !valid {
		return ""
	}
	bytes, ok := integer(result["bytes"])
	if !ok {
		return fmt.Sprintf("quantity.parse(%q).bytes: got %v, want an integer", text, result["bytes"])
	}
	if want := ceil(quantity); want.CmpAbs(limit) < 0 && bytes.Cmp(want) != 0 || want.Sign() != bytes.Sign() || want.CmpAbs(limit) >= 0 && bytes.CmpAbs(limit) < 0 {
		return fmt.Sprintf("quantity.parse(%q).bytes: got %s, want %s", text, bytes, want)
	}
	if exact, ok := exactly(trimmed); ok && result["fractional"] != !exact.IsInt() {
		return fmt.Sprintf("quantity.parse(%q).fractional: got %v, want %v", text, result["fractional"], !exact.IsInt())
	}
	return ""
}

// limit is the largest value of a Quantity, 2^63-1.
var limit = new(big.Int).SetUint64(1<<63 - 1)

// ceil is a quantity rounded away from zero.
func ceil(quantity resource.Quantity) *big.Int {
	decimal := quantity.AsDec()
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(max(int64(decimal.Scale()), -int64(decimal.Scale()))), nil)
	if decimal.Scale() <= 0 {
		return scale.Mul(scale, decimal.UnscaledBig())
	}
	whole, rest := new(big.Int).QuoRem(decimal.UnscaledBig(), scale, new(big.Int))
	return whole.Add(whole, big.NewInt(int64(rest.Sign())))
}

var number = regexp.MustCompile(`^([+-]?[0-9.]+)(.*)$`)

// exactly is the value of a quantity as it is written, without the rounding to nanos.
func exactly(text string) (*big.Rat, bool) {
	parts := number.FindStringSubmatch(text)
	if parts == nil {
		return nil, false
	}
	base, exponent := int64(10), int64(0)
	if i := strings.Index("numkMGTPE", parts[2]); parts[2] != "" && len(parts[2]) == 1 && i >= 0 {
		exponent = []int64{-9, -6, -3, 3, 6, 9, 12, 15, 18}[i]
	} else if strings.HasSuffix(parts[2], "i") {
		base, exponent = 2, 10*int64(1+strings.Index("KMGTPE", parts[2][:1]))
	} else if parts[2] != "" {
		_, _ = fmt.Sscanf(parts[2][1:], "%d", &exponent)
	}
	value, ok := new(big.Rat).SetString(strings.TrimSuffix(parts[1], "."))
	if !ok {
		return nil, false
	}
	factor := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(base), big.NewInt(max(exponent, -exponent)), nil))
	if exponent < 0 {
		factor.Inv(factor)
	}
	return value.Mul(value, factor), true
}

// integer is a number of OPA, which may be written with an exponent.
func integer(value any) (*big.Int, bool) {
	text, ok := value.(json.Number)
	if !ok {
		return nil, false
	}
	rat, ok := new(big.Rat).SetString(text.String())
	if !ok || !rat.IsInt() {
		return nil, false
	}
	return rat.Num(), true
}

// TestQuantity compares lib quantity with k8s.io/apimachinery on generated texts.
func TestQuantity(t *testing.T) {
	const batch, batches = 1000, 20
	random := rand.New(rand.NewPCG(1, 2))
	parse := parser(t)
	valid, faults := 0, 0
	for range batches {
		var texts []any
		for len(texts) < batch {
			if text := quantityText(random); !hugeExponent.MatchString(text) && !longFraction.MatchString(text) {
				texts = append(texts, text)
			}
		}
		for i, got := range parse(t, texts) {
			if got != nil {
				valid++
			}
			if text := disagreement(texts[i].(string), got); text != "" {
				t.Error(text)
				if faults++; faults == 10 {
					t.Fatal("and perhaps more")
				}
			}
		}
	}
	if total := batch * batches; valid < total/3 || valid > total*4/5 {
		t.Errorf("%d of %d generated texts are quantities, want a third to four fifths", valid, total)
	}
}

// TestQuantityNumber compares lib quantity with k8s.io/apimachinery on bare numbers,
// which reviews hold as floats.
func TestQuantityNumber(t *testing.T) {
	numbers := []string{
		"0", "1", "-1", "1.5", "-1.5", "0.1", "0.000000001", "1e-7", "1e3", "1000000", "536870912", "5.36870912e+08",
		"1099511627776", "1.099511627776e+12", "4503599627370497", "9007199254740992", "1e15", "1e18",
	}
	var values []any
	for _, text := range numbers {
		values = append(values, json.Number(text))
	}
	for i, got := range parser(t)(t, values) {
		if text := disagreement(numbers[i], got); text != "" {
			t.Error(text)
		}
	}
}

// quantityText is a quantity, something near to one, or garbage.
func quantityText(random *rand.Rand) string {
	pick := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	digits := func(most int) string {
		text := make([]byte, random.IntN(most+1))
		for i := range text {
			text[i] = byte('0' + random.IntN(10))
		}
		return string(text)
	}
	const alphabet = "0123456789.+-eEnumkKMGTPiB _\t１½"
	garbage := func() string {
		runes := []rune(alphabet)
		text := make([]rune, random.IntN(8))
		for i := range text {
			text[i] = runes[random.IntN(len(runes))]
		}
		return string(text)
	}
	if random.IntN(10) == 0 {
		return garbage()
	}
	suffix := pick("", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e", "E")
	places := 20
	switch {
	case len(suffix) == 2:
		places = 13
	case suffix == "e" || suffix == "E" && random.IntN(2) == 0:
		suffix += pick("", "+", "-") + digits(2)
	}
	whole := digits(pick2(random, 4, 22))
	text := pick("", "", "", "+", "-") + whole + suffix
	if random.IntN(2) == 0 {
		text = pick("", "", "", "+", "-") + whole + "." + digits(places) + suffix
	}
	switch runes := []rune(text); random.IntN(8) {
	case 0: // one character too many, or another one
		i := random.IntN(len(runes) + 1)
		text = string(runes[:i]) + garbage() + string(runes[i:])
	case 1:
		text = pick("", " ", "\t") + text + pick(" ", "\n")
	case 2:
		text = strings.ToLower(text)
	}
	return text
}

func pick2(random *rand.Rand, a, b int) int {
	if random.IntN(2) == 0 {
		return a
	}
	return b
}

// FuzzQuantity compares lib quantity with k8s.io/apimachinery on any text.
func FuzzQuantity(f *testing.F) {
	for _, text := range []string{"1Gi", "100m", ".5Gi", "1.Gi", "+1Gi", "12e6", "1E", "1E3", "-1e-3", "1 Gi", "1GiB", "", "m"} {
		f.Add(text)
	}
	parse := parser(f)
	f.Fuzz(func(t *testing.T, text string) {
		if hugeExponent.MatchString(text) || longFraction.MatchString(text) || len(text) > 60 {
			return
		}
		if text := disagreement(text, parse(t, []any{text})[0]); text != "" {
			t.Error(text)
		}
	})
}
