package lib.memory_test

import data.lib.memory

_mebi := 1048576

_limited(name, limit) := {"name": name, "resources": {"limits": {"memory": limit}}}

_sidecar(name, limit) := object.union(_limited(name, limit), {"restartPolicy": "Always"})

_pod(spec) := {"path": ["spec"], "spec": spec}

_container(spec) := {"kind": "container", "name": "web", "title": "container \"web\"", "path": ["spec", "containers", 0], "spec": spec}

# What nobody would call a limit: no key, no value, no map, or zero.
_absent := [
	{"name": "web"},
	{"name": "web", "resources": null},
	{"name": "web", "resources": {}},
	{"name": "web", "resources": "512Mi"},
	{"name": "web", "resources": {"limits": null}},
	{"name": "web", "resources": {"limits": {}}},
	{"name": "web", "resources": {"limits": ["memory"]}},
	{"name": "web", "resources": {"limits": {"cpu": "1"}, "requests": {"memory": "512Mi"}}},
	{"name": "web", "resources": {"limits": {"memory": null}}},
	{"name": "web", "resources": {"limits": {"memory": "0"}}},
	{"name": "web", "resources": {"limits": {"memory": 0}}},
	{"name": "web", "resources": {"limits": {"memory": "0Mi"}}},
]

# What is no limit that could be counted, though its author meant one.
_unknown := [
	{"name": "web", "resources": {"limits": {"memory": "1 Gi"}}},
	{"name": "web", "resources": {"limits": {"memory": ""}}},
	{"name": "web", "resources": {"limits": {"memory": true}}},
	{"name": "web", "resources": {"limits": {"memory": false}}},
	{"name": "web", "resources": {"limits": {"memory": ["1Gi"]}}},
	{"name": "web", "resources": {"limits": {"memory": "-1Gi"}}},
]

test_limit_is_the_containers_own if {
	pod := _pod({"resources": {"limits": {"memory": "2Gi"}}})
	got := [bytes |
		some limit in ["1Gi", "1024Mi", 1073741824, 1.073741824e9]
		bytes := memory.limit(pod, _container(_limited("web", limit)))
	]
	got == [1073741824, 1073741824, 1073741824, 1073741824]
}

test_limit_is_else_the_pods if {
	pod := _pod({"resources": {"limits": {"memory": "2Gi"}}})
	got := [bytes | some spec in _absent; bytes := memory.limit(pod, _container(spec))]
	got == [bytes | some _ in _absent; bytes := 2147483648]
}

test_no_limit if {
	got := {bytes |
		some spec in array.concat(_absent, _unknown)
		some pod_spec in _absent
		bytes := memory.limit(_pod(pod_spec), _container(spec))
	}
	got == set()
}

test_no_limit_where_the_containers_own_is_not_known if {
	pod := _pod({"resources": {"limits": {"memory": "2Gi"}}})
	got := {bytes | some spec in _unknown; bytes := memory.limit(pod, _container(spec))}
	got == set()
}

test_no_limit_where_the_pods_is_not_known if {
	got := {bytes |
		some pod_spec in _unknown
		bytes := memory.limit(_pod(pod_spec), _container({"name": "web"}))
	}
	got == set()
}

test_written_is_the_containers_own if {
	pod := _pod({"resources": {"limits": {"memory": "2Gi"}}})
	got := [text |
		some limit in ["1Gi", "1024Mi", "1 Gi", 5.36870912e8]
		text := memory.written(pod, _container(_limited("web", limit)))
	]
	got == ["1Gi", "1024Mi", "1 Gi", "536870912"]
}

test_written_is_else_the_pods if {
	pod := _pod({"resources": {"limits": {"memory": "2048Mi"}}})
	got := [text | some spec in _absent; text := memory.written(pod, _container(spec))]
	got == [text | some _ in _absent; text := "2048Mi"]
}

test_nothing_written if {
	pod := _pod({"resources": {"limits": {"memory": "2Gi"}}})
	not memory.written(pod, _container(_limited("web", ["1Gi"])))
	not memory.written(_pod({}), _container({"name": "web"}))
}

test_unlimited if {
	got := [spec | some spec in _absent; memory.unlimited(_pod({}), _container(spec))]
	got == _absent
}

test_unlimited_in_a_pod_with_a_limit_of_nothing if {
	got := [spec | some spec in _absent; memory.unlimited(_pod(spec), _container({"name": "web"}))]
	got == _absent
}

test_not_unlimited if {
	got := {spec | some spec in _unknown; memory.unlimited(_pod({}), _container(spec))}
	got == set()
	not memory.unlimited(_pod({}), _container(_limited("web", "1Gi")))
	not memory.unlimited(_pod({"resources": {"limits": {"memory": "1Gi"}}}), _container({"name": "web"}))
	not memory.unlimited(_pod({"resources": {"limits": {"memory": "1 Gi"}}}), _container({"name": "web"}))
}

test_unlimited_containers_of_every_kind_but_ephemeral if {
	pod := _pod({
		"initContainers": [{"name": "a"}, {"name": "b", "restartPolicy": "Always"}, _limited("c", "1Gi")],
		"containers": [_limited("d", "1Gi"), {"name": "e"}, _limited("f", "0")],
		"ephemeralContainers": [{"name": "g"}],
	})
	got := [title | some container in memory.unlimited_containers(pod); title := container.title]
	got == ["init container \"a\"", "sidecar \"b\"", "container \"e\"", "container \"f\""]
	memory.unbounded(pod)
}

test_bounded if {
	pods := [
		{"containers": [_limited("a", "1Gi")], "ephemeralContainers": [{"name": "b"}]},
		{"containers": [{"name": "a"}], "resources": {"limits": {"memory": "1Gi"}}},
		{"containers": [_limited("a", "1 Gi")]},
		{},
	]
	got := [spec | some spec in pods; memory.unbounded(_pod(spec))]
	got == []
}

test_one_init_container_without_a_limit_removes_the_bound if {
	pod := _pod({"initContainers": [{"name": "chown"}], "containers": [_limited("web", "1Gi")]})
	memory.unbounded(pod)
	not memory.bound(pod)
}

test_bound_is_the_pods_limit if {
	pod := _pod({
		"resources": {"limits": {"memory": "2Gi"}},
		"containers": [{"name": "a"}, _limited("b", "1Gi")],
		"initContainers": [{"name": "c"}],
	})
	memory.bound(pod) == 2147483648
}

test_bound_is_the_pods_limit_even_if_the_containers_have_more if {
	pod := _pod({"resources": {"limits": {"memory": "1Gi"}}, "containers": [_limited("a", "1Gi"), _limited("b", "1Gi")]})
	memory.bound(pod) == 1073741824
}

test_bound_is_the_sum_of_containers_and_sidecars if {
	pod := _pod({
		"containers": [_limited("a", "100Mi"), _limited("b", "50Mi")],
		"initContainers": [_sidecar("c", "25Mi")],
		"ephemeralContainers": [{"name": "d"}],
	})
	memory.bound(pod) == 175 * _mebi
}

test_bound_counts_a_sidecar_once if {
	pod := _pod({"containers": [_limited("a", "10Mi")], "initContainers": [_sidecar("b", "100Mi")]})
	memory.bound(pod) == 110 * _mebi
}

test_bound_with_small_init_containers if {
	pod := _pod({
		"containers": [_limited("a", "100Mi"), _limited("b", "50Mi")],
		"initContainers": [_limited("c", "150Mi"), _limited("d", "10Mi")],
	})
	memory.bound(pod) == 150 * _mebi
}

test_bound_is_the_peak_of_an_init_container_and_the_sidecars_before_it if {
	pod := _pod({
		"containers": [_limited("a", "100Mi")],
		"initContainers": [
			_sidecar("b", "10Mi"),
			_limited("c", "200Mi"),
			_sidecar("d", "20Mi"),
			_limited("e", "195Mi"),
			_sidecar("f", "40Mi"),
		],
	})
	memory.bound(pod) == 225 * _mebi
}

test_bound_does_not_add_init_containers_to_each_other if {
	pod := _pod({
		"containers": [_limited("a", "100Mi")],
		"initContainers": [_limited("b", "150Mi"), _limited("c", "160Mi")],
	})
	memory.bound(pod) == 160 * _mebi
}

test_bound_counts_overhead if {
	got := [bytes |
		some overhead in ["20Mi", 20971520, "0", null, "x"]
		some spec in [
			{"containers": [_limited("a", "100Mi")]},
			{"containers": [{"name": "a"}], "resources": {"limits": {"memory": "100Mi"}}},
		]
		bytes := memory.bound(_pod(object.union(spec, {"overhead": {"memory": overhead}}))) / _mebi
	]
	got == [120, 120, 120, 120, 100, 100, 100, 100, 100, 100]
}

test_no_bound_without_limits_for_all if {
	specs := [
		{},
		{"containers": []},
		{"containers": null},
		{"containers": [{"name": "a"}]},
		{"containers": [_limited("a", "1Gi"), {"name": "b"}]},
		{"containers": [_limited("a", "1Gi"), _limited("b", "0")]},
		{"containers": [_limited("a", "1Gi")], "initContainers": [{"name": "b", "restartPolicy": "Always"}]},
		{"ephemeralContainers": [{"name": "a"}], "overhead": {"memory": "20Mi"}},
	]
	got := [bytes | some spec in specs; bytes := memory.bound(_pod(spec))]
	got == []
}

test_no_bound_where_a_limit_is_not_known if {
	containers := [bytes | some spec in _unknown; bytes := memory.bound(_pod({"containers": [spec, _limited("b", "1Gi")]}))]
	containers == []
	pods := [bytes |
		some spec in _unknown
		bytes := memory.bound(_pod({"containers": [_limited("b", "1Gi")], "resources": spec.resources}))
	]
	pods == []
}

_range(items) := {"inventory": {"namespace": {"web": {"v1": {"LimitRange": {"limits": {"spec": {"limits": items}}}}}}}}

_defaulting := _range([
	{"type": "Pod", "max": {"memory": "8Gi"}},
	{"type": "Container", "default": {"memory": "1Gi"}, "max": {"memory": "4Gi"}},
])

_in_web(spec) := {"path": ["spec"], "spec": spec, "namespace": "web"}

test_limit_is_else_that_of_a_limit_range if {
	unset := [spec | some spec in _absent; object.get(spec, ["resources", "limits", "memory"], null) == null]
	count(unset) == 9
	got := [[bytes, written] |
		some spec in unset
		bytes := memory.limit(_in_web({}), _container(spec)) with data.inventory as _defaulting.inventory
		written := memory.written(_in_web({}), _container(spec)) with data.inventory as _defaulting.inventory
	]
	got == [pair | some _ in unset; pair := [1073741824, "1Gi"]]
	every spec in unset {
		not memory.unlimited(_in_web({}), _container(spec)) with data.inventory as _defaulting.inventory
	}
}

test_limit_range_gives_no_limit if {
	zero := _limited("web", "0")
	memory.unlimited(_in_web({}), _container(zero)) with data.inventory as _defaulting.inventory
	not memory.limit(_in_web({}), _container(zero)) with data.inventory as _defaulting.inventory
	memory.unlimited(_pod({}), _container({})) with data.inventory as _defaulting.inventory
	memory.unlimited({"path": ["spec"], "spec": {}, "namespace": "other"}, _container({})) with data.inventory as _defaulting.inventory
	ephemeral := object.union(_container({}), {"kind": "ephemeral"})
	memory.unlimited(_in_web({}), ephemeral) with data.inventory as _defaulting.inventory
	every item in [
		{"type": "Pod", "default": {"memory": "1Gi"}},
		{"type": "Container"},
		{"type": "Container", "default": {"cpu": "1"}},
		{"type": "Container", "default": {"memory": null}},
		{"type": "Container", "default": {"memory": "0"}},
		{"type": "Container", "default": {"memory": "1 Gi"}},
		{"type": "Container", "default": "1Gi"},
		{"type": "Container", "min": {"memory": "1Gi"}, "defaultRequest": {"memory": "1Gi"}},
		null,
	] {
		memory.unlimited(_in_web({}), _container({})) with data.inventory as _range([item]).inventory
		not memory.limit(_in_web({}), _container({})) with data.inventory as _range([item]).inventory
	}
}

test_smallest_limit_of_limit_ranges if {
	items := [{"type": "Container", "max": {"memory": "512Mi"}}, {"type": "Container", "default": {"memory": "1Gi"}}]
	memory.limit(_in_web({}), _container({})) == 536870912 with data.inventory as _range(items).inventory
}

test_own_limits_win_over_a_limit_range if {
	pod := _in_web({"resources": {"limits": {"memory": "2Gi"}}})
	memory.limit(pod, _container({})) == 2147483648 with data.inventory as _defaulting.inventory
	memory.written(pod, _container({})) == "2Gi" with data.inventory as _defaulting.inventory
	memory.limit(_in_web({}), _container(_limited("web", "2Gi"))) == 2147483648 with data.inventory as _defaulting.inventory
	not memory.limit(_in_web({}), _container(_limited("web", "1 Gi"))) with data.inventory as _defaulting.inventory
}

test_pod_limit_of_nothing_is_none_beside_a_limit_range if {
	pod := _in_web({"resources": {"limits": {"memory": "0"}}})
	memory.limit(pod, _container({})) == 1073741824 with data.inventory as _defaulting.inventory
	memory.written(pod, _container({})) == "1Gi" with data.inventory as _defaulting.inventory
}

test_bound_with_a_limit_range if {
	pod := _in_web({"containers": [{"name": "web"}, _limited("log", "1Gi")]})
	memory.bound(pod) == 2147483648 with data.inventory as _defaulting.inventory
	memory.unlimited_containers(pod) == [] with data.inventory as _defaulting.inventory
	memory.unbounded(pod)
}
