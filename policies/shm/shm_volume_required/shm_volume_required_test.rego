package policies.shm.shm_volume_required_test

import data.policies.shm.shm_volume_required

_limited(image, limit) := {"name": "a", "image": image, "resources": {"limits": {"memory": limit}}}

_spec(container) := {"containers": [container]}

_pod(container) := {"apiVersion": "v1", "kind": "Pod", "spec": _spec(container)}

_labelled(pod, value) := object.union(pod, {"metadata": {"labels": {"memory-policy/shm": value}}})

_got(object_) := got if {
	got := shm_volume_required.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := shm_volume_required.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

# _reported and _silent hold if all, or none, of the containers of one pod are reported.
_reported(containers) if _places(containers) == [place | some place in numbers.range(0, count(containers) - 1)]

_silent(containers) if _places(containers) == []

_places(containers) := sort([place |
	some violation in _got({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": containers}})
	place := violation.details.path[2]
])

_images(images) := [{"name": "a", "image": image} | some image in images]

_settings(image, settings) := [container |
	some setting in settings
	container := object.union({"name": "a", "image": image}, setting)
]

_postgres := `PostgreSQL gets the runtime's /dev/shm of 64Mi, which the whole pod shares, and fails parallel queries and index builds with "could not resize shared memory segment" when that is full; mount an emptyDir with medium Memory at /dev/shm, `

_bare := `sizeLimit 256Mi, and set the container's memory limit to at least 512Mi, because the volume is charged to it`

_finding(level, path, title, text) := {
	"msg": sprintf("%s: %s%s", [title, _postgres, text]),
	"details": {"level": level, "path": path, "facts": {"neededBytes": 268435456}},
}

_found(path) := _finding("warn", array.concat(path, ["volumeMounts"]), `container "a"`, _bare)

_facts(needed, limit) := {"neededBytes": needed, "limitBytes": limit}

test_container_is_reported_where_its_mount_should_stand if {
	_got(_pod({"name": "a", "image": "postgres:16"})) == {_found(["spec", "containers", 0])}
}

test_sizes_come_from_the_profile_and_the_limit if {
	every row in [
		{"limit": "2Gi", "bytes": 2147483648, "text": "sizeLimit 256Mi to 1Gi, half of the container's memory limit"},
		{"limit": "700000k", "bytes": 700000000, "text": "sizeLimit 256Mi to 333Mi, half of the container's memory limit"},
		{"limit": "514Mi", "bytes": 538968064, "text": "sizeLimit 256Mi to 257Mi, half of the container's memory limit"},
		{"limit": "513Mi", "bytes": 537919488, "text": "sizeLimit 256Mi"},
		{"limit": "512Mi", "bytes": 536870912, "text": "sizeLimit 256Mi"},
		{"limit": "511Mi", "bytes": 535822336, "text": "sizeLimit 256Mi, and raise the container's memory limit from 511Mi to at least 512Mi, because the volume is charged to it"},
		{"limit": 5.36870912e+08, "bytes": 536870912, "text": "sizeLimit 256Mi"},
		{"limit": 1.34217728e+08, "bytes": 134217728, "text": "sizeLimit 256Mi, and raise the container's memory limit from 134217728 to at least 512Mi, because the volume is charged to it"},
	] {
		_got(_pod(_limited("postgres", row.limit))) == {{
			"msg": sprintf(`container "a": %s%s`, [_postgres, row.text]),
			"details": {"level": "warn", "path": ["spec", "containers", 0, "volumeMounts"], "facts": _facts(268435456, row.bytes)},
		}}
	}
}

test_no_limit_is_one_to_set if {
	every limit in ["0", null] {
		_got(_pod(_limited("postgres", limit))) == {_found(["spec", "containers", 0])}
	}
	every resources in [null, {}, {"limits": null}, {"requests": {"memory": "1Gi"}}] {
		_got(_pod({"name": "a", "image": "postgres", "resources": resources})) == {_found(["spec", "containers", 0])}
	}
}

test_limit_that_is_no_quantity_is_left_alone if {
	_got(_pod(_limited("postgres", "1 Gi"))) == {_finding("warn", ["spec", "containers", 0, "volumeMounts"], `container "a"`, "sizeLimit 256Mi")}
}

test_limit_of_the_pod_counts_for_its_containers if {
	pod := _pod({"name": "a", "image": "postgres"})
	limited := object.union(pod, {"spec": {"resources": {"limits": {"memory": "1Gi"}}}})
	_got(limited) == {{
		"msg": sprintf(`container "a": %ssizeLimit 256Mi to 512Mi, half of the container's memory limit`, [_postgres]),
		"details": {"level": "warn", "path": ["spec", "containers", 0, "volumeMounts"], "facts": _facts(268435456, 1073741824)},
	}}
}

test_every_kind_of_workload if {
	template := {"spec": _spec({"name": "a", "image": "postgres"})}
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
		_got(object_) == {_found(array.concat(row.path, ["spec", "containers", 0]))}
	}
	_got({"apiVersion": "v1", "kind": "ConfigMap", "template": template}) == set()
}

test_sidecars_are_judged_init_and_ephemeral_containers_are_not if {
	_got({"apiVersion": "v1", "kind": "Pod", "spec": {
		"initContainers": [
			{"name": "wait", "image": "postgres"},
			{"name": "side", "image": "postgres", "restartPolicy": "Always"},
		],
		"containers": [{"name": "app", "image": "nginx"}],
		"ephemeralContainers": [{"name": "debug", "image": "postgres"}],
	}}) == {_finding("warn", ["spec", "initContainers", 1, "volumeMounts"], `sidecar "side"`, _bare)}
}

test_each_container_is_judged_by_its_own_mounts if {
	_got({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [
		{"name": "with", "image": "postgres", "volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}]},
		{"name": "without", "image": "postgres"},
	]}}) == {_finding("warn", ["spec", "containers", 1, "volumeMounts"], `container "without"`, _bare)}
}

test_mount_paths if {
	_silent(_settings("postgres", [mounting |
		some path in ["/dev/shm", "/dev/shm/", "//dev//shm/", "/dev/./shm", "/dev", "/dev/"]
		mounting := {"volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "shm", "mountPath": path}]}
	]))
	_reported(_settings("postgres", [mounting |
		some path in ["/dev/shm/gitlab", "/dev/hugepages", "/shm", "/", "", null, 1]
		mounting := {"volumeMounts": [{"name": "shm", "mountPath": path}]}
	]))
	_reported(_settings("postgres", [mounting |
		some mounts in [null, [], {}, "x", [null], [1], [{}]]
		mounting := {"volumeMounts": mounts}
	]))
}

test_shm_of_the_node_or_of_the_annotation_is_not_the_default if {
	pod := _pod({"name": "a", "image": "postgres"})
	_got(object.union(pod, {"spec": {"hostIPC": true}})) == set()
	_with(object.union(pod, {"metadata": {"annotations": {"io.kubernetes.cri-o.ShmSize": "1g"}}}), _honour) == set()
	_got(object.union(pod, {"metadata": {"annotations": {"io.kubernetes.cri-o.ShmSize": "1g"}}})) == {_found(["spec", "containers", 0])}
	every other in [
		{"spec": {"hostIPC": false}},
		{"spec": {"hostIPC": null}},
		{"spec": {"hostIPC": "true"}},
		{"metadata": {"annotations": {"io.kubernetes.cri-o.ShmSize": null}}},
		{"metadata": {"annotations": {"other": "1g"}}},
		{"metadata": {"annotations": null}},
		{"metadata": null},
	] {
		_with(object.union(pod, other), _honour) == {_found(["spec", "containers", 0])}
	}
}

_honour := {"honourShmSizeAnnotation": true}

test_annotation_counts_on_the_template_only if {
	annotations := {"annotations": {"io.kubernetes.cri-o.ShmSize": "1g"}}
	spec := _spec({"name": "a", "image": "postgres"})
	_with({"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"template": {"metadata": annotations, "spec": spec}}}, _honour) == set()
	_with({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": annotations, "spec": {"template": {"spec": spec}}}, _honour) == {_found(["spec", "template", "spec", "containers", 0])}
}

test_windows_and_virtual_machines_are_not_judged if {
	pod := _pod({"name": "a", "image": "postgres"})
	_got(object.union(pod, {"spec": {"os": {"name": "windows"}}})) == set()
	_got(object.union(pod, {"spec": {"runtimeClassName": "kata-qemu"}})) == set()
	_got(object.union(pod, {"spec": {"runtimeClassName": "crun"}})) == {_found(["spec", "containers", 0])}
	_with(object.union(pod, {"spec": {"runtimeClassName": "crun"}}), {"vmRuntimeClasses": ["crun"]}) == set()
	_with(object.union(pod, {"spec": {"runtimeClassName": "kata-qemu"}}), {"vmRuntimeClasses": []}) == {_found(["spec", "containers", 0])}
	_got(_labelled(object.union(pod, {"spec": {"runtimeClassName": "kata-qemu"}}), "1Gi")) == set()
}

# The opt-in label.

test_label_raises_the_level if {
	pod := _pod({"name": "a", "image": "postgres"})
	denied := _finding("deny", ["spec", "containers", 0, "volumeMounts"], `container "a"`, _bare)
	every value in ["1Gi", "required", "true", ""] {
		_got(_labelled(pod, value)) == {denied}
	}
	every value in ["disabled", "false", null, 1, ["1Gi"]] {
		_got(_labelled(pod, value)) == {_found(["spec", "containers", 0])}
	}
}

test_label_is_that_of_the_parameter if {
	pod := object.union(_pod({"name": "a", "image": "postgres"}), {"metadata": {"labels": {"example.com/shm": "yes"}}})
	_got(pod) == {_found(["spec", "containers", 0])}
	_with(pod, {"optInLabel": "example.com/shm"}) == {_finding("deny", ["spec", "containers", 0, "volumeMounts"], `container "a"`, _bare)}
}

_promise(path, value) := {
	"msg": sprintf("label memory-policy/shm: %q asks for a large /dev/shm, but no container mounts one and all share the runtime's 64Mi; mount an emptyDir with medium Memory and a sizeLimit at /dev/shm, or remove the label", [value]),
	"details": {"level": "deny", "path": array.concat(path, ["metadata", "labels", "memory-policy/shm"]), "facts": {}},
}

test_label_alone_asks_for_the_volume if {
	pod := _pod({"name": "a", "image": "example.com/app"})
	_got(pod) == set()
	_got(_labelled(pod, "1Gi")) == {_promise([], "1Gi")}
	_got(_labelled(pod, "disabled")) == set()
	template := _labelled({"spec": _spec({"name": "a", "image": "example.com/app"})}, "1Gi")
	_got({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": template}}) == {_promise(["spec", "template"], "1Gi")}
	_got(_labelled({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": pod}}, "1Gi")) == set()
}

test_label_is_satisfied_by_the_mount_of_any_container_that_stays if {
	mounting := {"name": "b", "image": "example.com/b", "volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}]}
	pod := {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a", "image": "example.com/a"}, mounting]}}
	_got(_labelled(pod, "1Gi")) == set()
	side := {"apiVersion": "v1", "kind": "Pod", "spec": {
		"initContainers": [object.union(mounting, {"restartPolicy": "Always"})],
		"containers": [{"name": "a", "image": "example.com/a"}],
	}}
	_got(_labelled(side, "1Gi")) == set()
	init := {"apiVersion": "v1", "kind": "Pod", "spec": {"initContainers": [mounting], "containers": [{"name": "a", "image": "example.com/a"}]}}
	_got(_labelled(init, "1Gi")) == {_promise([], "1Gi")}
}

# Profiles.

test_postgres_by_the_name_of_its_image if {
	_reported(_images([
		"postgres",
		"postgres:16-alpine",
		"docker.io/library/postgres:17@sha256:ab12",
		"registry.example:5000/library/postgres",
		"bitnami/postgresql:17.6.0-debian-12-r4",
		"bitnami/postgresql-repmgr:16",
		"postgis/postgis:16-3.4",
		"pgvector/pgvector:pg17",
		"timescale/timescaledb:2.17.2-pg16",
		"timescale/timescaledb-ha:pg14.6-ts2.9.1-p1",
		"ghcr.io/zalando/spilo-15:3.0-p1",
		"ghcr.io/cloudnative-pg/postgresql:16.4",
		"registry.developers.crunchydata.com/crunchydata/crunchy-postgres:ubi8-16.3-1",
		"registry.developers.crunchydata.com/crunchydata/crunchy-postgres-gis:ubi8-16.3",
		"goharbor/harbor-db:v2.11.0",
		"sourcegraph/postgresql-16:6.2.1106",
		"sourcegraph/postgres-12-alpine",
		"registry.redhat.io/rhel8/postgresql-13",
		"quay.io/sclorg/postgresql-15-c9s",
		"percona/percona-distribution-postgresql:16",
		"citusdata/citus:12.1",
		"postgres:10",
		"postgres:19beta1",
	]))
}

test_trap_what_only_has_postgres_in_its_name if {
	_silent(_images([
		"quay.io/prometheuscommunity/postgres-exporter:v0.20.1",
		"bitnami/postgres-exporter",
		"wrouesnel/postgres_exporter",
		"prodrigestivill/postgres-backup-local:16",
		"ghcr.io/zalando/postgres-operator:v1.14.0",
		"ghcr.io/zalando/postgres-operator/pgbouncer:v2.0.1",
		"ghcr.io/zalando/postgres-operator-ui",
		"ghcr.io/cloudnative-pg/cloudnative-pg:1.28.0",
		"example.com/postgres-16-client",
		"postgres-init",
		"mypostgres",
		"postgres/agent",
		"app:postgres",
		"timescale/promscale:0.17.0",
		"mysql:8",
		"redis:7",
		"varnish:7.6",
		"",
		null,
		5,
	]))
	_silent([{"name": "a"}])
}

test_trap_postgres_before_parallel_queries if {
	_silent(_images(["postgres:9.6.18", "postgres:9.6-alpine", "postgres:9", "postgres:8.4", "postgis:pg9.6", "postgres:v9.5"]))
	_reported(_images(["postgres:10", "postgres:18.1", "postgres:19", "postgres:90", "postgres:16-9.6", "postgres:16.9", "postgres:latest"]))
}

test_trap_clients_from_the_image_of_postgres if {
	_silent(_settings("postgres:16", [
		{"command": ["pg_dump", "-h", "db"]},
		{"command": ["sh", "-c", "pg_dump -U postgres -h db > /backup/dump.sql"]},
		{"command": ["/bin/sh", "-c"], "args": ["until pg_isready -h postgres; do sleep 1; done"]},
		{"command": ["/bin/bash", "-c", "/usr/bin/psql 'host=db user=postgres'"]},
		{"args": ["pg_basebackup", "-D", "/backup"]},
		{"args": ["docker-entrypoint.sh", "pgbench", "-i"]},
		{"args": ["sh", "-c", "sleep infinity"]},
		{"command": ["sleep", "infinity"]},
		{"command": ["/scripts/backup.sh"]},
	]))
}

test_postgres_with_a_command_that_starts_it if {
	_reported(_settings("postgres:16", [
		{"args": ["-c", "max_connections=200"]},
		{"args": ["postgres", "-c", "shared_buffers=1GB"]},
		{"command": ["docker-entrypoint.sh", "postgres"]},
		{"command": ["/bin/bash", "-c", "exec /usr/local/bin/docker-entrypoint.sh"]},
		{"command": ["/bin/sh", "-c"], "args": ["exec patroni /etc/patroni.yaml"]},
		{"command": ["/bin/sh", "/launch.sh", "init"]},
		{"command": [], "args": []},
		{"command": null, "args": null},
		{"command": "sleep", "args": {"a": 1}},
		{"command": [null, 1], "args": [null]},
	]))
}

test_trap_postgres_without_posix_segments_or_parallel_queries if {
	_silent(_settings("postgres:16", [
		{"args": ["-c", "dynamic_shared_memory_type=mmap"]},
		{"args": ["-c", "dynamic_shared_memory_type = 'sysv'"]},
		{"args": ["--dynamic-shared-memory-type=mmap"]},
		{"args": ["-c", "max_parallel_workers_per_gather=0"]},
		{"args": ["postgres", "-cmax_parallel_workers_per_gather=0", "-cport=5433"]},
		{"env": [{"name": "POSTGRESQL_EXTRA_FLAGS", "value": "-c max_parallel_workers_per_gather=0"}]},
	]))
	_reported(_settings("postgres:16", [
		{"args": ["-c", "dynamic_shared_memory_type=posix"]},
		{"args": ["-c", "max_parallel_workers_per_gather=4"]},
		{"args": ["-c", "max_parallel_workers_per_gather=04"]},
		{"env": [{"name": "POSTGRES_DB", "value": "psql"}, {"name": "X", "valueFrom": {}}, null, {}, {"name": "Y", "value": 1}]},
		{"env": null},
		{"env": "psql"},
	]))
}

test_oracle if {
	images := [
		"container-registry.oracle.com/database/free:23.5.0.0",
		"container-registry.oracle.com/database/enterprise:19.3.0.0",
		"container-registry.oracle.com/database/express",
		"gvenzl/oracle-free:23-slim",
		"gvenzl/oracle-xe:21",
		"wnameless/oracle-xe-11g-r2",
		"oracle/database:11.2.0.2-xe",
	]
	_reported(_images(images))
	_silent([container |
		some image in images
		container := {"name": "a", "image": image, "env": [{"name": "INIT_SGA_SIZE", "value": "2048"}]}
	])
	_silent(_images([
		"container-registry.oracle.com/database/operator:latest",
		"container-registry.oracle.com/database/observability-exporter",
		"ghcr.io/oracle/oraclelinux:9",
		"oracle/graalvm-ce",
		"example.com/database/free",
	]))
}

test_browsers if {
	every image in ["selenium/node-chrome:4.18.0-20240220", "kasmweb/chrome:1.16.0"] {
		_silent(_settings(image, [
			{"args": ["--headless", "--disable-dev-shm-usage"]},
			{"command": ["chrome", "--disable-dev-shm-usage"]},
			{"env": [{"name": "CHROME_CLI", "value": "--disable-dev-shm-usage"}]},
		]))
	}
	_reported(_images([
		"selenium/node-chrome:4.18.0-20240220",
		"selenium/standalone-edge",
		"mirror.example:5000/selenium/standalone-chromium",
		"seleniarm/node-chromium",
		"selenium/standalone-chrome-debug:3.141.59",
		"selenium/standalone-all-browsers",
		"kasmweb/chrome:1.16.0",
		"lscr.io/linuxserver/chromium:latest",
		"chromedp/headless-shell",
		"selenium/node-firefox:4.0",
		"selenium/standalone-firefox-debug",
		"kasmweb/firefox",
		"lscr.io/linuxserver/firefox",
	]))
	_reported(_settings("selenium/node-firefox", [{"env": [{"name": "SE_BROWSER_ARGS_DISABLE_DSHM", "value": "--disable-dev-shm-usage"}]}]))
}

test_trap_selenium_told_to_use_tmp if {
	_silent(_settings("selenium/node-chrome", [
		{"env": [{"name": "SE_BROWSER_ARGS_DISABLE_DSHM", "value": "x"}]},
		{"env": [{"name": "SE_BROWSER_ARGS_DISABLE_DSHM", "valueFrom": {"configMapKeyRef": {"name": "x", "key": "y"}}}]},
		{"env": [{"name": "OTHER"}, {"name": "SE_BROWSER_ARGS_DISABLE_DSHM"}]},
	]))
	_reported(_settings("selenium/node-chrome", [{"env": [{"name": "SE_OPTS", "value": "SE_BROWSER_ARGS_DISABLE_DSHM"}]}]))
}

test_trap_no_browser_inside_or_one_that_is_told_by_its_library if {
	_silent(_images([
		"selenium/hub:4.0",
		"selenium/router",
		"selenium/video",
		"kasmweb/manager",
		"mcr.microsoft.com/playwright:v1.49.0-noble",
		"ghcr.io/puppeteer/puppeteer:23",
		"gotenberg/gotenberg:8",
		"example.com/node-chrome",
	]))
}

_gpus(number) := {"resources": {"limits": {"nvidia.com/gpu": number}}}

_no_shm(value) := {"env": [{"name": "NCCL_SHM_DISABLE", "value": value}]}

test_inference_with_several_gpus if {
	every image in ["vllm/vllm-openai:v0.10.0", "lmsysorg/sglang", "ghcr.io/huggingface/text-generation-inference:2.4.0", "opea/vllm-gaudi"] {
		_reported(_settings(image, [
			_gpus(2),
			_gpus("2"),
			_gpus("8"),
			_gpus(4.0),
			{"resources": {"requests": {"nvidia.com/gpu": 2}}},
			{"resources": {"limits": {"amd.com/gpu": 2}}},
			object.union(_gpus(2), _no_shm("0")),
		]))
		_silent(_settings(image, [
			_gpus(1),
			_gpus("1"),
			_gpus(0),
			_gpus(null),
			_gpus("x"),
			{},
			{"resources": {"limits": {"example.com/gpu": 2}}},
			object.union(_gpus(2), _no_shm("1")),
		]))
	}
}

test_tensor_parallel_inference if {
	parallel := [
		["--model", "x", "--tensor-parallel-size", "2"],
		["--tensor-parallel-size=16"],
		["--tp=8"],
		["--tp-size", "4"],
		["-tp", "2"],
		["--num-shard", "2"],
		["-c", "vllm serve x --tensor-parallel-size 2 --port 8000"],
	]
	arguments := [setting | some words in parallel; setting := {"args": words}]
	_reported(_settings("vllm/vllm-openai", arguments))
	_reported(_settings("vllm/vllm-openai", [setting | some words in parallel; setting := {"command": words}]))
	_silent(_settings("example.com/other", arguments))
	_silent(_settings("vllm/vllm-openai", [setting | some words in arguments; setting := object.union(words, _no_shm("1"))]))
	_silent(_settings("vllm/vllm-openai", [
		{"args": ["--tensor-parallel-size=1"]},
		{"args": ["--tensor-parallel-size=$(TP)"]},
		{"args": ["--tp", "1"]},
		{"args": ["--http-port", "8000"]},
		{"args": []},
	]))
}

test_nccl_with_several_gpus if {
	containers := [
		{"image": "pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime"},
		{"image": "nvcr.io/nvidia/nemo:24.07"},
		{"image": "example.com/train", "command": ["torchrun", "train.py"]},
		{"image": "example.com/train", "command": ["bash", "-c", "python -m torch.distributed.run train.py"]},
		{"image": "example.com/train", "args": ["/opt/nccl-tests/build/all_reduce_perf", "-b", "8"]},
		{"image": "example.com/train", "env": [{"name": "NCCL_DEBUG", "value": "INFO"}]},
	]
	several := [container | some signed in containers; container := object.union(signed, _gpus(2))]
	_reported(several)
	_silent(containers)
	_silent([container | some signed in containers; container := object.union(signed, _gpus(1))])
	_silent([container | some signed in several; container := object.union(signed, _no_shm("1"))])
}

test_trap_several_gpus_without_a_sign_of_nccl if {
	_silent(_settings("rocm/jax:latest", [_gpus(2)]))
	_silent(_settings("nvidia/samples:vectoradd-cuda12.5.0", [_gpus(8)]))
	_silent(_settings("example.com/x", [object.union(_gpus(2), {"env": [{"name": "NCCL_SHM_DISABLE", "value": "1"}, {"name": "NCCL_DEBUG"}]})]))
}

test_dataloader_with_workers if {
	arguments := [{"args": ["--workers=4"]}, {"args": ["--num-workers", "8"]}, {"args": ["--num_workers=1"]}, {"args": ["train.py --numworkers 2"]}]
	_reported(_settings("pytorch/pytorch", arguments))
	_silent(_settings("example.com/gunicorn", arguments))
	_silent(_settings("pytorch/pytorch", [{"args": ["--workers=0"]}, {}]))
}

test_triton_with_a_large_region if {
	_reported(_settings("nvcr.io/nvidia/tritonserver:24.08-py3", [
		{"args": ["--backend-config=python,shm-default-byte-size=134217728"]},
		{"args": ["--backend-config=python,shm-default-byte-size=70000000"]},
	]))
	_silent(_settings("nvcr.io/nvidia/tritonserver:24.08-py3", [{"args": ["--backend-config=python,shm-default-byte-size=16777216"]}, {}]))
	_silent(_settings("example.com/x", [{"args": ["--backend-config=python,shm-default-byte-size=134217728"]}]))
}

test_ray if {
	_reported(_settings("rayproject/ray:2.9.0", [{"command": ["/bin/bash", "-c", "--"], "args": ["ulimit -n 65536; ray start --head --block"]}]))
	_silent(_settings("rayproject/ray:2.9.0", [
		{"args": ["ray start --head --plasma-directory=/data"]},
		{"args": ["ray job submit"]},
		{"args": ["xray start"]},
		{},
	]))
}

test_gitlab if {
	_reported(_images(["gitlab/gitlab-ce:17.9.1-ce.0", "gitlab/gitlab-ee"]))
	_silent(_images(["gitlab/gitlab-runner:v17", "registry.gitlab.com/gitlab-org/build/cng/gitlab-webservice-ee:v17"]))
}

test_aeron if {
	_reported(_settings("example.com/x", [
		{"args": ["-cp", "all.jar", "io.aeron.driver.MediaDriver"]},
		{"command": ["/usr/bin/aeronmd"]},
	]))
	_silent(_settings("example.com/x", [
		{"args": ["-Daeron.dir=/data/aeron", "io.aeron.driver.MediaDriver"]},
		{"command": ["aeronmd"], "env": [{"name": "AERON_DIR", "value": "/data"}]},
		{},
	]))
}

# What messages say for each profile.
test_messages if {
	said := {message |
		some container in [
			{"image": "postgres"},
			{"image": "gvenzl/oracle-xe"},
			{"image": "selenium/node-chrome"},
			{"image": "selenium/node-edge"},
			{"image": "selenium/node-firefox"},
			{"image": "kasmweb/chrome"},
			{"image": "kasmweb/edge"},
			{"image": "kasmweb/firefox"},
			{"image": "vllm/vllm-openai", "args": ["--tp=2"]},
			{"image": "vllm/vllm-openai", "resources": {"limits": {"nvidia.com/gpu": 2}}},
			{"image": "pytorch/pytorch", "resources": {"limits": {"nvidia.com/gpu": 2}}},
			{"image": "x", "args": ["torchrun"], "resources": {"limits": {"nvidia.com/gpu": 2}}},
			{"image": "pytorch/pytorch", "args": ["--workers=2"]},
			{"image": "tritonserver", "args": ["shm-default-byte-size=99999999"]},
			{"image": "x", "args": ["ray start"]},
			{"image": "gitlab/gitlab-ce"},
			{"image": "x", "args": ["aeronmd"]},
		]
		some violation in _got(_pod(object.union({"name": "a"}, container)))
		message := [
			regex.find_n(`^container "a": (.*?) gets`, violation.msg, 1)[0],
			regex.find_n(`shares, and [^;]*;`, violation.msg, 1)[0],
			regex.find_n(`sizeLimit .*?,`, violation.msg, 1)[0],
			violation.details.facts,
		]
	}
	said == {
		[`container "a": PostgreSQL gets`, `shares, and fails parallel queries and index builds with "could not resize shared memory segment" when that is full;`, "sizeLimit 256Mi,", {"neededBytes": 268435456}],
		[`container "a": Oracle Database gets`, "shares, and fails to start with ORA-00845 or its Java with ORA-04035;", "sizeLimit 1Gi,", {"neededBytes": 1073741824}],
		[`container "a": Chrome gets`, "shares, and its tabs crash when that is full;", "sizeLimit 2Gi,", {"neededBytes": 2147483648}],
		[`container "a": the browser gets`, "shares, and its tabs crash when that is full;", "sizeLimit 2Gi,", {"neededBytes": 2147483648}],
		[`container "a": Firefox gets`, "shares, and its tabs crash when that is full;", "sizeLimit 2Gi,", {"neededBytes": 2147483648}],
		[`container "a": Chrome gets`, "shares, and its tabs crash when that is full;", "sizeLimit 1Gi,", {"neededBytes": 1073741824}],
		[`container "a": the browser gets`, "shares, and its tabs crash when that is full;", "sizeLimit 1Gi,", {"neededBytes": 1073741824}],
		[`container "a": Firefox gets`, "shares, and its tabs crash when that is full;", "sizeLimit 1Gi,", {"neededBytes": 1073741824}],
		[`container "a": tensor-parallel inference gets`, "shares, and its ranks fail to start or die of SIGBUS;", "sizeLimit 2Gi,", {"neededBytes": 2147483648}],
		[`container "a": multi-GPU inference gets`, "shares, and its ranks fail to start or die of SIGBUS;", "sizeLimit 2Gi,", {"neededBytes": 2147483648}],
		[`container "a": NCCL gets`, "shares, and cannot set up its transport between the GPUs;", "sizeLimit 1Gi,", {"neededBytes": 1073741824}],
		[`container "a": PyTorch's DataLoader gets`, "shares, and its workers die of a bus error;", "sizeLimit 1Gi,", {"neededBytes": 1073741824}],
		[`container "a": Triton's Python backend gets`, "shares, and its models fail to load;", "sizeLimit 1Gi,", {"neededBytes": 1073741824}],
		[`container "a": Ray gets`, "shares, and keeps its object store on disk, in /tmp;", "sizeLimit 1Gi,", {"neededBytes": 1073741824}],
		[`container "a": GitLab gets`, "shares, and fails to write the metrics of Puma and Sidekiq (ENOSPC);", "sizeLimit 256Mi,", {"neededBytes": 268435456}],
		[`container "a": Aeron gets`, "shares, and dies of SIGBUS as it maps its buffers;", "sizeLimit 1Gi,", {"neededBytes": 1073741824}],
	}
}

# Parameter profiles.

_own := {"name": "Kdb", "image": `(^|/)kdb$`, "minSize": "4Gi"}

_own_finding(size, bytes, double) := {
	"msg": sprintf(`container "a": Kdb gets the runtime's /dev/shm of 64Mi, which the whole pod shares, and fails with ENOSPC or SIGBUS when that is full; mount an emptyDir with medium Memory at /dev/shm, sizeLimit %s, and set the container's memory limit to at least %s, because the volume is charged to it`, [size, double]),
	"details": {"level": "warn", "path": ["spec", "containers", 0, "volumeMounts"], "facts": {"neededBytes": bytes}},
}

test_own_profile_comes_on_top if {
	pod := _pod({"name": "a", "image": "example.com/kdb:4.1"})
	_with(pod, {}) == set()
	_with(pod, {"profiles": null}) == set()
	_with(pod, {"profiles": []}) == set()
	_with(pod, {"profiles": [_own]}) == {_own_finding("4Gi", 4294967296, "8Gi")}
	_with(_pod({"name": "a", "image": "postgres"}), {"profiles": [_own]}) == {_found(["spec", "containers", 0])}
}

test_own_profile_without_a_size if {
	pod := _pod({"name": "a", "image": "kdb"})
	every size in [null, "", "x", "0", "-1Gi", []] {
		_with(pod, {"profiles": [object.union(_own, {"minSize": size})]}) == {_own_finding("128Mi", 134217728, "256Mi")}
	}
	_with(pod, {"profiles": [object.remove(_own, ["minSize"])]}) == {_own_finding("128Mi", 134217728, "256Mi")}
}

test_own_profile_without_a_name if {
	got := _with(_pod({"name": "a", "image": "kdb"}), {"profiles": [object.remove(_own, ["name"])]})
	got == {object.union(finding, {"msg": replace(finding.msg, "Kdb", "its program")}) | some finding in {_own_finding("4Gi", 4294967296, "8Gi")}}
}

test_own_profile_with_signs if {
	profile := object.union(_own, {"args": "--shared ?[1-9]", "env": ["KDB_SHM", "KDB_SHARED"]})
	_with(_pod({"name": "a", "image": "kdb"}), {"profiles": [profile]}) == set()
	_with(_pod({"name": "a", "image": "kdb", "args": ["--shared", "0"], "env": [{"name": "OTHER", "value": "KDB_SHM"}]}), {"profiles": [profile]}) == set()
	_with(_pod({"name": "a", "image": "other", "args": ["--shared", "1"]}), {"profiles": [profile]}) == set()
	every container in [
		{"name": "a", "image": "kdb", "args": ["--shared", "1"]},
		{"name": "a", "image": "kdb", "command": ["q", "--shared"], "args": ["1"]},
		{"name": "a", "image": "kdb", "env": [{"name": "KDB_SHARED", "value": ""}]},
	] {
		_with(_pod(container), {"profiles": [profile]}) == {_own_finding("4Gi", 4294967296, "8Gi")}
	}
}

test_own_profile_with_one_kind_of_sign if {
	arguments := object.union(_own, {"args": "--shared", "env": []})
	environment := object.union(_own, {"args": null, "env": ["KDB_SHM"]})
	neither := object.union(_own, {"args": "", "env": null})
	some_args := _pod({"name": "a", "image": "kdb", "args": ["--shared"]})
	some_env := _pod({"name": "a", "image": "kdb", "env": [{"name": "KDB_SHM"}]})
	expected := {_own_finding("4Gi", 4294967296, "8Gi")}
	_with(some_args, {"profiles": [arguments]}) == expected
	_with(some_env, {"profiles": [arguments]}) == set()
	_with(some_args, {"profiles": [environment]}) == set()
	_with(some_env, {"profiles": [environment]}) == expected
	every profile in [neither, object.union(_own, {"args": null, "env": []})] {
		_with(_pod({"name": "a", "image": "kdb"}), {"profiles": [profile]}) == expected
	}
	unsaid := object.union(_own, {"args": "", "env": ["KDB_SHM"]})
	_with(some_args, {"profiles": [unsaid]}) == set()
}

test_own_profile_replaces_the_built_in_one_of_its_name if {
	pod := _pod({"name": "a", "image": "postgres"})
	_with(pod, {"profiles": [{"name": "PostgreSQL", "image": "^$"}]}) == set()
	_with(_pod({"name": "a", "image": "gitlab/gitlab-ce"}), {"profiles": [{"name": "PostgreSQL", "image": "^$"}]}) == _got(_pod({"name": "a", "image": "gitlab/gitlab-ce"}))
}

test_own_profile_is_preferred if {
	_with(_pod({"name": "a", "image": "postgres"}), {"profiles": [{"name": "Kdb", "image": "postgres", "minSize": "4Gi"}]}) == {_own_finding("4Gi", 4294967296, "8Gi")}
}

test_profiles_of_another_type_are_none if {
	pod := _pod({"name": "a", "image": "postgres"})
	every profiles in ["x", 1, {}, [null, 1, "x", [], {}], [{"name": "x", "image": 1}], [{"name": "x", "image": "("}]] {
		_with(pod, {"profiles": profiles}) == {_found(["spec", "containers", 0])}
	}
}

# Levels and operations.

test_levels if {
	pod := _pod({"name": "a", "image": "postgres"})
	_with(pod, {"levels": ["deny"]}) == set()
	_with(pod, {"levels": ["warn"]}) == {_found(["spec", "containers", 0])}
	_with(_labelled(pod, "1Gi"), {"levels": ["warn"]}) == set()
}

test_only_what_an_update_introduces if {
	old := _pod({"name": "a", "image": "postgres:16"})
	updated := _pod({"name": "a", "image": "postgres:17"})
	review := {"operation": "UPDATE", "object": updated, "oldObject": old}
	shm_volume_required.violation == set() with input as {"review": review}
	introduced := object.union(review, {"oldObject": _pod({"name": "a", "image": "nginx"})})
	shm_volume_required.violation == {_found(["spec", "containers", 0])} with input as {"review": introduced}
	raised := object.union(review, {"object": _labelled(updated, "1Gi")})
	shm_volume_required.violation == {_finding("deny", ["spec", "containers", 0, "volumeMounts"], `container "a"`, _bare)} with input as {"review": raised}
}

test_nothing_on_delete if {
	shm_volume_required.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _pod({"name": "a", "image": "postgres"})}}
}

test_specs_of_other_types_are_no_error if {
	every spec in [null, {}, [], "x", {"containers": null}, {"containers": {}}, {"containers": [null, 1, "x", []]}, {"containers": []}] {
		_got({"apiVersion": "v1", "kind": "Pod", "spec": spec}) == set()
	}
	_got(_pod({"image": "postgres"})) == {_finding("warn", ["spec", "containers", 0, "volumeMounts"], `container ""`, _bare)}
}
