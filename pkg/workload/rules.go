package workload

import (
	"maps"
	"slices"
	"strings"
)

// A containerSpec is a container as written.
type containerSpec struct {
	kind Kind
	spec map[string]any
}

func containersOf(spec map[string]any) []containerSpec {
	var found []containerSpec
	for _, entry := range list(spec, "initContainers") {
		if c, ok := entry.(map[string]any); ok {
			kind := Init
			if c["restartPolicy"] == "Always" {
				kind = Sidecar
			}
			found = append(found, containerSpec{kind, c})
		}
	}
	for _, entry := range list(spec, "containers") {
		if c, ok := entry.(map[string]any); ok {
			found = append(found, containerSpec{Regular, c})
		}
	}
	return found
}

// limit is that of the container, else that of the Pod, which the kubelet writes to the
// cgroup of a container without one, too (kubernetes v1.37 pkg/kubelet/kuberuntime
// getMemoryLimit).
func (c containerSpec) limit(pod map[string]any) Amount {
	if own := bound(field(c.spec, "resources", "limits", "memory")); !own.IsUnlimited() {
		return own
	}
	return bound(field(pod, "resources", "limits", "memory"))
}

// request is that of the container; the API server makes one of the limit where there is
// none (pkg/apis/core/v1/defaults.go SetDefaults_Pod).
func (c containerSpec) request() Amount {
	if own := field(c.spec, "resources", "requests", "memory"); own != nil {
		return amount(own)
	}
	return amount(field(c.spec, "resources", "limits", "memory"))
}

// podLimit is what bounds a Pod: its own limit, else the limits of its containers if all
// of them have one (pkg/kubelet/cm ResourceConfigForPod, component-helpers/resource
// PodLimits). One init container without a limit leaves the Pod without.
func podLimit(pod map[string]any, containers []Container) Amount {
	if own := bound(field(pod, "resources", "limits", "memory")); !own.IsUnlimited() || len(containers) == 0 {
		return own
	}
	return peak(containers, func(i int) Amount { return containers[i].Limit })
}

// podRequest is what a Pod asks for: its own request, else those of its containers or, if
// these have none, its own limit (pkg/apis/core/v1/defaults.go defaultPodRequests).
func podRequest(pod map[string]any, containers []Container) Amount {
	if own := field(pod, "resources", "requests", "memory"); own != nil {
		return amount(own)
	}
	asked := peak(containers, func(i int) Amount { return containers[i].Request })
	if asked.isZero() {
		return amount(field(pod, "resources", "limits", "memory"))
	}
	return asked
}

// peak is the most that is there at the same time: what an init container has, with the
// sidecars before it, or all that run afterwards.
func peak(containers []Container, amount func(i int) Amount) Amount {
	var starting, sidecars, running Amount
	for i, c := range containers {
		bytes := amount(i)
		switch c.Kind {
		case Init:
			starting = starting.most(sidecars.Plus(bytes))
		case Sidecar:
			sidecars = sidecars.Plus(bytes)
		default:
			running = running.Plus(bytes)
		}
	}
	return running.Plus(sidecars).most(starting)
}

// hugepages are the limits of a Pod for huge pages, which have to be its requests as well:
// its own, else those of its containers.
func hugepages(pod map[string]any, specs []containerSpec, containers []Container) []Hugepages {
	limits := func(spec map[string]any) map[string]any {
		named, _ := field(spec, "resources", "limits").(map[string]any)
		return named
	}
	names := slices.Collect(maps.Keys(limits(pod)))
	for _, c := range specs {
		names = slices.AppendSeq(names, maps.Keys(limits(c.spec)))
	}
	slices.Sort(names)
	var found []Hugepages
	for _, name := range slices.Compact(names) {
		page, is := strings.CutPrefix(name, "hugepages-")
		if !is {
			continue
		}
		limit := amount(limits(pod)[name])
		if limit.isZero() {
			limit = peak(containers, func(i int) Amount { return amount(limits(specs[i].spec)[name]) })
		}
		found = append(found, Hugepages{page, limit})
	}
	return found
}
