package manifest

import (
	"reflect"
	"slices"
	"sort"
	"strings"
	"testing"
)

// paths calls f for every path in v, the deepest first.
func paths(v any, path []any, f func(path []any, v any)) {
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			paths(v[k], append(path[:len(path):len(path)], k), f)
		}
	case []any:
		for i, e := range v {
			paths(e, append(path[:len(path):len(path)], i), f)
		}
	}
	f(path, v)
}

// chomp drops the white space at the end of the string in v: blank lines at the
// end of a block scalar are outside of its place.
func chomp(v any) any {
	switch v := v.(type) {
	case map[string]any:
		c := map[string]any{}
		for k, e := range v {
			c[k] = chomp(e)
		}
		return c
	case []any:
		c := []any{}
		for _, e := range v {
			c = append(c, chomp(e))
		}
		return c
	case string:
		return strings.TrimRightFunc(v, space)
	}
	return v
}

// lines splits a file as an editor does; CRs stay.
func lines(file []byte) []string { return strings.Split(string(file), "\n") }

// between returns the text from start to end, and false if that is no part of
// the file.
func between(file []string, start, end Position) (string, bool) {
	column := func(p Position) int {
		if p.Line < 1 || p.Line > len(file) || p.Column < 1 {
			return -1
		}
		line := file[p.Line-1]
		n := 1
		for i := range line {
			if n == p.Column {
				return i
			}
			n++
		}
		if n == p.Column {
			return len(line)
		}
		return -1
	}
	from, to := column(start), column(end)
	if from < 0 || to < 0 || start.Line > end.Line || start.Line == end.Line && from > to {
		return "", false
	}
	if start.Line == end.Line {
		return file[start.Line-1][from:to], true
	}
	parts := []string{file[start.Line-1][from:]}
	parts = append(parts, file[start.Line:end.Line-1]...)
	return strings.Join(append(parts, file[end.Line-1][:to]), "\n"), true
}

// checkPlaces verifies the places of all paths in the value of o: that they are
// inside the file, and that the text of a field with a scalar is YAML or JSON
// for that field.
func checkPlaces(t testing.TB, text []string, o *Object) {
	t.Helper()
	directives := slices.ContainsFunc(text, func(line string) bool { return strings.Contains(line, "%TAG") })
	n := 0
	paths(o.Value, nil, func(path []any, v any) {
		if n++; n > 2000 { // aliases may make more of them than the text has
			return
		}
		p := o.Place(path)
		got, ok := between(text, p.Start, p.End)
		if !ok {
			t.Errorf("Place(%#v) = %v to %v, want a part of the file of %d lines", path, p.Start, p.End, len(text))
			return
		}
		for _, r := range p.Related {
			if _, ok := between(text, r.Position, r.Position); !ok {
				t.Errorf("Place(%#v) has %v as related, want a position in the file of %d lines", path, r, len(text))
			}
		}
		if len(path) == 0 || directives {
			return
		}
		for _, r := range p.Related {
			if !strings.HasPrefix(r.Note, "merge") {
				if i := strings.LastIndex(got, "*"); i < 0 || strings.ContainsAny(got[i:], " \n") {
					t.Errorf("Place(%#v) = %v with an anchor, text %q, want it to end with an alias", path, p, got)
				}
				return
			}
		}
		if strings.HasPrefix(got, "*") { // an alias as key cannot be read on its own
			return
		}
		// The text before the place, blanked, keeps the indentation.
		before := []byte(strings.Repeat(" ", p.Start.Column-1))
		want := v
		wraps := [][2]string{{string(before), ""}, {"{", "\n}"}, {"{", "}"}, {"? ", ""}, {"? ", " :"}}
		switch last := path[len(path)-1].(type) {
		case string:
			switch v.(type) {
			case map[string]any, []any:
				want = map[string]any{last: nil}
			default:
				want = map[string]any{last: v}
			}
		default:
			switch v.(type) {
			case map[string]any, []any:
				return // its opening says nothing
			}
			want = []any{v}
			wraps = [][2]string{{"[", "\n]"}, {"[", "]"}, {"- ", ""}, {"? ", ""}}
			if n := len(before); n > 1 && len(got) > 0 && got[0] != '-' {
				line := text[p.Start.Line-1]
				if i := strings.LastIndex(line[:min(len(line), n)], "-"); i >= 0 {
					before[i] = '-'
					wraps = append(wraps, [2]string{string(before), ""})
				}
			}
			if v == nil {
				wraps = append(wraps, [2]string{"", ""})
			}
		}
		switch v.(type) {
		case nil, map[string]any, []any:
			if got == path[len(path)-1] { // a key such as "a:" means something else on its own
				return
			}
		}
		for _, w := range wraps {
			v, err := one(w[0] + got + w[1] + "\n")
			if err == nil && reflect.DeepEqual(chomp(v), chomp(want)) {
				return
			}
		}
		t.Errorf("Place(%#v) = %v to %v, text %q, want text for %#v", path, p.Start, p.End, got, want)
	})
}
