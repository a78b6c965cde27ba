package lib.capability_test

import data.lib.capability

_container(context) := {"spec": {"securityContext": context}}

_lists(add, drop) := _container({"capabilities": {"add": add, "drop": drop}})

test_granted_follows_adds_then_drops if {
	every row in [
		{"add": ["IPC_LOCK"], "drop": [], "granted": true},
		{"add": ["NET_ADMIN", "IPC_LOCK"], "drop": ["NET_RAW"], "granted": true},
		{"add": ["IPC_LOCK"], "drop": ["ALL"], "granted": true},
		{"add": ["ipc_lock"], "drop": ["all"], "granted": true},
		{"add": ["IPC_LOCK"], "drop": ["IPC_LOCK"], "granted": false},
		{"add": ["IPC_LOCK"], "drop": ["Ipc_Lock"], "granted": false},
		{"add": ["ALL"], "drop": [], "granted": true},
		{"add": ["all"], "drop": ["NET_RAW"], "granted": true},
		{"add": ["ALL"], "drop": ["IPC_LOCK"], "granted": false},
		{"add": ["ALL"], "drop": ["ALL"], "granted": false},
		{"add": ["ALL", "IPC_LOCK"], "drop": ["ALL"], "granted": true},
		{"add": ["CAP_IPC_LOCK"], "drop": [], "granted": false},
		{"add": ["IPC_LOCK"], "drop": ["CAP_IPC_LOCK"], "granted": true},
		{"add": [" IPC_LOCK"], "drop": [], "granted": false},
		{"add": ["SYS_ADMIN"], "drop": [], "granted": false},
		{"add": [], "drop": [], "granted": false},
		{"add": null, "drop": null, "granted": false},
		{"add": "IPC_LOCK", "drop": 1, "granted": false},
		{"add": [1, null, "IPC_LOCK"], "drop": [["IPC_LOCK"]], "granted": true},
	] {
		_granted(_lists(row.add, row.drop), "IPC_LOCK") == row.granted
	}
}

test_privileged_ignores_the_lists if {
	capability.granted(_container({"privileged": true}), "IPC_LOCK")
	capability.granted(_container({"privileged": true, "capabilities": {"drop": ["ALL", "IPC_LOCK"]}}), "IPC_LOCK")
	every value in [false, null, "true", 1] {
		not capability.granted(_container({"privileged": value}), "IPC_LOCK")
		not capability.privileged(_container({"privileged": value}))
	}
}

test_nothing_is_granted_where_nothing_is_written if {
	every container in [
		{},
		{"spec": {}},
		{"spec": null},
		_container(null),
		_container("x"),
		_container({}),
		_container({"capabilities": null}),
		_container({"capabilities": []}),
		_container({"capabilities": {}}),
	] {
		not capability.granted(container, "IPC_LOCK")
		not capability.listed(container, "add", "IPC_LOCK")
	}
}

test_indices_are_all_places_of_a_name if {
	container := _lists(["NET_ADMIN", "IPC_LOCK", null, "ipc_lock"], ["ALL"])
	capability.indices(container, "add", "IPC_LOCK") == [1, 3]
	capability.indices(container, "add", "SYS_ADMIN") == []
	capability.indices(container, "drop", "ALL") == [0]
	capability.indices(container, "drop", "IPC_LOCK") == []
	capability.indices({}, "drop", "IPC_LOCK") == []
}

_granted(container, name) if {
	capability.granted(container, name)
} else := false

_of(context) := {"spec": {"securityContext": context}}

test_rootless if {
	every case in [
		[{}, {"runAsUser": 1000}],
		[{"runAsUser": 0}, {"runAsUser": 1000}],
		[{"runAsUser": 1000}, {}],
		[{"runAsUser": 1000}, {"runAsUser": null}],
		[{}, {"runAsNonRoot": true}],
		[{"runAsNonRoot": true}, {"runAsNonRoot": null}],
		[{"runAsUser": null, "runAsNonRoot": true}, {}],
	] {
		capability.rootless(_of(case[0]), _of(case[1]))
	}
	every case in [
		[{}, {}],
		[null, null],
		[{}, {"runAsUser": 0}],
		[{"runAsUser": 1000}, {"runAsUser": 0}],
		[{"runAsUser": 0}, {"runAsNonRoot": true}],
		[{"runAsNonRoot": true}, {"runAsNonRoot": false}],
		[{}, {"runAsUser": "1000"}],
		[{}, {"runAsUser": "1000", "runAsNonRoot": true}],
		[{}, {"runAsNonRoot": "true"}],
	] {
		not capability.rootless(_of(case[0]), _of(case[1]))
	}
}
