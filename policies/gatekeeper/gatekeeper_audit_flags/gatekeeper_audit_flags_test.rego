package policies.gatekeeper.gatekeeper_audit_flags_test

import data.policies.gatekeeper.gatekeeper_audit_flags

_spec := ["spec", "template", "spec"]

_path := array.concat(_spec, ["containers", 0])

_argument(index) := array.concat(_path, ["args", index])

_deployment(spec) := {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "gatekeeper-audit"}, "spec": {"template": {"spec": spec}}}

_manager := {"name": "manager", "image": "openpolicyagent/gatekeeper:v3.20.0", "command": ["/manager"]}

_audit(arguments) := _deployment({"containers": [object.union(_manager, {"args": array.concat(["--operation=audit"], arguments)})]})

_got(object_) := got if {
	got := gatekeeper_audit_flags.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := gatekeeper_audit_flags.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_finding(path, facts, text) := {
	"msg": concat("", [`container "manager": `, text]),
	"details": {"level": "warn", "path": path, "facts": facts},
}

_unchunked(path) := _finding(
	path, {"chunkSize": 0, "maxChunkSize": 500},
	"--audit-chunk-size is 0, so audit lists all objects of a kind at once and may be OOM-killed in a cluster with many of them; set it to between 1 and 500",
)

_chunk(path, number, largest) := _finding(
	path, {"chunkSize": number, "maxChunkSize": largest},
	sprintf("--audit-chunk-size is %d, so audit holds that many objects in memory at once and may be OOM-killed where they are large; set it to %d or less", [number, largest]),
)

_violations(path, number, largest) := _finding(
	path, {"violationsLimit": number, "maxViolationsLimit": largest},
	sprintf("--constraint-violations-limit is %d, so audit writes that many violations into the status of one constraint, which every replica holds in memory and etcd refuses beyond 1.5Mi; set it to %d or less, as the log of audit has all of them", [number, largest]),
)

_interval(path, number, smallest) := _finding(
	path, {"intervalSeconds": number, "minIntervalSeconds": smallest},
	sprintf("--audit-interval is %d, so in a large cluster an audit begins as soon as the last one ends and its memory is never given back; set it to %d or more", [number, smallest]),
)

_ramdisk(directory, path) := _finding(
	path, {},
	sprintf(`audit keeps all objects of a kind in %s while it evaluates them, and on volume "tmp-volume", a memory-backed emptyDir without a sizeLimit, they count as its memory, which may get it OOM-killed; remove medium: Memory (audit.writeToRAMDisk of the chart), or set a sizeLimit and raise limits.memory by as much`, [directory]),
)

# Flags.

test_flags_that_are_not_set if {
	every arguments in [null, [], {}, "x", [null, 1], ["--audit-chunk-size"], ["audit-chunk-size=0"], ["--audit-chunk-sizes=0"], ["--log-level=INFO"]] {
		_got(_deployment({"containers": [object.union(_manager, {"args": arguments})]})) == set()
	}
}

test_the_defaults_of_the_chart if {
	_got(_audit(["--audit-interval=60", "--constraint-violations-limit=20", "--audit-from-cache=false", "--audit-chunk-size=500"])) == set()
}

test_chunk_size if {
	_got(_audit(["--audit-chunk-size=0"])) == {_unchunked(_argument(1))}
	_got(_audit(["--audit-chunk-size", "0"])) == {_unchunked(_argument(2))}
	_got(_audit(["--audit-chunk-size=501"])) == {_chunk(_argument(1), 501, 500)}
	_got(_audit(["-audit-chunk-size", "501"])) == {_chunk(_argument(2), 501, 500)}
	every number in ["1", "500"] {
		_got(_audit([concat("=", ["--audit-chunk-size", number])])) == set()
	}
}

test_violations_limit if {
	_got(_audit(["--constraint-violations-limit=501"])) == {_violations(_argument(1), 501, 500)}
	_got(_audit(["--constraint-violations-limit", "501"])) == {_violations(_argument(2), 501, 500)}
	every number in ["0", "20", "500"] {
		_got(_audit([concat("=", ["--constraint-violations-limit", number])])) == set()
	}
}

test_interval if {
	_got(_audit(["--audit-interval=59"])) == {_interval(_argument(1), 59, 60)}
	_got(_audit(["--audit-interval", "1"])) == {_interval(_argument(2), 1, 60)}
	every number in ["60", "300"] {
		_got(_audit([concat("=", ["--audit-interval", number])])) == set()
	}
}

test_the_last_flag_counts if {
	_got(_audit(["--audit-chunk-size=0", "--audit-chunk-size=500"])) == set()
	_got(_audit(["--audit-chunk-size=500", "--audit-chunk-size", "0"])) == {_unchunked(_argument(3))}
}

test_every_flag_is_reported if {
	_got(_audit(["--audit-chunk-size=1000", "--constraint-violations-limit=2000", "--audit-interval=10"])) == {
		_chunk(_argument(1), 1000, 500),
		_violations(_argument(2), 2000, 500),
		_interval(_argument(3), 10, 60),
	}
}

test_trap_value_that_is_no_number if {
	every value in ["$(SIZE)", "", "x", "-1", "0x0"] {
		_got(_audit([concat("", ["--audit-chunk-size=", value]), concat("", ["--audit-interval=", value])])) == set()
	}
}

test_flags_in_command if {
	container := object.union(_manager, {"command": ["/manager", "--operation=audit", "--audit-chunk-size=0"]})
	_got(_deployment({"containers": [container]})) == {_unchunked(array.concat(_path, ["command", 2]))}
}

test_trap_audit_that_is_off if {
	_got(_with_volume(
		{"medium": "Memory"},
		[{"name": "tmp-volume", "mountPath": "/tmp/audit"}],
		["--audit-interval=0", "--audit-chunk-size=0", "--constraint-violations-limit=1000"],
	)) == set()
	_got(_audit(["--audit-interval=0", "--audit-interval=30"])) == {_interval(_argument(2), 30, 60)}
}

test_trap_audit_from_the_cache_lists_nothing if {
	every flag in ["--audit-from-cache", "--audit-from-cache=true", "-audit-from-cache=1", "--audit-from-cache=t", "--audit-from-cache=T", "--audit-from-cache=True", "--audit-from-cache=TRUE"] {
		_got(_audit(["--audit-chunk-size=0", flag])) == set()
		_got(_audit(["--audit-chunk-size=1000", flag])) == set()
		_got(_with_volume({"medium": "Memory"}, [{"name": "tmp-volume", "mountPath": "/tmp/audit"}], [flag])) == set()
		_got(_audit(["--audit-interval=10", flag])) == {_interval(_argument(1), 10, 60)}
	}
	every flag in ["--audit-from-cache=false", "--audit-from-cache=0", "--audit-from-cached", "x--audit-from-cache", "audit-from-cache=true", "--audit-from-cache=xtrue"] {
		_got(_audit(["--audit-chunk-size=0", flag])) == {_unchunked(_argument(1))}
	}
	_got(_audit(["--audit-chunk-size=0", "--audit-from-cache=true", "--audit-from-cache=false"])) == {_unchunked(_argument(1))}
	_got(_audit(["--audit-chunk-size=0", "--audit-from-cache=false", "--audit-from-cache=true"])) == set()
}

# The volume.

_with_volume(empty_dir, mounts, arguments) := _deployment({
	"containers": [object.union(_manager, {"args": array.concat(["--operation=audit"], arguments), "volumeMounts": mounts})],
	"volumes": [{"name": "cert", "secret": {"secretName": "cert"}}, {"name": "tmp-volume", "emptyDir": empty_dir}],
})

_mounted(empty_dir, mounts) := _with_volume(empty_dir, mounts, [])

_medium := array.concat(_spec, ["volumes", 1, "emptyDir", "medium"])

test_directory_on_a_memory_backed_volume if {
	every path in ["/tmp/audit", "/tmp/audit/", "/tmp", "//tmp/"] {
		_got(_mounted({"medium": "Memory"}, [{"name": "tmp-volume", "mountPath": path}])) == {_ramdisk("/tmp/audit", _medium)}
	}
	every path in ["/tmp/audits", "/tmp/audit/x", "/tm", "/certs", "", null, 1] {
		_got(_mounted({"medium": "Memory"}, [{"name": "tmp-volume", "mountPath": path}])) == set()
	}
	every mounts in [null, [], {}, "x", [null], [{"mountPath": "/tmp/audit"}], [{"name": "other", "mountPath": "/tmp/audit"}]] {
		_got(_mounted({"medium": "Memory"}, mounts)) == set()
	}
}

test_the_innermost_mount_counts if {
	_got(_mounted({"medium": "Memory"}, [{"name": "tmp-volume", "mountPath": "/tmp"}, {"name": "cert", "mountPath": "/tmp/audit"}])) == set()
	_got(_mounted({"medium": "Memory"}, [{"name": "tmp-volume", "mountPath": "/tmp/audit"}, {"name": "cert", "mountPath": "/tmp"}])) == {_ramdisk("/tmp/audit", _medium)}
}

test_another_directory if {
	every arguments in [["--api-cache-dir=/var/cache"], ["--api-cache-dir", "/var/cache/"]] {
		_got(_with_volume({"medium": "Memory"}, [{"name": "tmp-volume", "mountPath": "/var/cache"}], arguments)) == {_ramdisk("/var/cache", _medium)}
		_got(_with_volume({"medium": "Memory"}, [{"name": "tmp-volume", "mountPath": "/tmp/audit"}], arguments)) == set()
	}
}

test_trap_volume_that_is_bounded_or_on_disk if {
	mounts := [{"name": "tmp-volume", "mountPath": "/tmp/audit"}]
	every empty_dir in [{}, null, {"medium": ""}, {"medium": "Memory", "sizeLimit": "128Mi"}, {"medium": "Memory", "sizeLimit": 134217728}] {
		_got(_mounted(empty_dir, mounts)) == set()
	}
	every size in [null, "0", "x", "-1", true] {
		_got(_mounted({"medium": "Memory", "sizeLimit": size}, mounts)) == {_ramdisk("/tmp/audit", _medium)}
	}
}

test_mounts_of_other_containers_do_not_count if {
	proxy := {"name": "proxy", "image": "istio/proxyv2:1.24", "volumeMounts": [{"name": "tmp-volume", "mountPath": "/tmp"}]}
	spec := {
		"containers": [_manager, proxy],
		"volumes": [{"name": "tmp-volume", "emptyDir": {"medium": "Memory"}}],
	}
	_got(_deployment(spec)) == set()
}

# Which containers are judged.

test_trap_a_webhook_audits_nothing if {
	every words in [["--operation=webhook"], ["--operation", "webhook"], ["--operation=webhook,mutation-webhook"]] {
		container := object.union(_manager, {"args": array.concat(words, ["--audit-chunk-size=0"])})
		_got(_deployment({"containers": [container]})) == set()
	}
}

test_all_operations_include_audit if {
	_got(_deployment({"containers": [object.union(_manager, {"args": ["--audit-chunk-size=0"]})]})) == {_unchunked(_argument(0))}
}

test_trap_other_programs if {
	every container in [{"image": "example.com/operator:v1"}, {"command": ["/audit"]}, {"image": null}] {
		_got(_deployment({"containers": [object.union(_manager, object.union(container, {"args": ["--audit-chunk-size=0"]}))]})) == set()
	}
}

test_every_container_is_looked_at if {
	container := object.union(_manager, {"args": ["--audit-chunk-size=0"]})
	_got(_deployment({"containers": [null, {"name": "x"}, container]})) == {_unchunked(array.concat(_spec, ["containers", 2, "args", 0]))}
}

test_only_deployments_are_judged if {
	spec := _audit(["--audit-chunk-size=0"]).spec.template.spec
	every object_ in [
		{"apiVersion": "v1", "kind": "Pod", "spec": spec},
		{"apiVersion": "v1", "kind": "PodTemplate", "template": {"spec": spec}},
		{"apiVersion": "v1", "kind": "ReplicationController", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "apps/v1", "kind": "DaemonSet", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": spec}}},
		{"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}},
	] {
		_got(object_) == set()
	}
}

# Parameters.

test_parameters if {
	object_ := _audit(["--audit-chunk-size=1000", "--constraint-violations-limit=1000", "--audit-interval=30"])
	_with(object_, {"maxChunkSize": 1000, "maxViolationsLimit": 1000, "minInterval": 30}) == set()
	_with(object_, {"maxChunkSize": 999, "maxViolationsLimit": 999, "minInterval": 31}) == {
		_chunk(_argument(1), 1000, 999),
		_violations(_argument(2), 1000, 999),
		_interval(_argument(3), 30, 31),
	}
	every parameters in [null, {}, {"levels": null, "maxChunkSize": null, "maxViolationsLimit": null, "minInterval": null}] {
		_with(object_, parameters) == _got(object_)
	}
	unchunked := {_finding(
		_argument(1), {"chunkSize": 0, "maxChunkSize": 100},
		"--audit-chunk-size is 0, so audit lists all objects of a kind at once and may be OOM-killed in a cluster with many of them; set it to between 1 and 100",
	)}
	_with(_audit(["--audit-chunk-size=0"]), {"maxChunkSize": 100}) == unchunked
}

test_levels if {
	_with(_audit(["--audit-chunk-size=0"]), {"levels": ["warn"]}) == {_unchunked(_argument(1))}
	_with(_audit(["--audit-chunk-size=0"]), {"levels": ["deny"]}) == set()
}

test_only_what_an_update_introduces if {
	old := _audit(["--audit-chunk-size=0"])
	object_ := object.union(old, {"metadata": {"finalizers": ["x"]}})
	gatekeeper_audit_flags.violation == set() with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": old}}
	gatekeeper_audit_flags.violation == {_unchunked(_argument(1))} with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": _audit([])}}
}

test_nothing_on_delete if {
	gatekeeper_audit_flags.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _audit(["--audit-chunk-size=0"])}}
}

test_specs_of_other_types_are_no_error if {
	every spec in [null, {}, [], "x", {"containers": null}, {"containers": [null, 1, "x", []]}] {
		_got(_deployment(spec)) == set()
	}
	every volumes in [null, {}, "x", [null, "x", {"emptyDir": {"medium": "Memory"}}]] {
		container := object.union(_manager, {"args": ["--audit-chunk-size=0"], "volumeMounts": [{"name": "tmp-volume", "mountPath": "/tmp"}]})
		_got(_deployment({"containers": [container], "volumes": volumes})) == {_unchunked(_argument(0))}
	}
}
