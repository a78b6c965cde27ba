package report

import (
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/workload"
)

// hasMemory reports whether a Pod says anything about memory.
func hasMemory(pod workload.Pod) bool {
	return !pod.Limit.IsUnlimited() || pod.Request != workload.Amount{} || pod.Lockable != workload.Amount{} ||
		len(pod.Tmpfs) > 0 || len(pod.Hugepages) > 0
}

// A bar is an amount that is drawn from start.
type bar struct {
	class  string
	name   string
	note   string // what it is made of
	start  int64  // bytes
	amount workload.Amount
	none   string // the word for what has no bound
}

// bars are the amounts of a Pod. Volumes are drawn one after the other: each may be filled
// while the others are.
func bars(pod workload.Pod) []bar {
	var limits, lockers []string
	for _, c := range pod.Containers {
		name := c.Name
		if c.Kind != workload.Regular {
			name += " (" + string(c.Kind) + ")"
		}
		limits = append(limits, name+" "+c.Limit.String())
		if c.Locks {
			lockers = append(lockers, name)
		}
	}
	if len(limits) == 1 {
		limits = nil // that of the Pod
	}
	found := []bar{
		{class: "limit", name: "memory limit", note: strings.Join(limits, ", "), amount: pod.Limit, none: "no limit"},
		{class: "request", name: "request", amount: pod.Request},
	}
	start := int64(0)
	for _, v := range pod.Tmpfs {
		note := "in no container"
		if len(v.MountedBy) > 0 {
			note = "in " + strings.Join(v.MountedBy, ", ")
		}
		found = append(found, bar{class: "tmpfs", name: "tmpfs " + v.Name, note: note, start: start, amount: v.SizeLimit, none: "no size"})
		start = workload.Bytes(start).Plus(workload.Bytes(v.SizeLimit.Bytes)).Bytes
	}
	if len(lockers) > 0 {
		found = append(found, bar{class: "locked", name: "may be locked", note: "by " + strings.Join(lockers, ", "), amount: pod.Lockable, none: "no limit"})
	}
	for _, p := range pod.Hugepages {
		found = append(found, bar{class: "huge", name: "huge pages", note: "of " + p.Page, amount: p.Limit})
	}
	return found
}

// memory draws the memory of a Pod, all bars to one scale. What has no bound runs past all
// that has one, and off the scale.
func (to *fragment) memory(pod workload.Pod, named bool) {
	drawn := bars(pod)
	scale, open := 0.0, false
	for _, b := range drawn {
		scale = max(scale, float64(b.start)+float64(b.amount.Bytes))
		open = open || b.amount.IsUnlimited()
	}
	if open {
		scale *= 4.0 / 3
	}
	part := func(bytes int64) percent { return percent(100 * float64(bytes) / max(scale, 1)) }
	caption := markup("<caption class=\"unseen\">{}</caption>")
	if named {
		caption = "<caption>{}</caption>"
	}
	to.put(`<table class="memory">`)
	to.put(caption, "Memory of "+manifest.PathString(pod.Path))
	to.put(`<colgroup><col class="what"><col><col class="size"></colgroup><thead class="unseen"><tr><th scope="col">what</th><th scope="col">to scale</th><th scope="col">bytes</th></tr></thead><tbody>` + "\n")
	for _, b := range drawn {
		to.put(`<tr class="{}"><th scope="row">{}`, b.class, b.name)
		if b.note != "" {
			to.put(" <small>{}</small>", b.note)
		}
		to.put(`</th><td><svg class="bar" aria-hidden="true">`)
		word := b.amount.String()
		switch {
		case b.amount.State == workload.Unknown:
			word = "unreadable"
		case b.amount.IsUnlimited():
			word = b.none
			to.put(`<rect class="open" x="{}" width="{}" height="100%"/>`, part(b.start), 100-part(b.start))
		case b.amount.Bytes > 0:
			to.put(`<rect data-start="{}" data-bytes="{}" x="{}" width="{}" height="100%"/>`, b.start, b.amount.Bytes, part(b.start), part(b.amount.Bytes))
		case b.amount == workload.Amount{}:
			word = "none"
		}
		if b.amount.Bytes > 0 && b.amount.Bytes < 1024 {
			word = number(int(b.amount.Bytes), "byte")
		}
		if b.class != "limit" && pod.Limit.Bytes > 0 {
			to.put(`<line x1="{}" x2="{}" y1="0" y2="100%"/>`, part(pod.Limit.Bytes), part(pod.Limit.Bytes))
		}
		to.put("</svg></td><td class=\"size\">{}</td></tr>\n", word)
	}
	to.put("</tbody></table>\n")
}
