package policies.shm.hugepages_emptydir_consistent_test

import data.policies.shm.hugepages_emptydir_consistent as rule

_mount := {"name": "hugepage", "mountPath": "/dev/hugepages"}

_container(resources) := {"name": "dpdk", "resources": resources, "volumeMounts": [_mount]}

_limits(limits) := _container({"limits": limits})

_volume(medium) := {"name": "hugepage", "emptyDir": {"medium": medium}}

_pod(spec) := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "dpdk"}, "spec": spec}

_with_medium(medium, limits) := _pod({"volumes": [_volume(medium)], "containers": [_limits(limits)]})

_violations(object_) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": {}}
}

_path := ["spec", "volumes", 0, "emptyDir", "medium"]

_violation(level, path, facts, text) := {
	"msg": sprintf("volume \"hugepage\": %s", [text]),
	"details": {"level": level, "path": path, "facts": facts},
}

_denied(text, advice) := _violation("deny", _path, {}, sprintf("medium %s, so the kubelet cannot mount the volume and the Pod stays in ContainerCreating; %s", [text, advice]))

_warned(text, advice) := _violation("warn", _path, {}, sprintf("medium %s, so the Pod will stay in ContainerCreating as soon as a container mounts the volume; %s", [text, advice]))

_missing_text := "HugePages needs a container that requests huge pages, and none does"

_missing_advice := "set the limit hugepages-2Mi of the container that uses the volume"

_missing(path) := object.union(_denied(_missing_text, _missing_advice), {"details": {"path": path}})

_unrequested := _with_medium("HugePages", {"memory": "1Gi"})

_sized(size) := _pod({
	"volumes": [{"name": "hugepage", "emptyDir": {"medium": "HugePages", "sizeLimit": size}}],
	"containers": [_limits({"hugepages-2Mi": "1Gi"})],
})

_size_limit(size, bytes) := _violation(
	"warn", ["spec", "volumes", 0, "emptyDir", "sizeLimit"], {"sizeLimitBytes": bytes},
	sprintf("sizeLimit %s does not size a volume of huge pages: hugetlbfs is mounted with its page size only, and what bounds it is the limit hugepages-2Mi of the containers; remove sizeLimit", [size]),
)

test_no_request if {
	_violations(_unrequested) == {_missing(_path)}
	_violations(_with_medium("HugePages-1Gi", {})) == {_denied(
		"HugePages-1Gi needs a container that requests huge pages, and none does",
		"set the limit hugepages-1Gi of the container that uses the volume",
	)}
}

test_no_parameters if {
	got := {violations |
		some in_ in [
			{"review": {"object": _unrequested}},
			{"review": {"object": _unrequested}, "parameters": null},
			{"review": {"object": _unrequested}, "parameters": {}},
			{"review": {"object": _unrequested}, "parameters": {"levels": null}},
		]
		violations := rule.violation with input as in_
	}
	got == {{_missing(_path)}}
}

test_levels if {
	deny := rule.violation with input as {"review": {"object": _unrequested}, "parameters": {"levels": ["deny"]}}
	deny == {_missing(_path)}
	warn := rule.violation with input as {"review": {"object": _unrequested}, "parameters": {"levels": ["warn"]}}
	warn == set()
}

test_a_request_of_the_size_is_enough if {
	got := {violations |
		some case in [
			["HugePages", {"hugepages-2Mi": "1Gi"}],
			["HugePages", {"hugepages-1Gi": "1Gi"}],
			["HugePages", {"hugepages-2Mi": "1Gi", "hugepages-2048Ki": "1Gi", "memory": "1Gi"}],
			["HugePages", {"hugepages-2Mi": "1Gi", "hugepages-big": "1Gi"}],
			["HugePages-2Mi", {"hugepages-2Mi": "1Gi"}],
			["HugePages-2048Ki", {"hugepages-2Mi": "1Gi"}],
			["HugePages-1Gi", {"hugepages-1Gi": "4Gi", "hugepages-2Mi": "1Gi"}],
			["HugePages-2Mi", {"hugepages-1Gi": "4Gi", "hugepages-2Mi": 1073741824}],
		]
		violations := _violations(_with_medium(case[0], case[1]))
	}
	got == {set()}
}

test_several_sizes if {
	_violations(_with_medium("HugePages", {"hugepages-1Gi": "4Gi", "hugepages-2Mi": "1Gi"})) == {_denied(
		"HugePages leaves it open which of the requested huge pages are meant, of 2Mi or 1Gi",
		"write HugePages-2Mi or HugePages-1Gi",
	)}
	_violations(_pod({"volumes": [_volume("HugePages")], "containers": [
		_limits({"hugepages-2Mi": "1Gi"}),
		{"name": "db", "resources": {"requests": {"hugepages-1Gi": "1Gi"}}},
	]})) == {_denied(
		"HugePages leaves it open which of the requested huge pages are meant, of 2Mi or 1Gi",
		"write HugePages-2Mi or HugePages-1Gi",
	)}
}

test_another_size if {
	_violations(_with_medium("HugePages-1Gi", {"hugepages-2Mi": "1Gi"})) == {_denied(
		"HugePages-1Gi needs a container that requests huge pages of 1Gi, and only those of 2Mi are requested",
		"write HugePages-2Mi, or set the limit hugepages-1Gi",
	)}
	_violations(_with_medium("HugePages-32Mi", {"hugepages-2Mi": "1Gi", "hugepages-1Gi": "1Gi"})) == {_denied(
		"HugePages-32Mi needs a container that requests huge pages of 32Mi, and only those of 2Mi or 1Gi are requested",
		"write HugePages-2Mi or HugePages-1Gi, or set the limit hugepages-32Mi",
	)}
	_violations(_with_medium("HugePages-2M", {"hugepages-2Mi": "1Gi"})) == {_denied(
		"HugePages-2M needs a container that requests huge pages of 2000000, and only those of 2Mi are requested",
		"write HugePages-2Mi, or set the limit hugepages-2000000",
	)}
}

test_no_size if {
	got := {medium: violations |
		some medium in ["HugePages-", "HugePages-2MB", "HugePages-2mi", "HugePages-0", "HugePages--2Mi"]
		violations := _violations(_with_medium(medium, {"hugepages-2Mi": "1Gi"}))
	}
	got == {medium: {_denied(sprintf("%s names no page size", [medium]), "write HugePages-2Mi or HugePages-1Gi")} | some medium, _ in got}
	count(got) == 5
}

test_who_may_request if {
	volumes := [_volume("HugePages-2Mi")]
	plain := {"name": "dpdk", "volumeMounts": [_mount]}
	lists := {"hugepages-2Mi": "1Gi"}
	got := {violations |
		some spec in [
			{"containers": [_container({"limits": lists})]},
			{"containers": [_container({"requests": lists})]},
			{"containers": [plain, {"name": "other", "resources": {"limits": lists}}]},
			{"containers": [plain], "initContainers": [{"name": "init", "resources": {"limits": lists}}]},
			{"containers": [plain], "initContainers": [{"name": "proxy", "restartPolicy": "Always", "resources": {"limits": lists}}]},
			{"containers": [plain], "resources": {"limits": lists}},
			{"containers": [plain], "resources": {"requests": lists}},
		]
		violations := _violations(_pod(object.union(spec, {"volumes": volumes})))
	}
	got == {set()}
	_violations(_pod({
		"volumes": [_volume("HugePages")],
		"containers": [plain],
		"ephemeralContainers": [{"name": "debug", "resources": {"limits": lists}}],
	})) == {_missing(_path)}
}

test_what_is_no_request if {
	got := {violations |
		some resources in [
			null, {}, "big", [],
			{"limits": null}, {"limits": []}, {"limits": "1Gi"}, {"limits": {"memory": "1Gi"}},
			{"limits": {"hugepages": "1Gi"}}, {"limits": {"2Mi": "1Gi"}}, {"limits": {"hugepages-": "1Gi"}}, {"limits": {"hugepages-big": "1Gi"}},
			{"limits": {"example.com/hugepages-2Mi": "1Gi"}}, {"limits": ["hugepages-2Mi"]}, {"claims": {"hugepages-2Mi": "1Gi"}},
		]
		violations := _violations(_pod({"volumes": [_volume("HugePages")], "containers": [_container(resources), null, "dpdk"]}))
	}
	got == {{_missing(_path)}}
}

test_a_volume_that_nobody_mounts if {
	got := {violations |
		some containers in [null, [], [{"name": "a"}], [{"name": "a", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]]
		violations := _violations(_pod({"volumes": [_volume("HugePages")], "containers": containers}))
	}
	got == {{_warned(_missing_text, _missing_advice)}}
}

test_a_mount_in_any_container_is_one if {
	got := {violations |
		some spec in [
			{"containers": [_container({})]},
			{"initContainers": [_container({})]},
			{"initContainers": [object.union(_container({}), {"restartPolicy": "Always"})]},
			{"ephemeralContainers": [_container({})]},
			{"containers": [{"name": "a", "volumeMounts": [object.union(_mount, {"readOnly": true})]}]},
		]
		violations := _violations(_pod(object.union(spec, {"volumes": [_volume("HugePages")]})))
	}
	got == {{_missing(_path)}}
}

test_a_size_limit_does_nothing if {
	_violations(_sized("1Gi")) == {_size_limit("1Gi", 1073741824)}
	_violations(_sized("256M")) == {_size_limit("256M", 256000000)}
	_violations(_sized(1.073741824e9)) == {_size_limit("1073741824", 1073741824)}
	got := {violations | some size in [null, "", "0", 0, "-1Gi", "1GB", true, {}]; violations := _violations(_sized(size))}
	got == {set()}
}

test_a_size_limit_and_two_sizes if {
	_violations(_pod({
		"volumes": [{"name": "hugepage", "emptyDir": {"medium": "HugePages-2Mi", "sizeLimit": "1Gi"}}],
		"containers": [_limits({"hugepages-2Mi": "1Gi", "hugepages-1Gi": "1Gi"})],
	})) == {_size_limit("1Gi", 1073741824)}
	got := {bounding |
		some violation in _violations(_pod({
			"volumes": [{"name": "hugepage", "emptyDir": {"medium": "HugePages-1Gi", "sizeLimit": "1Gi"}}],
			"containers": [_limits({"hugepages-2Mi": "1Gi", "hugepages-1Gi": "1Gi"})],
		}))
		bounding := split(violation.msg, "what bounds it is ")[1]
	}
	got == {"the limit hugepages-1Gi of the containers; remove sizeLimit"}
}

test_what_cannot_be_mounted_is_said_alone if {
	_violations(_pod({
		"volumes": [{"name": "hugepage", "emptyDir": {"medium": "HugePages", "sizeLimit": "1Gi"}}],
		"containers": [_container({})],
	})) == {_missing(_path)}
}

test_other_media if {
	got := {violations |
		some volume in [
			{"name": "hugepage", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
			{"name": "hugepage", "emptyDir": {"medium": "hugepages"}},
			{"name": "hugepage", "emptyDir": {"medium": "HugePagesX"}},
			{"name": "hugepage", "emptyDir": {"medium": "xHugePages"}},
			{"name": "hugepage", "emptyDir": {"medium": ["HugePages"]}},
			{"name": "hugepage", "emptyDir": {"medium": null}},
			{"name": "hugepage", "emptyDir": "HugePages"},
			{"name": "hugepage", "emptyDir": null},
			{"name": "hugepage", "hostPath": {"path": "/dev/hugepages"}},
			null,
			"hugepage",
		]
		violations := _violations(_pod({"volumes": [volume], "containers": [_container({})]}))
	}
	got == {set()}
	none := {violations |
		some volumes in [null, [], "hugepage"]
		violations := _violations(_pod({"volumes": volumes, "containers": [_container({})]}))
	}
	none == {set()}
}

test_an_odd_volume_hides_no_other if {
	_violations(_pod({"volumes": [null, _volume("HugePages"), {"emptyDir": {"medium": "HugePages"}}, {"name": 5, "emptyDir": {"medium": "HugePages-"}}], "containers": [_container({}), null]})) == {
		_missing(["spec", "volumes", 1, "emptyDir", "medium"]),
		{
			"msg": concat("", ["volume \"\": medium ", _missing_text, ", so the Pod will stay in ContainerCreating as soon as a container mounts the volume; ", _missing_advice]),
			"details": {"level": "warn", "path": ["spec", "volumes", 2, "emptyDir", "medium"], "facts": {}},
		},
		{
			"msg": "volume \"\": medium HugePages- names no page size, so the Pod will stay in ContainerCreating as soon as a container mounts the volume; write HugePages-2Mi or HugePages-1Gi",
			"details": {"level": "warn", "path": ["spec", "volumes", 3, "emptyDir", "medium"], "facts": {}},
		},
	}
}

test_every_workload_kind if {
	template := {"metadata": {"labels": {"app": "dpdk"}}, "spec": _unrequested.spec}
	got := [violations |
		some object_ in [
			_unrequested,
			{"apiVersion": "v1", "kind": "PodTemplate", "template": template},
			{"apiVersion": "v1", "kind": "ReplicationController", "spec": {"template": template}},
			{"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": template}},
			{"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"template": template}},
			{"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {"template": template}},
			{"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": {"template": template}},
			{"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": template}},
			{"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": template}}}},
		]
		violations := _violations(object_)
	]
	got == [
		{_missing(_path)},
		{_missing(array.concat(["template"], _path))},
		{_missing(array.concat(["spec", "template"], _path))},
		{_missing(array.concat(["spec", "template"], _path))},
		{_missing(array.concat(["spec", "template"], _path))},
		{_missing(array.concat(["spec", "template"], _path))},
		{_missing(array.concat(["spec", "template"], _path))},
		{_missing(array.concat(["spec", "template"], _path))},
		{_missing(array.concat(["spec", "jobTemplate", "spec", "template"], _path))},
	]
}

test_windows_pods_are_left_out if {
	_violations(_pod(object.union(_unrequested.spec, {"os": {"name": "windows"}}))) == set()
}

test_a_virtual_machine_changes_nothing if {
	_violations(_pod(object.union(_unrequested.spec, {"runtimeClassName": "kata-qemu"}))) == {_missing(_path)}
}

test_labels_and_annotations_exempt_nothing if {
	marked := object.union(_unrequested, {"metadata": {
		"labels": {"admission.gatekeeper.sh/ignore": "true"},
		"annotations": {"kubernetes.io/config.mirror": "x"},
		"ownerReferences": [{"kind": "Cluster", "name": "vm"}],
	}})
	_violations(marked) == {_missing(_path)}
}

test_an_update_that_changes_nothing_here if {
	after := object.union(_unrequested, {"metadata": {"finalizers": ["example.com/wait"]}})
	got := rule.violation with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": _unrequested}}
	got == set()
}

test_an_update_that_removes_the_request if {
	before := _with_medium("HugePages", {"hugepages-2Mi": "1Gi"})
	got := rule.violation with input as {"review": {"operation": "UPDATE", "object": _unrequested, "oldObject": before}}
	got == {_missing(_path)}
}

test_a_deletion if {
	got := rule.violation with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _unrequested}}
	got == set()
}

test_nothing_to_judge if {
	got := {violations |
		some in_ in [{}, {"review": {}}, {"review": {"object": null}}, {"review": {"object": {}}}]
		violations := rule.violation with input as in_
	}
	got == {set()}
}
