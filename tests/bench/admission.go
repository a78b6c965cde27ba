package main

import (
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/policy"
)

// callers is how many requests are under way at a time where that is measured.
const callers = 8

// admitted is how many requests there are.
const admitted = 240

// admission measures an AdmissionReview, from its bytes to those of the answer.
func (c *chapter) admission() error {
	objects := generated(admitted, dirtyChance)
	for i, clean := range generated(admitted, cleanChance) {
		if i%4 < 2 { // half of those that are created, and of those that are updated
			objects[i] = clean
		}
	}
	load, _, err := c.described(c.mix, "requests", objects)
	if err != nil {
		return err
	}
	bodies, err := requests(objects)
	if err != nil {
		return err
	}
	theirs, ours, err := c.webhooks()
	if err != nil {
		return err
	}
	load.size, load.violations = 0, 0
	for i, body := range bodies {
		load.size += float64(len(body)) / float64(len(bodies))
		want, err := answerTo(theirs, body)
		if err != nil {
			return err
		}
		load.violations += float64(len(want.message)+len(want.warnings)) / float64(len(bodies))
		got, err := answerTo(ours, body)
		if err != nil || !reflect.DeepEqual(got, want) {
			load.differences = append(load.differences, fmt.Sprintf("%s %s: got %+v, error %v, want %+v", load.title(), objects[i].GetName(), got, err, want))
		}
	}
	used, err := takeTurns(
		c.turns, len(bodies),
		func(i int) error { post(theirs, bodies[i]); return nil },
		func(i int) error { post(ours, bodies[i]); return nil },
	)
	if err != nil {
		return err
	}
	c.findings = append(
		c.findings,
		finding{"CPU of an admission request", load, used[0].cpu, used[1].cpu, us, atLeast(12, 20)},
		finding{"allocated by an admission request", load, used[0].alloc, used[1].alloc, kib, goal{}},
	)
	stockTogether, ownTogether := c.throughputs(bodies, theirs, ours)
	c.p("\n### Admission requests\n\n")
	c.p("From the bytes of an AdmissionReview to those of the answer, half of them updates with the old\n")
	c.p("object, without a connection. The framework's side is the handler of controller-runtime around the\n")
	c.p("framework, as in Gatekeeper's webhook, but without its metrics, its exclusions and its expansion;\n")
	c.p("memgate's side is its own handler. The answers are compared. Neither logs. Both let as many requests\n")
	c.p("work as there are processors, for which %d callers wait where requests per second are given.\n\n", callers)
	c.p("| %s | CPU | wall | allocated | requests/s | p50 | p99 |\n|---|--:|--:|--:|--:|--:|--:|\n", load.mix())
	line := func(name string, u usage, t throughput) {
		c.p("| %s | %s | %s | %s | %.0f | %s | %s |\n", name, us(u.cpu), us(u.wall), kib(u.alloc), t.perSecond, millis(t.p50), millis(t.p99))
	}
	line("framework", used[0], stockTogether)
	line("memgate", used[1], ownTogether)
	c.p("| × | %s | %s | %s | %s | %s | %s |\n", ratio(used[0].cpu/used[1].cpu), ratio(used[0].wall/used[1].wall), ratio(used[0].alloc/used[1].alloc),
		ratio(ownTogether.perSecond/stockTogether.perSecond), ratio(stockTogether.p50/ownTogether.p50), ratio(stockTogether.p99/ownTogether.p99))
	return nil
}

// webhooks are the handlers of both sides.
func (c *chapter) webhooks() (theirs, ours http.Handler, err error) {
	s, err := newStock(c.mix, policy.WebhookPoint)
	if err != nil {
		return nil, nil, err
	}
	w, err := newOwn(c.mix, policy.WebhookPoint, engine.VM)
	if err != nil {
		return nil, nil, err
	}
	cert, key, err := certificate(c.dir)
	if err != nil {
		return nil, nil, err
	}
	ours, err = memgateWebhook(w, cert, key)
	return gatekeeperWebhook(s), ours, err
}

// A throughput is what a handler achieves for several callers at a time.
type throughput struct{ perSecond, p50, p99 float64 }

// throughputs are the medians of turns of both handlers. memgate's has ten times as many
// requests in its turn, because it is about that much faster.
func (c *chapter) throughputs(bodies [][]byte, theirs, ours http.Handler) (stock, own throughput) {
	var stocks, owns []throughput
	for range max(1, c.turns/2) {
		stocks = append(stocks, concurrently(theirs, bodies, 200))
		owns = append(owns, concurrently(ours, bodies, 2000))
	}
	middle := func(all []throughput) throughput {
		return throughput{
			perSecond: quantileOf(all, 0.5, func(t throughput) float64 { return t.perSecond }),
			p50:       quantileOf(all, 0.5, func(t throughput) float64 { return t.p50 }),
			p99:       quantileOf(all, 0.5, func(t throughput) float64 { return t.p99 }),
		}
	}
	return middle(stocks), middle(owns)
}

// concurrently posts n bodies from several callers.
func concurrently(handler http.Handler, bodies [][]byte, n int) throughput {
	var (
		next    atomic.Int64
		workers sync.WaitGroup
		took    = make([]float64, n)
		start   = time.Now()
	)
	for range callers {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				began := time.Now()
				post(handler, bodies[int(i)%len(bodies)])
				took[i] = time.Since(began).Seconds()
			}
		})
	}
	workers.Wait()
	return throughput{float64(n) / time.Since(start).Seconds(), quantile(took, 0.5), quantile(took, 0.99)}
}
