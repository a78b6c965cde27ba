package main

import (
	"errors"
	"math"
	"reflect"
	"testing"
)

func TestTakeTurns(t *testing.T) {
	var kept [][]byte
	seen := map[int]int{}
	used, err := takeTurns(
		3, 100,
		func(i int) error { seen[i]++; kept = append(kept, make([]byte, 1<<16)); return nil },
		func(i int) error { kept = append(kept, make([]byte, 1<<14)); return nil },
	)
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != 100 {
		t.Errorf("takeTurns(3, 100): the first side saw %d items in %d turns of %d, want all 100", len(seen), 4, turn)
	}
	for i, want := range []float64{1 << 16, 1 << 14} {
		if got := used[i].alloc; math.Abs(got/want-1) > 0.1 {
			t.Errorf("takeTurns(3, 100): side %d allocates %.0f bytes an item, want about %.0f", i, got, want)
		}
	}
	broken := errors.New("broken")
	if _, err := takeTurns(1, 1, func(int) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("takeTurns with a side that fails: got %v, want %v", err, broken)
	}
}

func TestRepeats(t *testing.T) {
	for _, tc := range []struct {
		slow, fast float64
		want       int
	}{
		{1, 1, 1},
		{1, 2, 1},
		{8, 1, 4},
		{1, 0.001, maxAgain},
		{1, 0, maxAgain}, // less than the clock can tell
	} {
		if got := repeats(tc.slow, tc.fast); got != tc.want {
			t.Errorf("repeats(%v, %v) = %d, want %d", tc.slow, tc.fast, got, tc.want)
		}
	}
}

func TestEach(t *testing.T) {
	got := usage{heap: 8, cpu: 4, wall: 2, alloc: 16}.each(4)
	if want := (usage{heap: 2, cpu: 1, wall: 0.5, alloc: 4}); !reflect.DeepEqual(got, want) {
		t.Errorf("each(4): got %+v, want %+v", got, want)
	}
}
