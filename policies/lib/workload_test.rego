package lib.workload_test

import data.lib.workload

_spec := {"containers": [{"name": "web"}]}

_template := {"metadata": {"labels": {"app": "web"}}, "spec": _spec}

_objects := [
	{"path": [], "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"app": "web"}}, "spec": _spec}},
	{"path": ["template"], "object": {"apiVersion": "v1", "kind": "PodTemplate", "template": _template}},
	{"path": ["spec", "template"], "object": _controller("v1", "ReplicationController")},
	{"path": ["spec", "template"], "object": _controller("apps/v1", "Deployment")},
	{"path": ["spec", "template"], "object": _controller("apps/v1", "StatefulSet")},
	{"path": ["spec", "template"], "object": _controller("apps/v1", "DaemonSet")},
	{"path": ["spec", "template"], "object": _controller("apps/v1", "ReplicaSet")},
	{"path": ["spec", "template"], "object": _controller("extensions/v1beta1", "Deployment")},
	{"path": ["spec", "template"], "object": _controller("batch/v1", "Job")},
	{"path": ["spec", "jobTemplate", "spec", "template"], "object": {
		"apiVersion": "batch/v1",
		"kind": "CronJob",
		"spec": {"jobTemplate": {"spec": {"template": _template}}},
	}},
]

_controller(api_version, kind) := {"apiVersion": api_version, "kind": kind, "spec": {"template": _template}}

test_pods_of_every_kind if {
	got := [pods | some case in _objects; pods := workload.pods(case.object)]
	want := [[pod] |
		some case in _objects
		template := object.get(case.object, case.path, {})
		pod := {"path": array.concat(case.path, ["spec"]), "template": template, "spec": _spec, "namespace": ""}
	]
	got == want
	got == [pods | some case in _objects; pods := workload.built_in(case.object)]
}

test_namespace_of_pods if {
	got := [pod.namespace |
		some metadata in [{"namespace": "web"}, {"namespace": null}, {"namespace": 5}, {}, null]
		some pod in workload.pods({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": _spec})
	]
	got == ["web", "", "", "", ""]
}

# The shapes of a Rollout, of a PyTorchJob, of a RayCluster and of a spec without metadata.
test_pods_by_parameter if {
	paths := [
		{"group": "argoproj.io", "kind": "Rollout", "path": ["spec", "template", "spec"]},
		{"group": "kubeflow.org", "kind": "PyTorchJob", "path": ["spec", "pytorchReplicaSpecs", "*", "template", "spec"]},
		{"group": "ray.io", "kind": "RayCluster", "path": ["spec", "headGroupSpec", "template", "spec"]},
		{"group": "ray.io", "kind": "RayCluster", "path": ["spec", "workerGroupSpecs", "*", "template", "spec"]},
		{"group": "example.com", "kind": "Task", "path": ["podSpec"]},
	]
	replicas := {"Master": {"template": _template}, "Worker": {"template": _template}, "Other": null}
	objects := [
		{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"namespace": "web"}, "spec": {"template": _template}},
		{"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "spec": {"pytorchReplicaSpecs": replicas}},
		{"apiVersion": "ray.io/v1", "kind": "RayCluster", "spec": {"headGroupSpec": {"template": _template}, "workerGroupSpecs": [{"template": _template}, {"template": {"spec": null}}]}},
		{"apiVersion": "example.com/v1", "kind": "Task", "podSpec": _spec},
		{"apiVersion": "example.com/v1", "kind": "Rollout", "spec": {"template": _template}},
		{"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": {"template": _template}},
		{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "spec": {"workloadRef": {"kind": "Deployment"}}},
	]
	got := [pods | some object_ in objects; pods := workload.pods(object_)] with input.parameters as {"extraPodSpecPaths": paths}
	got == [
		[_pod(["spec", "template", "spec"], "web")],
		[_pod(["spec", "pytorchReplicaSpecs", "Master", "template", "spec"], ""), _pod(["spec", "pytorchReplicaSpecs", "Worker", "template", "spec"], "")],
		[_pod(["spec", "headGroupSpec", "template", "spec"], ""), _pod(["spec", "workerGroupSpecs", 0, "template", "spec"], "")],
		[{"path": ["podSpec"], "template": {}, "spec": _spec, "namespace": ""}],
		[],
		[],
		[],
	]
	every object_ in objects {
		workload.built_in(object_) == []
		workload.pods(object_) == []
	}
}

_pod(path, namespace) := {"path": path, "template": _template, "spec": _spec, "namespace": namespace}

test_pods_without_a_group if {
	got := [pods |
		some version in [null, 5, "v1"]
		pods := workload.pods({"apiVersion": version, "kind": "Pod", "spec": _spec})[0].spec
	]
	got == [_spec, _spec, _spec]
	workload.pods({"kind": "Pod", "spec": _spec})[0].spec == _spec
}

test_no_pods_in_other_kinds if {
	objects := [
		{},
		{"apiVersion": "v1", "kind": "Service", "spec": {"template": _template}},
		{"apiVersion": "apps/v1", "kind": "Pod", "spec": _spec},
		{"apiVersion": "v1", "kind": "Deployment", "spec": {"template": _template}},
		{"apiVersion": "batch/v1", "kind": "Deployment", "spec": {"template": _template}},
		{"apiVersion": "run.googleapis.com/v1", "kind": "RunService", "spec": {"template": _template}},
		{"apiVersion": "example.com/v1", "kind": "Pod", "spec": _spec},
		{"apiVersion": "v1", "kind": null, "spec": _spec},
	]
	got := {pods | some object_ in objects; pods := workload.pods(object_)}
	got == {[]}
}

test_no_pods_without_a_spec if {
	got := {pods |
		some spec in [null, "spec", [], 5]
		some object_ in [
			{"apiVersion": "v1", "kind": "Pod", "spec": spec},
			{"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec},
			{"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": spec}},
			{"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": spec}}},
			{"apiVersion": "v1", "kind": "Pod"},
		]
		pods := workload.pods(object_)
	}
	got == {[]}
}

test_no_windows_pods if {
	got := {pods |
		some extra in [{"os": {"name": "windows"}}, {"nodeSelector": {"kubernetes.io/os": "windows"}}]
		pods := workload.pods({"apiVersion": "v1", "kind": "Pod", "spec": object.union(_spec, extra)})
	}
	got == {[]}
}

test_linux_pods if {
	extras := [
		{"os": {"name": "linux"}},
		{"os": null},
		{"os": "windows"},
		{"nodeSelector": {"kubernetes.io/os": "linux"}},
		{"nodeSelector": {"kubernetes.io/arch": "windows"}},
		{"nodeSelector": null},
	]
	got := [extra |
		some extra in extras
		count(workload.pods({"apiVersion": "v1", "kind": "Pod", "spec": object.union(_spec, extra)})) == 1
	]
	got == extras
}

test_containers_in_the_order_of_start if {
	init := {"name": "prepare"}
	sidecar := {"name": "proxy", "restartPolicy": "Always"}
	web := {"name": "web"}
	debug := {"name": "debug"}
	pod := {
		"path": ["spec", "template", "spec"],
		"spec": {"containers": [web], "initContainers": [init, sidecar], "ephemeralContainers": [debug]},
	}
	workload.containers(pod) == [
		{
			"kind": "init",
			"name": "prepare",
			"title": "init container \"prepare\"",
			"path": ["spec", "template", "spec", "initContainers", 0],
			"spec": init,
		},
		{
			"kind": "sidecar",
			"name": "proxy",
			"title": "sidecar \"proxy\"",
			"path": ["spec", "template", "spec", "initContainers", 1],
			"spec": sidecar,
		},
		{
			"kind": "container",
			"name": "web",
			"title": "container \"web\"",
			"path": ["spec", "template", "spec", "containers", 0],
			"spec": web,
		},
		{
			"kind": "ephemeral",
			"name": "debug",
			"title": "ephemeral container \"debug\"",
			"path": ["spec", "template", "spec", "ephemeralContainers", 0],
			"spec": debug,
		},
	]
}

test_restart_policy_makes_a_sidecar_of_an_init_container_only if {
	pod := {"path": ["spec"], "spec": {
		"containers": [{"name": "a", "restartPolicy": "Always"}],
		"initContainers": [
			{"name": "b", "restartPolicy": "OnFailure"},
			{"name": "c", "restartPolicy": null},
			{"name": "d", "restartPolicy": "Always"},
		],
		"ephemeralContainers": [{"name": "e", "restartPolicy": "Always"}],
	}}
	got := {container.name: container.kind | some container in workload.containers(pod)}
	got == {"a": "container", "b": "init", "c": "init", "d": "sidecar", "e": "ephemeral"}
}

test_a_container_without_a_proper_name if {
	pod := {"path": ["spec"], "spec": {"containers": [{}, {"name": null}, {"name": 5}, {"name": ["web"]}]}}
	got := {[container.name, container.title] | some container in workload.containers(pod)}
	got == {["", "container \"\""]}
	count(workload.containers(pod)) == 4
}

test_what_is_no_container_is_passed_over if {
	web := {"name": "web"}
	pod := {"path": ["spec"], "spec": {
		"initContainers": null,
		"containers": [null, "web", 5, web],
		"ephemeralContainers": "debug",
	}}
	got := [[container.path, container.spec] | some container in workload.containers(pod)]
	got == [[["spec", "containers", 3], web]]
}

test_no_containers if {
	workload.containers({"path": ["spec"], "spec": {}}) == []
	workload.containers({"path": ["spec"], "spec": {"containers": []}}) == []
}

test_in_vm_by_default if {
	got := [class |
		some class in ["kata", "kata-qemu", "kata.clh", "gvisor", "runc", "nvidia", "my-kata", "gvisor2", "", null, 5]
		workload.in_vm({"spec": {"runtimeClassName": class}}) with input as {}
	]
	got == ["kata", "kata-qemu", "kata.clh", "gvisor"]
}

test_not_in_vm_without_a_runtime_class if {
	not workload.in_vm({"spec": {}}) with input as {}
}

test_in_vm_by_parameter if {
	parameters := {"vmRuntimeClasses": [null, "firecracker-*", 5]}
	got := [class |
		some class in ["kata", "firecracker-1", "firecracker"]
		workload.in_vm({"spec": {"runtimeClassName": class}}) with input as {"parameters": parameters}
	]
	got == ["firecracker-1"]
}

test_in_vm_of_no_class if {
	not workload.in_vm({"spec": {"runtimeClassName": "kata"}}) with input as {"parameters": {"vmRuntimeClasses": []}}
}
