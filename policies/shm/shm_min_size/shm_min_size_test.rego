package policies.shm.shm_min_size_test

import data.policies.shm.shm_min_size

_container := {"name": "db", "image": "postgres:17.2", "volumeMounts": [{"name": "dshm", "mountPath": "/dev/shm"}]}

_limited(limit) := object.union(_container, {"resources": {"limits": {"memory": limit}}})

_volume(size) := {"name": "dshm", "emptyDir": {"medium": "Memory", "sizeLimit": size}}

_spec(container, volume) := {"containers": [container], "volumes": [volume]}

_of(spec) := {"apiVersion": "v1", "kind": "Pod", "spec": spec}

_sized(size) := _of(_spec(_container, _volume(size)))

_got(object_) := got if {
	got := shm_min_size.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := shm_min_size.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_path := ["spec", "volumes", 0, "emptyDir", "sizeLimit"]

_fails := `fails parallel queries and index builds with "could not resize shared memory segment" when that is full`

_finding(title, size, advice, facts) := {
	"msg": sprintf(`%s: PostgreSQL gets a /dev/shm of %s from volume "dshm" but needs 256Mi, and %s; %s`, [title, size, _fails, advice]),
	"details": {"level": "warn", "path": _path, "facts": facts},
}

_found(title) := _finding(title, "128Mi", "raise sizeLimit to 256Mi", {"sizeBytes": 134217728, "neededBytes": 268435456})

_db := {_found(`container "db"`)}

# Sizes.

test_smaller_than_needed if {
	_got(_sized("128Mi")) == _db
	_got(_sized("255Mi")) == {_finding(`container "db"`, "255Mi", "raise sizeLimit to 256Mi", {"sizeBytes": 267386880, "neededBytes": 268435456})}
	every size in [134217728, 1.34217728e+08] {
		_got(_sized(size)) == {_finding(`container "db"`, "134217728", "raise sizeLimit to 256Mi", {"sizeBytes": 134217728, "neededBytes": 268435456})}
	}
}

test_as_large_as_needed if {
	every size in ["256Mi", "1Gi", 268435456, 2.68435456e+08, "300M"] {
		_got(_sized(size)) == set()
	}
}

test_trap_no_size_is_another_rules_finding if {
	every size in ["0", 0, "-1Gi", "1 Gi", "", null, [], {}] {
		_got(_sized(size)) == set()
	}
	_got(_of(_spec(_container, {"name": "dshm", "emptyDir": {"medium": "Memory"}}))) == set()
	_got(_of(_spec(_limited("64Mi"), {"name": "dshm", "emptyDir": {"medium": "Memory"}}))) == set()
	_got(_of(_spec(_limited("64Mi"), _volume("0")))) == set()
}

test_memory_limit_that_is_too_small_is_to_be_raised_as_well if {
	every row in [
		{"limit": "511Mi", "bytes": 535822336, "advice": "raise sizeLimit to 256Mi, and the container's memory limit from 511Mi to at least 512Mi"},
		{"limit": "512Mi", "bytes": 536870912, "advice": "raise sizeLimit to 256Mi"},
		{"limit": "4Gi", "bytes": 4294967296, "advice": "raise sizeLimit to 256Mi"},
	] {
		_got(_of(_spec(_limited(row.limit), _volume("128Mi")))) == {_finding(`container "db"`, "128Mi", row.advice, {"sizeBytes": 134217728, "neededBytes": 268435456, "limitBytes": row.bytes})}
	}
	_got(_of(_spec(_limited("0"), _volume("128Mi")))) == _db
}

_cut(limit, advice) := {{
	"msg": sprintf(`container "db": PostgreSQL gets a /dev/shm of 128Mi from volume "dshm", whose sizeLimit %s is cut to the memory limit of the pod, but needs 256Mi, and %s; %s`, [limit, _fails, advice]),
	"details": {"level": "warn", "path": _path, "facts": {"sizeBytes": 134217728, "neededBytes": 268435456, "limitBytes": 134217728}},
}}

test_size_is_cut_to_the_limit_of_the_pod if {
	_got(_of(_spec(_limited("128Mi"), _volume("1Gi")))) == _cut("1Gi", "raise the memory limit to at least 512Mi")
	_got(_of(object.union(_spec(_container, _volume("1Gi")), {"resources": {"limits": {"memory": "128Mi"}}}))) == _cut("1Gi", "raise the memory limit to at least 512Mi")
	_got(_of(_spec(_limited("128Mi"), _volume("256Mi")))) == _cut("256Mi", "raise the memory limit to at least 512Mi")
	_got(_of(_spec(_limited("128Mi"), _volume("200Mi")))) == _cut("200Mi", "raise sizeLimit to 256Mi, and the container's memory limit from 128Mi to at least 512Mi")
	_got(_of(_spec(_limited("256Mi"), _volume("1Gi")))) == set()
}

test_size_that_is_the_limit_of_the_pod_is_not_cut if {
	_got(_of(_spec(_limited("128Mi"), _volume("128Mi")))) == {_finding(`container "db"`, "128Mi", "raise sizeLimit to 256Mi, and the container's memory limit from 128Mi to at least 512Mi", {"sizeBytes": 134217728, "neededBytes": 268435456, "limitBytes": 134217728})}
}

test_pod_without_a_limit_cuts_nothing if {
	spec := {"containers": [_limited("128Mi"), {"name": "b"}], "volumes": [_volume("1Gi")]}
	_got(_of(spec)) == set()
}

# Which containers and mounts are judged.

test_every_kind_of_workload if {
	template := {"spec": _spec(_container, _volume("128Mi"))}
	every row in [
		{"apiVersion": "v1", "kind": "PodTemplate", "path": ["template"]},
		{"apiVersion": "v1", "kind": "ReplicationController", "path": ["spec", "template"]},
		{"apiVersion": "apps/v1", "kind": "Deployment", "path": ["spec", "template"]},
		{"apiVersion": "apps/v1", "kind": "StatefulSet", "path": ["spec", "template"]},
		{"apiVersion": "apps/v1", "kind": "DaemonSet", "path": ["spec", "template"]},
		{"apiVersion": "apps/v1", "kind": "ReplicaSet", "path": ["spec", "template"]},
		{"apiVersion": "batch/v1", "kind": "Job", "path": ["spec", "template"]},
		{"apiVersion": "batch/v1", "kind": "CronJob", "path": ["spec", "jobTemplate", "spec", "template"]},
	] {
		object_ := json.patch(
			{"apiVersion": row.apiVersion, "kind": row.kind, "spec": {"jobTemplate": {"spec": {}}}},
			[{"op": "add", "path": row.path, "value": template}],
		)
		_got(object_) == {{"msg": found.msg, "details": object.union(found.details, {"path": array.concat(row.path, _path)})} | some found in _db}
	}
}

test_sidecars_are_judged_init_and_ephemeral_containers_are_not if {
	containers := {
		"initContainers": [_container, object.union(_container, {"name": "s", "restartPolicy": "Always"})],
		"containers": [{"name": "a", "image": "nginx:1.27.3"}],
		"ephemeralContainers": [_container],
		"volumes": [_volume("128Mi")],
	}
	_got(_of(containers)) == {_found(`sidecar "s"`)}
}

test_containers_that_share_the_volume if {
	spec := {
		"containers": [_container, object.union(_container, {"name": "other"}), object.union(_container, {"name": "web", "image": "nginx"}), {"name": "bare", "image": "postgres"}],
		"volumes": [_volume("128Mi")],
	}
	_got(_of(spec)) == {_found(`container "db"`), _found(`container "other"`)}
}

test_mount_path_is_cleaned if {
	every path in ["/dev/shm/", "//dev//shm", "/dev/./shm"] {
		_got(_of(_spec(object.union(_container, {"volumeMounts": [{"name": "dshm", "mountPath": path}]}), _volume("128Mi")))) == _db
	}
}

test_trap_other_mounts_and_volumes if {
	every mount in [{"name": "dshm", "mountPath": "/cache"}, {"name": "dshm", "mountPath": "/dev"}, {"name": "other", "mountPath": "/dev/shm"}, {"mountPath": "/dev/shm"}, {"name": "dshm"}, null, 1] {
		_got(_of(_spec(object.union(_container, {"volumeMounts": [mount]}), _volume("128Mi")))) == set()
	}
	every entry in [{"name": "dshm", "emptyDir": {"sizeLimit": "128Mi"}}, {"name": "dshm", "emptyDir": {"medium": "HugePages", "sizeLimit": "128Mi"}}, {"name": "dshm", "hostPath": {"path": "/dev/shm"}}, null] {
		_got(_of(_spec(_container, entry))) == set()
	}
}

test_the_other_volume_is_not_looked_at if {
	spec := {"containers": [_container], "volumes": [{"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}, _volume("256Mi")]}
	_got(_of(spec)) == set()
}

test_trap_programs_that_do_without if {
	every container in [
		{"image": "redis:7.4"}, {"image": "bitnami/postgres-exporter:0.17.1"}, {"image": "postgres:9.6"}, {"image": null}, {"image": 1},
		{"command": ["pg_dump"]}, {"args": ["-c", "dynamic_shared_memory_type=mmap"]},
		{"image": "selenium/node-chrome:4.27.0", "env": [{"name": "SE_BROWSER_ARGS_DISABLE_DSHM", "value": "--disable-dev-shm-usage"}]},
	] {
		_got(_of(_spec(object.union(_container, container), _volume("64Mi")))) == set()
	}
}

test_need_is_that_of_the_profile if {
	firefox := object.union(_container, {"image": "selenium/node-firefox:4.27.0"})
	_got(_of(_spec(firefox, _volume("1Gi")))) == {{
		"msg": `container "db": Firefox gets a /dev/shm of 1Gi from volume "dshm" but needs 2Gi, and its tabs crash when that is full; raise sizeLimit to 2Gi`,
		"details": {"level": "warn", "path": _path, "facts": {"sizeBytes": 1073741824, "neededBytes": 2147483648}},
	}}
	_got(_of(_spec(firefox, _volume("2Gi")))) == set()
}

test_vm_and_windows_pods_are_not_judged if {
	spec := _spec(_container, _volume("128Mi"))
	every class in ["kata-qemu", "gvisor"] {
		_got(_of(object.union(spec, {"runtimeClassName": class}))) == set()
	}
	_got(_of(object.union(spec, {"runtimeClassName": "crun"}))) == _db
	_got(_of(object.union(spec, {"os": {"name": "windows"}}))) == set()
	_with(_of(object.union(spec, {"runtimeClassName": "gvisor"})), {"vmRuntimeClasses": []}) == _db
}

# Parameters.

test_without_parameters if {
	got := {violations |
		some in_ in [
			{"review": {"object": _sized("128Mi")}},
			{"review": {"object": _sized("128Mi")}, "parameters": null},
			{"review": {"object": _sized("128Mi")}, "parameters": {}},
			{"review": {"object": _sized("128Mi")}, "parameters": {"levels": null, "profiles": null, "vmRuntimeClasses": null}},
		]
		violations := shm_min_size.violation with input as in_
	}
	got == {_db}
}

test_levels if {
	_with(_sized("128Mi"), {"levels": ["warn"]}) == _db
	_with(_sized("128Mi"), {"levels": ["deny"]}) == set()
}

test_extra_pod_spec_paths if {
	object_ := {"apiVersion": "ray.io/v1", "kind": "RayCluster", "spec": {"headGroupSpec": {"template": {"spec": _spec(_container, _volume("128Mi"))}}}}
	_got(object_) == set()
	_with(object_, {"extraPodSpecPaths": [{"group": "ray.io", "kind": "RayCluster", "path": ["spec", "headGroupSpec", "template", "spec"]}]}) == {{"msg": found.msg, "details": object.union(found.details, {"path": array.concat(["spec", "headGroupSpec", "template"], _path)})} | some found in _db}
}

_kdb := {"name": "Kdb", "image": `(^|/)kdb$`, "minSize": "4Gi"}

_kdb_finding(name) := {{
	"msg": sprintf(`container "db": %s gets a /dev/shm of 2Gi from volume "dshm" but needs 4Gi, and fails with ENOSPC or SIGBUS when that is full; raise sizeLimit to 4Gi`, [name]),
	"details": {"level": "warn", "path": _path, "facts": {"sizeBytes": 2147483648, "neededBytes": 4294967296}},
}}

test_own_profile if {
	pod := _of(_spec(object.union(_container, {"image": "example.com/kdb:4.1"}), _volume("2Gi")))
	_got(pod) == set()
	_with(pod, {"profiles": [_kdb]}) == _kdb_finding("Kdb")
	_with(pod, {"profiles": [object.remove(_kdb, ["name"])]}) == _kdb_finding("its program")
	every size in [null, "", "x", "0", []] {
		_with(pod, {"profiles": [object.union(_kdb, {"minSize": size})]}) == set()
	}
	_with(_sized("128Mi"), {"profiles": [_kdb]}) == _db
}

test_own_profile_replaces_the_built_in_one_of_its_name if {
	_with(_sized("128Mi"), {"profiles": [{"name": "PostgreSQL", "image": "^$"}]}) == set()
	_with(_sized("128Mi"), {"profiles": [{"name": "PostgreSQL", "image": "postgres", "minSize": "64Mi"}]}) == set()
}

test_profiles_of_another_type_are_none if {
	every profiles in ["x", 1, {}, [null, 1, "x", [], {}], [{"name": "x", "image": 1}], [{"name": "x", "image": "("}]] {
		_with(_sized("128Mi"), {"profiles": profiles}) == _db
	}
}

# Operations.

test_only_what_an_update_introduces if {
	old := _sized("128Mi")
	updated := object.union(old, {"metadata": {"finalizers": ["x"]}})
	shm_min_size.violation == set() with input as {"review": {"operation": "UPDATE", "object": updated, "oldObject": old}}
	every before in [_of({}), _sized("64Mi"), _sized("1Gi")] {
		shm_min_size.violation == _db with input as {"review": {"operation": "UPDATE", "object": updated, "oldObject": before}}
	}
}

test_nothing_on_delete if {
	shm_min_size.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _sized("128Mi")}}
}

test_specs_of_other_types_are_no_error if {
	every spec in [null, {}, [], "x", {"containers": null}, {"containers": [null, 1, "x", []]}, {"containers": [_container]}, {"containers": [_container], "volumes": {}}, {"containers": [_container], "volumes": [null, 1]}] {
		_got(_of(spec)) == set()
	}
	_got(_of({"containers": [null, object.remove(_container, ["name"])], "volumes": [null, object.union(_volume("128Mi"), {})]})) == {{"msg": found.msg, "details": object.union(found.details, {"path": ["spec", "volumes", 1, "emptyDir", "sizeLimit"]})} | some found in {_found(`container ""`)}}
}
