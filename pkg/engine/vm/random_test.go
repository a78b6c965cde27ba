package vm

import (
	"encoding/json"
	"math/rand/v2"

	"github.com/open-policy-agent/opa/v1/ast"
)

// scalars are values that are alike, in all forms of a number.
var scalars = []any{
	nil, false, true, "", "a", "b", "1", "ünï", "1e3", "10Mi", "\x00",
	0, 1, -1, 2, 10, 16, 100, 1000000, 1 << 53, 1<<53 + 1, 1<<62 + 1,
	int64(0), int64(1), int64(-1), int64(10), int64(1000000), int64(1000730000), int64(1<<53 + 1),
	0.0, 1.0, -1.0, 0.1, 0.5, 1.5, 1e6, 1e21, -1e-7, 9007199254740992.0, 1.8446744073709552e19,
	json.Number("1.0"), json.Number("0.1"), json.Number("0.10"), json.Number("1e3"), json.Number("1e400"), json.Number("-0"),
	json.Number("9007199254740993"), json.Number("18446744073709551616"), json.Number("18446744073709551617"), json.Number("0.30000000000000004"),
}

// randomValue is a value of any kind, rarely deep.
func randomValue(random *rand.Rand, depth int) any {
	n := random.IntN(4)
	if random.IntN(20) == 0 {
		n = few + random.IntN(2*few)
	}
	if depth == 0 {
		n = 0
	}
	switch random.IntN(12) {
	case 0:
		items := make([]any, n)
		for i := range items {
			items[i] = randomValue(random, depth-1)
		}
		return items
	case 1:
		list := &List{}
		for range n {
			list.items = append(list.items, randomValue(random, depth-1))
		}
		return list
	case 2:
		m := map[string]any{}
		for range n {
			m[randomKey(random)] = randomValue(random, depth-1)
		}
		return m
	case 3:
		m := Tree{}
		for range n {
			m[randomKey(random)] = randomValue(random, depth-1)
		}
		return m
	case 4, 5:
		o := &Object{}
		for range n {
			var key any = randomKey(random)
			if random.IntN(2) == 0 {
				key = randomValue(random, depth-1)
			}
			o.put(key, randomValue(random, depth-1))
		}
		return o
	case 6:
		s := &Set{}
		for range n {
			s.Add(randomValue(random, depth-1))
		}
		return s
	}
	return scalars[random.IntN(len(scalars))]
}

func randomKey(random *rand.Rand) string {
	return []string{"a", "b", "c", "name", "kind", "", "ünï", "x1", "x2", "x3", "x4", "x5"}[random.IntN(12)]
}

// altered is the same value in other Go types: what compares as equal.
func altered(v any) any {
	value, err := FromAST(ToAST(v))
	if err != nil {
		panic(err)
	}
	return value
}

func text(v any) string { return ToAST(v).String() }

func sign(i int) int {
	switch {
	case i < 0:
		return -1
	case i > 0:
		return 1
	}
	return 0
}

// wantCompare is what OPA says.
func wantCompare(a, b any) int { return sign(ast.Compare(ToAST(a), ToAST(b))) }
