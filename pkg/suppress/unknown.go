package suppress

import "fmt"

// unknown says that a suppression names a rule that is none of those known.
func unknown(rule string, rules []string) string {
	if rule == "*" {
		return `found "*", want the id of each rule that is suppressed`
	}
	text := fmt.Sprintf("rule %q is unknown", rule)
	near, least := "", len(rule)/3+1
	for _, other := range rules {
		if len(rule)-len(other) >= least {
			continue
		}
		if d := distance(rule, other); d < least || d == least && other < near {
			near, least = other, d
		}
	}
	if near == "" {
		return text
	}
	return text + fmt.Sprintf(", did you mean %q", near)
}

// distance is the number of characters to insert, remove or replace to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1) // from the part of a so far to each beginning of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], d
		}
	}
	return row[len(b)]
}
