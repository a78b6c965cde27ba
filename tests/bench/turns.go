package main

import "runtime"

// turn is how many items a side works on before it is the turn of the next: enough for
// the collector to run several times, few enough that a busy moment of the machine hits
// both sides.
const turn = 60

// maxAgain is how often a fast side repeats its turn at most.
const maxAgain = 20

// takeTurns has sides work on items by turns and returns the median usage of an item for
// each. Every round takes the next items. The collector runs as it does in a server, on
// a heap that holds all sides; each turn begins after a collection. A fast side repeats
// its turn until it takes about half as long as the first, so that its share of
// collections is in it.
func takeTurns(rounds, items int, sides ...func(item int) error) ([]usage, error) {
	size := min(turn, items)
	again := make([]int, len(sides))
	samples := make([][]usage, len(sides))
	for round := range rounds + 1 {
		for s, side := range sides {
			again[s] = max(again[s], 1)
			runtime.GC()
			used, err := spent(func() error {
				for range again[s] {
					for i := range size {
						if err := side((round*size + i) % items); err != nil {
							return err
						}
					}
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
			samples[s] = append(samples[s], used.each(size*again[s]))
		}
		if round == 0 { // it warms up, and says who is fast
			slow := samples[0][0].cpu
			for s := range sides {
				again[s], samples[s] = repeats(slow, samples[s][0].cpu), nil
			}
		}
	}
	medians := make([]usage, len(sides))
	for s := range sides {
		medians[s] = middle(samples[s])
	}
	return medians, nil
}

// repeats is how often a turn of so many seconds is repeated beside a slower one.
func repeats(slow, fast float64) int {
	return int(max(1, min(slow/fast/2, maxAgain)))
}
