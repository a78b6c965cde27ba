package policies.mlock.varnish_memory_budget_test

import data.policies.mlock.varnish_memory_budget

_mib := 1048576

_mount := {"name": "vsm", "mountPath": "/var/lib/varnish"}

_tmpfs := {"name": "vsm", "emptyDir": {"medium": "Memory", "sizeLimit": "112Mi"}}

_container(fields) := object.union({"name": "cache", "image": "docker.io/library/varnish:7.6", "volumeMounts": [_mount]}, fields)

_limits(memory) := {"resources": {"limits": {"memory": memory}}}

_pod(container) := {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [container], "volumes": [_tmpfs]}}

# _running is a pod without a memory limit and with these arguments of varnishd.
_running(args) := _pod(_container({"args": args}))

_sized := {"args": ["-s", "malloc,256m"]}

_got(object_) := got if {
	got := varnish_memory_budget.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := varnish_memory_budget.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_path := ["spec", "containers", 0]

_more := " and transient objects more (no storage called Transient bounds them)"

_sum(storage, log, needed, more) := sprintf("malloc storage of %s, the shared memory log of %s and overhead take %s%s", [storage, log, needed, more])

_found(path, facts, msg) := {"msg": msg, "details": {"level": "warn", "path": path, "facts": facts}}

_unlimited_at(title, path, facts, sum, needed) := _found(
	array.concat(path, ["resources", "limits", "memory"]), facts,
	sprintf("%s: no memory limit bounds it, and %s, until the node evicts or OOM-kills; set resources.limits.memory to at least %s", [title, sum, needed]),
)

# _unlimited is a storage of some MiB with a log of 80 and a quarter more.
_unlimited(storage, overhead, more) := _unlimited_at(
	`container "cache"`, _path,
	{"storageBytes": storage * _mib, "logBytes": 80 * _mib, "overheadBytes": overhead * _mib, "neededBytes": ((storage + 80) + overhead) * _mib},
	_sum(sprintf("%dMi", [storage]), "80Mi", sprintf("%dMi", [(storage + 80) + overhead]), more),
	_advised((storage + 80) + overhead),
)

# The work directory takes 112Mi, and half of the limit at most.
_advised(needed) := sprintf("%dMi", [needed]) if {
	needed >= 224
} else := "224Mi, twice the 112Mi of a work directory in memory"

_unlimited_256 := _unlimited(256, 64, _more)

_small_at(path, limit, bytes) := _found(
	array.concat(path, ["resources", "limits", "memory"]),
	{"storageBytes": 256 * _mib, "logBytes": 80 * _mib, "overheadBytes": 64 * _mib, "neededBytes": 400 * _mib, "limitBytes": bytes},
	sprintf(`container "cache": limits.memory %q is too small: %s, so it is OOM-killed when its cache fills, and starts with an empty one; set limits.memory to at least 400Mi%s`, [limit, _sum("256Mi", "80Mi", "400Mi", _more), _smaller(bytes)]),
)

_smaller(bytes) := sprintf(" or all storage to at most %dM", [mebibytes]) if {
	mebibytes := {268435456: 140, 419430399: 255, 234881024: 115}[bytes]
} else := ""

_small(limit, bytes) := _small_at(_path, limit, bytes)

_on_disk(path, advice, directory) := _found(
	path, {"logBytes": 80 * _mib, "neededBytes": 112 * _mib},
	sprintf(`container "cache": the work directory %q of varnishd is on no tmpfs (7.6 and later say so at start), so its shared memory log of 80Mi is written to the node's disk and requests wait for that; %s sizeLimit 112Mi`, [directory, advice]),
)

_disk_volume := _on_disk(["spec", "volumes", 0, "emptyDir", "medium"], "set medium Memory and", "/var/lib/varnish")

_no_volume := _on_disk(["spec", "containers", 0, "volumeMounts"], "mount an emptyDir there with medium Memory and", "/var/lib/varnish")

_full(size, bytes) := _found(
	["spec", "volumes", 0, "emptyDir", "sizeLimit"],
	{"logBytes": 80 * _mib, "neededBytes": 112 * _mib, "sizeLimitBytes": bytes},
	sprintf(`volume "vsm": sizeLimit %q is less than the shared memory log of 80Mi, counters and compiled VCL of varnishd take, so it runs out of space (ENOSPC) and does not start or compile; set sizeLimit to at least 112Mi`, [size]),
)

# Storage.

test_spellings_of_the_storage if {
	every args in [
		["-s", "malloc,256m"],
		["-smalloc,256m"],
		["-s malloc,256m"],
		["-F", "-s", "main=malloc,256M", "-t", "120"],
		["-smain=malloc,256mb"],
		["-s", "malloc,268435456"],
		["-s", "malloc,268435456b"],
		["-s", "malloc,262144k"],
		["-s", "malloc,0.25G"],
		["-s", "default,256m"],
		["-s", "malloc,128m", "-s", "more=malloc,128m"],
		["-s", "file,/data/cache,10g", "-s", "malloc,256m"],
		["-s", "malloc,256m", "-s", "mse"],
		["-s", "malloc,256m", "-s"],
		[null, "-s", 1, "malloc,256m"],
		["-varnish-storage=malloc,256M"],
		["--varnish-storage", "malloc,256M", "-signaller-port=$(PORT)", "-signaller-enable"],
	] {
		_got(_running(args)) == {_unlimited_256}
	}
	_got(_running(["-s", "malloc,0.5t"])) == {_unlimited_at(
		`container "cache"`, _path,
		{"storageBytes": 524288 * _mib, "logBytes": 80 * _mib, "overheadBytes": 131072 * _mib, "neededBytes": 655440 * _mib},
		_sum("512Gi", "80Mi", "655440Mi", _more), "655440Mi",
	)}
}

test_transient_storage_that_is_bounded if {
	_got(_running(["-s", "malloc,192m", "-s", "Transient=malloc,64m"])) == {_unlimited(256, 64, "")}
	_got(_running(["-s", "Transient=malloc,64m", "-s", "file,/data/cache,10g"])) == {_unlimited(64, 16, "")}
	_got(_running(["-varnish-storage=malloc,192M", "-varnish-transient-storage=malloc,64M"])) == {_unlimited(256, 64, "")}
}

test_trap_size_that_is_not_known if {
	every args in [
		["-s", "malloc,$(SIZE)"],
		["-s", "$(STORAGE)"],
		["-s", "malloc,256m", "-s", "$(MORE)"],
		["-s", "malloc,256m", "-s", "Transient=malloc,$(SIZE)"],
		["-s", "malloc,256m", "-s", "malloc,lots"],
		["-s", "malloc"],
		["-s", "malloc,"],
		["-s", "malloc,70%"],
		["-s", "malloc,256Mi"],
		["-s"],
		["-varnish-storage=malloc,$(SIZE)"],
	] {
		_got(_running(args)) == set()
	}
}

test_trap_storage_that_is_not_memory if {
	every args in [
		["-s", "file,/data/cache,10g"],
		["-s", "mse"],
		["-s", "mse,/etc/varnish/mse.conf"],
		["-s", "umem,256m"],
		["-s", "xmalloc,256m"],
		["-s", "malloc256m"],
		["-S", "malloc,256m"],
		["-varnish-storage=file,/tmp/varnish-data,1G"],
		["-varnish-vcl-template=/etc/varnish/default.vcl"],
		[],
		null,
		"-smalloc,256m",
		{"-s": "malloc,256m"},
	] {
		_got(_running(args)) == set()
	}
	_got(_pod(_container({}))) == set()
}

# Programs.

test_programs if {
	every fields in [
		{"command": ["varnishd"], "args": ["-s", "malloc,256m"]},
		{"command": ["/usr/sbin/varnishd", "-F", "-s", "malloc,256m"]},
		{"command": ["kube-httpcache", "-varnish-storage=malloc,256M"]},
		{"args": ["varnishd", "-F", "-s", "malloc,256m"]},
		{"command": [], "args": ["-s", "malloc,256m"]},
		{"command": null, "args": ["-s", "malloc,256m"]},
		{"command": ["/bin/sh", "-c", "varnishd -F -s malloc,256m"]},
		{"command": ["sh", "-ec"], "args": ["exec /usr/sbin/varnishd -F \\\n  -s malloc,256m \\\n  -p default_ttl=60\n"]},
		{"args": ["bash", "-c", "varnishd  -smalloc,256m"]},
	] {
		_got(_pod(_container(fields))) == {_unlimited_256}
	}
}

test_trap_other_programs if {
	every fields in [
		{"command": ["varnishncsa", "-s", "malloc,256m"]},
		{"command": ["/usr/bin/tini", "--", "varnishd", "-s", "malloc,256m"]},
		{"command": ["/xvarnishd", "-s", "malloc,256m"]},
		{"command": ["varnishd.sh", "-s", "malloc,256m"]},
		{"command": ["/varnishd/run", "-s", "malloc,256m"]},
		{"command": "varnishd", "args": ["start", "-s", "malloc,256m"]},
		{"args": ["varnishlog", "-s", "malloc,256m"]},
		{"args": ["sh", "-c", "sleep 1"]},
	] {
		_got(_pod(_container(fields))) == set()
	}
}

test_trap_shell_that_composes_the_arguments if {
	every text in [
		"varnishd -s malloc,$SIZE",
		"varnishd -s malloc,256m -p default_ttl=${TTL}",
		"varnishd -s malloc,256m; sleep 1",
		"varnishd -s malloc,256m & varnishncsa",
		"varnishd -s malloc,256m | tee /log",
		"varnishd -s 'malloc,256m'",
		`varnishd -s "malloc,256m"`,
		"varnishd -s `cat /size`",
		"varnishd -s malloc,256m > /log",
		"varnishd -s malloc,256m < /log",
		"varnishd -s malloc,256m # for now",
		`varnishd -s malloc,256m \ `,
		"(varnishd -s malloc,256m",
		"varnishd -s malloc,256m)",
		"set -e\nexec varnishd -s malloc,256m",
		"SIZE=1 varnishd -s malloc,256m",
		"start -s malloc,256m",
		"",
	] {
		_got(_pod(_container({"command": ["sh", "-c", text]}))) == set()
	}
	every command in [["sh", "varnishd -s malloc,256m"], ["sh", "--c", "varnishd -s malloc,256m"], ["zsh", "-c", "varnishd -s malloc,256m"], ["sh", "-c"], ["sh"]] {
		_got(_pod(_container({"command": command}))) == set()
	}
}

# varnishd itself has a storage where it is given none.
test_default_of_varnishd if {
	_got(_pod(_container({"command": ["varnishd", "-F"]}))) == {_unlimited(100, 25, _more)}
	_got(_pod(_container({"args": ["varnishd"]}))) == {_unlimited(100, 25, _more)}
	_got(_pod(_container({"command": ["kube-httpcache"]}))) == set()
	_got(_pod(_container({"command": ["varnishd", "-s", "mse"]}))) == set()
}

test_size_of_the_official_image if {
	variable := {"name": "VARNISH_SIZE", "value": "256M"}
	every fields in [
		{"env": [variable]},
		{"env": [{"name": "TZ", "value": "UTC"}, {"name": "VARNISH_SIZE", "value": "1G"}, variable]},
		{"env": [variable], "args": []},
		{"env": [variable], "args": ["-p", "default_ttl=60"]},
		{"env": [object.union(variable, {"value": "128M"})], "args": ["-s", "more=malloc,128M"]},
		{"env": [null, variable]},
	] {
		_got(_pod(_container(fields))) == {_unlimited_256}
	}
	_got(_pod(_container({"env": [variable], "command": ["varnishd"], "args": ["-s", "malloc,256M"]}))) == {_unlimited_256}
	_got(_pod(_container({"env": [variable], "args": ["varnishd", "-s", "malloc,256M"]}))) == {_unlimited_256}
	_got(_pod(_container({"env": [{"name": "SIZE", "value": "1G"}], "args": ["-s", "malloc,256M"]}))) == {_unlimited_256}
	_got(_pod(_container({"env": [{"name": "VARNISH_SIZE", "value": null}], "args": ["-s", "malloc,256M"]}))) == {_unlimited_256}
	_got(_pod(_container({"env": [variable], "command": ["start.sh"]}))) == set()
	every entry in [
		{"name": "VARNISH_SIZE", "valueFrom": {"configMapKeyRef": {"name": "varnish", "key": "size"}}},
		{"name": "VARNISH_SIZE"},
		{"name": "VARNISH_SIZE", "value": "$(SIZE)"},
		{"name": "VARNISH_SIZE", "value": ""},
	] {
		_got(_pod(_container({"env": [entry], "args": ["-s", "malloc,256M"]}))) == set()
	}
	every env in [null, [], {}, "VARNISH_SIZE=256M"] {
		_got(_pod(_container({"env": env}))) == set()
	}
}

test_images if {
	every name in ["varnish", "quay.io/varnish-software/varnish-plus:6.0", "example.com/shop/my_varnish@sha256:ab12", "quay.io/mittwald/kube-httpcache:stable"] {
		_got(_pod(_container(object.union(_sized, {"image": name})))) == {_unlimited_256}
	}
	every name in ["example.com/varnish/nginx", "example.com/kube-httpcache-exporter", "", null, 1] {
		_got(_pod(_container(object.union(_sized, {"image": name})))) == set()
	}
	other := _pod(_container(object.union(_sized, {"image": "example.com/edge/cache"})))
	_got(other) == set()
	_with(other, {"images": ["*/edge/cache"]}) == {_unlimited_256}
	every patterns in [[], "varnish", [1]] {
		_with(_running(_sized.args), {"images": patterns}) == set()
	}
}

# Memory limits.

test_limits if {
	_got(_pod(_container(object.union(_sized, _limits("256Mi"))))) == {_small("256Mi", 268435456)}
	_got(_pod(_container(object.union(_sized, _limits(419430399))))) == {_small("419430399", 419430399)}
	_got(_pod(_container(object.union(_sized, _limits(4.19430399e8))))) == {_small("419430399", 419430399)}
	_got(_pod(_container(object.union(_sized, _limits("224Mi"))))) == {_small("224Mi", 234881024)}
	_got(_pod(_container(object.union(_sized, _limits(234881023))))) == {_small("234881023", 234881023)}
	_got(_pod(_container(object.union(_sized, _limits("64Mi"))))) == {_small("64Mi", 67108864)}
	every limit in ["400Mi", 419430400, "1Gi"] {
		_got(_pod(_container(object.union(_sized, _limits(limit))))) == set()
	}
}

test_no_limit if {
	every resources in [null, [], "x", {}, {"limits": null}, {"limits": {"cpu": "1"}}, {"limits": {"memory": null}}, {"limits": {"memory": "0"}}, {"requests": {"memory": "1Gi"}}] {
		_got(_pod(_container(object.union(_sized, {"resources": resources})))) == {_unlimited_256}
	}
}

test_trap_limit_that_is_no_quantity_is_another_rule_s if {
	every limit in ["1 Gi", "", true, {}, ["1Gi"]] {
		_got(_pod(_container(object.union(_sized, _limits(limit))))) == set()
	}
}

test_limit_of_the_pod if {
	pod := _running(_sized.args)
	_got(object.union(pod, {"spec": _limits("1Gi")})) == set()
	_got(object.union(pod, {"spec": _limits("256Mi")})) == {_small_at(["spec"], "256Mi", 268435456)}
	own := _pod(_container(object.union(_sized, _limits("256Mi"))))
	_got(object.union(own, {"spec": _limits("1Gi")})) == {_small("256Mi", 268435456)}
}

# A limit above the sum is enough: half of it is another rule's.
test_limit_that_the_work_directory_asks_for if {
	plain := {"command": ["varnishd"]}
	every limit in ["205Mi", "224Mi"] {
		_got(_pod(_container(object.union(plain, _limits(limit))))) == set()
	}
	_got(_pod(_container(plain))) == {_unlimited(100, 25, _more)}
	_got(_pod(_container(object.union(plain, _limits("200Mi"))))) == {_found(
		array.concat(_path, ["resources", "limits", "memory"]),
		{"storageBytes": 100 * _mib, "logBytes": 80 * _mib, "overheadBytes": 25 * _mib, "neededBytes": 205 * _mib, "limitBytes": 200 * _mib},
		sprintf(`container "cache": limits.memory "200Mi" is too small: %s, so it is OOM-killed when its cache fills, and starts with an empty one; set limits.memory to at least 224Mi, twice the 112Mi of a work directory in memory`, [_sum("100Mi", "80Mi", "205Mi", _more)]),
	)}
	every row in [["malloc,114m", "224Mi, twice the 112Mi of a work directory in memory"], ["malloc,115m", "224Mi"], ["malloc,116m", "225Mi"]] {
		{text | some violation in _got(_running(["-s", row[0]])); text := split(violation.msg, "at least ")[1]} == {row[1]}
	}
}

test_limit_without_room_for_any_storage if {
	pod := _pod(_container(object.union(_sized, _limits("300Mi"))))
	msgs := {violation.msg | some violation in _with(pod, {"overheadRatio": "1000"})}
	msgs == {sprintf(`container "cache": limits.memory "300Mi" is too small: %s, so it is OOM-killed when its cache fills, and starts with an empty one; set limits.memory to at least 256336Mi`, [_sum("256Mi", "80Mi", "256336Mi", _more)])}
}

# Overhead is rounded up to whole bytes, what is advised to whole Mi.
test_rounding if {
	facts := {"storageBytes": 1, "logBytes": 80 * _mib, "overheadBytes": 1, "neededBytes": 81 * _mib}
	_got(_running(["-s", "malloc,1"])) == {_unlimited_at(`container "cache"`, _path, facts, _sum("1", "80Mi", "81Mi", _more), _advised(81))}
}

test_overhead_ratio if {
	pod := _pod(_container(object.union(_sized, _limits("400Mi"))))
	_with(pod, {"overheadRatio": "0.25"}) == set()
	_with(_running(_sized.args), {"overheadRatio": "0.5"}) == {_unlimited(256, 128, _more)}
	every ratio in [null, "", "x", "0", 25000, []] {
		_with(_running(_sized.args), {"overheadRatio": ratio}) == {_unlimited_256}
	}
}

_logged(args, log, needed) := {_unlimited_at(
	`container "cache"`, _path,
	{"storageBytes": 256 * _mib, "logBytes": log * _mib, "overheadBytes": 64 * _mib, "neededBytes": needed * _mib},
	_sum("256Mi", sprintf("%dMi", [log]), sprintf("%dMi", [needed]), _more), sprintf("%dMi", [needed]),
)} == _got(_running(array.concat(_sized.args, args)))

test_size_of_the_log if {
	_logged(["-p", "vsl_space=20M"], 20, 340)
	_logged(["-pvsl_space=20m"], 20, 340)
	_logged(["-p", "vsl_space=40m", "-p", "default_ttl=5", "-p", "vsl_space=20971520"], 20, 340)
	_logged(["-varnish-additional-parameters=ban_dups=on,vsl_space=20M,cli_timeout=30"], 20, 340)
	_logged(["-p", "vsl_space=$(LOG)"], 80, 400)
	_logged(["-p", "xvsl_space=20m"], 80, 400)
}

test_size_of_the_log_by_parameter if {
	facts := {"storageBytes": 256 * _mib, "logBytes": 16 * _mib, "overheadBytes": 64 * _mib, "neededBytes": 336 * _mib}
	smaller := _unlimited_at(`container "cache"`, _path, facts, _sum("256Mi", "16Mi", "336Mi", _more), "336Mi")
	_with(_running(_sized.args), {"vslSpace": "16Mi"}) == {smaller}
	_with(_running(_sized.args), {"vslSpace": 16777216}) == {smaller}
	_with(_running(_sized.args), {"vslSpace": null}) == {_unlimited_256}
	_with(_running(array.concat(_sized.args, ["-p", "vsl_space=80m"])), {"vslSpace": "16Mi"}) == {_unlimited_256}
}

# Work directories.

# _kept is a pod with enough memory and these mounts and volumes.
_kept(mounts, volumes) := {"apiVersion": "v1", "kind": "Pod", "spec": {
	"containers": [_container(object.union(object.union(_sized, _limits("1Gi")), {"volumeMounts": mounts}))],
	"volumes": volumes,
}}

test_work_directory_on_disk if {
	every directory in [{}, {"medium": ""}, {"medium": null}, {"sizeLimit": "1Gi"}] {
		_got(_kept([_mount], [{"name": "vsm", "emptyDir": directory}])) == {_disk_volume}
	}
	every path in ["/var/lib/varnish/", "//var/lib/./varnish", "/var/lib/varnish/varnishd", "/var/lib", "/var", "/"] {
		_got(_kept([{"name": "vsm", "mountPath": path}], [{"name": "vsm", "emptyDir": {}}])) == {_disk_volume}
	}
	_got(_kept([_mount], [null, {"name": "tmp", "emptyDir": {}}, {"name": "vsm", "emptyDir": {}}])) == {json.patch(_disk_volume, [{"op": "replace", "path": "/details/path/2", "value": 2}])}
}

test_work_directory_without_a_volume if {
	every mounts in [null, [], {}, [null], [{"name": "vsm", "mountPath": "/tmp"}], [{"name": "vsm", "mountPath": "/var/lib/varnish-data"}], [{"name": "vsm", "mountPath": "/var/li"}], [{"name": "other", "mountPath": "/var/lib/varnish"}]] {
		_got(_kept(mounts, [_tmpfs])) == {_no_volume}
	}
	every volumes in [null, [], {}, "vsm"] {
		_got(_kept([_mount], volumes)) == {_no_volume}
	}
	other := {"name": "log", "image": "varnish", "command": ["varnishncsa"], "volumeMounts": [_mount]}
	pod := _kept([], [_tmpfs])
	_got(json.patch(pod, [{"op": "add", "path": "/spec/containers/-", "value": other}])) == {_no_volume}
}

test_trap_work_directory_that_may_be_a_tmpfs if {
	every spec in [
		{"emptyDir": {"medium": "Memory"}},
		{"emptyDir": {"medium": "HugePages-2Mi"}},
		{"emptyDir": null},
		{"hostPath": {"path": "/run/varnish"}},
		{"persistentVolumeClaim": {"claimName": "varnish"}},
		{},
	] {
		_got(_kept([_mount], [object.union({"name": "vsm"}, spec)])) == set()
	}
	mounts := [{"name": "disk", "mountPath": "/var/lib"}, _mount]
	_got(_kept(mounts, [{"name": "disk", "emptyDir": {}}, _tmpfs])) == set()
}

test_work_directory_of_its_own if {
	own := {"name": "vsm", "mountPath": "/run/vsm"}
	pods := [json.patch(_kept([own], [volume]), [{"op": "add", "path": "/spec/containers/0/args/-", "value": sprintf("%s/run/vsm", [flag])}]) |
		some volume in [{"name": "vsm", "emptyDir": {}}, _tmpfs]
		some flag in ["-n", "-n ", "-varnish-working-dir="]
	]
	got := [violations | some pod in pods; violations := _got(pod)]
	found := {_on_disk(["spec", "volumes", 0, "emptyDir", "medium"], "set medium Memory and", "/run/vsm")}
	got == [found, found, found, set(), set(), set()]
	twice := json.patch(_kept([own], [_tmpfs]), [{"op": "replace", "path": "/spec/containers/0/args", "value": ["-smalloc,256m", "-n/x", "-n/run/vsm"]}])
	_got(twice) == set()
}

test_work_directory_by_name_is_below_the_default if {
	named := json.patch(_kept([], []), [{"op": "add", "path": "/spec/containers/0/args/-", "value": "-nshop"}])
	_got(named) == {_no_volume}
}

test_trap_work_directory_of_a_variable if {
	every name in ["-n$(HOST)", "-n/run/$(HOST)"] {
		pod := json.patch(_kept([], []), [{"op": "add", "path": "/spec/containers/0/args/-", "value": name}])
		_got(pod) == set()
	}
}

test_work_directory_is_looked_at_by_parameter if {
	pod := _kept([], [])
	_with(pod, {"requireTmpfsWorkdir": false}) == set()
	every value in [true, null, "false", 0] {
		_with(pod, {"requireTmpfsWorkdir": value}) == {_no_volume}
	}
}

test_size_of_the_work_directory if {
	sized := {size: violations |
		some size in ["64Mi", "114688k", 117440511, 117440512, "112Mi", "1Gi", "0", "-1Gi", "1 Gi", "", true]
		violations := _got(_kept([_mount], [{"name": "vsm", "emptyDir": {"medium": "Memory", "sizeLimit": size}}]))
	}
	sized == {
		"64Mi": {_full("64Mi", 67108864)},
		"114688k": {_full("114688k", 114688000)},
		117440511: {_full("117440511", 117440511)},
		117440512: set(),
		"112Mi": set(),
		"1Gi": set(),
		"0": set(),
		"-1Gi": set(),
		"1 Gi": set(),
		"": set(),
		true: set(),
	}
	on_disk := [{"name": "vsm", "emptyDir": {"sizeLimit": "64Mi"}}]
	_got(_kept([_mount], on_disk)) == {_disk_volume}
}

test_size_of_the_work_directory_follows_the_log if {
	pod := json.patch(_kept([_mount], [object.union(_tmpfs, {"emptyDir": {"sizeLimit": "64Mi"}})]), [{"op": "add", "path": "/spec/containers/0/args/-", "value": "-pvsl_space=32m"}])
	_got(pod) == set()
	_with(_kept([_mount], [_tmpfs]), {"vslSpace": "80Mi", "requireTmpfsWorkdir": false}) == set()
	small := _kept([_mount], [object.union(_tmpfs, {"emptyDir": {"sizeLimit": "64Mi"}})])
	_with(small, {"requireTmpfsWorkdir": false}) == {_full("64Mi", 67108864)}
}

# Containers, workloads, runtimes.

test_containers_that_serve if {
	sized := {"image": "varnish", "args": ["-s", "malloc,256m"], "volumeMounts": [_mount]}
	facts := _unlimited_256.details.facts
	sum := _sum("256Mi", "80Mi", "400Mi", _more)
	_got({"apiVersion": "v1", "kind": "Pod", "spec": {
		"initContainers": [
			object.union({"name": "i"}, sized),
			object.union({"name": "s", "restartPolicy": "Always"}, sized),
		],
		"containers": [{"name": "x"}, object.union({"name": "c"}, sized)],
		"ephemeralContainers": [object.union({"name": "e"}, sized)],
		"volumes": [_tmpfs],
	}}) == {
		_unlimited_at(`sidecar "s"`, ["spec", "initContainers", 1], facts, sum, "400Mi"),
		_unlimited_at(`container "c"`, ["spec", "containers", 1], facts, sum, "400Mi"),
	}
}

test_every_kind_of_workload if {
	spec := {"containers": [_container(object.union(_sized, {"volumeMounts": []}))]}
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
			[{"op": "add", "path": row.path, "value": {"spec": spec}}],
		)
		path := array.concat(row.path, ["spec", "containers", 0])
		_got(object_) == {
			_unlimited_at(`container "cache"`, path, _unlimited_256.details.facts, _sum("256Mi", "80Mi", "400Mi", _more), "400Mi"),
			_on_disk(array.concat(path, ["volumeMounts"]), "mount an emptyDir there with medium Memory and", "/var/lib/varnish"),
		}
	}
}

test_windows_and_virtual_machines_are_not_judged if {
	pod := _running(_sized.args)
	_got(object.union(pod, {"spec": {"os": {"name": "windows"}}})) == set()
	_got(object.union(pod, {"spec": {"runtimeClassName": "kata-qemu"}})) == set()
	_got(object.union(pod, {"spec": {"runtimeClassName": "runc"}})) == {_unlimited_256}
	_with(object.union(pod, {"spec": {"runtimeClassName": "runc"}}), {"vmRuntimeClasses": ["runc"]}) == set()
	_with(object.union(pod, {"spec": {"runtimeClassName": "gvisor"}}), {"vmRuntimeClasses": []}) == {_unlimited_256}
}

test_levels if {
	pod := _running(_sized.args)
	_with(pod, {}) == {_unlimited_256}
	_with(pod, {"levels": null, "images": null, "vmRuntimeClasses": null}) == {_unlimited_256}
	_with(pod, {"levels": ["warn"]}) == {_unlimited_256}
	_with(pod, {"levels": ["deny"]}) == set()
}

test_only_what_an_update_introduces if {
	old := _running(_sized.args)
	after := object.union(old, {"metadata": {"finalizers": ["x"]}})
	varnish_memory_budget.violation == set() with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": old}}
	varnish_memory_budget.violation == {_unlimited_256} with input as {"review": {"operation": "UPDATE", "object": after, "oldObject": _running([])}}
}

test_nothing_on_delete if {
	varnish_memory_budget.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _running(_sized.args)}}
}

test_specs_of_other_types_are_no_error if {
	every spec in [null, {}, [], "x", {"containers": null}, {"containers": {}}, {"containers": [null, 1, "x", []]}] {
		_got({"apiVersion": "v1", "kind": "Pod", "spec": spec}) == set()
	}
}
