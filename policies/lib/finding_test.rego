package lib.finding_test

import data.lib.finding

_pod := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}

_mirror := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "etcd-node1", "annotations": {"kubernetes.io/config.mirror": "4c0f"}},
}

_node := {"username": "system:node:node1", "groups": ["system:nodes", "system:authenticated"]}

test_subject_of_every_operation if {
	got := {operation: subject |
		some operation in ["", "CREATE", "UPDATE", "CONNECT", "DELETE"]
		subject := finding.subject with input as {"review": {"operation": operation, "object": _pod, "oldObject": _pod}}
	}
	got == {"": _pod, "CREATE": _pod, "UPDATE": _pod, "CONNECT": _pod, "DELETE": {}}
}

test_subject_without_an_operation if {
	got := finding.subject with input as {"review": {"object": _pod}}
	got == _pod
}

test_no_subject_without_an_object if {
	reviews := [{}, {"object": null}, {"object": "web"}, {"object": ["web"]}, {"operation": "DELETE", "oldObject": _pod}]
	got := {subject | some review in reviews; subject := finding.subject with input as {"review": review}}
	got == {{}}
}

test_no_subject_without_a_review if {
	got := finding.subject with input as {}
	got == {}
}

test_no_subject_on_its_way_out if {
	pod := object.union(_pod, {"metadata": {"deletionTimestamp": "2025-01-01T00:00:00Z"}})
	got := finding.subject with input as {"review": {"operation": "UPDATE", "object": pod, "oldObject": _pod}}
	got == {}
}

test_subject_with_a_deletion_timestamp_that_is_none if {
	pods := [object.union(_pod, {"metadata": {"deletionTimestamp": null}}), object.union(_pod, {"metadata": {"deletionTimestamp": 5}})]
	got := [subject |
		some pod in pods
		subject := finding.subject with input as {"review": {"operation": "UPDATE", "object": pod}}
	]
	got == pods
}

test_no_subject_for_a_mirror_pod_of_a_kubelet if {
	got := finding.subject with input as {"review": {"operation": "CREATE", "object": _mirror, "userInfo": _node}}
	got == {}
}

test_subject_for_a_mirror_pod_in_audit if {
	got := finding.subject with input as {"review": {"operation": "", "object": _mirror, "userInfo": _node}}
	got == _mirror
}

test_subject_for_a_mirror_pod_of_a_user if {
	users := [{}, {"groups": null}, {"groups": []}, {"groups": "system:nodes"}, {"groups": ["system:authenticated"]}]
	got := {subject |
		some user in users
		subject := finding.subject with input as {"review": {"operation": "CREATE", "object": _mirror, "userInfo": user}}
	}
	got == {_mirror}
}

test_subject_for_an_ordinary_pod_of_a_kubelet if {
	got := finding.subject with input as {"review": {"operation": "CREATE", "object": _pod, "userInfo": _node}}
	got == _pod
}

test_previous_is_the_old_object_of_an_update if {
	got := {operation: previous |
		some operation in ["", "CREATE", "UPDATE", "CONNECT", "DELETE"]
		previous := finding.previous with input as {"review": {"operation": operation, "object": _pod, "oldObject": _mirror}}
	}
	got == {"": {}, "CREATE": {}, "UPDATE": _mirror, "CONNECT": {}, "DELETE": {}}
}

test_no_previous_without_an_old_object if {
	reviews := [{"operation": "UPDATE"}, {"operation": "UPDATE", "oldObject": null}, {"operation": "UPDATE", "oldObject": "web"}, {}]
	got := {previous | some review in reviews; previous := finding.previous with input as {"review": review}}
	got == {{}}
}

_denied := {"level": "deny", "path": ["spec", "a"], "facts": {"aBytes": 1}, "msg": "a is too small"}

_warned := {"level": "warn", "path": ["spec", "b"], "facts": {}, "msg": "b is small"}

_denied_violation := {
	"msg": "a is too small",
	"details": {"level": "deny", "path": ["spec", "a"], "facts": {"aBytes": 1}},
}

_warned_violation := {"msg": "b is small", "details": {"level": "warn", "path": ["spec", "b"], "facts": {}}}

test_violations_are_all_findings if {
	inputs := [{}, {"parameters": {}}, {"parameters": {"levels": null}}, {"parameters": {"levels": ["deny", "warn"]}}]
	got := {violations | some in_ in inputs; violations := finding.violations({_denied, _warned}, set()) with input as in_}
	got == {{_denied_violation, _warned_violation}}
}

test_violations_are_of_the_levels_asked_for if {
	got := [violations |
		some levels in [["deny"], ["warn"], [], ["info"]]
		violations := finding.violations({_denied, _warned}, set()) with input as {"parameters": {"levels": levels}}
	]
	got == [{_denied_violation}, {_warned_violation}, set(), set()]
}

test_violations_without_what_was_there_before if {
	moved := object.union(_denied, {"path": ["spec", "c"], "facts": {"aBytes": 2}})
	got := finding.violations({_denied, _warned}, {moved}) with input as {}
	got == {_warned_violation}
}

test_violations_with_what_got_worse if {
	before := object.union(_denied, {"level": "warn"})
	got := finding.violations({_denied}, {before}) with input as {}
	got == {_denied_violation}
}

test_violations_with_what_says_something_else if {
	before := object.union(_denied, {"msg": "a is smaller than before"})
	got := finding.violations({_denied}, {before}) with input as {}
	got == {_denied_violation}
}

test_no_violations_without_findings if {
	got := finding.violations(set(), {_denied}) with input as {}
	got == set()
}

test_audited if {
	every review in [{}, {"operation": ""}] {
		finding.audited with input as {"review": review}
	}
	every operation in ["CREATE", "UPDATE", "CONNECT"] {
		not finding.audited with input as {"review": {"operation": operation}}
	}
}
