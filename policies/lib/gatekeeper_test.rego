package lib.gatekeeper_test

import data.lib.gatekeeper

_manager := {"name": "manager", "image": "openpolicyagent/gatekeeper:v3.20.0", "command": ["/manager"], "args": ["--operation=audit"]}

_deployment(containers) := {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": {"containers": containers}}}}

_labels := {"metadata": {"labels": {"gatekeeper.sh/system": "yes"}}}

_names(object_) := [manager.container.name | some manager in gatekeeper.managers(object_)]

# _words are words as managers has them, at the places of args.
_words(args) := [{"path": ["args", index], "text": text} | some index, text in args]

test_managers if {
	path := ["spec", "template", "spec", "containers", 1]
	spec := {"containers": [{"name": "proxy", "image": "istio/proxyv2:1.24"}, _manager]}
	gatekeeper.managers(_deployment(spec.containers)) == [{
		"pod": {"path": ["spec", "template", "spec"], "template": {"spec": spec}, "spec": spec, "namespace": ""},
		"container": {"kind": "container", "name": "manager", "title": "container \"manager\"", "path": path, "spec": _manager},
		"words": [
			{"path": array.concat(path, ["command", 0]), "text": "/manager"},
			{"path": array.concat(path, ["args", 0]), "text": "--operation=audit"},
		],
	}]
}

test_managers_by_program_and_image if {
	every image in ["openpolicyagent/gatekeeper:v3.20.0", "mcr.microsoft.com/oss/open-policy-agent/gatekeeper@sha256:ab12", "registry.example:5000/mirror/gatekeeper-fips"] {
		every command in [["/manager"], ["manager", "--port=8443"]] {
			_names(_deployment([object.union(_manager, {"image": image, "command": command})])) == ["manager"]
		}
	}
	every container in [
		{"image": "quay.io/gogatekeeper/gatekeeper:2.1.1"},
		{"image": "openpolicyagent/gatekeeper:v3.20.0"},
		{"image": "openpolicyagent/gatekeeper-crds:v3.20.0", "command": ["/kubectl"]},
		{"image": "openpolicyagent/gatekeeper:v3.20.0", "command": ["/manager/x"]},
		{"image": "example.com/operator:v1", "command": ["/manager"]},
		{"command": ["/manager"]},
		{"image": null, "command": ["/manager"]},
		null,
	] {
		_names(_deployment([container])) == []
	}
}

test_managers_by_label if {
	every container in [
		{"name": "a", "image": "example.com/own:v1", "command": ["/manager"]},
		{"name": "a", "image": "openpolicyagent/gatekeeper:v3.20.0"},
		{"name": "a", "image": "openpolicyagent/gatekeeper:v3.20.0", "command": []},
		{"name": "a", "image": "openpolicyagent/gatekeeper:v3.20.0", "command": null},
	] {
		deployment := _deployment([container])
		_names(object.union(deployment, _labels)) == ["a"]
		_names(object.union(deployment, {"spec": {"template": _labels}})) == ["a"]
		_names(object.union(deployment, {"metadata": {"labels": {"gatekeeper.sh/system": "no"}}})) == []
	}
	every container in [
		{"name": "a", "image": "istio/proxyv2:1.24"},
		{"name": "a", "image": "openpolicyagent/gatekeeper:v3.20.0", "command": ["/other"]},
	] {
		_names(object.union(_deployment([container]), _labels)) == []
	}
}

test_managers_of_deployments_alone if {
	every kind in ["StatefulSet", "DaemonSet", "ReplicaSet"] {
		_names(object.union(_deployment([_manager]), {"kind": kind})) == []
	}
	_names(object.union(_deployment([_manager]), {"apiVersion": "example.com/v1"})) == []
	_names({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [_manager]}}) == []
	_names({}) == []
}

test_words_are_texts if {
	every args in [null, {}, "x", [null, 1, ["--a"]]] {
		[manager] := gatekeeper.managers(_deployment([object.union(_manager, {"args": args})]))
		[word.text | some word in manager.words] == ["/manager"]
	}
}

test_performs if {
	every args in [[], ["--port=8443"], ["operation=webhook"], ["--operation"], ["--operations=webhook"], ["x--operation=webhook"]] {
		gatekeeper.performs(_words(args), "audit")
		gatekeeper.performs(_words(args), "webhook")
	}
	every args in [
		["--operation=audit"],
		["-operation=audit"],
		["--operation", "audit"],
		["-operation", "audit"],
		["--operation=status,audit"],
		["--operation=status", "--operation=audit"],
		["--operation=audit", "--operation=mutation-webhook"],
	] {
		gatekeeper.performs(_words(args), "audit")
		not gatekeeper.performs(_words(args), "webhook")
	}
}

test_audits if {
	every args in [[], ["--operation=audit"], ["--audit-interval=60"], ["--audit-interval=0", "--audit-interval=10"], ["--audit-interval=x"]] {
		gatekeeper.audits(_words(args))
	}
	every args in [["--operation=webhook"], ["--audit-interval=0"], ["--operation=audit", "--audit-interval", "0"]] {
		not gatekeeper.audits(_words(args))
	}
}

test_flag_the_last_one_counts if {
	cases := [
		[["--n=1"], {"path": ["args", 0], "text": "1"}],
		[["-n=1"], {"path": ["args", 0], "text": "1"}],
		[["--n", "1"], {"path": ["args", 1], "text": "1"}],
		[["-n", "1"], {"path": ["args", 1], "text": "1"}],
		[["--n="], {"path": ["args", 0], "text": ""}],
		[["--n=a=b"], {"path": ["args", 0], "text": "a=b"}],
		[["--n=1", "--m=3", "--n", "2"], {"path": ["args", 3], "text": "2"}],
		[["--n", "1", "--n=2"], {"path": ["args", 2], "text": "2"}],
	]
	every case in cases {
		gatekeeper.flag(_words(case[0]), "n") == case[1]
	}
	every args in [[], ["n=1"], ["--nn=1"], ["---n=1"], ["--n"], ["x", "1"]] {
		not gatekeeper.flag(_words(args), "n")
	}
}

test_number if {
	got := [number | some text in ["0", "-1", "500", "x", "", "1.5", "0x20", "+32", "010", "$(N)"]; number := gatekeeper.number(text)]
	got == [0, -1, 500]
}

_place(args) := gatekeeper.place({"container": {"path": ["containers", 0]}, "words": _words(args)}, "n")

test_place if {
	_place(["--m=1", "--n=1"]) == ["args", 1]
	_place(["--m=1"]) == ["containers", 0, "args"]
}

_with_env(env) := {"spec": {"env": env}}

test_automatic if {
	every args in [[], ["--operation=webhook"], ["--max-serving-threads=0"], ["--max-serving-threads", "-1"], ["--max-serving-threads=8", "--max-serving-threads=-1"]] {
		gatekeeper.automatic(_words(args))
	}
	every args in [["--max-serving-threads=1"], ["--max-serving-threads", "8"], ["--max-serving-threads=$(THREADS)"], ["--max-serving-threads=-1", "--max-serving-threads=8"]] {
		not gatekeeper.automatic(_words(args))
	}
}

test_gomaxprocs if {
	env := [{"name": "GOMAXPROCS", "value": "2"}, {"name": "GOMEMLIMIT", "value": "1GiB"}, {"name": "GOMAXPROCS", "value": "4"}, null]
	gatekeeper.gomaxprocs(_with_env(env)) == {"name": "GOMAXPROCS", "value": "4"}
	every none in [[], null, "x", [{"name": "GOGC", "value": "100"}]] {
		not gatekeeper.gomaxprocs(_with_env(none))
	}
}

test_computed if {
	every variable in [{"valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}, {"value": "$(CORES)"}] {
		gatekeeper.computed(_with_env([object.union({"name": "GOMAXPROCS"}, variable)]))
	}
	every variable in [{"value": "4"}, {"value": null}, {"valueFrom": null}, {"valueFrom": "x"}, {}] {
		not gatekeeper.computed(_with_env([object.union({"name": "GOMAXPROCS"}, variable)]))
	}
	not gatekeeper.computed(_with_env([{"name": "OTHER", "value": "$(CORES)"}]))
}
