package conformance

import (
	"context"
	"fmt"
	"strings"

	"github.com/open-policy-agent/frameworks/constraint/pkg/client"
	"github.com/open-policy-agent/frameworks/constraint/pkg/client/reviews"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/memgate/memgate/pkg/engine/driver"
)

// Driver and Target in the constraint framework's own client, in place of its Rego driver
// and of Gatekeeper's target.
func Example() {
	const point = "audit.gatekeeper.sh"
	c, err := client.NewClient(client.Targets(&driver.Target{}), client.Driver(driver.New()), client.EnforcementPoints(point))
	if err != nil {
		fmt.Println(err)
		return
	}
	parse := func(text string) *unstructured.Unstructured {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(strings.ReplaceAll(text, "\t", "  ")), object); err != nil {
			fmt.Println(err)
		}
		return object
	}
	template, err := toTemplate(parse(`
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: requiredlabel}
spec:
	crd:
		spec:
			names: {kind: RequiredLabel}
			validation: {openAPIV3Schema: {type: object, properties: {label: {type: string}}}}
	targets:
	- target: admission.k8s.gatekeeper.sh
		rego: |
			package requiredlabel
			violation[{"msg": msg}] {
				not input.review.object.metadata.labels[input.parameters.label]
				msg := sprintf("label %v is missing", [input.parameters.label])
			}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if _, err := c.AddTemplate(ctx, template); err != nil {
		fmt.Println(err)
	}
	if _, err := c.AddConstraint(ctx, parse(`
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: RequiredLabel
metadata: {name: owner}
spec: {match: {kinds: [{apiGroups: [""], kinds: [Namespace]}]}, parameters: {label: owner}}
`)); err != nil {
		fmt.Println(err)
	}
	responses, err := c.Review(ctx, parse("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"), reviews.EnforcementPoint(point))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, result := range responses.Results() {
		fmt.Println(result.EnforcementAction, result.Constraint.GetName(), result.Msg)
	}
	// Output: deny owner label owner is missing
}
