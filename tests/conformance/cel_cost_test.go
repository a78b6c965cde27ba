package conformance

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/open-policy-agent/gatekeeper/v3/pkg/drivers/k8scel"

	"github.com/memgate/memgate/pkg/engine/cel"
	"github.com/memgate/memgate/pkg/policy"
)

// celCalls are what is called for each pair a, b of an object's items.
var celCalls = []string{
	"a == b", "a in object.data.few", "a + b != ''", "a.contains('x')", "a.matches('^item-[0-9]+$')", "has(object.data.few)",
	"a.lowerAscii() != ''", "a.upperAscii() != ''", "a.trim() != ''", "a.substring(1) != ''", "a.charAt(0) == 'i'",
	"a.replace('item', 'replaced') != ''", "a.split('-').size() > 0", "[a, b, a, b, a, b].join('-') != ''", "a.indexOf('z') < 0", "a.lastIndexOf('z') < 0",
	"a.find('[0-9]+$') != ''", "a.findAll('[0-9]').size() > 0", "a.findAll(object.data.pattern, 1).size() > 0", "'%s is %s'.format([a, b]) != ''",
	"object.data.few.isSorted()", "object.data.few.max() != ''", "object.data.few.indexOf('z') < 0", "object.data.ints.sum() > 0", "object.data.ints.sort().size() > 0",
	"object.data.few.distinct().size() > 0", "[object.data.few].flatten().size() > 0", "lists.range(9).size() > 0", "sets.contains(object.data.few, ['a'])",
	"isIP(object.data.ip)", "ip(object.data.ip) == ip(object.data.ip)", "ip.isCanonical(object.data.ip)", "string(ip(object.data.ip)) != ''", "ip(object.data.ip).isLoopback() || true",
	"isCIDR(object.data.cidr)", "cidr(object.data.cidr).containsIP(object.data.ip)", "cidr(object.data.cidr).containsIP(ip(object.data.ip))",
	"cidr(object.data.cidr).containsCIDR(object.data.cidr)", "cidr(object.data.cidr).containsCIDR(cidr(object.data.cidr))", "cidr(object.data.cidr).ip().family() == 6",
	"cidr(object.data.cidr).masked() == cidr(object.data.cidr)", "cidr(object.data.cidr).prefixLength() == 32",
	"isQuantity(object.data.quantity)", "quantity(object.data.quantity).add(1).compareTo(quantity(object.data.quantity)) > 0", "sign(quantity(object.data.quantity)) > 0",
	"isSemver(object.data.version)", "semver(object.data.version).isLessThan(semver(object.data.version)) || true", "semver(object.data.version).major() > 0",
	"isURL(object.data.url)", "url(object.data.url).getHost() != ''", "url(object.data.url) == url(object.data.url)", "url(object.data.url).getQuery().size() > 0",
	"!format.dns1123Label().validate(a).hasValue()", "format.uuid().validate(a).hasValue()", "format.datetime().validate(a).hasValue()", "format.uri().validate(object.data.url) == optional.none()",
	"format.byte().validate(a).hasValue()", "format.named('labelValue').hasValue()", "format.dns1123Label() == format.dns1123Label()",
	"object.?data.?ip.orValue('') != ''", "object.data.few.all(i, v, v != 'z')", "variables.params == null",
}

// ballast is the length of a text, less one.
const ballast = 10_000

// celExpensive are sources whose cost grows with the items of an object.
func celExpensive() map[string]map[string]any {
	// A search of a long text takes most of the limit and hardly any time.
	loop := func(cost int, call string) string {
		pattern := strings.Repeat("x", cost/(ballast/10)*4)
		return "object.data.ballast.find('" + pattern + "') == '' && object.data.items.all(a, object.data.items.all(b, (" + call + ") || true))"
	}
	validation := func(expression string) map[string]any {
		return map[string]any{"expression": expression, "message": "m"}
	}
	many := func(n int, entry map[string]any) []any {
		var found []any
		for i := range n {
			named := map[string]any{"name": fmt.Sprintf("n%d", i)}
			for key, value := range entry {
				named[key] = value
			}
			found = append(found, named)
		}
		return found
	}
	condition := func(cost int) map[string]any { return map[string]any{"expression": loop(cost, "a == b")} }
	sources := map[string]map[string]any{
		"validations": {"validations": many(5, validation(loop(196_000, "a == b")))},
		"conditions":  {"matchCondition": many(5, condition(496_000)), "validations": []any{validation("true")}},
		"variables": {
			"variables":   many(5, condition(196_000)),
			"validations": []any{validation("variables.n0 && variables.n1 && variables.n2 && variables.n0"), validation("variables.n3 && variables.n4")},
		},
		"variable": {"variables": many(1, condition(980_000)), "validations": []any{validation("variables.n0 || true")}},
		"message": {"validations": []any{map[string]any{
			"expression": loop(490_000, "a == b") + " && false", "message": "m", "messageExpression": "string(" + loop(490_000, "a == b") + ")",
		}}},
	}
	for _, call := range celCalls {
		sources[call] = map[string]any{"validations": []any{validation(loop(980_000, call))}}
	}
	return sources
}

// TestCELCost looks for the number of items from which on package cel finds an object too
// expensive: Gatekeeper must judge one item less, and fail there.
func TestCELCost(t *testing.T) {
	const most = 400
	for name, source := range celExpensive() {
		program, err := cel.Compile(source)
		if err != nil {
			t.Errorf("%s: Compile: %v", name, err)
			continue
		}
		limited := func(n int) bool {
			_, err := program.Eval(context.Background(), cel.Request{Review: celSubject(t, n)})
			if err != nil && !errors.Is(err, cel.ErrLimit) {
				t.Errorf("%s: Eval: %v", name, err)
			}
			return err != nil
		}
		first := sort.Search(most, limited)
		if first == most || first == 0 {
			t.Errorf("%s: with %d items: got limit reached %t", name, first, first == 0)
			continue
		}
		for n, want := range map[int]bool{first - 1: false, first: true} {
			if got := celLimited(t, source, n); got != want {
				t.Errorf("%s: with %d items: Gatekeeper's limit reached is %t, want %t", name, n, got, want)
			}
		}
	}
}

func celItems(t *testing.T, n int) object {
	t.Helper()
	items := make([]any, n)
	for i := range items {
		items[i] = fmt.Sprintf("item-%03d", i)
	}
	return made(t, map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "items"},
		"data": map[string]any{
			"ballast": strings.Repeat("y", ballast-1),
			"items":   items, "few": []any{"a", "bb", "long enough to cost"}, "ints": []any{int64(1), int64(2), int64(3)}, "pattern": "item-([0-9]+|none)",
			"ip": "2001:db8::abcd:1234", "cidr": "2001:db8::/32", "quantity": "1234567890Mi", "version": "12.34.56-rc.1+build",
			"url": "https://user@example.com:8443/a/rather/long/path?key=value",
		},
	})
}

func celSubject(t *testing.T, n int) map[string]any {
	t.Helper()
	_, request, err := subject{object: celItems(t, n)}.celRequest()
	if err != nil {
		t.Fatal(err)
	}
	return request
}

// celLimited reports whether Gatekeeper fails; none of the sources is violated by a cheap
// object, but "message" by each.
func celLimited(t *testing.T, source map[string]any, n int) bool {
	t.Helper()
	driver, err := k8scel.New()
	if err != nil {
		t.Fatal(err)
	}
	stock := newPeer(t, driver, policy.OfflinePoint)
	if err := stock.load([]object{made(t, celTemplate("Expensive", source)), made(t, constraint("Expensive", "it", map[string]any{}))}, nil); err != nil {
		t.Fatal(err)
	}
	found, err := stock.review(subject{object: celItems(t, n)}, policy.OfflinePoint)
	if err != nil {
		t.Fatal(err)
	}
	failed := false
	for _, v := range found {
		failed = failed || celFailure.MatchString(v.Message)
	}
	return failed
}
