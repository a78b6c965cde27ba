package policies.mlock.mlock_capability_required_test

import data.policies.mlock.mlock_capability_required

_locking := {"name": "es", "image": "docker.io/library/elasticsearch:8.16.1", "env": [{"name": "bootstrap.memory_lock", "value": "true"}]}

_varnish := {"name": "varnish", "image": "docker.io/library/varnish:7.6.1"}

_pod(spec) := {"apiVersion": "v1", "kind": "Pod", "spec": spec}

_running(container) := _pod({"containers": [container]})

_secured(context) := _running(object.union(_locking, {"securityContext": context}))

_got(object_) := got if {
	got := mlock_capability_required.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := mlock_capability_required.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_beyond := "locks memory, which without IPC_LOCK fails beyond the memlock limit of the node, 8Mi or less by default, and"

_runtime := "raise LimitMEMLOCK of the container runtime"

_add(binary) := sprintf("add IPC_LOCK to capabilities.add, with cap_ipc_lock+ep on %s in the image unless it runs as root", [binary])

_violation(level, path, title, text) := {
	"msg": sprintf("%s: %s", [title, text]),
	"details": {"level": level, "path": array.concat(path, ["securityContext", "capabilities", "add"]), "facts": {}},
}

_path := ["spec", "containers", 0]

_aborts := sprintf(`Elasticsearch %s logs "Unable to lock JVM Memory" and, in a cluster, stops at a bootstrap check; set bootstrap.memory_lock to false, which loses nothing on a node without swap, or %s, or %s`, [_beyond, _add("java"), _runtime])

_denied := _violation("deny", _path, `container "es"`, _aborts)

_es := {_denied}

_warns_but(instead) := sprintf(`Varnish %s starts with "Warning: mlock() of VSM failed" and waits for the disk where its log is paged out; %s, or %s, or %s`, [_beyond, instead, _add("varnishd"), _runtime])

_warns := _warns_but("mount an emptyDir with medium Memory at /var/lib/varnish, which holds what it locks")

_warned_but(instead) := {_violation("warn", _path, `container "varnish"`, _warns_but(instead))}

_warned := {_violation("warn", _path, `container "varnish"`, _warns)}

_summary(object_) := _summary_of(_got(object_))

_summary_of(violations) := {[violation.details.level, name] |
	some violation in violations
	name := split(split(violation.msg, `": `)[1], " locks")[0]
}

# Programs.

test_without_the_capability if {
	_got(_running(_locking)) == _es
	_got(_running(_varnish)) == _warned
}

test_every_program_and_its_signs if {
	every row in [
		[["deny", "Elasticsearch"], {"image": "elasticsearch", "args": ["elasticsearch", "-Ebootstrap.memory_lock=true"]}],
		[["deny", "Elasticsearch"], {"image": "elasticsearch", "env": [{"name": "ES_SETTING_BOOTSTRAP_MEMORY__LOCK", "value": "true"}]}],
		[["deny", "Elasticsearch"], {"image": "bitnami/elasticsearch:8", "env": [{"name": "ELASTICSEARCH_LOCK_ALL_MEMORY", "value": "yes"}]}],
		[["warn", "Elasticsearch"], {"image": "elasticsearch", "env": [{"name": "bootstrap.memory_lock", "value": "true"}, {"name": "discovery.type", "value": "single-node"}]}],
		[["deny", "Elasticsearch"], {"image": "elasticsearch-oss", "env": [{"name": "bootstrap.memory_lock", "value": "true"}, {"name": "discovery.type", "value": "multi-node"}]}],
		[["deny", "OpenSearch"], {"image": "opensearchproject/opensearch:2.18.0", "env": [{"name": "bootstrap.memory_lock", "value": "true"}]}],
		[["warn", "OpenSearch"], {"image": "opensearchproject/opensearch:2.18.0", "args": ["./opensearch-docker-entrypoint.sh", "opensearch", "-Ebootstrap.memory_lock=true", "-Ediscovery.type=single-node"]}],
		[["deny", "Vault"], {"image": "hashicorp/vault:1.18.2", "args": ["server"], "env": [{"name": "VAULT_LOCAL_CONFIG", "value": `{"storage": {"file": {"path": "/vault/file"}}}`}]}],
		[["deny", "Vault"], {"image": "hashicorp/vault:1.18.2", "args": ["server"], "env": [{"name": "VAULT_LOCAL_CONFIG", "value": `{"disable_mlock": false}`}]}],
		[["deny", "Vault"], {"image": "hashicorp/vault-enterprise:1.18.2-ent", "command": ["sh", "-c"], "args": ["echo 'disable_mlock = false' > /tmp/c.hcl\nexec vault server -config=/tmp/c.hcl"]}],
		[["warn", "Boundary"], {"image": "hashicorp/boundary:0.18", "args": ["sh", "-c", "echo disable_mlock=false > /c.hcl; boundary server -config /c.hcl"]}],
		[["warn", "Varnish"], {"image": "varnish:8.0", "args": ["-p", "vsl_space=80M"]}],
		[["warn", "Varnish"], {"image": "varnish:7.10.1-alpine", "command": ["varnishd", "-F"]}],
		[["warn", "kube-httpcache"], {"image": "quay.io/mittwald/kube-httpcache:stable", "command": ["./kube-httpcache"]}],
		[["warn", "Manticore"], {"image": "manticoresearch/manticore:6.3.8", "command": ["sh", "-c", "echo 'access_plain_attrs = mlock' >> /etc/m.conf; searchd"]}],
		[["warn", "RDMA"], {"image": "ghcr.io/example/train:1", "resources": {"limits": {"rdma/hca_shared_devices_a": "1"}}}],
		[["warn", "EFA"], {"image": "ghcr.io/example/train:1", "resources": {"limits": {"vpc.amazonaws.com/efa": "1"}}}],
		[["warn", "vmtouch"], {"image": "busybox", "command": ["vmtouch", "-dl", "/models"]}],
	] {
		_summary(_running(row[1])) == {row[0]}
	}
}

# Programs that nothing but swap harms.

_burstable := {"resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": "2Gi"}}}

_cassandra := object.union({"name": "a", "image": "cassandra:5.0"}, _burstable)

_swapped_out := _violation("warn", _path, `container "a"`, sprintf(`Cassandra %s logs "Unable to lock JVM memory (ENOMEM)" and may be swapped out where nodes swap; set requests.memory and limits.memory to one value, with which the kubelet gives it no swap, or %s, or %s`, [_beyond, _add("java"), _runtime]))

_logs := _violation("warn", _path, `container "a"`, sprintf(`Cassandra %s logs "Unable to lock JVM memory (ENOMEM)"; %s, or %s`, [_beyond, _add("java"), _runtime]))

test_programs_on_nodes_that_swap if {
	every row in [
		["Cassandra", {"image": "cassandra:5.0"}],
		["Cassandra", {"image": "cassandra:5.0", "command": ["cassandra", "-f"]}],
		["Scylla", {"image": "scylladb/scylla:6.2", "args": ["--lock-memory=1", "--smp", "2"]}],
		["MySQL", {"image": "mysql:8.4", "args": ["--memlock"]}],
		["memcached", {"image": "memcached:1.6", "args": ["-m", "1024", "-k"]}],
	] {
		pod := _running(object.union(row[1], _burstable))
		_summary_of(_got(pod)) == {["warn", row[0]]}
		_with(pod, {"nodesSwap": false}) == set()
	}
	every value in [true, null] {
		_with(_running(_cassandra), {"nodesSwap": value}) == {_swapped_out}
	}
	every value in [false, "true", 1, []] {
		_with(_running(_cassandra), {"nodesSwap": value}) == set()
	}
	_with(_running(_locking), {"nodesSwap": false}) == _es
	_with(_running(_varnish), {"nodesSwap": false}) == _warned
	_got(_running(object.union(_varnish, _burstable))) == _warned
}

test_trap_containers_without_swap if {
	every resources in [
		{"requests": {"memory": "2Gi"}, "limits": {"memory": "2Gi"}},
		{"requests": {"memory": "2Gi"}, "limits": {"memory": 2147483648}},
		{"requests": {"cpu": "1"}, "limits": {"memory": "2Gi"}},
		{"requests": null, "limits": {"memory": "2Gi"}},
		{"requests": {"memory": null}, "limits": {"memory": "2Gi"}},
	] {
		_got(_running({"name": "a", "image": "cassandra:5.0", "resources": resources})) == set()
	}
	every resources in [
		null, {}, [], "x",
		{"limits": {"memory": null}},
		{"limits": {"memory": "0"}},
		{"limits": {"memory": "much"}},
		{"requests": {"memory": "0"}, "limits": {"memory": "0"}},
		{"requests": {"memory": "much"}, "limits": {"memory": "much"}},
		{"requests": {"cpu": "1"}},
	] {
		_got(_running({"name": "a", "image": "cassandra:5.0", "resources": resources})) == {_logs}
	}
	every resources in [
		{"requests": {"memory": "1Gi"}, "limits": {"memory": "1025Mi"}},
		{"requests": {"memory": "1Gi"}, "limits": null},
	] {
		_got(_running({"name": "a", "image": "cassandra:5.0", "resources": resources})) == {_swapped_out}
	}
}

test_own_profile_of_such_a_program_is_judged_anywhere if {
	_summary_of(_with(_running(_cassandra), {"nodesSwap": false, "profiles": [{"name": "Cassandra", "image": "cassandra"}]})) == {["warn", "Cassandra"]}
}

test_trap_programs_that_do_not_lock if {
	every container in [
		{"image": "elasticsearch"},
		{"image": "elasticsearch", "env": [{"name": "bootstrap.memory_lock", "value": "false"}]},
		{"image": "elasticsearch", "env": [{"name": "bootstrap.memory_lock", "valueFrom": {"configMapKeyRef": {"name": "es", "key": "lock"}}}]},
		{"image": "elasticsearch", "command": ["elasticsearch-keystore", "create"], "env": [{"name": "bootstrap.memory_lock", "value": "true"}]},
		{"image": "prometheuscommunity/elasticsearch-exporter:1.8.0", "env": [{"name": "bootstrap.memory_lock", "value": "true"}]},
		{"image": "opensearchproject/opensearch:2.18.0"},
		{"image": "hashicorp/vault:1.18.2", "args": ["server"]},
		{"image": "hashicorp/vault:1.18.2", "command": ["/bin/sh", "-ec"], "args": ["cp /vault/config/extraconfig-from-values.hcl /tmp/storageconfig.hcl; /usr/local/bin/docker-entrypoint.sh vault server -config=/tmp/storageconfig.hcl"], "env": [{"name": "SKIP_SETCAP", "value": "true"}]},
		{"image": "hashicorp/vault:1.18.2", "args": ["server", "-dev"], "env": [{"name": "VAULT_LOCAL_CONFIG", "value": `{"storage": {}}`}]},
		{"image": "hashicorp/vault:1.18.2", "env": [{"name": "VAULT_LOCAL_CONFIG", "value": `{"storage": {}}`}]},
		{"image": "hashicorp/vault:1.18.2", "args": ["server"], "env": [{"name": "VAULT_LOCAL_CONFIG", "value": `{"storage": {}, "disable_mlock": true}`}]},
		{"image": "hashicorp/vault:1.18.2", "args": ["server"], "env": [{"name": "VAULT_LOCAL_CONFIG", "value": `{"storage": {}}`}, {"name": "VAULT_DISABLE_MLOCK", "value": "true"}]},
		{"image": "hashicorp/vault:1.18.2", "args": ["agent", "-config=/etc/vault/server"], "env": [{"name": "VAULT_LOCAL_CONFIG", "value": `{"disable_mlock": false}`}]},
		{"image": "hashicorp/vault:2.0.4", "args": ["server"], "env": [{"name": "VAULT_LOCAL_CONFIG", "value": `{"storage": {}}`}]},
		{"image": "hashicorp/vault:latest", "args": ["server"], "env": [{"name": "VAULT_LOCAL_CONFIG", "value": `{"storage": {}}`}]},
		{"image": "openbao/openbao:2.1.0", "args": ["server"], "env": [{"name": "BAO_LOCAL_CONFIG", "value": `{"storage": {}}`}]},
		{"image": "varnish:7.5.0"}, {"image": "varnish:6.0-alpine"}, {"image": "varnish"}, {"image": "varnish:latest"}, {"image": "varnish:stable"},
		{"image": "varnish:7.6", "command": ["varnishncsa"]},
		{"image": "varnish:7.6", "args": ["varnishlog", "-g", "raw"]},
		{"image": "varnish:7.6", "args": ["-p", "vsl_space=4M"]},
		{"image": "quay.io/mittwald/kube-httpcache:stable", "command": ["/exporter"]},
		{"image": "k8ssandra/medusa:0.21"},
		{"image": "mysql:8.4"}, {"image": "memcached:1.6", "args": ["-m", "64"]}, {"image": "busybox", "command": ["vmtouch", "-t", "/models"]},
		{"image": "x", "resources": {"limits": {"rdma/hca": "1"}}, "env": [{"name": "NCCL_IB_DISABLE", "value": "1"}]},
		{"image": "x", "resources": {"limits": {"rdma/hca": "1"}}, "command": ["ibv_devinfo"]},
		{"image": "x", "resources": {"limits": {"vpc.amazonaws.com/efa": "1"}}, "env": [{"name": "NCCL_NET", "value": "Socket"}]},
		{"image": "x", "resources": {"limits": {"vpc.amazonaws.com/efa": "1"}}, "command": ["/usr/bin/hl-smi"]},
		{"image": "redis:7.4"}, {"image": "quay.io/coreos/etcd:v3.5.17"}, {"image": "apache/kafka:3.9.0"}, {"image": "rabbitmq:4.0"}, {"image": "hashicorp/consul:1.20"}, {"image": "rook/ceph:v1.15.6"}, {"image": "pingcap/tikv:v8.5.0"},
		{"image": "quay.io/kubevirt/virt-launcher:v1.4.0"}, {"image": "nvcr.io/nvidia/k8s/dcgm-exporter:3.3.9"},
		{"image": null}, {"image": 7}, {},
	] {
		_got(_running(container)) == set()
	}
}

_mounting(path, name) := object.union(_varnish, {"volumeMounts": [{"name": name, "mountPath": path}]})

test_varnish_with_its_working_directory_in_memory if {
	volumes := [{"name": "disk", "emptyDir": {}}, {"name": "workdir", "emptyDir": {"medium": "Memory", "sizeLimit": "128Mi"}}]
	every path in ["/var/lib/varnish", "/var/lib/varnish/", "/var/lib/varnish/varnishd", "/var/lib", "/var", "/"] {
		_got(_pod({"containers": [_mounting(path, "workdir")], "volumes": volumes})) == set()
		_got(_pod({"containers": [_mounting(path, "disk")], "volumes": volumes})) == _warned_but(`set medium Memory on volume "disk", which then holds what it locks`)
	}
	_got(_pod({"containers": [_mounting("/var/lib/varnish-data", "workdir")], "volumes": volumes})) == _warned
	_got(_pod({"containers": [_mounting("/var/lib/varnish", "absent")], "volumes": volumes})) == _warned
	_got(_pod({"containers": [_mounting("/tmp", "workdir")], "volumes": volumes})) == _warned
	_got(_pod({"containers": [_varnish, object.union(_mounting("/var/lib/varnish", "workdir"), {"name": "b"})], "volumes": volumes})) == _warned
	_got(_pod({"containers": [object.union(_locking, {"volumeMounts": [{"name": "workdir", "mountPath": "/var/lib/varnish"}]})], "volumes": volumes})) == _es
}

test_varnish_with_its_working_directory_on_another_volume if {
	every volume in [{"persistentVolumeClaim": {"claimName": "varnish"}}, {"hostPath": {"path": "/run/varnish"}}, {"emptyDir": null}, {}] {
		volumes := [null, object.union({"name": "vol"}, volume)]
		_got(_pod({"containers": [_mounting("/var/lib/varnish", "vol")], "volumes": volumes})) == _warned_but(`mount an emptyDir with medium Memory in place of volume "vol", which then holds what it locks`)
	}
}

_at(directory) := sprintf("mount an emptyDir with medium Memory at %s, which holds what it locks", [directory])

test_varnish_that_is_told_its_working_directory if {
	volumes := [{"name": "disk", "emptyDir": {}}, {"name": "workdir", "emptyDir": {"medium": "Memory"}}]
	every fields in [
		{"args": ["-n", "/somedir", "-F"]},
		{"args": ["-n/somedir"]},
		{"args": ["-F", "-n", "/other", "-n", "/somedir/"]},
		{"command": ["varnishd"], "args": ["-n", "/somedir"]},
		{"command": ["varnishd", "-n", "/other"], "args": ["-n", "/somedir"]},
		{"command": ["sh", "-c", "exec varnishd -F -n /somedir"]},
		{"args": [null, 1, "-n", "/somedir/shop"]},
	] {
		_got(_pod({"containers": [object.union(_mounting("/somedir", "workdir"), fields)], "volumes": volumes})) == set()
		_got(_pod({"containers": [object.union(_mounting("/somedir", "disk"), fields)], "volumes": volumes})) == _warned_but(`set medium Memory on volume "disk", which then holds what it locks`)
	}
	every fields in [{"args": ["-n", "/somedir"]}, {"args": ["-n/other", "-n/somedir"]}] {
		_got(_pod({"containers": [object.union(_mounting("/var/lib/varnish", "workdir"), fields)], "volumes": volumes})) == _warned_but(_at("/somedir"))
	}
	every fields in [{"args": ["-n", "shop"]}, {"args": ["-t", "/somedir"]}, {"args": ["-Fn", "/somedir"]}, {"args": ["-n"]}, {"args": "-n /somedir"}, {"args": ["varnishd", "--n", "/somedir"]}] {
		_got(_pod({"containers": [object.union(_mounting("/somedir", "workdir"), fields)], "volumes": volumes})) == _warned
	}
	_got(_pod({"containers": [object.union(_locking, {"args": ["-n", "/somedir"], "volumeMounts": [{"name": "workdir", "mountPath": "/somedir"}]})], "volumes": volumes})) == _es
	every flag in ["-varnish-working-dir=/run/vsm", "--varnish-working-dir=/run/vsm"] {
		cache := {"name": "a", "image": "quay.io/mittwald/kube-httpcache:v0.9.1", "args": [flag], "volumeMounts": [{"name": "workdir", "mountPath": "/run"}]}
		_got(_pod({"containers": [cache], "volumes": volumes})) == set()
		_summary(_running(cache)) == {["warn", "kube-httpcache"]}
	}
}

# File capabilities.

test_file_capability_behind_a_wrapper if {
	context := {"allowPrivilegeEscalation": false}
	as_root := {object.union(_denied, {"msg": replace(_denied.msg, _add("java"), "add IPC_LOCK to capabilities.add and run as root")})}
	_got(_secured(context)) == as_root
	every command in [["elasticsearch"], ["/usr/local/bin/docker-entrypoint.sh"], ["java.sh", "elasticsearch"]] {
		_got(_running(object.union(_locking, {"securityContext": context, "command": command}))) == as_root
	}
	without := {object.union(_denied, {"msg": replace(_denied.msg, sprintf("%s, or ", [_add("java")]), "")})}
	_got(_secured({"allowPrivilegeEscalation": false, "runAsUser": 1000})) == without
	_got(_secured({"allowPrivilegeEscalation": false, "runAsNonRoot": true})) == without
	_got(_pod({"securityContext": {"runAsUser": 1000}, "containers": [object.union(_locking, {"securityContext": context})]})) == without
	_got(_secured({"allowPrivilegeEscalation": false, "runAsUser": 0})) == as_root
	every value in [true, null, "false", 0] {
		_got(_secured({"allowPrivilegeEscalation": value, "runAsUser": 1000})) == _es
	}
}

test_trap_file_capability_of_the_first_program if {
	every command in [["varnishd"], ["/usr/sbin/varnishd", "-F"]] {
		_got(_running(object.union(_varnish, {"command": command, "securityContext": {"allowPrivilegeEscalation": false, "runAsUser": 1000}}))) == _warned
	}
}

# The capability.

test_with_the_capability if {
	every context in [
		{"capabilities": {"add": ["IPC_LOCK"]}}, {"capabilities": {"add": ["ipc_lock"]}}, {"capabilities": {"add": ["IPC_LOCK"], "drop": ["ALL"]}},
		{"capabilities": {"add": ["ALL"]}}, {"privileged": true},
	] {
		_got(_secured(context)) == set()
	}
}

test_trap_capability_without_effect_is_another_rules_finding if {
	every add in [["CAP_IPC_LOCK"], ["cap_ipc_lock"], ["IPCLOCK"], ["IPC-LOCK"], [" IPC_LOCK"]] {
		_got(_secured({"capabilities": {"add": add}})) == set()
	}
	_got(_secured({"capabilities": {"add": ["IPC_LOCK"], "drop": ["IPC_LOCK"]}})) == set()
	_got(_pod({"hostUsers": false, "containers": [object.union(_locking, {"securityContext": {"capabilities": {"add": ["IPC_LOCK"]}}})]})) == set()
	_got(_secured({"runAsUser": 1000, "capabilities": {"add": ["IPC_LOCK"]}})) == set()
}

test_capability_that_is_not_granted if {
	every context in [
		null, {}, [], "x", {"privileged": false}, {"privileged": "true"}, {"runAsUser": 1000},
		{"capabilities": null}, {"capabilities": {"add": null}}, {"capabilities": {"add": []}}, {"capabilities": {"add": [null, 1, "SYS_RESOURCE"]}},
		{"capabilities": {"drop": ["ALL"]}}, {"capabilities": {"add": ["ALL"], "drop": ["ALL"]}},
	] {
		_got(_secured(context)) == _es
	}
}

test_capability_that_is_dropped if {
	taken := {{
		"msg": replace(_denied.msg, "add IPC_LOCK to capabilities.add", "take IPC_LOCK out of capabilities.drop and add it"),
		"details": {"level": "deny", "path": array.concat(_path, ["securityContext", "capabilities", "drop", 1]), "facts": {}},
	}}
	_got(_secured({"capabilities": {"drop": ["NET_RAW", "IPC_LOCK"]}})) == taken
	_got(_secured({"capabilities": {"add": ["ALL"], "drop": ["NET_RAW", "IPC_LOCK"]}})) == taken
}

test_user_namespace if {
	_got(_pod({"hostUsers": false, "containers": [_locking]})) == {object.union(_denied, {"msg": replace(_denied.msg, "runs as root, or", "runs as root, without hostUsers: false, or")})}
	_got(_pod({"hostUsers": true, "containers": [_locking]})) == _es
}

test_memlock_limit_of_the_security_context if {
	_got(_secured({"ulimits": [{"name": "nofile", "hard": 1}, {"name": "memlock", "hard": -1}]})) == set()
	_got(_pod({"securityContext": {"ulimits": [{"name": "memlock"}]}, "containers": [_locking]})) == set()
	every ulimits in [null, [], {}, "memlock", [null, 1, {"name": "nofile"}]] {
		_got(_secured({"ulimits": ulimits})) == _es
	}
}

test_program_without_a_file_to_set_the_capability_on if {
	rdma := {"name": "a", "image": "x", "resources": {"requests": {"rdma/hca": 1}}}
	fails := sprintf("RDMA %s fails to register its buffers (ibv_reg_mr, ibv_create_cq get ENOMEM), and NCCL or UCX falls back to TCP without a word", [_beyond])
	meant := "set NCCL_IB_DISABLE=1 if TCP is meant"
	_got(_running(rdma)) == {_violation("warn", _path, `container "a"`, sprintf("%s; add IPC_LOCK to capabilities.add and run as root, or %s, or %s", [fails, _runtime, meant]))}
	unprivileged := object.union(rdma, {"securityContext": {"runAsUser": 1000, "allowPrivilegeEscalation": false}})
	_got(_running(unprivileged)) == {_violation("warn", _path, `container "a"`, sprintf("%s; %s, or %s", [fails, _runtime, meant]))}
	_summary(_running({"name": "a", "image": "x", "resources": {"limits": {"vpc.amazonaws.com/efa": 4}}})) == {["warn", "EFA"]}
}

# Which containers are judged.

test_every_kind_of_workload if {
	template := {"spec": {"containers": [_locking]}}
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
		_got(object_) == {_violation("deny", array.concat(row.path, _path), `container "es"`, _aborts)}
	}
}

test_sidecars_are_judged_init_and_ephemeral_containers_are_not if {
	_got(_pod({
		"initContainers": [_locking, object.union(_locking, {"name": "s", "restartPolicy": "Always"})],
		"containers": [{"name": "a", "image": "nginx"}, object.union(_locking, {"name": "b"})],
		"ephemeralContainers": [_locking],
	})) == {
		_violation("deny", ["spec", "initContainers", 1], `sidecar "s"`, _aborts),
		_violation("deny", ["spec", "containers", 1], `container "b"`, _aborts),
	}
}

test_vm_and_windows_pods_are_not_judged if {
	every class in ["kata-qemu", "gvisor"] {
		_got(_pod({"runtimeClassName": class, "containers": [_locking]})) == set()
	}
	_got(_pod({"runtimeClassName": "crun", "containers": [_locking]})) == _es
	_got(_pod({"os": {"name": "windows"}, "containers": [_locking]})) == set()
	_with(_pod({"runtimeClassName": "gvisor", "containers": [_locking]}), {"vmRuntimeClasses": []}) == _es
}

# Parameters.

test_without_parameters if {
	got := {violations |
		some in_ in [
			{"review": {"object": _running(_locking)}},
			{"review": {"object": _running(_locking)}, "parameters": null},
			{"review": {"object": _running(_locking)}, "parameters": {}},
			{"review": {"object": _running(_locking)}, "parameters": {"levels": null, "nodesHaveUnlimitedMemlock": null, "nodesSwap": null, "profiles": null, "vmRuntimeClasses": null}},
		]
		violations := mlock_capability_required.violation with input as in_
	}
	got == {_es}
}

test_levels if {
	pod := _pod({"containers": [_locking, _varnish]})
	_with(pod, {"levels": ["deny"]}) == _es
	_with(pod, {"levels": ["warn"]}) == {_violation("warn", ["spec", "containers", 1], `container "varnish"`, _warns)}
}

test_nodes_have_unlimited_memlock if {
	_with(_running(_locking), {"nodesHaveUnlimitedMemlock": true}) == set()
	every value in [false, "true", 1, []] {
		_with(_running(_locking), {"nodesHaveUnlimitedMemlock": value}) == _es
	}
}

test_extra_pod_spec_paths if {
	object_ := {"apiVersion": "ray.io/v1", "kind": "RayCluster", "spec": {"headGroupSpec": {"template": {"spec": {"containers": [_locking]}}}}}
	_got(object_) == set()
	_with(object_, {"extraPodSpecPaths": [{"group": "ray.io", "kind": "RayCluster", "path": ["spec", "headGroupSpec", "template", "spec"]}]}) == {_violation("deny", array.concat(["spec", "headGroupSpec", "template"], _path), `container "es"`, _aborts)}
}

_own := {"name": "Db", "image": `(^|/)db$`, "tags": "^7", "sign": "--lock", "level": "deny", "fault": "exits with ENOMEM", "instead": "remove --lock"}

test_own_profile if {
	container := {"name": "a", "image": "example.com/db:7.1", "args": ["--lock"]}
	add := "add IPC_LOCK to capabilities.add and run as root"
	full := {_violation("deny", _path, `container "a"`, sprintf("Db %s exits with ENOMEM; %s, or %s, or remove --lock", [_beyond, add, _runtime]))}
	_got(_running(container)) == set()
	_with(_running(container), {"profiles": [_own]}) == full
	_with(_running(object.union(container, {"args": []})), {"profiles": [_own]}) == set()
	_with(_running(object.union(container, {"image": "example.com/db:6"})), {"profiles": [_own]}) == set()
	_with(_running(container), {"profiles": [{"image": "db"}]}) == {_violation("warn", _path, `container "a"`, sprintf("its program %s fails or may be swapped out where nodes swap; %s, or %s", [_beyond, add, _runtime]))}
	every level in [null, "", "warn", "info"] {
		_with(_running(container), {"profiles": [object.union(_own, {"level": level})]}) == {object.union(found, {"details": {"level": "warn"}}) | some found in full}
	}
}

test_own_profile_replaces_the_built_in_one_of_its_name if {
	_with(_running(_varnish), {"profiles": [{"name": "Varnish", "image": "^$"}]}) == set()
	_with(_running(_locking), {"profiles": [{"name": "Varnish", "image": "^$"}]}) == _es
}

test_profiles_of_another_type_are_none if {
	every profiles in ["x", 1, {}, [null, 1, "x", [], {}], [{"name": "x", "image": 1}], [{"name": "x", "image": "("}]] {
		_with(_running(_locking), {"profiles": profiles}) == _es
	}
}

# Operations.

test_only_what_an_update_introduces if {
	old := _running(_locking)
	updated := object.union(old, {"metadata": {"finalizers": ["x"]}})
	mlock_capability_required.violation == set() with input as {"review": {"operation": "UPDATE", "object": updated, "oldObject": old}}
	every before in [_pod({}), _running({"name": "es", "image": "elasticsearch"}), _secured({"privileged": true})] {
		mlock_capability_required.violation == _es with input as {"review": {"operation": "UPDATE", "object": updated, "oldObject": before}}
	}
}

test_nothing_on_delete if {
	mlock_capability_required.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _running(_locking)}}
}

test_specs_of_other_types_are_no_error if {
	every spec in [null, {}, [], "x", {"containers": null}, {"containers": {}}, {"containers": [null, 1, "x", []]}, {"containers": [{"image": "elasticsearch", "env": [null, 1, "x"], "args": {}, "volumeMounts": 1}]}] {
		_got(_pod(spec)) == set()
	}
	_got(_pod({"containers": [object.remove(_locking, ["name"])], "volumes": [null, 1]})) == {_violation("deny", _path, `container ""`, _aborts)}
}
