package admission

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/memgate/memgate/pkg/engine"
	"github.com/memgate/memgate/pkg/manifest"
	"github.com/memgate/memgate/pkg/policy"
)

// The policies of the tests. A constraint of kind Says finds what the annotation that
// its parameter names has, split at commas. One of kind Breaks has an evaluation error
// for an object with the annotation that its parameter names, and one of kind Unending
// does not end in any useful time; it is the last to be judged. Kind Cel has no Rego. Kinds Unending and Cel match by label.
const policies = `
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: says}
spec:
  crd: {spec: {names: {kind: Says}, validation: {openAPIV3Schema: {type: object, properties: {key: {type: string}}}}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    code:
    - engine: Rego
      source:
        version: v1
        rego: |
          package says
          violation contains {"msg": msg} if {
            some msg in split(input.review.object.metadata.annotations[input.parameters.key], ",")
          }
---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: breaks}
spec:
  crd: {spec: {names: {kind: Breaks}, validation: {openAPIV3Schema: {type: object, properties: {key: {type: string}}}}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    code:
    - engine: Rego
      source:
        version: v1
        rego: |
          package breaks
          found := input.review.object.metadata.annotations[input.parameters.key]
          number := 1 if found
          number := 2 if found
          violation contains {"msg": "never"} if number > 0
---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: unending}
spec:
  crd: {spec: {names: {kind: Unending}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    code:
    - engine: Rego
      source:
        version: v1
        rego: |
          package unending
          violation contains {"msg": "never"} if {
            some i in numbers.range(1, 100000)
            some j in numbers.range(1, 100000)
            i * j < 0
          }
---
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: cel}
spec:
  crd: {spec: {names: {kind: Cel}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    code:
    - engine: Other
      source: {validations: [{expression: "true", message: never}]}
---
{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Says, metadata: {name: denies}, spec: {parameters: {key: deny}}}
---
{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Says, metadata: {name: also-denies}, spec: {parameters: {key: deny}}}
---
{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Says, metadata: {name: warns}, spec: {enforcementAction: warn, parameters: {key: warn}}}
---
{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Says, metadata: {name: watches}, spec: {enforcementAction: dryrun, parameters: {key: dryrun}}}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Says
metadata: {name: scoped}
spec:
  enforcementAction: scoped
  scopedEnforcementActions:
  - {action: warn, enforcementPoints: [{name: "*"}]}
  - {action: deny, enforcementPoints: [{name: validation.gatekeeper.sh}]}
  parameters: {key: scoped}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Says
metadata: {name: elsewhere}
spec:
  enforcementAction: scoped
  scopedEnforcementActions: [{action: deny, enforcementPoints: [{name: audit.gatekeeper.sh}]}]
  parameters: {key: scoped}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Says
metadata: {name: of-team-a}
spec:
  match: {labelSelector: {matchLabels: {by: namespace}}, namespaceSelector: {matchLabels: {team: a}}}
  parameters: {key: team}
---
{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Breaks, metadata: {name: breaks}, spec: {parameters: {key: break}}}
---
{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Breaks, metadata: {name: breaks-mildly}, spec: {enforcementAction: warn, parameters: {key: break-mildly}}}
---
{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Breaks, metadata: {name: breaks-unseen}, spec: {enforcementAction: dryrun, parameters: {key: break-unseen}}}
---
{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Unending, metadata: {name: unending}, spec: {match: {labelSelector: {matchLabels: {by: unending}}}}}
---
{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Cel, metadata: {name: cel}, spec: {match: {labelSelector: {matchLabels: {by: cel}}}}}
---
{apiVersion: constraints.gatekeeper.sh/v1beta1, kind: Cel, metadata: {name: cel-warns}, spec: {enforcementAction: warn, match: {labelSelector: {matchLabels: {by: cel-warns}}}}}
`

const namespaces = `
{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {team: a}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: b, labels: {team: b}}}
`

// newEngine is a client for the webhook with the policies and namespaces above.
func newEngine(t testing.TB) *engine.Client {
	t.Helper()
	objects, err := manifest.Read("policies.yaml", strings.NewReader(policies))
	if err != nil {
		t.Fatal(err)
	}
	set, err := policy.NewSet(objects)
	if err != nil {
		t.Fatal(err)
	}
	client, err := engine.NewClient(set, engine.Options{Point: policy.WebhookPoint})
	if err != nil {
		t.Fatal(err)
	}
	objects, err = manifest.Read("namespaces.yaml", strings.NewReader(namespaces))
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if err := client.AddData(t.Context(), object.Value); err != nil {
			t.Fatal(err)
		}
	}
	return client
}

// newServer is a Server with the policies above, after change has had its way with
// the Config. It stops without delay and logs nothing.
func newServer(t testing.TB, change func(*Config)) *Server {
	t.Helper()
	cert, key := writePair(t, t.TempDir(), pairOptions{serial: 1})
	config := Config{
		Address: "127.0.0.1:0", CertFile: cert, KeyFile: key,
		Log: slog.New(slog.DiscardHandler), ShutdownDelay: -1,
	}
	if change != nil {
		change(&config)
	}
	if config.Engine == nil {
		config.Engine = newEngine(t)
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
