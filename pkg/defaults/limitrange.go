package defaults

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
)

// A limitRange is what a LimitRange fills into containers.
type limitRange struct {
	name             string
	limits, requests map[string]any
	memory           int64 // bytes of its limit, the greatest number there is without one
}

// rangesOf are the LimitRanges in the namespace of an object that have something to fill
// in, in the order in which they are applied. The plugin takes them as they come out of a
// hash table. Here the smallest limit of memory comes first, as that is what a Pod must be
// able to live with, and then the first name.
func rangesOf(object map[string]any, limitRanges []map[string]any) []limitRange {
	_, namespace := named(object)
	var found []limitRange
	for _, object := range limitRanges {
		name, in := named(object)
		if in == "" || in != namespace {
			continue
		}
		if r := newRange(object); len(r.limits)+len(r.requests) > 0 {
			r.name = name
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, func(a, b limitRange) int {
		return cmp.Or(cmp.Compare(a.memory, b.memory), cmp.Compare(a.name, b.name))
	})
	return found
}

func named(object map[string]any) (name, namespace string) {
	metadata, _ := object["metadata"].(map[string]any)
	name, _ = metadata["name"].(string)
	namespace, _ = metadata["namespace"].(string)
	return name, namespace
}

// newRange reads the entries about containers. In each, a limit that is missing is the
// maximum, and a request that is missing the limit, else the minimum
// (SetDefaults_LimitRangeItem). Of two entries the later one counts
// (defaultContainerResourceRequirements).
func newRange(object map[string]any) limitRange {
	r := limitRange{limits: map[string]any{}, requests: map[string]any{}, memory: math.MaxInt64}
	spec, _ := object["spec"].(map[string]any)
	entries, _ := spec["limits"].([]any)
	for _, entry := range entries {
		fields, _ := entry.(map[string]any)
		if fields["type"] != "Container" {
			continue
		}
		limits := union(fields["default"], fields["max"])
		maps.Copy(r.limits, limits)
		maps.Copy(r.requests, union(fields["defaultRequest"], limits, fields["min"]))
	}
	if memory, found := r.limits["memory"]; found {
		if q, _ := amount(memory); q.CmpInt64(math.MaxInt64) < 0 { // of more, Value would be 0
			r.memory = q.Value()
		}
	}
	return r
}

// union are the quantities of several resource lists, of which the first counts that
// names a resource.
func union(lists ...any) map[string]any {
	found := map[string]any{}
	for _, l := range lists {
		quantities, _ := l.(map[string]any)
		for name, value := range quantities {
			_, ok := amount(value)
			if _, known := found[name]; ok && !known {
				found[name] = value
			}
		}
	}
	return found
}

// limit has LimitRanges fill in what containers do not name (mergeContainerResources).
func (p *pod) limit(ranges []limitRange) {
	for _, r := range ranges {
		from := fmt.Sprintf("LimitRange %q", r.name)
		if len(ranges) > 1 {
			from += fmt.Sprintf(", one of %d whose order is not known", len(ranges))
		}
		for _, b := range p.containers {
			p.fill(b, b.limits, r.limits, from)
			p.fill(b, b.requests, r.requests, from)
		}
	}
}
