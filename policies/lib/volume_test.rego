package lib.volume_test

import data.lib.volume

_path := ["spec", "template", "spec"]

_pod(volumes) := {"path": _path, "spec": {"volumes": volumes}}

test_in_memory_is_an_emptydir_with_medium_memory if {
	entries := [
		{"name": "disk", "emptyDir": {}},
		{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
		{"name": "tmp", "emptyDir": {"medium": ""}},
		{"name": "huge", "emptyDir": {"medium": "HugePages"}},
		{"name": "wrong", "emptyDir": {"medium": "MEMORY"}},
		{"name": "secret", "secret": {"secretName": "tls"}},
		{"name": "run", "emptyDir": {"medium": "Memory"}},
	]
	volume.in_memory(_pod(entries)) == [
		{
			"name": "shm",
			"path": ["spec", "template", "spec", "volumes", 1],
			"emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"},
		},
		{"name": "run", "path": ["spec", "template", "spec", "volumes", 6], "emptyDir": {"medium": "Memory"}},
	]
}

test_in_memory_without_a_proper_name if {
	entries := [
		{"emptyDir": {"medium": "Memory"}},
		{"name": null, "emptyDir": {"medium": "Memory"}},
		{"name": 5, "emptyDir": {"medium": "Memory"}},
	]
	got := [name | some vol in volume.in_memory(_pod(entries)); name := vol.name]
	got == ["", "", ""]
}

test_what_is_no_volume_is_passed_over if {
	entries := [
		null,
		"shm",
		{},
		{"name": "a", "emptyDir": null},
		{"name": "b", "emptyDir": "Memory"},
		{"name": "c", "emptyDir": {"medium": null}},
		{"name": "d", "emptyDir": {"medium": ["Memory"]}},
		{"name": "e", "emptyDir": {"medium": "Memory"}},
	]
	got := [name | some vol in volume.in_memory(_pod(entries)); name := vol.name]
	got == ["e"]
}

test_no_volumes if {
	volume.in_memory({"path": _path, "spec": {}}) == []
	volume.in_memory(_pod(null)) == []
	volume.in_memory(_pod("shm")) == []
	volume.in_memory(_pod([])) == []
}

_web := {"name": "web", "volumeMounts": [
	{"name": "shm", "mountPath": "/dev/shm/"},
	{"name": "tls", "mountPath": "/etc/tls", "readOnly": true},
]}

_init := {"name": "init", "volumeMounts": [{"name": "shm", "mountPath": "/shm", "readOnly": false}]}

test_mounts_are_those_of_all_containers if {
	pod := {"path": _path, "spec": {"containers": [_web], "initContainers": [_init]}}
	init := {
		"kind": "init",
		"name": "init",
		"title": "init container \"init\"",
		"path": ["spec", "template", "spec", "initContainers", 0],
		"spec": _init,
	}
	web := {
		"kind": "container",
		"name": "web",
		"title": "container \"web\"",
		"path": ["spec", "template", "spec", "containers", 0],
		"spec": _web,
	}
	volume.mounts(pod) == [
		{
			"container": init,
			"volume": "shm",
			"mountPath": "/shm",
			"writable": true,
			"path": ["spec", "template", "spec", "initContainers", 0, "volumeMounts", 0],
		},
		{
			"container": web,
			"volume": "shm",
			"mountPath": "/dev/shm",
			"writable": true,
			"path": ["spec", "template", "spec", "containers", 0, "volumeMounts", 0],
		},
		{
			"container": web,
			"volume": "tls",
			"mountPath": "/etc/tls",
			"writable": false,
			"path": ["spec", "template", "spec", "containers", 0, "volumeMounts", 1],
		},
	]
}

test_mounts_that_are_odd if {
	container := {"name": "web", "volumeMounts": [
		null,
		"shm",
		{},
		{"name": null, "mountPath": null, "readOnly": null},
		{"name": 5, "mountPath": 5, "readOnly": "true"},
	]}
	got := [odd |
		some mount in volume.mounts({"path": _path, "spec": {"containers": [container]}})
		odd := [mount.volume, mount.mountPath, mount.writable, mount.path[6]]
	]
	got == [["", "", true, 2], ["", "", true, 3], ["", "", true, 4]]
}

test_no_mounts if {
	containers := [{}, {"volumeMounts": null}, {"volumeMounts": "shm"}, {"volumeMounts": []}]
	volume.mounts({"path": _path, "spec": {"containers": containers}}) == []
}

test_writers_mount_the_volume_for_writing if {
	pod := {"path": _path, "spec": {
		"initContainers": [
			{"name": "a", "volumeMounts": [{"name": "shm", "mountPath": "/shm"}]},
			{"name": "b", "restartPolicy": "Always", "volumeMounts": [{"name": "shm", "mountPath": "/shm", "readOnly": false}]},
		],
		"containers": [
			{"name": "c", "volumeMounts": [{"name": "shm", "mountPath": "/shm", "readOnly": true}]},
			{"name": "d", "volumeMounts": [{"name": "tmp", "mountPath": "/shm"}]},
			{"name": "e", "volumeMounts": [
				{"name": "shm", "mountPath": "/a", "subPath": "a"},
				{"name": "shm", "mountPath": "/b", "subPath": "b"},
				{"name": "shm", "mountPath": "/c", "readOnly": true},
			]},
			{"name": "f"},
			{"name": "g", "volumeMounts": [null, "shm", {"mountPath": "/shm"}]},
			{"name": "h", "volumeMounts": [{"name": "shm", "mountPath": "/shm", "readOnly": null}]},
		],
		"ephemeralContainers": [{"name": "i", "volumeMounts": [{"name": "shm", "mountPath": "/shm"}]}],
	}}
	got := [name | some container in volume.writers(pod, "shm"); name := container.name]
	got == ["a", "b", "e", "h", "i"]
}

test_writers_are_containers if {
	pod := {"path": _path, "spec": {"initContainers": [_init], "containers": [_web]}}
	got := [container.path | some container in volume.writers(pod, "shm")]
	got == [
		["spec", "template", "spec", "initContainers", 0],
		["spec", "template", "spec", "containers", 0],
	]
}

test_clean if {
	paths := ["/dev/shm", "/dev/shm/", "//dev//shm//", "/dev/./shm/.", "dev/shm", "/dev", "/dev/shmx", "/", ""]
	got := [cleaned | some path in paths; cleaned := volume.clean(path)]
	got == ["/dev/shm", "/dev/shm", "/dev/shm", "/dev/shm", "/dev/shm", "/dev", "/dev/shmx", "", ""]
}
