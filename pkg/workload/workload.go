// Package workload knows what the pod specs of an object say about memory: limits,
// requests, volumes on tmpfs and what may be locked. It reads what is written; what an
// admission plugin would fill in, and whether any of it is wise, is not its business.
package workload

import (
	"slices"
	"strings"

	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/review"
)

// A Pod is the memory of one pod spec.
type Pod struct {
	Path       []any       // of the pod spec, from the root of the object
	Limit      Amount      // memory.max of the Pod's cgroup, its overhead included
	Request    Amount      // what the scheduler sets aside, its overhead included; 0 if nothing is requested
	Lockable   Amount      // what mlock may take; 0 if no container may lock past RLIMIT_MEMLOCK
	Containers []Container // in the order of start: init containers and sidecars, then containers
	Tmpfs      []Volume    // in the order of the spec
	Hugepages  []Hugepages // by size of the page; they count against no memory limit
}

// A Container is the memory of one container. Ephemeral containers have none.
type Container struct {
	Name    string
	Kind    Kind
	Limit   Amount  // its own, else that of the Pod
	Request Amount  // its own, else its own limit, which is what the API server fills in
	Locks   bool    // it may lock memory past RLIMIT_MEMLOCK, up to its limit
	Mounts  []Mount // of volumes on tmpfs
}

// A Kind is the part that a container plays in its Pod.
type Kind string

// The kinds of containers.
const (
	Regular Kind = "container"
	Init    Kind = "init"    // ends before the next one starts
	Sidecar Kind = "sidecar" // an init container that goes on: restartPolicy is Always
)

// A Mount is where a container sees a volume.
type Mount struct {
	Volume   string
	Path     string // as written
	ReadOnly bool
}

// A Volume is an emptyDir of medium Memory.
type Volume struct {
	Name      string
	SizeLimit Amount   // Unlimited if there is none or it is 0, which the kubelet ignores
	MountedBy []string // names of containers, in their order
}

// Hugepages are the huge pages of one size that a Pod may have.
type Hugepages struct {
	Page  string // as in hugepages-2Mi
	Limit Amount
}

// templates are where built-in kinds have their pod template, by group and kind. Others are
// found by what they look like.
var templates = map[string][]any{
	"/Pod":                   {},
	"/PodTemplate":           {"template"},
	"/ReplicationController": {"spec", "template"},
	"apps/DaemonSet":         {"spec", "template"},
	"apps/Deployment":        {"spec", "template"},
	"apps/ReplicaSet":        {"spec", "template"},
	"apps/StatefulSet":       {"spec", "template"},
	"batch/CronJob":          {"spec", "jobTemplate", "spec", "template"},
	"batch/Job":              {"spec", "template"},
	"extensions/DaemonSet":   {"spec", "template"},
	"extensions/Deployment":  {"spec", "template"},
	"extensions/ReplicaSet":  {"spec", "template"},
	"extensions/StatefulSet": {"spec", "template"},
}

// Of are the Pods of a workload: a Pod, a built-in kind that makes Pods, or a custom
// resource with pod templates in it, in the order of their paths. Windows Pods, which have
// neither cgroups nor tmpfs, are left out. What is not as the API wants it counts as
// absent. The object is only read.
func Of(object map[string]any) []Pod {
	var pods []Pod
	add := func(path []any, spec any) {
		if spec, ok := spec.(map[string]any); ok && !isWindows(spec) {
			pods = append(pods, podOf(slices.Concat(path, []any{"spec"}), spec))
		}
	}
	version, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	group, _, named := strings.Cut(version, "/")
	if !named {
		group = ""
	}
	if path, known := templates[group+"/"+kind]; known {
		at := any(object)
		for _, key := range path {
			fields, _ := at.(map[string]any)
			at = fields[key.(string)]
		}
		add(path, field(at, "spec"))
		return pods
	}
	for _, found := range review.PodTemplates(new(manifest.Object).WithValue(object)) {
		add(found.Path, found.Pod.Value["spec"])
	}
	return pods
}

func isWindows(spec map[string]any) bool {
	return field(spec, "os", "name") == "windows" || field(spec, "nodeSelector", "kubernetes.io/os") == "windows"
}

// podOf reads a pod spec.
func podOf(path []any, spec map[string]any) Pod {
	pod := Pod{Path: path, Tmpfs: volumes(spec)}
	containers := containersOf(spec)
	for _, c := range containers {
		container := Container{
			Name: text(c.spec, "name"), Kind: c.kind,
			Limit: c.limit(spec), Request: c.request(), Locks: locks(spec, c.spec),
		}
		for i := range pod.Tmpfs {
			volume := &pod.Tmpfs[i]
			if found := mounts(c.spec, volume.Name); len(found) > 0 {
				container.Mounts = append(container.Mounts, found...)
				volume.MountedBy = append(volume.MountedBy, container.Name)
			}
		}
		pod.Containers = append(pod.Containers, container)
	}
	overhead := amount(field(spec, "overhead", "memory"))
	pod.Limit = podLimit(spec, pod.Containers).Plus(overhead)
	pod.Request = podRequest(spec, pod.Containers).Plus(overhead)
	pod.Lockable = lockable(pod)
	pod.Hugepages = hugepages(spec, containers, pod.Containers)
	return pod
}

// volumes are the emptyDirs of medium Memory. The API compares the medium by case.
func volumes(spec map[string]any) []Volume {
	var found []Volume
	for _, entry := range list(spec, "volumes") {
		if field(entry, "emptyDir", "medium") == "Memory" {
			found = append(found, Volume{Name: text(entry, "name"), SizeLimit: bound(field(entry, "emptyDir", "sizeLimit"))})
		}
	}
	return found
}

func mounts(container map[string]any, volume string) []Mount {
	var found []Mount
	for _, entry := range list(container, "volumeMounts") {
		if text(entry, "name") == volume {
			found = append(found, Mount{volume, text(entry, "mountPath"), field(entry, "readOnly") == true})
		}
	}
	return found
}

// field is what stands below the keys, nil if nothing does.
func field(value any, keys ...string) any {
	for _, key := range keys {
		fields, _ := value.(map[string]any)
		value = fields[key]
	}
	return value
}

func text(value any, keys ...string) string {
	s, _ := field(value, keys...).(string)
	return s
}

func list(value any, keys ...string) []any {
	items, _ := field(value, keys...).([]any)
	return items
}
