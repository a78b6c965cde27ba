package main

import (
	"fmt"
	"testing"
)

func TestFindings(t *testing.T) {
	load := &workload{policies: policies{name: "mix"}, name: "dirty", matching: 36.94, inFallback: 0.0004}
	unequal := &workload{policies: policies{name: "mix"}, name: "clean", differences: []string{"one"}}
	plain := func(v float64) string { return fmt.Sprintf("%g s", v) }
	got := findings([]finding{
		{"a", load, 25, 1, plain, atLeast(12, 25)},
		{"b", load, 24.99, 1, plain, atLeast(12, 25)},
		{"c", load, 11.99, 1, plain, atLeast(12, 25)},
		{"d", load, 9.999, 1, plain, goal{}},
		{"e", load, 100, 40, plain, atMost(40, 20, plain)},
		{"f", load, 100, 41, plain, atMost(40, 20, plain)},
		{"g", load, 100, 20, plain, atMost(40, 20, plain)},
		{"h", load, 100, 20, plain, atMost(40, 0, plain)},
		{"i", unequal, 25, 1, plain, atLeast(12, 0)},
	})
	want := `| what | mix | Gatekeeper, gator | memgate | ratio | required | aim | |
|---|---|--:|--:|--:|--:|--:|---|
| a | mix, dirty: 0/0, 36.9, < 0.1 % | 25 s | 1 s | 25.0× | ≥ 12× | ≥ 25× | met, and the aim |
| b | mix, dirty: 0/0, 36.9, < 0.1 % | 24.99 s | 1 s | 24.9× | ≥ 12× | ≥ 25× | met |
| c | mix, dirty: 0/0, 36.9, < 0.1 % | 11.99 s | 1 s | 11.9× | ≥ 12× | ≥ 25× | **missed** |
| d | mix, dirty: 0/0, 36.9, < 0.1 % | 9.999 s | 1 s | 9.99× |  |  |  |
| e | mix, dirty: 0/0, 36.9, < 0.1 % | 100 s | 40 s | 2.50× | ≤ 40 s | ≤ 20 s | met |
| f | mix, dirty: 0/0, 36.9, < 0.1 % | 100 s | 41 s | 2.43× | ≤ 40 s | ≤ 20 s | **missed** |
| g | mix, dirty: 0/0, 36.9, < 0.1 % | 100 s | 20 s | 5.00× | ≤ 40 s | ≤ 20 s | met, and the aim |
| h | mix, dirty: 0/0, 36.9, < 0.1 % | 100 s | 20 s | 5.00× | ≤ 40 s |  | met |
| i | mix, clean: 0/0, 0.0, 0.0 % | 25 s | 1 s | 25.0× | ≥ 12× |  | **unequal results** |
`
	if got != want {
		t.Errorf("findings: got\n%swant\n%s", got, want)
	}
}
