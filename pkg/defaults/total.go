package defaults

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// total fills in the resources of a Pod that names some of them itself: limits of huge
// pages and requests from its containers, requests from its limits, and limits from its
// containers if all of these are limited (kubernetes v1.37 pkg/api/pod/util.go
// DefaultPodLevelResources).
func (p *pod) total() {
	whole := p.whole
	if len(whole.limits.quantities)+len(whole.requests.quantities) == 0 {
		return
	}
	const containers = "its containers"
	limits := p.sum(func(b *bearer) *list { return b.limits })
	requests := p.sum(func(b *bearer) *list { return b.requests })
	for _, name := range slices.Sorted(maps.Keys(limits)) {
		if isHugePages(name) && !whole.limits.has(name) && !whole.requests.has(name) {
			p.set(whole, whole.limits, name, limits.text(name), containers)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		if isTotal(name) && !isHugePages(name) && !whole.requests.has(name) {
			p.set(whole, whole.requests, name, requests.text(name), containers)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(whole.limits.quantities)) {
		if _, ok := amount(whole.limits.quantities[name]); ok && isTotal(name) && !whole.requests.has(name) {
			p.set(whole, whole.requests, name, whole.limits.quantities[name], "its limit")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(whole.requests.quantities)) {
		limited := !slices.ContainsFunc(p.containers, func(b *bearer) bool { return !b.limits.has(name) })
		limit, found := limits[name]
		request, ok := amount(whole.requests.quantities[name])
		if !isTotal(name) || whole.limits.has(name) || !limited || !found || !ok {
			continue
		}
		if request.Cmp(limit) > 0 {
			p.set(whole, whole.limits, name, whole.requests.quantities[name], "its request")
		} else {
			p.set(whole, whole.limits, name, limits.text(name), containers)
		}
	}
}

// isTotal reports whether a Pod can have a resource itself.
func isTotal(name string) bool {
	return name == "cpu" || name == "memory" || isHugePages(name)
}

func isHugePages(name string) bool { return strings.HasPrefix(name, "hugepages-") }

// sum is what the containers of a Pod need together: those that run and their sidecars, or
// an init container and the sidecars before it if that is more (component-helpers v0.37
// resource/helpers.go aggregateContainerResourcesByFn).
func (p *pod) sum(of func(*bearer) *list) quantities {
	needed, sidecars, start := quantities{}, quantities{}, quantities{}
	for _, b := range p.containers {
		own := quantities{}
		for name, value := range of(b).quantities {
			if q, ok := amount(value); ok {
				own[name] = q
			}
		}
		switch {
		case b.field == running:
			needed.add(own)
		case b.sidecar:
			needed.add(own)
			sidecars.add(own)
		default:
			own.add(sidecars)
			start.atLeast(own)
		}
	}
	needed.atLeast(start)
	return needed
}

type quantities map[string]resource.Quantity

func (qs quantities) text(name string) string {
	q := qs[name]
	return q.String()
}

func (qs quantities) add(others quantities) {
	for name, q := range others {
		sum := qs[name]
		sum.Add(q)
		qs[name] = sum
	}
}

func (qs quantities) atLeast(others quantities) {
	for name, q := range others {
		if known, found := qs[name]; !found || q.Cmp(known) > 0 {
			qs[name] = q.DeepCopy()
		}
	}
}
