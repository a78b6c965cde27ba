// Package defaults fills in what an API server fills into a Pod before validating
// admission sees it: requests from limits, the defaults of LimitRanges, and the resources
// of the Pod as a whole. It says each change in words. It knows no policy, and not which
// Pods another object makes.
//
// The order is that of Kubernetes 1.37: API defaulting when the Pod is decoded
// (pkg/apis/core/v1/defaults.go, SetDefaults_Pod), the admission plugin LimitRanger
// (plugin/pkg/admission/limitranger), and last, before validating admission is asked, the
// resources of the Pod (pkg/registry/core/pod/strategy.go, PrepareForCreate; from 1.34 to
// 1.36 their requests were filled in with API defaulting, and their limits not at all).
// The pod templates of workloads get none of it.
package defaults

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/memgate/memgate/pkg/quantity"
)

// Apply is a Pod with its defaults, and an assumption in words for each that was missing,
// such as
//
//	container "web": limits.memory 512Mi from LimitRange "defaults"
//
// Of limitRanges, those in the namespace of the Pod count. An object of another kind, and
// a Pod that misses nothing, is returned as it is. The argument is not written to: what
// does not change is shared. What is no quantity stays where it is and is no source of
// others; an API server would refuse it.
func Apply(object map[string]any, limitRanges []map[string]any) (changed map[string]any, assumptions []string) {
	spec, ok := object["spec"].(map[string]any)
	if object["apiVersion"] != "v1" || object["kind"] != "Pod" || !ok {
		return object, nil
	}
	p := newPod(spec)
	p.requestFromLimits()
	p.limit(rangesOf(object, limitRanges))
	p.total()
	if len(p.assumptions) == 0 {
		return object, nil
	}
	changed = maps.Clone(object)
	changed["spec"] = p.with(spec)
	return changed, p.assumptions
}

// Fields of a pod spec that hold the containers with resources. Ephemeral containers have
// none.
const (
	running  = "containers"
	starting = "initContainers"
)

// pod is a Pod whose defaults are being filled in.
type pod struct {
	containers  []*bearer // in the order of the API server: those that run, then those that start
	whole       *bearer   // the Pod itself
	assumptions []string
}

// bearer is what bears resources, a container or a Pod.
type bearer struct {
	name             string // as assumptions have it
	field            string // of the spec, which has the container
	index            int    // there
	sidecar          bool   // starts before others and goes on
	limits, requests *list
}

// list is a resource list such as resources.limits.
type list struct {
	name       string // limits or requests
	quantities map[string]any
	changed    bool // the quantities are a copy
}

func newPod(spec map[string]any) *pod {
	p := &pod{whole: newBearer("Pod", spec)}
	for _, field := range []string{running, starting} {
		word := map[string]string{running: "container", starting: "init container"}[field]
		containers, _ := spec[field].([]any)
		for i, entry := range containers {
			container, ok := entry.(map[string]any)
			if !ok {
				continue
			}
			name, _ := container["name"].(string)
			b := newBearer(fmt.Sprintf("%s %q", word, name), container)
			b.field, b.index = field, i
			b.sidecar = field == starting && container["restartPolicy"] == "Always"
			p.containers = append(p.containers, b)
		}
	}
	return p
}

func newBearer(name string, fields map[string]any) *bearer {
	resources, _ := fields["resources"].(map[string]any)
	read := func(field string) *list {
		quantities, _ := resources[field].(map[string]any)
		return &list{name: field, quantities: quantities}
	}
	return &bearer{name: name, limits: read("limits"), requests: read("requests")}
}

// requestFromLimits has each container request what it is limited to, unless it says what
// it requests (SetDefaults_Pod).
func (p *pod) requestFromLimits() {
	for _, b := range p.containers {
		p.fill(b, b.requests, b.limits.quantities, "its limit")
	}
}

// fill adds the quantities of a resource list to one of the bearer where the latter has
// none.
func (p *pod) fill(b *bearer, to *list, quantities map[string]any, from string) {
	for _, name := range slices.Sorted(maps.Keys(quantities)) {
		if _, ok := amount(quantities[name]); ok && !to.has(name) {
			p.set(b, to, name, quantities[name], from)
		}
	}
}

func (p *pod) set(b *bearer, to *list, name string, value any, from string) {
	if !to.changed {
		to.quantities, to.changed = maps.Clone(to.quantities), true
		if to.quantities == nil {
			to.quantities = map[string]any{}
		}
	}
	if value == nil {
		value = "0"
	}
	to.quantities[name] = value
	p.assumptions = append(p.assumptions, fmt.Sprintf("%s: %s.%s %v from %s", b.name, to.name, name, value, from))
}

// has reports whether a resource is named.
func (l *list) has(name string) bool {
	_, found := l.quantities[name]
	return found
}

// amount reads a quantity of a manifest, which may be a number. An API server reads null
// as 0.
func amount(value any) (resource.Quantity, bool) {
	if value == nil {
		return resource.Quantity{}, true
	}
	q, err := quantity.Parse(fmt.Sprint(value))
	return q, err == nil
}

// with is the spec with what was filled in.
func (p *pod) with(spec map[string]any) map[string]any {
	changed := maps.Clone(p.whole.with(spec))
	for _, field := range []string{running, starting} {
		if containers, ok := spec[field].([]any); ok {
			changed[field] = slices.Clone(containers)
		}
	}
	for _, b := range p.containers {
		containers := changed[b.field].([]any)
		containers[b.index] = b.with(containers[b.index].(map[string]any))
	}
	return changed
}

// with is what bears the resources with what was filled in, itself if that is nothing.
func (b *bearer) with(fields map[string]any) map[string]any {
	for _, l := range []*list{b.limits, b.requests} {
		if !l.changed {
			continue
		}
		resources, _ := fields["resources"].(map[string]any)
		resources = maps.Clone(resources)
		if resources == nil {
			resources = map[string]any{}
		}
		resources[l.name] = l.quantities
		fields = maps.Clone(fields)
		fields["resources"] = resources
	}
	return fields
}
