package engine

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/memgate/memgate/pkg/policy"
	"github.com/memgate/memgate/pkg/review"
)

// BenchmarkReview judges the examples of all rules by the bundle strict, on each
// evaluator. One operation is one object; ratio runs both in turn and reports how many
// times less processor time the VM takes.
func BenchmarkReview(b *testing.B) {
	set, err := policy.Bundle("strict")
	if err != nil {
		b.Fatal(err)
	}
	var reviews []*review.Review
	objects := documents(b, "../../policies/*/*/examples/*.yaml")
	for _, object := range objects {
		if object["kind"] != "AdmissionReview" {
			reviews = append(reviews, review.New(object, review.Options{}))
		}
	}
	clients := map[string]*Client{}
	for _, engine := range []string{Topdown, VM} {
		if clients[engine], err = NewClient(set, Options{Point: policy.OfflinePoint, Engine: engine}); err != nil {
			b.Fatal(err)
		}
	}
	judge := func(b *testing.B, engine string, i int) {
		for _, o := range clients[engine].Review(b.Context(), reviews[i%len(reviews)]) {
			if o.Status == NotJudged && o.Clause == "" && Reason(o.Err) == ReasonEvaluation {
				b.Fatal(told(o))
			}
		}
	}
	for _, engine := range []string{Topdown, VM} {
		b.Run(engine, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				judge(b, engine, i)
			}
		})
	}
	b.Run("ratio", func(b *testing.B) {
		const turn = 16 // reviews
		spent := map[string]time.Duration{}
		for i := 0; b.Loop(); i++ {
			for _, engine := range []string{Topdown, VM} {
				runtime.GC() // the garbage of the other
				start := processorTime(b)
				for j := range turn {
					judge(b, engine, i*turn+j)
				}
				spent[engine] += processorTime(b) - start
			}
		}
		b.ReportMetric(float64(spent[Topdown])/float64(spent[VM]), "x")
		b.ReportMetric(float64(spent[Topdown].Microseconds())/float64(b.N*turn), "topdown-us/review")
		b.ReportMetric(float64(spent[VM].Microseconds())/float64(b.N*turn), "vm-us/review")
	})
}

// processorTime is what the process has spent, its garbage collector included.
func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkNewClient compiles the bundle strict, with and without plans.
func BenchmarkNewClient(b *testing.B) {
	set, err := policy.Bundle("strict")
	if err != nil {
		b.Fatal(err)
	}
	for _, engine := range []string{Topdown, VM} {
		b.Run(engine, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := NewClient(set, Options{Point: policy.OfflinePoint, Engine: engine}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
