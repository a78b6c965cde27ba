package policies.mlock.privileged_not_for_mlock_test

import data.policies.mlock.privileged_not_for_mlock as rule

_privileged := {"name": "a", "securityContext": {"privileged": true}}

_pod(container) := {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [container]}}

_of(reference) := _pod(object.union(_privileged, {"image": reference}))

_running(fields) := _pod(object.union(object.union(_privileged, {"image": "vault:1.13"}), fields))

_init(fields) := {"apiVersion": "v1", "kind": "Pod", "spec": {"initContainers": [object.union(object.union(_privileged, {"image": "busybox"}), fields)]}}

_shell(script) := _init({"command": ["sh", "-c", script]})

_got(object_) := got if {
	got := rule.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_violation(level, path, msg) := {"msg": msg, "details": {"level": level, "path": path, "facts": {}}}

_locking(title, path, reference, fix) := _violation(
	"deny", array.concat(path, ["securityContext", "privileged"]),
	sprintf("%s: image %q needs no more than IPC_LOCK beyond the defaults, to lock memory, but privileged hands it all capabilities and devices of the node; %s", [title, reference, fix]),
)

_have := "remove privileged and, if it locks memory, have IPC_LOCK in capabilities.add"

_path := ["spec", "containers", 0]

_denied := _locking("container \"a\"", _path, "vault:1.13", _have)

_ends := "init container \"a\": the memlock limit that it sets is that of its own processes and ends with them, so no other container gets it"

_futile(place) := _violation("deny", array.concat(["spec", "initContainers", 0], place), sprintf("%s; remove privileged and have IPC_LOCK in capabilities.add of the container that locks memory", [_ends]))

_mixed(place) := _violation("warn", array.concat(["spec", "initContainers", 0], place), sprintf("%s; remove that, and have IPC_LOCK in capabilities.add of the container that locks memory", [_ends]))

# Images that lock memory.

test_images_that_lock_memory if {
	every reference in [
		"hashicorp/boundary:0.21.2",
		"cassandra:5.0",
		"docker.elastic.co/elasticsearch/elasticsearch:8.16.1",
		"docker.elastic.co/elasticsearch/elasticsearch-oss:7.10.2",
		"quay.io/mittwald/kube-httpcache:stable",
		"manticoresearch/manticore:6.3.6",
		"opensearchproject/opensearch:2.18.0",
		"scylladb/scylla:6.2",
		"varnish",
		"docker.io/library/varnish:7.6@sha256:ab12",
		"mirror.example:5000/hashicorp/vault:1.21.6",
		"hashicorp/vault-enterprise:1.21.6-ent",
	] {
		_got(_of(reference)) == {_locking("container \"a\"", _path, reference, _have)}
	}
}

test_trap_images_that_are_privileged_for_another_reason if {
	every reference in [
		"rook/ceph:v1.15.5",
		"nvcr.io/nvidia/gpu-operator:v24.9.0",
		"quay.io/kubevirt/virt-handler:v1.4.0",
		"quay.io/cilium/cilium:v1.16.4",
		"docker.io/calico/node:v3.29.1",
		"openbao/openbao:2.1.0",
		"mysql:8.4",
		"memcached:1.6",
		"hashicorp/vault-k8s:1.5.0",
		"hashicorp/vault-csi-provider:1.5.0",
		"quay.io/fluentd_elasticsearch/fluentd:v4.7.5",
		"quay.io/prometheuscommunity/elasticsearch-exporter:v1.8.0",
		"opensearchproject/opensearch-dashboards:2.18.0",
		"docker.io/scylladb/scylla-operator:1.15",
		"mariadb:11",
		"vault.example/agent:1",
		"",
		null,
		1,
	] {
		_got(_of(reference)) == set()
	}
	_got(_pod(_privileged)) == set()
}

test_trap_not_privileged if {
	every context in [null, [], "x", {}, {"privileged": false}, {"privileged": null}, {"privileged": "true"}, {"capabilities": {"add": ["ALL"]}}] {
		_got(_pod({"name": "a", "image": "vault:1.13", "securityContext": context})) == set()
	}
	_got(_pod({"name": "a", "image": "vault:1.13"})) == set()
}

test_trap_what_sets_up_the_node if {
	every fields in [
		{"command": ["sh", "-c", "sysctl -w vm.max_map_count=262144 && exec vault server"]},
		{"args": ["echo never > /sys/kernel/mm/transparent_hugepage/enabled"]},
		{"command": ["sh", "-c", "echo 1 >/proc/sys/vm/swappiness"]},
		{"lifecycle": {"postStart": {"exec": {"command": ["sysctl", "-w", "vm.max_map_count=262144"]}}}},
		{"command": ["/opt/scylladb/scripts/perftune.py", "--tune", "net"]},
	] {
		_got(_running(fields)) == set()
	}
	every fields in [
		{"command": null, "args": null, "lifecycle": null},
		{"command": "x", "args": 1, "lifecycle": []},
		{"command": ["vault"], "args": ["server"]},
		{"env": [{"name": "sysctl", "value": "/sys/"}]},
		{"command": ["sh", "-c", "ulimit -l unlimited && exec vault server"]},
	] {
		_got(_running(fields)) == {_denied}
	}
}

test_trap_what_uses_devices_of_the_node if {
	mounting := _running({"volumeMounts": [null, {"name": "x"}, {"name": "hsm", "mountPath": "/dev/hsm"}]})
	every path in ["/dev", "/dev/hsm0", "/dev/", "/sys/bus", "/proc"] {
		_got(object.union(mounting, {"spec": {"volumes": [null, {"name": "hsm", "hostPath": {"path": path}}]}})) == set()
	}
	every volume in [
		{"name": "hsm", "hostPath": {"path": "/devices"}},
		{"name": "hsm", "hostPath": {"path": "/mnt/dev"}},
		{"name": "hsm", "hostPath": {"path": null}},
		{"name": "hsm", "hostPath": null},
		{"name": "hsm", "emptyDir": {}},
		{"name": "other", "hostPath": {"path": "/dev"}},
		{"hostPath": {"path": "/dev"}},
		null,
	] {
		_got(object.union(mounting, {"spec": {"volumes": [volume]}})) == {_denied}
	}
	every volumes in [null, [], {}, "hsm"] {
		_got(object.union(mounting, {"spec": {"volumes": volumes}})) == {_denied}
	}
	every mounts in [null, [], {}, "hsm"] {
		_got(object.union(_running({"volumeMounts": mounts}), {"spec": {"volumes": [{"name": "hsm", "hostPath": {"path": "/dev"}}]}})) == {_denied}
	}
}

test_advice_for_a_user_other_than_root if {
	advice := "remove privileged, by which user 1000 gets no capability without a file capability, and raise LimitMEMLOCK of the container runtime or disable locking"
	want := {_locking("container \"a\"", _path, "vault:1.13", advice)}
	every uid in [1000, 1000.0, 1e3] {
		_got(_running({"securityContext": {"runAsUser": uid}})) == want
		_got(object.union(_running({"securityContext": {"runAsUser": uid}}), {"spec": {"securityContext": {"runAsUser": 0}}})) == want
	}
	_got(object.union(_running({}), {"spec": {"securityContext": {"runAsUser": 1000}}})) == want
	_got(object.union(_running({"securityContext": {"runAsUser": null}}), {"spec": {"securityContext": {"runAsUser": 1000}}})) == want
	_got(object.union(_running({"securityContext": {"runAsUser": 0}}), {"spec": {"securityContext": {"runAsUser": 1000}}})) == {_denied}
	every uid in [0, null, "1000", [], {}] {
		_got(_running({"securityContext": {"runAsUser": uid}})) == {_denied}
		_got(object.union(_running({}), {"spec": {"securityContext": {"runAsUser": uid}}})) == {_denied}
	}
	every context in [null, [], "x"] {
		_got(object.union(_running({}), {"spec": {"securityContext": context}})) == {_denied}
	}
}

# Init containers.

test_init_container_that_raises_the_limit if {
	every script in [
		"ulimit -l unlimited",
		"ulimit -l \"unlimited\"",
		"ulimit -l $LIMIT",
		"ulimit -Hl 65536",
		"ulimit -H -l 65536; ulimit -S -l 65536",
		"ulimit -lS unlimited",
		"ulimit -n 65536 -l unlimited",
		"ulimit -l\nulimit -l\tunlimited\nulimit -l",
		"prlimit --memlock=unlimited",
		"prlimit --nofile=1024 --memlock=-1:-1 sleep 1",
		"prlimit -l=unlimited",
		"prlimit --memlock=unlimited && foo --pid 1",
	] {
		_got(_shell(script)) == {_futile(["command", 2])}
	}
	_got(_init({"command": ["prlimit", "--memlock=unlimited"]})) == {_futile(["command", 0])}
	_got(_init({"command": ["prlimit"], "args": ["--memlock=unlimited", "sleep", "1"]})) == {_futile(["command", 0])}
	_got(_init({"args": [1, "echo", "ulimit -l unlimited"]})) == {_futile(["args", 2])}
	_got(_init({"command": ["sh", "-c"], "args": ["ulimit -l unlimited"]})) == {_futile(["args", 0])}
	_got(_init({"image": "vault:1.13", "command": ["sh", "-c", "ulimit -l unlimited"]})) == {_futile(["command", 2])}
	_got(_init({"aliases": ["ulimit"], "command": ["sh", "-c", "ulimit -l unlimited"]})) == {_futile(["command", 2])}
}

test_trap_init_container_that_does_something_else if {
	every script in [
		"sysctl -w vm.max_map_count=262144",
		"ulimit -n 65536",
		"ulimit -l",
		"ulimit -l; ulimit -n 65536",
		"ulimit -l && echo ok",
		"ulimit -l\necho ok",
		"ulimit -a; ls -l x",
		"myulimit -l unlimited",
		"prlimit --memlock",
		"prlimit --nofile=1024",
		"prlimit --pid 1 --memlock=unlimited",
		"prlimit -p $(pidof containerd) --memlock=unlimited",
		"prlimit; foo --memlock=1",
		"chown -R 1000 /data",
		"",
	] {
		_got(_shell(script)) == set()
	}
	every fields in [{}, {"command": null}, {"command": "ulimit -l unlimited"}, {"command": []}, {"args": {}}, {"command": [null, 1]}] {
		_got(_init(fields)) == set()
	}
	_got(_init({"image": "vault:1.13", "command": ["vault", "operator", "init"]})) == set()
}

test_trap_init_container_that_is_not_privileged if {
	_got(_init({"securityContext": {"privileged": false}, "command": ["sh", "-c", "ulimit -l unlimited"]})) == set()
}

# As in magda's chart.
test_init_container_that_sets_up_the_node_too if {
	_got(_shell("sysctl -w vm.max_map_count=262144\nulimit -l unlimited")) == {_mixed(["command", 2])}
}

test_trap_limit_of_the_container_itself if {
	every kind in [{"containers": [{"image": "app", "name": "a"}]}, {"initContainers": [{"image": "app", "name": "a", "restartPolicy": "Always"}]}] {
		every field, list in kind {
			container := object.union(list[0], {"command": ["sh", "-c", "ulimit -l unlimited; exec app"], "securityContext": {"privileged": true}})
			_got({"apiVersion": "v1", "kind": "Pod", "spec": {field: [container]}}) == set()
		}
	}
}

# Parameters.

test_no_parameters if {
	got := {violations |
		some in_ in [
			{"review": {"object": _running({})}},
			{"review": {"object": _running({})}, "parameters": null},
			{"review": {"object": _running({})}, "parameters": {}},
			{"review": {"object": _running({})}, "parameters": {"images": null, "levels": null, "vmRuntimeClasses": null}},
		]
		violations := rule.violation with input as in_
	}
	got == {{_denied}}
}

test_images if {
	redis := _of("registry.example/db/redis:7")
	every images in [[], ["redis"], [null, 1], {}, "vault"] {
		_with(_running({}), {"images": images}) == {_denied}
	}
	every images in [[], ["vault"], [null, 1], {}, "redis"] {
		_with(redis, {"images": images}) == set()
	}
	_with(redis, {"images": ["vault", "db/*"]}) == {_locking("container \"a\"", _path, "registry.example/db/redis:7", _have)}
}

test_levels if {
	mixed := _shell("sysctl -w vm.max_map_count=262144\nulimit -l unlimited")
	pod := object.union(mixed, {"spec": _running({}).spec})
	_with(pod, {"levels": ["deny"]}) == {_denied}
	_with(pod, {"levels": ["warn"]}) == {_mixed(["command", 2])}
	_with(pod, {"levels": ["deny", "warn"]}) == {_denied, _mixed(["command", 2])}
}

test_vm_runtime_classes if {
	pod := object.union(_running({}), {"spec": {"runtimeClassName": "kata-qemu"}})
	_got(pod) == set()
	_with(pod, {"vmRuntimeClasses": []}) == {_denied}
	_got(object.union(pod, {"spec": {"runtimeClassName": "nvidia"}})) == {_denied}
	_got(object.union(pod, {"spec": {"runtimeClassName": null}})) == {_denied}
}

# Objects.

test_all_containers_are_judged if {
	container := object.union(_privileged, {"image": "vault:1.13"})
	_got({"apiVersion": "v1", "kind": "Pod", "spec": {
		"initContainers": [container, object.union(container, {"name": "s", "restartPolicy": "Always"})],
		"containers": [null, {"name": "x"}, container],
		"ephemeralContainers": [object.union(container, {"name": "e"})],
	}}) == {
		_locking("sidecar \"s\"", ["spec", "initContainers", 1], "vault:1.13", _have),
		_locking("container \"a\"", ["spec", "containers", 2], "vault:1.13", _have),
		_locking("ephemeral container \"e\"", ["spec", "ephemeralContainers", 0], "vault:1.13", _have),
	}
}

test_every_kind_of_workload if {
	template := {"spec": _running({}).spec}
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
		_got(object_) == {_locking("container \"a\"", array.concat(row.path, _path), "vault:1.13", _have)}
	}
}

test_windows_pods_are_not_judged if {
	_got(object.union(_running({}), {"spec": {"os": {"name": "windows"}}})) == set()
}

test_specs_of_other_types_are_no_error if {
	every spec in [null, {}, [], "x", {"containers": null}, {"containers": {}}, {"containers": [null, 1, "x", []]}] {
		_got({"apiVersion": "v1", "kind": "Pod", "spec": spec}) == set()
	}
}

test_only_what_an_update_introduces if {
	old := _running({})
	object_ := object.union(old, {"metadata": {"finalizers": ["x"]}})
	rule.violation == set() with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": old}}
	rule.violation == {_denied} with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": _running({"securityContext": {"privileged": false}})}}
}

test_nothing_on_delete if {
	rule.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _running({})}}
}
