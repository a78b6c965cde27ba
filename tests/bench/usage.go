package main

import (
	"runtime"
	"slices"
	"syscall"
	"time"
)

// A usage is what something took: of the machine, or of memory for good.
type usage struct {
	heap      float64 // bytes that stay
	cpu, wall float64 // seconds
	alloc     float64 // bytes that were allocated
}

// spent is what this process uses while f runs. The heap is left out.
func spent(f func() error) (usage, error) {
	before, cpu, start := memory().TotalAlloc, cpuTime(), time.Now()
	if err := f(); err != nil {
		return usage{}, err
	}
	return usage{
		wall:  time.Since(start).Seconds(),
		cpu:   (cpuTime() - cpu).Seconds(),
		alloc: float64(memory().TotalAlloc - before),
	}, nil
}

// each is the share of one of n.
func (u usage) each(n int) usage {
	share := 1 / float64(n)
	return usage{heap: u.heap * share, cpu: u.cpu * share, wall: u.wall * share, alloc: u.alloc * share}
}

// reachable is what is on the heap after collection, in bytes.
func reachable() float64 {
	runtime.GC()
	runtime.GC() // pools are emptied by the second
	return float64(memory().HeapAlloc)
}

func memory() runtime.MemStats {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats
}

// cpuTime is what this process has used so far.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err) // it takes no argument that could be wrong
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// middle are the medians of usages, each figure by itself.
func middle(usages []usage) usage { return quantiles(usages, 0.5) }

func quantiles(usages []usage, q float64) usage {
	return usage{
		heap:  quantileOf(usages, q, func(u usage) float64 { return u.heap }),
		cpu:   quantileOf(usages, q, func(u usage) float64 { return u.cpu }),
		wall:  quantileOf(usages, q, func(u usage) float64 { return u.wall }),
		alloc: quantileOf(usages, q, func(u usage) float64 { return u.alloc }),
	}
}

// quantileOf is the quantile of one figure of some samples.
func quantileOf[T any](samples []T, q float64, figure func(T) float64) float64 {
	values := make([]float64, len(samples))
	for i, sample := range samples {
		values[i] = figure(sample)
	}
	return quantile(values, q)
}

// quantile is the value below which the share q of some values lies, between neighbours
// in proportion.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}
