package policies.mlock.ipc_lock_effective_test

import data.policies.mlock.ipc_lock_effective

_fails := "mlock beyond RLIMIT_MEMLOCK fails with ENOMEM"

_without := "remove IPC_LOCK and raise LimitMEMLOCK of the container runtime or disable locking"

_container(context) := {"name": "a", "image": "example.com/a:1", "securityContext": context}

_adding(context) := _container(object.union({"capabilities": {"add": ["IPC_LOCK"]}}, context))

_pod(container) := {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [container]}}

_got(object_) := got if {
	got := ipc_lock_effective.violation with input as {"review": {"object": object_}}
}

_with(object_, parameters) := got if {
	got := ipc_lock_effective.violation with input as {"review": {"object": object_}, "parameters": parameters}
}

_dropped(title, path) := {
	"msg": sprintf("%s: IPC_LOCK is added and dropped by name, and the runtime drops last, so %s; remove it from drop (ALL may stay there) or from add", [title, _fails]),
	"details": {"level": "deny", "path": array.concat(path, ["securityContext", "capabilities", "drop", 0]), "facts": {}},
}

_namespaced(title, path) := {
	"msg": sprintf("%s: IPC_LOCK is added, but with hostUsers false the kernel does not honour it for mlock, so %s; remove hostUsers, or %s", [title, _fails, _without]),
	"details": {"level": "deny", "path": path, "facts": {}},
}

_unprivileged(title, path, user, facts, more) := {
	"msg": sprintf("%s: IPC_LOCK is added, but %s gets it from a file capability of the program alone, and without one %s; run setcap cap_ipc_lock+ep on the program in the image and name that in parameter setcapImages%s, or have root run the program itself, not an entrypoint that drops to another user, or %s", [title, user, _fails, more, _without]),
	"details": {"level": "warn", "path": array.concat(path, ["securityContext", "capabilities", "add", 0]), "facts": facts},
}

_wrapped(user, facts, wrapper) := {
	"msg": sprintf(`container "a": IPC_LOCK is added, but %s runs %q first, and with allowPrivilegeEscalation false the program after it gains nothing from its file capability, so %s; execute the program without a wrapper, or have root run it itself, or %s`, [user, wrapper, _fails, _without]),
	"details": {"level": "warn", "path": array.concat(_path, ["securityContext", "capabilities", "add", 0]), "facts": facts},
}

_path := ["spec", "containers", 0]

_user_1000 := _unprivileged(`container "a"`, _path, "user 1000", {"runAsUser": 1000}, "")

_image_user := _unprivileged(`container "a"`, _path, "the image's user, not root by runAsNonRoot,", {}, "")

# Which users get the capability.

test_user_other_than_root if {
	every uid in [1000, 1000.0, 1e3] {
		_got(_pod(_adding({"runAsUser": uid}))) == {_user_1000}
	}
}

test_user_of_the_pod_counts_where_the_container_names_none if {
	pod := _pod(_adding({}))
	_got(object.union(pod, {"spec": {"securityContext": {"runAsUser": 1000}}})) == {_user_1000}
	_got(object.union(pod, {"spec": {"securityContext": {"runAsNonRoot": true}}})) == {_image_user}
	null_user := _pod(_adding({"runAsUser": null}))
	_got(object.union(null_user, {"spec": {"securityContext": {"runAsUser": 1000}}})) == {_user_1000}
}

test_user_of_the_container_wins if {
	root := _pod(_adding({"runAsUser": 0}))
	_got(object.union(root, {"spec": {"securityContext": {"runAsUser": 1000, "runAsNonRoot": true}}})) == set()
	other := _pod(_adding({"runAsUser": 1000}))
	_got(object.union(other, {"spec": {"securityContext": {"runAsUser": 0}}})) == {_user_1000}
	may_be_root := _pod(_adding({"runAsNonRoot": false}))
	_got(object.union(may_be_root, {"spec": {"securityContext": {"runAsNonRoot": true}}})) == set()
}

test_image_that_must_not_run_as_root if {
	_got(_pod(_adding({"runAsNonRoot": true}))) == {_image_user}
	every value in [false, null, "true", 1] {
		_got(_pod(_adding({"runAsNonRoot": value}))) == set()
	}
	_got(_pod(_adding({"runAsUser": 0, "runAsNonRoot": true}))) == set()
	_got(_pod(_adding({"runAsUser": 1000, "runAsNonRoot": true}))) == {_user_1000}
}

test_trap_user_that_only_the_image_knows if {
	_got(_pod(_adding({}))) == set()
	every uid in [null, "1000", [], {}] {
		_got(_pod(_adding({"runAsUser": uid}))) == set()
	}
	every context in [null, [], "x", {}, {"runAsUser": null}] {
		_got(object.union(_pod(_adding({})), {"spec": {"securityContext": context}})) == set()
	}
}

test_trap_no_ipc_lock_added if {
	every context in [
		null,
		[],
		"x",
		{"runAsUser": 1000},
		{"runAsUser": 1000, "capabilities": null},
		{"runAsUser": 1000, "capabilities": {"add": null}},
		{"runAsUser": 1000, "capabilities": {"add": ["NET_BIND_SERVICE"]}},
		{"runAsUser": 1000, "capabilities": {"add": ["ALL"]}},
		{"runAsUser": 1000, "capabilities": {"drop": ["IPC_LOCK"]}},
		{"runAsUser": 1000, "capabilities": {"add": ["CAP_IPC_LOCK"]}},
		{"runAsUser": 1000, "privileged": true},
	] {
		_got(_pod(_container(context))) == set()
	}
	_got(_pod({"name": "a"})) == set()
}

test_place_and_case_of_the_capability if {
	_got(_pod(_container({"runAsUser": 1000, "capabilities": {"add": ["SYS_RESOURCE", "ipc_lock"]}}))) == {json.patch(_user_1000, [{"op": "replace", "path": "/details/path/6", "value": 1}])}
	_got(_pod(_container({"runAsUser": 1000, "capabilities": {"add": ["IPC_LOCK", "IPC_LOCK"]}}))) == {_user_1000}
}

# Adds and drops.

test_added_and_dropped_by_name if {
	title := `container "a"`
	_got(_pod(_container({"capabilities": {"add": ["IPC_LOCK"], "drop": ["IPC_LOCK"]}}))) == {_dropped(title, _path)}
	_got(_pod(_container({"capabilities": {"add": ["ipc_lock"], "drop": ["Ipc_Lock", "IPC_LOCK"]}}))) == {_dropped(title, _path)}
	second := _dropped(title, _path)
	_got(_pod(_container({"capabilities": {"add": ["IPC_LOCK"], "drop": ["ALL", "IPC_LOCK"]}}))) == {json.patch(second, [{"op": "replace", "path": "/details/path/6", "value": 1}])}
}

test_trap_drop_all_keeps_what_is_added_by_name if {
	every drop in [["ALL"], ["all"], ["NET_RAW"], ["CAP_IPC_LOCK"], [], null] {
		_got(_pod(_container({"capabilities": {"add": ["IPC_LOCK"], "drop": drop}}))) == set()
	}
}

test_trap_privileged_ignores_drops if {
	_got(_pod(_container({"privileged": true, "capabilities": {"add": ["IPC_LOCK"], "drop": ["IPC_LOCK"]}}))) == set()
	_got(_pod(_adding({"privileged": true, "runAsUser": 1000}))) == {_user_1000}
}

test_each_cause_is_reported if {
	_got(_pod(_container({"runAsUser": 1000, "capabilities": {"add": ["IPC_LOCK"], "drop": ["IPC_LOCK"]}}))) == {_dropped(`container "a"`, _path), _user_1000}
}

# User namespaces.

test_user_namespace_is_the_whole_cause if {
	every context in [{}, {"runAsUser": 0}, {"runAsUser": 1000}, {"privileged": true}] {
		_got(object.union(_pod(_adding(context)), {"spec": {"hostUsers": false}})) == {_namespaced(`container "a"`, ["spec", "hostUsers"])}
	}
	dropping := _pod(_container({"capabilities": {"add": ["IPC_LOCK"], "drop": ["IPC_LOCK"]}}))
	_got(object.union(dropping, {"spec": {"hostUsers": false}})) == {_namespaced(`container "a"`, ["spec", "hostUsers"]), _dropped(`container "a"`, _path)}
	every value in [true, null, "false", 0] {
		_got(object.union(_pod(_adding({"runAsUser": 1000})), {"spec": {"hostUsers": value}})) == {_user_1000}
		_got(object.union(_pod(_adding({})), {"spec": {"hostUsers": value}})) == set()
	}
	_got(object.union(_pod(_container({})), {"spec": {"hostUsers": false}})) == set()
}

# File capabilities.

test_image_with_the_file_capability if {
	pod := _pod(_adding({"runAsUser": 1000}))
	every patterns in [["*/a"], ["example.com/a"], ["x", "a"]] {
		_with(pod, {"setcapImages": patterns}) == set()
	}
	every patterns in [null, [], ["b"], [null, 1], "a", {}] {
		_with(pod, {"setcapImages": patterns}) == {_user_1000}
	}
	_with(json.remove(pod, ["spec/containers/0/image"]), {"setcapImages": ["*"]}) == {_user_1000}
	_with(_pod(_container({"capabilities": {"add": ["IPC_LOCK"], "drop": ["IPC_LOCK"]}})), {"setcapImages": ["a"]}) == {_dropped(`container "a"`, _path)}
}

_wrapping(context, command) := _pod(object.union(_adding(context), {"command": command}))

_confined := {"runAsUser": 1000, "allowPrivilegeEscalation": false}

test_wrapper_voids_the_file_capability if {
	every wrapper in ["sh", "bash", "ash", "dash", "tini", "dumb-init", "docker-entrypoint.sh", "su-exec", "gosu"] {
		every command in [[wrapper], [concat("/", ["/usr/bin", wrapper]), "-c", "exec a"]] {
			_with(_wrapping(_confined, command), {"setcapImages": ["a"]}) == {_wrapped("user 1000", {"runAsUser": 1000}, wrapper)}
		}
	}
	_with(_wrapping({"runAsNonRoot": true, "allowPrivilegeEscalation": false}, ["sh"]), {"setcapImages": ["a"]}) == {_wrapped("the image's user, not root by runAsNonRoot,", {}, "sh")}
}

test_trap_wrapper_without_harm if {
	every pod in [
		_wrapping({"runAsUser": 1000}, ["sh"]),
		_wrapping({"runAsUser": 1000, "allowPrivilegeEscalation": true}, ["sh"]),
		_wrapping({"runAsUser": 1000, "allowPrivilegeEscalation": null}, ["sh"]),
		_wrapping({"runAsUser": 0, "allowPrivilegeEscalation": false}, ["sh"]),
		_wrapping({"allowPrivilegeEscalation": false}, ["sh"]),
		_wrapping(_confined, ["/a", "sh"]),
		_wrapping(_confined, ["/bin/sh/a"]),
		_wrapping(_confined, []),
		_wrapping(_confined, null),
		_wrapping(_confined, "sh"),
		_wrapping(_confined, [null]),
		_wrapping(_confined, [["sh"]]),
		_pod(_adding(_confined)),
	] {
		_with(pod, {"setcapImages": ["a"]}) == set()
	}
}

test_wrappers_are_those_of_the_parameter if {
	pod := _wrapping(_confined, ["/init"])
	_with(pod, {"setcapImages": ["a"]}) == set()
	_with(pod, {"setcapImages": ["a"], "wrapperCommands": ["init"]}) == {_wrapped("user 1000", {"runAsUser": 1000}, "init")}
	every wrappers in [[], "sh", ["init", 1]] {
		_with(_wrapping(_confined, ["sh"]), {"setcapImages": ["a"], "wrapperCommands": wrappers}) == set()
	}
	_with(_wrapping(_confined, ["sh"]), {"setcapImages": ["a"], "wrapperCommands": null}) == {_wrapped("user 1000", {"runAsUser": 1000}, "sh")}
}

# As in the vault chart: setcap alone would not help behind a shell.
test_advice_names_the_wrapper if {
	_got(_wrapping(_confined, ["/bin/sh", "-ec"])) == {_unprivileged(`container "a"`, _path, "user 1000", {"runAsUser": 1000}, `, and execute it without "sh", behind which allowPrivilegeEscalation false voids it`)}
	_got(_wrapping({"runAsUser": 1000}, ["/bin/sh", "-ec"])) == {_user_1000}
}

test_trap_memlock_limit_of_the_container if {
	_got(_pod(_adding({"runAsUser": 1000, "ulimits": [{"name": "nofile"}, {"name": "memlock", "soft": -1, "hard": -1}]}))) == set()
	every ulimits in [null, [], {}, "memlock", [{"name": "nofile"}], [null]] {
		_got(_pod(_adding({"runAsUser": 1000, "ulimits": ulimits}))) == {_user_1000}
	}
}

# Containers, workloads, runtimes.

test_all_containers_are_judged if {
	context := {"runAsUser": 1000, "capabilities": {"add": ["IPC_LOCK"]}}
	_got({"apiVersion": "v1", "kind": "Pod", "spec": {
		"initContainers": [
			{"name": "i", "securityContext": context},
			{"name": "s", "restartPolicy": "Always", "securityContext": context},
		],
		"containers": [{"name": "x"}, {"name": "c", "securityContext": context}],
		"ephemeralContainers": [{"name": "e", "securityContext": context}],
	}}) == {
		_unprivileged(`init container "i"`, ["spec", "initContainers", 0], "user 1000", {"runAsUser": 1000}, ""),
		_unprivileged(`sidecar "s"`, ["spec", "initContainers", 1], "user 1000", {"runAsUser": 1000}, ""),
		_unprivileged(`container "c"`, ["spec", "containers", 1], "user 1000", {"runAsUser": 1000}, ""),
		_unprivileged(`ephemeral container "e"`, ["spec", "ephemeralContainers", 0], "user 1000", {"runAsUser": 1000}, ""),
	}
}

test_every_kind_of_workload if {
	template := {"spec": object.union({"hostUsers": false}, {"containers": [_adding({})]})}
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
		_got(object_) == {_namespaced(`container "a"`, array.concat(row.path, ["spec", "hostUsers"]))}
	}
}

test_windows_and_virtual_machines_are_not_judged if {
	pod := _pod(_adding({"runAsUser": 1000}))
	_got(object.union(pod, {"spec": {"os": {"name": "windows"}}})) == set()
	_got(object.union(pod, {"spec": {"runtimeClassName": "kata-qemu"}})) == set()
	_got(object.union(pod, {"spec": {"runtimeClassName": "runc"}})) == {_user_1000}
	_with(object.union(pod, {"spec": {"runtimeClassName": "runc"}}), {"vmRuntimeClasses": ["runc"]}) == set()
	_with(object.union(pod, {"spec": {"runtimeClassName": "gvisor"}}), {"vmRuntimeClasses": []}) == {_user_1000}
}

test_levels if {
	pod := _pod(_container({"runAsUser": 1000, "capabilities": {"add": ["IPC_LOCK"], "drop": ["IPC_LOCK"]}}))
	_with(pod, {}) == {_dropped(`container "a"`, _path), _user_1000}
	_with(pod, {"levels": ["deny"]}) == {_dropped(`container "a"`, _path)}
	_with(pod, {"levels": ["warn"]}) == {_user_1000}
}

test_only_what_an_update_introduces if {
	old := _pod(_adding({"runAsUser": 1000}))
	object_ := object.union(old, {"metadata": {"finalizers": ["x"]}})
	ipc_lock_effective.violation == set() with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": old}}
	ipc_lock_effective.violation == {_user_1000} with input as {"review": {"operation": "UPDATE", "object": object_, "oldObject": _pod(_container({}))}}
}

test_nothing_on_delete if {
	ipc_lock_effective.violation == set() with input as {"review": {"operation": "DELETE", "object": null, "oldObject": _pod(_adding({"runAsUser": 1000}))}}
}

test_specs_of_other_types_are_no_error if {
	every spec in [null, {}, [], "x", {"containers": null}, {"containers": {}}, {"containers": [null, 1, "x", []]}] {
		_got({"apiVersion": "v1", "kind": "Pod", "spec": spec}) == set()
	}
}
