package policies.mlock.ipc_lock_namespace_psa_test

import data.policies.mlock.ipc_lock_namespace_psa

_adding := {"securityContext": {"capabilities": {"add": ["IPC_LOCK"]}}}

_container := object.union({"name": "a", "image": "docker.io/library/varnish:7.6"}, _adding)

_template(fields) := {"spec": {"containers": [object.union({"name": "a", "image": "docker.io/library/varnish:7.6"}, fields)]}}

_deployment(fields) := {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": _template(fields)}}

_pod := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [_container]}}

_labelled(name, level) := {
	"apiVersion": "v1",
	"kind": "Namespace",
	"metadata": {"name": name, "labels": {"pod-security.kubernetes.io/enforce": level}},
}

_review(object_, namespace) := {"object": object_, "namespaceObject": namespace}

_got(object_, namespace) := got if {
	got := ipc_lock_namespace_psa.violation with input as {"review": _review(object_, namespace)}
}

_with(object_, namespace, parameters) := got if {
	got := ipc_lock_namespace_psa.violation with input as {"review": _review(object_, namespace), "parameters": parameters}
}

_refused(title, path, level, effect) := {
	"msg": sprintf("%s: IPC_LOCK is added, but namespace \"shop\" enforces Pod Security level %q, which refuses every pod that adds it%s; use a namespace that enforces privileged and impose the rest of baseline there by other policies, or remove IPC_LOCK and disable locking", [title, level, effect]),
	"details": {"level": "warn", "path": array.concat(path, ["securityContext", "capabilities", "add", 0]), "facts": {}},
}

_effect(kind) := sprintf(", so this %s is accepted and gets none, and only FailedCreate events tell", [kind])

_deployed(level) := _refused(`container "a"`, ["spec", "template", "spec", "containers", 0], level, _effect("Deployment"))

_tightened(level) := {
	"msg": sprintf("namespace \"vault\" is there for pods with IPC_LOCK, but enforces Pod Security level %q, which refuses them as soon as they are created anew; set the label to privileged and impose the rest of baseline by other policies", [level]),
	"details": {"level": "warn", "path": ["metadata", "labels", "pod-security.kubernetes.io/enforce"], "facts": {}},
}

# Workloads.

test_levels_that_refuse_the_capability if {
	every level in ["baseline", "restricted"] {
		_got(_deployment(_adding), _labelled("shop", level)) == {_deployed(level)}
	}
	every level in ["privileged", "", "Baseline", "baseline ", null, 1, ["baseline"], {}] {
		_got(_deployment(_adding), _labelled("shop", level)) == set()
	}
}

# Older versions of Gatekeeper, and gator, hand none to the rule.
test_trap_namespace_that_is_not_known if {
	every namespace in [
		null,
		{},
		[],
		"shop",
		{"metadata": null},
		{"metadata": {"name": "shop"}},
		{"metadata": {"name": "shop", "labels": null}},
		{"metadata": {"name": "shop", "labels": {}}},
		{"metadata": {"name": "shop", "labels": ["baseline"]}},
		{"metadata": {"name": "shop", "labels": {"pod-security.kubernetes.io/warn": "baseline"}}},
		{"metadata": {"name": "shop", "annotations": {"pod-security.kubernetes.io/enforce": "baseline"}}},
	] {
		_got(_deployment(_adding), namespace) == set()
	}
	got := ipc_lock_namespace_psa.violation with input as {"review": {"object": _deployment(_adding)}}
	got == set()
}

test_trap_other_capabilities_and_drops if {
	namespace := _labelled("shop", "baseline")
	every context in [
		null,
		[],
		"x",
		{},
		{"capabilities": null},
		{"capabilities": {"add": null}},
		{"capabilities": {"add": []}},
		{"capabilities": {"add": ["NET_BIND_SERVICE", "SYS_ADMIN", "ALL", "CAP_IPC_LOCK", null, 1]}},
		{"capabilities": {"drop": ["IPC_LOCK"]}},
		{"privileged": true},
	] {
		_got(_deployment({"securityContext": context}), namespace) == set()
	}
}

# Pod Security admission reads the list of additions alone, and capitals.
test_what_is_refused_whatever_else_is_written if {
	namespace := _labelled("shop", "baseline")
	every context in [
		{"capabilities": {"add": ["IPC_LOCK", "IPC_LOCK"], "drop": ["ALL", "IPC_LOCK"]}},
		{"capabilities": {"add": ["ipc_lock"]}},
		{"capabilities": {"add": ["IPC_LOCK"]}, "privileged": true},
	] {
		_got(_deployment({"securityContext": context}), namespace) == {_deployed("baseline")}
	}
	second := _deployment({"securityContext": {"capabilities": {"add": ["CHOWN", "IPC_LOCK"]}}})
	_got(second, namespace) == {json.patch(_deployed("baseline"), [{"op": "replace", "path": "/details/path/8", "value": 1}])}
	in_user_namespace := json.patch(_deployment(_adding), [{"op": "add", "path": "/spec/template/spec/hostUsers", "value": false}])
	_got(in_user_namespace, namespace) == {_deployed("baseline")}
}

test_images_that_are_exempt if {
	namespace := _labelled("shop", "baseline")
	every patterns in [["*/varnish"], ["x", "varnish"], ["docker.io/library/varnish"]] {
		_with(_deployment(_adding), namespace, {"allowedImages": patterns}) == set()
	}
	every patterns in [null, [], ["vault"], [null, 1], "varnish", {}] {
		_with(_deployment(_adding), namespace, {"allowedImages": patterns}) == {_deployed("baseline")}
	}
	_with(_deployment(object.union(_adding, {"image": null})), namespace, {"allowedImages": ["*"]}) == {_deployed("baseline")}
}

test_all_containers if {
	_got(
		{"apiVersion": "v1", "kind": "Pod", "spec": {
			"initContainers": [
				object.union({"name": "i"}, _adding),
				object.union({"name": "s", "restartPolicy": "Always"}, _adding),
			],
			"containers": [{"name": "x"}, object.union({"name": "c"}, _adding)],
			"ephemeralContainers": [object.union({"name": "e"}, _adding)],
		}},
		_labelled("shop", "restricted"),
	) == {
		_refused(`init container "i"`, ["spec", "initContainers", 0], "restricted", ""),
		_refused(`sidecar "s"`, ["spec", "initContainers", 1], "restricted", ""),
		_refused(`container "c"`, ["spec", "containers", 1], "restricted", ""),
		_refused(`ephemeral container "e"`, ["spec", "ephemeralContainers", 0], "restricted", ""),
	}
}

test_every_kind_of_workload if {
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
			[{"op": "add", "path": row.path, "value": _template(_adding)}],
		)
		path := array.concat(row.path, ["spec", "containers", 0])
		_got(object_, _labelled("shop", "baseline")) == {_refused(`container "a"`, path, "baseline", _effect(row.kind))}
	}
}

_refused_pod := _refused(`container "a"`, ["spec", "containers", 0], "baseline", "")

# It has passed Pod Security admission, so an exemption holds for it.
test_trap_pod_under_admission_is_exempt if {
	namespace := _labelled("shop", "baseline")
	every operation in ["CREATE", "UPDATE", "CONNECT"] {
		review := object.union(_review(_pod, namespace), {"operation": operation})
		ipc_lock_namespace_psa.violation == set() with input as {"review": review}
	}
	every review in [_review(_pod, namespace), object.union(_review(_pod, namespace), {"operation": ""})] {
		ipc_lock_namespace_psa.violation == {_refused_pod} with input as {"review": review}
	}
	created := object.union(_review(_deployment(_adding), namespace), {"operation": "CREATE"})
	ipc_lock_namespace_psa.violation == {_deployed("baseline")} with input as {"review": created}
}

test_windows_pods_have_no_capabilities if {
	windows := json.patch(_deployment(_adding), [{"op": "add", "path": "/spec/template/spec/os", "value": {"name": "windows"}}])
	_got(windows, _labelled("shop", "baseline")) == set()
}

# Namespaces.

test_namespace_that_refuses_what_it_is_there_for if {
	every level in ["baseline", "restricted"] {
		every patterns in [["vault"], ["x", "va*"]] {
			_with(_labelled("vault", level), {}, {"allowedNamespaces": patterns}) == {_tightened(level)}
		}
	}
	every level in ["privileged", null, 1] {
		_with(_labelled("vault", level), {}, {"allowedNamespaces": ["vault"]}) == set()
	}
	unlabelled := {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "vault"}}
	_with(unlabelled, {}, {"allowedNamespaces": ["vault"]}) == set()
}

test_trap_namespaces_that_nobody_listed if {
	namespace := _labelled("vault", "restricted")
	_got(namespace, {}) == set()
	every patterns in [null, [], ["shop", "Vault", "vaul"], [null, 1], "vault", {}] {
		_with(namespace, {}, {"allowedNamespaces": patterns}) == set()
	}
	every name in [null, 1, ["vault"]] {
		_with(_labelled(name, "baseline"), {}, {"allowedNamespaces": ["*"]}) == set()
	}
}

test_kinds_that_only_look_like_namespaces if {
	every kind in [{"kind": "Project"}, {"apiVersion": "example.com/v1"}] {
		object_ := object.union(_labelled("vault", "baseline"), kind)
		_with(object_, {}, {"allowedNamespaces": ["*"]}) == set()
	}
}

test_allowed_namespaces_do_not_change_what_is_refused if {
	_with(_deployment(_adding), _labelled("shop", "baseline"), {"allowedNamespaces": ["shop"]}) == {_deployed("baseline")}
}

# Reviews.

test_levels if {
	namespace := _labelled("shop", "baseline")
	_with(_deployment(_adding), namespace, {}) == {_deployed("baseline")}
	_with(_deployment(_adding), namespace, {"levels": null, "allowedImages": null}) == {_deployed("baseline")}
	_with(_deployment(_adding), namespace, {"levels": ["warn"]}) == {_deployed("baseline")}
	_with(_deployment(_adding), namespace, {"levels": ["deny"]}) == set()
}

test_only_what_an_update_introduces if {
	namespace := _labelled("shop", "baseline")
	update := {"operation": "UPDATE", "object": _deployment(_adding), "namespaceObject": namespace}
	ipc_lock_namespace_psa.violation == set() with input as {"review": object.union(update, {"oldObject": _deployment(_adding)})}
	ipc_lock_namespace_psa.violation == {_deployed("baseline")} with input as {"review": object.union(update, {"oldObject": _deployment({})})}
}

test_label_that_an_update_tightens if {
	parameters := {"allowedNamespaces": ["vault"]}
	got := {old: violations |
		some old in ["privileged", "baseline", "restricted"]
		review := {"operation": "UPDATE", "object": _labelled("vault", "restricted"), "oldObject": _labelled("vault", old)}
		violations := ipc_lock_namespace_psa.violation with input as {"review": review, "parameters": parameters}
	}
	got == {"privileged": {_tightened("restricted")}, "baseline": {_tightened("restricted")}, "restricted": set()}
}

test_nothing_on_delete if {
	review := {"operation": "DELETE", "object": null, "oldObject": _deployment(_adding), "namespaceObject": _labelled("shop", "baseline")}
	ipc_lock_namespace_psa.violation == set() with input as {"review": review}
}

test_objects_of_other_types_are_no_error if {
	namespace := _labelled("shop", "baseline")
	every spec in [null, {}, [], "x", {"containers": null}, {"containers": {}}, {"containers": [null, 1, "x", []]}] {
		_got({"apiVersion": "v1", "kind": "Pod", "spec": spec}, namespace) == set()
	}
	every object_ in [null, {}, {"kind": "Namespace"}, {"apiVersion": "v1", "kind": "Namespace", "metadata": null}] {
		_with(object_, namespace, {"allowedNamespaces": ["*"]}) == set()
	}
}
