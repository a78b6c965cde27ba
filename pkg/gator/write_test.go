package gator_test

import (
	"io"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/gator"
)

// TestWrite wants the bytes that gator v3.23.1 writes for the same input.
func TestWrite(t *testing.T) {
	run, _, err := test(t, named+constraint("a", "enforcementAction: scoped, scopedEnforcementActions: [{action: warn, enforcementPoints: [{name: '*'}]}, {action: deny, enforcementPoints: [{name: gator.gatekeeper.sh}]}], "+pods)+
		"---\n{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {n: 30000000, half: 0.5, one: 1.0, tag: <a&b>, day: 2020-01-01}}\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !run.Results[0].Denies() {
		t.Errorf("%+v does not deny, want it to by its scoped actions", run.Results[0])
	}
	for _, tc := range []struct {
		name  string
		write func(gator.Results, io.Writer) error
		none  string
		want  string
	}{
		{"text", gator.Results.WriteText, "", wantText},
		{"JSON", gator.Results.WriteJSON, "[]", wantJSON},
		{"YAML", gator.Results.WriteYAML, "[]\n", wantYAML},
	} {
		var none, got strings.Builder
		if err := tc.write(nil, &none); err != nil || none.String() != tc.none {
			t.Errorf("no results as %s = %q, %v, want %q", tc.name, none.String(), err, tc.none)
		}
		if err := tc.write(run.Results, &got); err != nil || got.String() != tc.want {
			t.Errorf("as %s: %v\n%s\nwant\n%s", tc.name, err, got.String(), tc.want)
		}
	}
}

const wantText = `v1/Pod web: ["a"] Message: "web"
`

const wantJSON = `[
    {
        "target": "admission.k8s.gatekeeper.sh",
        "msg": "web",
        "metadata": {
            "details": {
                "n": 20000000
            }
        },
        "constraint": {
            "apiVersion": "constraints.gatekeeper.sh/v1beta1",
            "kind": "Named",
            "metadata": {
                "name": "a"
            },
            "spec": {
                "enforcementAction": "scoped",
                "match": {
                    "kinds": [
                        {
                            "apiGroups": [
                                ""
                            ],
                            "kinds": [
                                "Pod"
                            ]
                        }
                    ]
                },
                "parameters": {
                    "size": 3
                },
                "scopedEnforcementActions": [
                    {
                        "action": "warn",
                        "enforcementPoints": [
                            {
                                "name": "*"
                            }
                        ]
                    },
                    {
                        "action": "deny",
                        "enforcementPoints": [
                            {
                                "name": "gator.gatekeeper.sh"
                            }
                        ]
                    }
                ]
            }
        },
        "enforcementAction": "scoped",
        "scopedActions": [
            "deny",
            "warn"
        ],
        "violatingObject": {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": "web"
            },
            "spec": {
                "day": "2020-01-01",
                "false": 30000000,
                "half": 0.5,
                "one": 1,
                "tag": "\u003ca\u0026b\u003e"
            }
        },
        "trace": null
    }
]`

const wantYAML = `- result:
    target: admission.k8s.gatekeeper.sh
    msg: web
    metadata:
        details:
            "n": 2e+07
    constraint:
        object:
            apiVersion: constraints.gatekeeper.sh/v1beta1
            kind: Named
            metadata:
                name: a
            spec:
                enforcementAction: scoped
                match:
                    kinds:
                        - apiGroups:
                            - ""
                          kinds:
                            - Pod
                parameters:
                    size: 3
                scopedEnforcementActions:
                    - action: warn
                      enforcementPoints:
                        - name: '*'
                    - action: deny
                      enforcementPoints:
                        - name: gator.gatekeeper.sh
    enforcementaction: scoped
    scopedenforcementactions:
        - deny
        - warn
  violatingObject:
    apiVersion: v1
    kind: Pod
    metadata:
        name: web
    spec:
        day: "2020-01-01"
        "false": 3e+07
        half: 0.5
        one: 1
        tag: <a&b>
  trace: null
`
