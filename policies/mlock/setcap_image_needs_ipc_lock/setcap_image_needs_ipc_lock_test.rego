package policies.mlock.setcap_image_needs_ipc_lock_test

import data.policies.mlock.setcap_image_needs_ipc_lock as rule

_vault := {"name": "a", "image": "hashicorp/vault:2.0.1"}

_pod(container) := {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [container]}}

_of(reference) := _pod({"name": "a", "image": reference})

_running(command) := _pod(object.union(_vault, {"command": command}))

_listing(capabilities) := _pod(object.union(_vault, {"securityContext": {"capabilities": capabilities}}))

_got(object_) := got if {
	got := rule.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := rule.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_violation(title, path, reference, fix) := {
	"msg": sprintf("%s: the program of image %q carries cap_ipc_lock+ep, and in a container without IPC_LOCK the kernel refuses to execute it (operation not permitted), whatever disable_mlock or SKIP_SETCAP say; %s, or use a release without the file capability", [title, reference, fix]),
	"details": {"level": "deny", "path": path, "facts": {}},
}

_lacking(title, path) := _violation(title, array.concat(path, ["securityContext", "capabilities", "add"]), "hashicorp/vault:2.0.1", "add IPC_LOCK to capabilities.add")

_denied := _lacking("container \"a\"", ["spec", "containers", 0])

_denied_image(reference) := _violation("container \"a\"", ["spec", "containers", 0, "securityContext", "capabilities", "add"], reference, "add IPC_LOCK to capabilities.add")

_dropping(index) := _violation("container \"a\"", ["spec", "containers", 0, "securityContext", "capabilities", "drop", index], "hashicorp/vault:2.0.1", "take IPC_LOCK out of drop and have it in add")

# Images.

test_releases_with_the_file_capability if {
	every reference in [
		"hashicorp/vault:1.19.17",
		"hashicorp/vault:1.21.6",
		"hashicorp/vault:2.0.1",
		"docker.io/hashicorp/vault:2.0.1",
		"mirror.example:5000/hub/hashicorp/vault:2.0.1",
		"registry.connect.redhat.com/hashicorp/vault:2.0.1-ubi",
		"hashicorp/vault:v2.0.1",
		"hashicorp/vault-enterprise:1.19.17-ent",
		"hashicorp/vault-enterprise:1.21.6-ent.hsm",
		"hashicorp/vault-enterprise:2.0.1-ent",
		"hashicorp/boundary:0.21.3",
		"hashicorp/boundary:0.22.0",
		"hashicorp/boundary:1.0.0",
	] {
		_got(_of(reference)) == {_denied_image(reference)}
	}
}

test_trap_releases_without_it if {
	every reference in [
		"hashicorp/vault:2.0.0",
		"hashicorp/vault:2.0.2",
		"hashicorp/vault:2.0.4",
		"hashicorp/vault:2.0.10",
		"hashicorp/vault:1.21.5",
		"hashicorp/vault:1.21.7",
		"hashicorp/vault:1.20.11",
		"hashicorp/vault:1.19.16",
		"hashicorp/vault:1.19.18",
		"hashicorp/boundary:0.21.2",
		"hashicorp/boundary:0.9.9",
	] {
		_got(_of(reference)) == set()
	}
}

test_trap_what_no_tag_tells if {
	every reference in [
		"hashicorp/vault",
		"hashicorp/vault:latest",
		"hashicorp/vault:2.0",
		"hashicorp/vault:2",
		"hashicorp/vault@sha256:ab12",
		"hashicorp/vault:2.0.1@sha256:ab12",
		"hashicorp/boundary",
		"hashicorp/boundary:latest",
		"hashicorp/boundary:0.22",
	] {
		_got(_of(reference)) == set()
	}
}

test_trap_other_images if {
	every reference in [
		"vault:2.0.1",
		"bitnami/vault:2.0.1",
		"hashicorp/vault-k8s:2.0.1",
		"hashicorp/vault-secrets-operator:2.0.1",
		"openbao/openbao:2.0.1",
		"cgr.dev/chainguard/vault:2.0.1",
		"hashicorp/consul:2.0.1",
		"",
		null,
		1,
		["hashicorp/vault:2.0.1"],
	] {
		_got(_of(reference)) == set()
	}
	_got(_pod({"name": "a"})) == set()
}

# Capabilities.

test_without_ipc_lock if {
	every capabilities in [null, {}, {"add": null}, {"add": []}, {"add": ["NET_ADMIN"]}, {"add": ["CAP_IPC_LOCK"]}, {"drop": ["ALL"]}, {"add": ["ALL"], "drop": ["ALL"]}] {
		_got(_listing(capabilities)) == {_denied}
	}
	every context in [null, [], "x", {}, {"privileged": false}, {"allowPrivilegeEscalation": false, "runAsUser": 100}, {"runAsUser": 0}] {
		_got(_pod(object.union(_vault, {"securityContext": context}))) == {_denied}
	}
}

test_dropped_by_name if {
	_got(_listing({"add": ["IPC_LOCK"], "drop": ["ALL", "IPC_LOCK"]})) == {_dropping(1)}
	_got(_listing({"add": ["ALL"], "drop": ["ipc_lock", "IPC_LOCK"]})) == {_dropping(0)}
	_got(_listing({"drop": ["IPC_LOCK"]})) == {_dropping(0)}
}

test_trap_with_ipc_lock if {
	every capabilities in [{"add": ["IPC_LOCK"]}, {"add": ["ipc_lock"]}, {"add": ["ALL"]}, {"add": ["IPC_LOCK"], "drop": ["ALL"]}] {
		_got(_listing(capabilities)) == set()
	}
	_got(_pod(object.union(_vault, {"securityContext": {"privileged": true, "capabilities": {"drop": ["ALL"]}}}))) == set()
}

# Commands.

test_settings_of_the_program_do_not_help if {
	env := [{"name": "SKIP_SETCAP", "value": "true"}, {"name": "VAULT_DISABLE_MLOCK", "value": "true"}]
	_got(_pod(object.union(_vault, {"env": env, "args": ["server", "-dev"]}))) == {_denied}
}

test_commands_that_execute_the_program if {
	every command in [
		null,
		[],
		"sleep infinity",
		[1],
		["vault"],
		["vault", "server"],
		["/bin/vault", "agent"],
		["/usr/local/bin/vault"],
		["/bin/sh", "-ec", "exec vault status"],
		["sh", "-c", "while true; do\nvault status\nsleep 5; done"],
		["sh", "-c", "TOKEN=$(vault write auth/kubernetes/login)"],
		["sh", "-c", "cp -r /x /vault/y; vault server"],
		["sh", "-c", "cp /x /bin/vault && /bin/vault server"],
	] {
		_got(_running(command)) == {_denied}
	}
	in_args := object.union(_vault, {"command": ["/bin/sh", "-ec"], "args": [1, "cp /vault/config/x.hcl /tmp/y.hcl;\n/usr/local/bin/docker-entrypoint.sh vault server -config=/tmp/y.hcl\n"]})
	_got(_pod(in_args)) == {_denied}
	enterprise := {"name": "a", "image": "hashicorp/vault-enterprise:2.0.1-ent", "command": ["vault", "server"]}
	_got(_pod(enterprise)) == {_denied_image("hashicorp/vault-enterprise:2.0.1-ent")}
}

test_trap_commands_that_do_something_else if {
	every command in [
		["sleep", "infinity"],
		["chown", "-R", "100:1000", "/vault/data"],
		["sh", "-c", "mkdir /home/vault && ls -l /vault "],
		["sh", "-c", "cp /bin/vault /tools/"],
		["cp", "-a", "-v", "/bin/vault", "/tools/"],
		["sh", "-c", "setcap cap_ipc_lock=-ep /bin/vault && vault server"],
		["sh", "-c", "curl --role=vault http://x:8200"],
		["/my-vault", "x"],
		["devault"],
	] {
		_got(_running(command)) == set()
	}
}

# Parameters.

test_no_parameters if {
	got := {violations |
		some in_ in [
			{"review": {"object": _pod(_vault)}},
			{"review": {"object": _pod(_vault)}, "parameters": null},
			{"review": {"object": _pod(_vault)}, "parameters": {}},
			{"review": {"object": _pod(_vault)}, "parameters": {"fileCapImages": null, "levels": null, "vmRuntimeClasses": null}},
		]
		violations := rule.violation with input as in_
	}
	got == {{_denied}}
}

test_file_cap_images if {
	every reference in ["registry.example/varnish-setcap", "registry.example/varnish-setcap:7.6", "varnish-setcap:latest"] {
		_with(_of(reference), {"fileCapImages": [null, 1, "varnish-*"]}) == {_denied_image(reference)}
	}
	varnish := {"name": "a", "image": "varnish-setcap:7.6", "command": ["varnishd", "-F"]}
	_with(_pod(varnish), {"fileCapImages": ["varnish-setcap"]}) == {_denied_image("varnish-setcap:7.6")}
	every entries in [[], ["varnish"], ["varnish-setcap:7.7"], ["varnish-setcap:>7.6"], ["varnish-setcap:>x"], {}, "varnish-setcap"] {
		_with(_pod(varnish), {"fileCapImages": entries}) == set()
	}
	_with(_of("varnish-setcap@sha256:ab12"), {"fileCapImages": ["varnish-setcap"]}) == set()
	_with(_pod(_vault), {"fileCapImages": ["hashicorp/vault:>2.0.0"]}) == {_denied}
}

test_levels if {
	_with(_pod(_vault), {"levels": ["deny"]}) == {_denied}
	_with(_pod(_vault), {"levels": ["warn"]}) == set()
}

test_vm_runtime_classes if {
	pod := object.union(_pod(_vault), {"spec": {"runtimeClassName": "kata-qemu"}})
	_got(pod) == set()
	_with(pod, {"vmRuntimeClasses": []}) == {_denied}
	_got(object.union(pod, {"spec": {"runtimeClassName": "runc"}})) == {_denied}
	_got(object.union(pod, {"spec": {"runtimeClassName": null}})) == {_denied}
}

# Objects.

test_all_containers_are_judged if {
	_got({"apiVersion": "v1", "kind": "Pod", "spec": {
		"initContainers": [
			{"name": "i", "image": "hashicorp/vault:2.0.1"},
			{"name": "s", "image": "hashicorp/vault:2.0.1", "restartPolicy": "Always"},
		],
		"containers": [null, {"name": "x", "image": "nginx"}, {"name": "c", "image": "hashicorp/vault:2.0.1"}],
		"ephemeralContainers": [{"name": "e", "image": "hashicorp/vault:2.0.1"}],
	}}) == {
		_lacking("init container \"i\"", ["spec", "initContainers", 0]),
		_lacking("sidecar \"s\"", ["spec", "initContainers", 1]),
		_lacking("container \"c\"", ["spec", "containers", 2]),
		_lacking("ephemeral container \"e\"", ["spec", "ephemeralContainers", 0]),
	}
}

test_every_kind_of_workload if {
	template := {"spec": {"containers": [_vault]}}
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
		_got(object_) == {_lacking("container \"a\"", array.concat(row.path, ["spec", "containers", 0]))}
	}
}

test_windows_pods_are_not_judged if {
	_got(object.union(_pod(_vault), {"spec": {"nodeSelector": {"kubernetes.io/os": "windows"}}})) == set()
}

test_specs_of_other_types_are_no_error if {
	every spec in [null, {}, [], "x", {"containers": null}, {"containers": {}}, {"containers": [null, 1, "x", []]}] {
		_got({"apiVersion": "v1", "kind": "Pod", "spec": spec}) == set()
	}
}

test_only_what_an_update_introduces if {
	old := _pod(_vault)
	object_ := object.union(old, {"metadata": {"finalizers": ["x"]}})
	rule.violation == set() with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": old}}
	rule.violation == {_denied} with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": _of("hashicorp/vault:2.0.0")}}
}

test_nothing_on_delete if {
	rule.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _pod(_vault)}}
}
