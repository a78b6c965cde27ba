package policies.shm.shm_mount_wellformed_test

import data.policies.shm.shm_mount_wellformed as rule

_mount := {"name": "dshm", "mountPath": "/dev/shm"}

_memory := {"name": "dshm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}

_container(mounts) := {"name": "web", "image": "nginx", "volumeMounts": mounts}

_pod(spec) := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}

_with_volume(volume) := _pod({"volumes": [volume], "containers": [_container([_mount])]})

_with_mounts(mounts) := _pod({"volumes": [_memory], "containers": [_container(mounts)]})

_violations(object_) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": {}}
}

_with(object_, parameters) := violations if {
	violations := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_violation(level, path, msg) := {"msg": msg, "details": {"level": level, "path": path, "facts": {}}}

_misspelt := _with_volume({"name": "dshm", "emptyDir": {"medium": "memory"}})

_unknown(path) := _violation(
	"deny", path,
	"volume \"dshm\": the kubelet knows no medium \"memory\", so it cannot set up the volume and the Pod stays in ContainerCreating; write Memory",
)

_medium := ["spec", "volumes", 0, "emptyDir", "medium"]

_host_path := ["spec", "volumes", 0, "hostPath", "path"]

_hosted(path) := _violation(
	"deny", _host_path,
	concat("", [
		sprintf("volume \"dshm\" at /dev/shm is the directory %s of the node: ", [path]),
		"Pods that mount it see each other's segments, no sizeLimit bounds them and they stay when the Pod is gone; ",
		"use an emptyDir with medium Memory and a sizeLimit (its mode is 0777, without noexec)",
	]),
)

_on_disk := _violation(
	"warn", _medium,
	"volume \"dshm\" at /dev/shm is an emptyDir on disk, so shared memory is written back to the disk of the node and counts as ephemeral storage; set emptyDir.medium to Memory, and a sizeLimit",
)

_claimed(path) := _violation(
	"warn", path,
	"volume \"dshm\" at /dev/shm is a claim, so shared memory is written back to persistent storage and outlives the Pod; use an emptyDir with medium Memory and a sizeLimit (its mode is 0777, without noexec)",
)

_read_only(title, path) := _violation(
	"warn", array.concat(path, ["readOnly"]),
	sprintf("%s: /dev/shm is mounted readOnly and no container writes to volume \"dshm\", so shm_open fails with EROFS; remove readOnly", [title]),
)

_ipc(title) := _violation(
	"deny", ["spec", "hostIPC"],
	concat("", [
		sprintf("%s: hostIPC gives it the /dev/shm of the node: ", [title]),
		"Pods with hostIPC see each other's segments, no sizeLimit bounds them and they stay when the Pod is gone; ",
		"remove hostIPC and mount an emptyDir with medium Memory and a sizeLimit at /dev/shm",
	]),
)

_first_mount := ["spec", "containers", 0, "volumeMounts", 0]

_second_mount := ["spec", "containers", 0, "volumeMounts", 1]

test_an_unknown_medium if {
	_violations(_misspelt) == {_unknown(_medium)}
}

test_an_unknown_medium_is_denied_wherever_it_is_mounted if {
	volume := {"name": "dshm", "emptyDir": {"medium": "memory"}}
	got := {violations |
		some spec in [
			{"containers": [_container([{"name": "dshm", "mountPath": "/cache"}])]},
			{"initContainers": [_container([_mount])]},
			{"initContainers": [object.union(_container([_mount]), {"restartPolicy": "Always"})]},
			{"ephemeralContainers": [_container([_mount])]},
			{"runtimeClassName": "kata-qemu", "containers": [_container([_mount])]},
		]
		violations := _violations(_pod(object.union({"volumes": [volume]}, spec)))
	}
	got == {{_unknown(_medium)}}
}

test_an_unknown_medium_that_nobody_mounts if {
	volumes := [{"name": "dshm", "emptyDir": {"medium": "memory"}}, {"emptyDir": {"medium": "RAM"}}, {"name": 5, "emptyDir": {"medium": "ram"}}]
	got := {violations |
		some containers in [null, [], [{"name": "web"}], [_container(null)], [_container([{"name": "data", "mountPath": "/dev/shm"}])]]
		violations := _violations(_pod({"volumes": volumes, "containers": containers}))
	}
	got == {{
		_violation("warn", _medium, "volume \"dshm\": the kubelet knows no medium \"memory\", so the Pod will stay in ContainerCreating as soon as a container mounts the volume; write Memory"),
		_violation("warn", ["spec", "volumes", 1, "emptyDir", "medium"], "volume \"\": the kubelet knows no medium \"RAM\", so the Pod will stay in ContainerCreating as soon as a container mounts the volume; write Memory"),
		_violation("warn", ["spec", "volumes", 2, "emptyDir", "medium"], "volume \"\": the kubelet knows no medium \"ram\", so the Pod will stay in ContainerCreating as soon as a container mounts the volume; write Memory"),
	}}
}

test_what_was_meant if {
	got := {medium: advice |
		some medium in ["MEMORY", "tmpfs", "ram", " Memory", "hugepages", "HugePages_2Mi", "hugepage-2Mi", "disk", "xmemory"]
		some violation in _violations(_with_volume({"name": "dshm", "emptyDir": {"medium": medium}}))
		violation.details.path == _medium
		advice := split(violation.msg, "; write ")[1]
	}
	got == {
		"MEMORY": "Memory",
		"tmpfs": "Memory",
		"ram": "Memory",
		" Memory": "Memory for a tmpfs, or remove medium for a volume on disk",
		"hugepages": "HugePages",
		"HugePages_2Mi": "HugePages",
		"hugepage-2Mi": "HugePages",
		"disk": "Memory for a tmpfs, or remove medium for a volume on disk",
		"xmemory": "Memory for a tmpfs, or remove medium for a volume on disk",
	}
}

test_known_media if {
	got := {violations |
		some empty_dir in [
			{"medium": ""}, {"medium": null}, {}, null, "memory", ["memory"],
			{"medium": "Memory"}, {"medium": "HugePages"}, {"medium": "HugePages-2Mi"}, {"medium": true},
		]
		violations := _violations(_pod({
			"volumes": [{"name": "cache", "emptyDir": empty_dir}],
			"containers": [_container([{"name": "cache", "mountPath": "/cache"}])],
		}))
	}
	got == {set()}
}

test_a_memory_volume_at_dev_shm_is_fine if {
	got := {violations |
		some volume in [
			_memory,
			{"name": "dshm", "emptyDir": {"medium": "Memory"}},
			{"name": "dshm", "emptyDir": {"medium": "HugePages-2Mi"}},
			{"name": "dshm", "configMap": {"name": "a"}},
			{"name": "dshm", "csi": {"driver": "a"}},
			{"name": "other"},
			{"name": "other", "emptyDir": {}},
			null,
			"dshm",
		]
		violations := _violations(_with_volume(volume))
	}
	got == {set()}
}

test_no_parameters if {
	got := {violations |
		some in_ in [
			{"review": {"object": _misspelt}},
			{"review": {"object": _misspelt}, "parameters": null},
			{"review": {"object": _misspelt}, "parameters": {}},
			{"review": {"object": _misspelt}, "parameters": {"levels": null, "allowHostIPC": null, "allowedShmHostPaths": null, "sharedMemoryImages": null, "vmRuntimeClasses": null}},
		]
		violations := rule.violation with input as in_
	}
	got == {{_unknown(_medium)}}
}

test_levels if {
	_with(_misspelt, {"levels": ["deny"]}) == {_unknown(_medium)}
	_with(_misspelt, {"levels": ["warn"]}) == set()
	_with(_with_volume({"name": "dshm", "emptyDir": {}}), {"levels": ["deny"]}) == set()
	_with(_with_volume({"name": "dshm", "emptyDir": {}}), {"levels": ["warn"]}) == {_on_disk}
}

test_a_directory_of_the_node if {
	got := [violations |
		some path in ["/dev/shm", "/data/shm", "/dev/shm/", "", "/run/nvidia/mps/shm", "/run/nvidia/mps/shm/", null, true]
		violations := _violations(_with_volume({"name": "dshm", "hostPath": {"path": path}}))
	]
	got == [{_hosted("/dev/shm")}, {_hosted("/data/shm")}, {_hosted("/dev/shm/")}, {_hosted("")}, set(), set(), set(), set()]
	_violations(_with_volume({"name": "dshm", "hostPath": null})) == {_on_disk}
}

test_allowed_shm_host_paths if {
	pod := _with_volume({"name": "dshm", "hostPath": {"path": "/dev/shm"}})
	_with(pod, {"allowedShmHostPaths": ["/run/nvidia/mps/shm", "/dev/shm/"]}) == set()
	_with(pod, {"allowedShmHostPaths": []}) == {_hosted("/dev/shm")}
	_with(pod, {"allowedShmHostPaths": [1, "/dev"]}) == {_hosted("/dev/shm")}
	mps := _with_volume({"name": "dshm", "hostPath": {"path": "/run/nvidia/mps/shm"}})
	_with(mps, {"allowedShmHostPaths": []}) == {_hosted("/run/nvidia/mps/shm")}
}

test_an_emptydir_on_disk if {
	got := {violations |
		some empty_dir in [{}, {"medium": ""}, {"medium": null}, {"sizeLimit": "1Gi"}, null]
		violations := _violations(_with_volume({"name": "dshm", "emptyDir": empty_dir, "secret": null}))
	}
	got == {{_on_disk}}
	_violations(_with_volume({"name": "dshm", "emptyDir": null, "secret": {"secretName": "a"}})) == set()
}

# The API server makes it an emptyDir: {}.
test_a_volume_of_nothing if {
	every volume in [{"name": "dshm"}, {"name": "dshm", "secret": null, "hostPath": null}] {
		_violations(_with_volume(volume)) == {_on_disk}
		sidecar := {"name": "s", "image": "envoy", "restartPolicy": "Always"}
		_violations(_pod({"volumes": [volume], "initContainers": [sidecar, null], "containers": [_container([_mount])]})) == {_on_disk}
	}
	every volume in [{"name": "dshm", "secret": {"secretName": "a"}}, {"name": "dshm", "$patch": "delete"}, {}, {"emptyDir": null}] {
		_violations(_with_volume(volume)) == set()
	}
}

test_trap_a_part_of_a_pod if {
	every container in [{"name": "a"}, {"name": "a", "image": null}, {"name": "a", "image": ""}, {"name": "a", "image": 5}] {
		every spec in [
			{"containers": [_container([_mount]), container]},
			{"containers": [object.union(container, {"volumeMounts": [_mount]})]},
			{"initContainers": [container], "containers": [_container([_mount])]},
		] {
			_violations(_pod(object.union(spec, {"volumes": [{"name": "dshm"}]}))) == set()
			_violations(_pod(object.union(spec, {"volumes": [{"name": "dshm", "emptyDir": null}]}))) == {_on_disk}
			_violations(_pod(object.union(spec, {"volumes": [{"name": "dshm", "emptyDir": {}}]}))) == {_on_disk}
		}
	}
}

test_a_claim if {
	_violations(_with_volume({"name": "dshm", "persistentVolumeClaim": {"claimName": "a"}})) == {_claimed(["spec", "volumes", 0, "persistentVolumeClaim"])}
	_violations(_with_volume({"name": "dshm", "ephemeral": {"volumeClaimTemplate": {}}})) == {_claimed(["spec", "volumes", 0, "ephemeral"])}
	_violations(_with_volume({"name": "dshm", "persistentVolumeClaim": null})) == {_on_disk}
	_violations(_with_volume({"name": "dshm", "persistentVolumeClaim": {}, "ephemeral": {}})) == {_claimed(["spec", "volumes", 0, "persistentVolumeClaim"])}
}

test_a_claim_of_a_stateful_set if {
	spec := {
		"template": {"spec": {"containers": [_container([_mount])]}},
		"volumeClaimTemplates": [null, {"metadata": null}, {"metadata": {"name": "data"}}, {"metadata": {"name": "dshm"}}],
	}
	_violations({"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": spec}) == {_claimed(["spec", "volumeClaimTemplates", 3])}
	_violations({"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}) == set()
}

test_mount_paths if {
	got := {path: count(violations) |
		some path in ["/dev/shm", "/dev/shm/", "//dev/./shm", "/dev", "/dev/shm/sub", "/cache", "/host/dev/shm", "", null]
		violations := _violations(_pod({
			"volumes": [{"name": "dshm", "emptyDir": {}}],
			"containers": [_container([{"name": "dshm", "mountPath": path}])],
		}))
	}
	got == {
		"/dev/shm": 1, "/dev/shm/": 1, "//dev/./shm": 1,
		"/dev": 0, "/dev/shm/sub": 0, "/cache": 0, "/host/dev/shm": 0, "": 0, null: 0,
	}
}

test_every_kind_of_container_is_looked_at if {
	got := {violations |
		some spec in [
			{"containers": [_container([_mount]), _container([_mount])]},
			{"initContainers": [_container([_mount])]},
			{"initContainers": [object.union(_container([_mount]), {"restartPolicy": "Always"})]},
			{"ephemeralContainers": [_container([_mount])]},
			{"containers": [null, _container([null, "dshm", _mount])]},
		]
		violations := _violations(_pod(object.union({"volumes": [{"name": "dshm", "emptyDir": {}}]}, spec)))
	}
	got == {{_on_disk}}
}

test_a_mount_that_is_read_only if {
	mount := object.union(_mount, {"readOnly": true})
	_violations(_with_mounts([mount])) == {_read_only("container \"web\"", _first_mount)}
	_violations(_pod({"volumes": [_memory], "initContainers": [_container([mount])]})) == {_read_only("init container \"web\"", ["spec", "initContainers", 0, "volumeMounts", 0])}
	got := {violations |
		some value in [false, null, "true"]
		violations := _violations(_with_mounts([object.union(_mount, {"readOnly": value})]))
	}
	got == {set()}
}

test_a_reader_of_what_another_container_writes if {
	reader := {"name": "exporter", "volumeMounts": [object.union(_mount, {"readOnly": true})]}
	_violations(_pod({"volumes": [_memory], "containers": [_container([_mount]), reader]})) == set()
	_violations(_pod({"volumes": [_memory], "containers": [_container([{"name": "dshm", "mountPath": "/shm"}]), reader]})) == set()
}

test_what_is_not_in_memory_is_said_once if {
	pod := _pod({
		"volumes": [{"name": "dshm", "hostPath": {"path": "/dev/shm"}}, {"name": "b", "emptyDir": {"medium": "Memory"}}],
		"containers": [_container([
			{"name": "dshm", "mountPath": "/dev/shm", "readOnly": true, "subPath": "a"},
			{"name": "dshm", "mountPath": "/a"},
		])],
	})
	_violations(pod) == {_hosted("/dev/shm")}
	_violations(_pod({
		"volumes": [{"name": "dshm", "hostPath": {"path": "/dev/shm"}}],
		"containers": [_container([object.union(_mount, {"readOnly": true})])],
	})) == {_hosted("/dev/shm")}
}

_shared_part(field, path, titles) := _violation(
	"warn", array.concat(_first_mount, [field]),
	sprintf(
		"container \"web\": /dev/shm is %s %q of volume \"dshm\", and what %s writes to the rest of it leaves less for shared memory (ENOSPC); give /dev/shm a volume of its own",
		[field, path, titles],
	),
)

test_a_part_of_a_volume_that_is_mounted_elsewhere if {
	rest := {"name": "dshm", "mountPath": "/tmp"}
	_violations(_with_mounts([object.union(_mount, {"subPath": "shm"}), rest])) == {_shared_part("subPath", "shm", "container \"web\"")}
	_violations(_with_mounts([object.union(_mount, {"subPathExpr": "$(POD)"}), object.union(rest, {"subPath": "tmp"})])) == {_shared_part("subPathExpr", "$(POD)", "container \"web\"")}
	_violations(_with_mounts([object.union(_mount, {"subPath": "a", "subPathExpr": "b"}), rest])) == {_shared_part("subPath", "a", "container \"web\"")}
	_violations(_with_mounts([object.union(_mount, {"subPath": "", "subPathExpr": "b"}), rest])) == {_shared_part("subPathExpr", "b", "container \"web\"")}
	pod := _pod({
		"volumes": [_memory],
		"initContainers": [object.union(_container([rest]), {"name": "init"})],
		"containers": [_container([object.union(_mount, {"subPath": "shm"})]), object.union(_container([rest]), {"name": "log"})],
	})
	_violations(pod) == {_shared_part("subPath", "shm", "container \"log\", init container \"init\"")}
}

test_a_part_of_a_volume_that_nobody_else_fills if {
	part := object.union(_mount, {"subPath": "shm"})
	got := {violations |
		some mounts in [
			[part],
			[part, {"name": "dshm", "mountPath": "/tmp", "subPath": "shm"}],
			[part, {"name": "dshm", "mountPath": "/tmp", "readOnly": true}],
			[part, {"name": "tmp", "mountPath": "/tmp"}],
			[object.union(_mount, {"subPath": ""}), {"name": "dshm", "mountPath": "/tmp", "subPath": "tmp"}],
			[object.union(_mount, {"subPath": null}), {"name": "dshm", "mountPath": "/tmp", "subPath": "tmp"}],
			[object.union(_mount, {"subPath": 1}), {"name": "dshm", "mountPath": "/tmp", "subPath": "tmp"}],
		]
		violations := _violations(_with_mounts(mounts))
	}
	got == {set()}
}

test_two_mounts_at_one_path if {
	other := {"name": "shm", "mountPath": "/dev/shm/"}
	volumes := [_memory, {"name": "shm", "emptyDir": {"medium": "Memory"}}]
	_violations(_pod({"volumes": volumes, "containers": [_container([_mount, other])]})) == {_violation(
		"warn", array.concat(_second_mount, ["mountPath"]),
		"container \"web\": volume \"shm\" is mounted over volume \"dshm\" at /dev/shm; remove one of the two mounts",
	)}
	_violations(_pod({"volumes": volumes, "containers": [_container([_mount]), _container([other])]})) == set()
	_violations(_pod({"volumes": volumes, "containers": [_container([_mount, {"name": "shm", "mountPath": "/tmp"}])]})) == set()
}

test_host_ipc if {
	got := [violations |
		some image in [
			"postgres:17.2", "docker.io/library/postgres:17.2", "bitnami/postgresql-repmgr", "ghcr.io/zalando/spilo-16:3.2",
			"container-registry.oracle.com/oracle/database:19c", "selenium/node-chrome:131.0", "pytorch/pytorch", "vllm/vllm-openai",
		]
		violations := _violations(_pod({"hostIPC": true, "containers": [{"name": "web", "image": image}]}))
	]
	got == [{_ipc("container \"web\"")} | some _ in numbers.range(1, 8)]
}

test_host_ipc_of_what_needs_no_dev_shm if {
	got := {violations |
		some container in [
			{"name": "agent", "image": "newrelic/infrastructure"},
			{"name": "exporter", "image": "quay.io/prometheuscommunity/postgres-exporter"},
			{"name": "a", "image": null},
			{"name": "a"},
			{"name": "db", "image": "postgres", "volumeMounts": [_mount]},
		]
		violations := _violations(_pod({"hostIPC": true, "volumes": [_memory], "containers": [container]}))
	}
	got == {set()}
	values := {violations |
		some value in [false, null, "true"]
		violations := _violations(_pod({"hostIPC": value, "containers": [{"name": "db", "image": "postgres"}]}))
	}
	values == {set()}
}

test_host_ipc_names_the_first_container if {
	database := {"name": "db", "image": "postgres"}
	_violations(_pod({"hostIPC": true, "containers": [{"name": "log", "image": "busybox"}, database, object.union(database, {"name": "two"})]})) == {_ipc("container \"db\"")}
	_violations(_pod({"hostIPC": true, "initContainers": [object.union(database, {"restartPolicy": "Always"})]})) == {_ipc("sidecar \"db\"")}
	_violations(_pod({"hostIPC": true, "initContainers": [database], "ephemeralContainers": [database]})) == set()
	_violations(_pod({"hostIPC": true, "volumes": [_memory], "containers": [
		object.union(database, {"volumeMounts": [_mount]}),
		object.union(database, {"name": "two", "volumeMounts": [{"name": "dshm", "mountPath": "/shm"}]}),
	]})) == {_ipc("container \"two\"")}
}

test_allow_host_ipc if {
	pod := _pod({"hostIPC": true, "containers": [{"name": "web", "image": "postgres"}]})
	_with(pod, {"allowHostIPC": true}) == set()
	_with(pod, {"allowHostIPC": false}) == {_ipc("container \"web\"")}
	_with(pod, {"allowHostIPC": "yes"}) == {_ipc("container \"web\"")}
}

test_shared_memory_images if {
	pod := _pod({"hostIPC": true, "containers": [{"name": "web", "image": "example.com/team/engine:1"}]})
	_with(pod, {"sharedMemoryImages": ["engine"]}) == {_ipc("container \"web\"")}
	_with(pod, {"sharedMemoryImages": ["team/eng*"]}) == {_ipc("container \"web\"")}
	_with(_pod({"hostIPC": true, "containers": [{"name": "web", "image": "postgres"}]}), {"sharedMemoryImages": []}) == set()
}

test_vm_runtime_classes if {
	spec := {"hostIPC": true, "volumes": [{"name": "dshm", "emptyDir": {}}], "containers": [_container([_mount]), {"name": "db", "image": "postgres"}]}
	kata := _pod(object.union(spec, {"runtimeClassName": "kata-qemu"}))
	_violations(kata) == set()
	_with(kata, {"vmRuntimeClasses": []}) == {_on_disk, _ipc("container \"db\"")}
	_violations(_pod(object.union(spec, {"runtimeClassName": "nvidia"}))) == {_on_disk, _ipc("container \"db\"")}
}

test_odd_lists_hide_nothing if {
	pod := _pod({"volumes": [null, "a", {"name": "dshm", "emptyDir": {"medium": "memory"}}], "containers": [null, "web", _container([null, _mount])]})
	_violations(pod) == {_unknown(["spec", "volumes", 2, "emptyDir", "medium"])}
	got := {violations |
		some volumes in [null, [], "dshm", {}]
		violations := _violations(_pod({"volumes": volumes, "containers": [_container([_mount])]}))
	}
	got == {set()}
}

test_every_workload_kind if {
	template := {"metadata": {"labels": {"app": "web"}}, "spec": _misspelt.spec}
	got := [violations |
		some object_ in [
			_misspelt,
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
		{_unknown(_medium)},
		{_unknown(array.concat(["template"], _medium))},
		{_unknown(array.concat(["spec", "template"], _medium))},
		{_unknown(array.concat(["spec", "template"], _medium))},
		{_unknown(array.concat(["spec", "template"], _medium))},
		{_unknown(array.concat(["spec", "template"], _medium))},
		{_unknown(array.concat(["spec", "template"], _medium))},
		{_unknown(array.concat(["spec", "template"], _medium))},
		{_unknown(array.concat(["spec", "jobTemplate", "spec", "template"], _medium))},
	]
}

test_what_only_looks_like_a_pod_spec if {
	_violations({"apiVersion": "run.googleapis.com/v1", "kind": "RunService", "spec": {"template": {"spec": _misspelt.spec}}}) == set()
}

test_windows_pods_are_left_out if {
	_violations(_pod(object.union(_misspelt.spec, {"os": {"name": "windows"}}))) == set()
}

test_labels_and_annotations_exempt_nothing if {
	marked := object.union(_misspelt, {"metadata": {
		"labels": {"admission.gatekeeper.sh/ignore": "true"},
		"annotations": {"kubernetes.io/config.mirror": "x", "io.kubernetes.cri-o.ShmSize": "1Gi"},
		"ownerReferences": [{"kind": "Cluster", "name": "pg"}],
	}})
	_violations(marked) == {_unknown(_medium)}
}

test_an_update_that_changes_nothing_here if {
	after := object.union(_misspelt, {"metadata": {"finalizers": ["example.com/wait"]}})
	got := rule.violation with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": _misspelt}}
	got == set()
}

test_an_update_that_changes_the_medium if {
	got := rule.violation with input as {"review": {"operation": "UPDATE", "object": _misspelt, "oldObject": _with_volume(_memory)}}
	got == {_unknown(_medium)}
}

test_a_deletion if {
	got := rule.violation with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _misspelt}}
	got == set()
}

test_nothing_to_judge if {
	got := {violations |
		some in_ in [{}, {"review": {}}, {"review": {"object": null}}, {"review": {"object": {}}}]
		violations := rule.violation with input as in_
	}
	got == {set()}
}
