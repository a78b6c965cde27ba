package generate

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	code        = "policies/shm/sample_rule/sample_rule.rego"
	tests       = "policies/shm/sample_rule/sample_rule_test.rego"
	lib         = "policies/lib/size.rego"
	constraints = "bundles/shm/sample-rule.yaml"
)

// An edit of a file: old becomes new, once; with no old, new is the whole file, and
// with neither the file goes.
type edit struct{ file, old, new string }

func (e edit) apply(t *testing.T, fsys fstest.MapFS) {
	t.Helper()
	if e.old == "" && e.new == "" {
		delete(fsys, e.file)
		return
	}
	text := e.new
	if e.old != "" {
		have := string(fsys[e.file].Data)
		if !strings.Contains(have, e.old) {
			t.Fatalf("%s does not contain %q", e.file, e.old)
		}
		text = strings.Replace(have, e.old, e.new, 1)
	}
	fsys[e.file] = &fstest.MapFile{Data: []byte(text)}
}

// TestFaults makes one thing wrong in the sample and compares all faults.
func TestFaults(t *testing.T) {
	at := func(place, text string) string { return code + ":" + place + ": " + text }
	for _, tc := range []struct {
		name string
		edit edit
		want []string
	}{
		{"sound", edit{lib, "# No rule", "# No other rule"}, nil},
		{"unused lib", edit{"policies/lib/unused.rego", "", ""}, nil},

		// Code.
		{"syntax", edit{code, "count(_profiles) > 0", "count(_profiles"}, []string{at("52:1", `unexpected } token: expected "," or ")"`)}},
		{"import of rego.v1", edit{code, "import data.lib.size", "import data.lib.size\nimport rego.v1"}, []string{
			at("47:1", "import rego.v1: want data.lib.<name> or future.keywords"),
		}},
		{"import of input", edit{lib, "import data.lib.parameter", "import data.lib.parameter\nimport input.review"}, []string{
			lib + ":6:1: import input.review: want data.lib.<name> or future.keywords",
		}},
		{"import of all libs", edit{code, "import data.lib.size", "import data.lib.size\nimport data.lib"}, []string{
			at("47:1", "import data.lib: want data.lib.<name> or future.keywords"),
		}},
		{"import of another rule", edit{code, "import data.lib.size", "import data.lib.size\nimport data.policies.shm.other"}, []string{
			at("47:1", "import data.policies.shm.other: want data.lib.<name> or future.keywords"),
		}},
		{"import of an unknown lib", edit{code, "import data.lib.size", "import data.lib.size\nimport data.lib.sice"}, []string{
			at("47:1", `import data.lib.sice: lib "sice" not found; have parameter, size, unused`),
		}},
		{"future keywords", edit{code, "import data.lib.size", "import data.lib.size\nimport future.keywords.in"}, nil},
		{"data.lib in a literal", edit{code, `{"level": level}`, `{"level": level, "x": [data.lib.size.spare]}`}, []string{
			at("48:71", "data.lib.size.spare: want data.lib in import lines only; Gatekeeper loses it elsewhere"),
		}},
		{"data.lib in a body", edit{lib, "spare := parameter.get", "spare := data.lib.parameter.get"}, []string{
			lib + ":10:10: data.lib.parameter.get: want data.lib in import lines only; Gatekeeper loses it elsewhere",
		}},
		{"other data", edit{code, "count(_profiles) > 0", "count(data.policies) > 0"}, []string{
			at("51:8", "data.policies: want no data but data.inventory"),
		}},
		{"computed data", edit{code, "count(_profiles) > 0", "count(data[level]) > 0"}, []string{
			at("51:8", "data[level]: want no data but data.inventory"),
		}},
		{"whole input", edit{code, "count(_profiles) > 0", `object.get(input, "x", 1) == 1`}, []string{
			at("51:13", "input: want no input but input.review"),
		}},
		{"parameters by hand", edit{code, "count(_profiles) > 0", "input.parameters.x == 1"}, []string{
			at("51:2", "input.parameters.x: want parameters read by lib parameter only"),
		}},
		{"clock", edit{code, "count(_profiles) > 0", "count([time.now_ns()]) > 0"}, []string{
			at("51:9", "call of time.now_ns: want no built-in that depends on more than its arguments"),
		}},
		{"network", edit{lib, "bytes > ", `http.send({"url": bytes}).status > `}, []string{
			lib + ":7:17: call of http.send: want no built-in that depends on more than its arguments",
		}},
		{"environment", edit{code, "count(_profiles) > 0", "opa.runtime().env.X"}, []string{
			at("51:2", "call of opa.runtime: want no built-in that depends on more than its arguments"),
		}},
		{"chance", edit{code, "count(_profiles) > 0", `rand.intn("x", 2) == 1`}, []string{
			at("51:2", "call of rand.intn: want no built-in that depends on more than its arguments"),
		}},
		{"name server", edit{code, "count(_profiles) > 0", `net.lookup_ip_addr("x")`}, []string{
			at("51:2", "call of net.lookup_ip_addr: want no built-in that depends on more than its arguments"),
		}},
		{"undefined function", edit{code, "size.large(", "size.larg("}, []string{at("50:2", "undefined function data.lib.size.larg")}},
		{"no violation", edit{code, "violation contains", "violations contains"}, []string{at("43:1", `found no rule "violation"`)}},
		{"carriage return", edit{code, "count(_profiles) > 0\n", "count(_profiles) > 0\r\n"}, []string{
			code + ": found a carriage return, want lines that end with a line feed",
		}},
		{"two line feeds at the end", edit{lib, "spare\", true)\n", "spare\", true)\n\n"}, []string{lib + ": want one line feed at the end"}},

		// Names.
		{"package of a rule", edit{code, "package policies.shm.sample_rule", "package policies.mlock.sample_rule"}, []string{
			at("43:1", `package: got "policies.mlock.sample_rule", want "policies.shm.sample_rule", as the file is called`),
		}},
		{"package of a lib", edit{lib, "package lib.size", "package lib.sizes"}, []string{
			lib + `:3:1: package: got "lib.sizes", want "lib.size", as the file is called`,
		}},
		{"title of a lib", edit{lib, "# METADATA\n# title: measures things\n", ""}, []string{
			lib + ":1:1: METADATA: title is missing, want what the lib does, for the pages of the rules that carry it",
		}},
		{"id", edit{code, "id: sample-rule", "id: sample"}, []string{at("43:1", `custom.id: got "sample", want "sample-rule", as the directory is called`)}},
		{"kind", edit{code, "MemgateSampleRule", "MemgateSamplerule"}, []string{
			at("43:1", `custom.kind: got "MemgateSamplerule", want "MemgateSampleRule", as the directory is called`),
		}},

		// METADATA.
		{"no metadata", edit{code, "# METADATA\n", ""}, []string{at("42:1", "package has no METADATA")}},
		{"severity", edit{code, "severity: high", "severity: hihg"}, []string{at("1:1", `custom.severity: got "hihg", want low, medium, high or critical`)}},
		{"since", edit{code, "since: 0.1.0", "since: v0.1"}, []string{at("1:1", `custom.since: got "v0.1", want a release such as 0.1.0`)}},
		{"title", edit{code, "# title: Sample \"rule\" | of the tests\n", ""}, []string{at("1:1", "METADATA: title is missing")}},
		{"description", edit{code, "# description: |\n#   It has two lines: this one,\n#   and this.\n", ""}, []string{at("1:1", "METADATA: description is missing")}},
		{"remediation", edit{code, "#   remediation: Write less.\n", ""}, []string{at("1:1", "METADATA: custom.remediation is missing")}},
		{"failure", edit{code, "#   failure: It is too large.\n", ""}, []string{at("1:1", "METADATA: custom.failure is missing")}},
		{"scope", edit{code, "scope: audit", "scope: audits"}, []string{at("1:1", `custom.scope: got "audits", want audit or files, or none where admission sees the objects`)}},
		{"sources", edit{code, "# related_resources:\n# - https://example.com/a\n# - ref: https://example.com/b\n#   description: The second\n", ""}, []string{
			at("1:1", "METADATA: related_resources is missing"),
		}},
		{"source without https", edit{code, "https://example.com/a", "http://example.com/a"}, []string{
			at("1:1", `related_resources: got "http://example.com/a", want a URL with https`),
		}},
		{"unknown field", edit{code, "remediation:", "remedy: x\n#   remediation:"}, []string{at("1:1", `custom: unknown field "remedy"`)}},

		// Parameters.
		{"no schema", edit{code, "- input.parameters:", "- input.other:"}, []string{at("1:1", "METADATA: schemas: input.parameters is missing")}},
		{"levels", edit{code, "enum: [deny, warn]}", "enum: [deny]}"}, []string{
			at("43:1", "schemas: input.parameters.levels: want type: array, items: {type: string, enum: [deny, warn]}, default: [deny, warn]"),
		}},
		{"parameter without description", edit{code, "#         description: The largest size.\n", ""}, []string{
			at("42:1", "schemas: input.parameters.maxBytes: description is missing"),
		}},
		{"parameter unknown in the rule", edit{code, `parameter.get("levels"`, `parameter.get("level"`}, []string{
			at("49:16", `parameter.get("level", ["deny", "warn"]): the schema of sample-rule has no "level"; have levels, maxBytes, profiles`),
			at("43:1", `schemas: input.parameters.levels: nothing reads it, want parameter.get("levels", ...)`),
		}},
		{"parameter unknown in a lib", edit{lib, `parameter.get("maxBytes"`, `parameter.get("max"`}, []string{
			lib + `:7:25: parameter.get("max", 1024): the schema of sample-rule has no "max"; have levels, maxBytes, profiles`,
			at("43:1", `schemas: input.parameters.maxBytes: nothing reads it, want parameter.get("maxBytes", ...)`),
		}},
		{"other default in a lib", edit{lib, "1024)", "1025)"}, []string{
			lib + `:7:25: parameter.get("maxBytes", 1025): got this default, want that of the schema of sample-rule, 1024`,
		}},
		{"other default in the schema", edit{code, "default: [deny, warn]", "default: [deny]"}, []string{
			at("43:1", "schemas: input.parameters.levels: want type: array, items: {type: string, enum: [deny, warn]}, default: [deny, warn]"),
			at("49:16", `parameter.get("levels", ["deny", "warn"]): got this default, want that of the schema of sample-rule, ["deny"]`),
		}},
		{"no default in the schema", edit{code, "#         default: 1024\n", ""}, []string{
			lib + `:7:25: parameter.get("maxBytes", 1024): the schema of sample-rule has no default for it`,
		}},
		{"computed default", edit{lib, "1024)", "count([]))"}, []string{
			lib + `:7:25: parameter.get("maxBytes", count([])): want a literal default`,
			at("43:1", `schemas: input.parameters.maxBytes: nothing reads it, want parameter.get("maxBytes", ...)`),
		}},
		{"computed name", edit{code, `parameter.get("levels"`, `parameter.get(lower("levels")`}, []string{
			at("49:16", `parameter.get(lower("levels"), ["deny", "warn"]): want a name in quotes`),
			at("43:1", `schemas: input.parameters.levels: nothing reads it, want parameter.get("levels", ...)`),
		}},
		{"parameter of a lib that is not reached", edit{code, "size.large(input.review.object.size)", "size.spare"}, []string{
			lib + `:10:10: parameter.get("spare", true): the schema of sample-rule has no "spare"; have levels, maxBytes, profiles`,
			at("43:1", `schemas: input.parameters.maxBytes: nothing reads it, want parameter.get("maxBytes", ...)`),
		}},

		// Reference data.
		{"reference data", edit{code, "count(_profiles) > 0", "count(data.inventory.cluster) + count(_profiles) > 0"}, []string{
			at("51:8", "data.inventory is read, want custom.requiresSyncData in the METADATA of policies/shm/sample_rule"),
		}},
		{"reference data without a word on its absence", edit{code, "remediation:", "requiresSyncData: [[{groups: [\"\"], versions: [v1], kinds: [Node]}]]\n#   remediation:"}, []string{
			at("1:1", "METADATA: want custom.requiresSyncData and custom.withoutData, or neither"),
			at("44:1", "custom.requiresSyncData is set and nothing reads data.inventory"),
		}},
		{"reference data that nothing reads", edit{code, "remediation:", "requiresSyncData: [[{groups: [\"\"], versions: [v1], kinds: [Node]}]]\n#   withoutData: Nothing.\n#   remediation:"}, []string{
			at("45:1", "custom.requiresSyncData is set and nothing reads data.inventory"),
		}},

		// Files.
		{"rule missing", edit{code, "", ""}, []string{"policies/shm/sample_rule: sample_rule.rego is missing, want the rule"}},
		{"tests missing", edit{tests, "", ""}, []string{"policies/shm/sample_rule: sample_rule_test.rego is missing, want its tests"}},
		{"no test", edit{tests, "test_nothing", "nothing"}, []string{tests + `: found no rule that begins with "test_"`}},
		{"examples missing", edit{"policies/shm/sample_rule/examples/deny.yaml", "", ""}, []string{
			"policies/shm/sample_rule: examples/deny.yaml is missing, want manifests with findings",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fsys := sample(t)
			tc.edit.apply(t, fsys)
			_, err := readRules(fsys)
			compareFaults(t, err, tc.want)
		})
	}
}

// TestGroup moves the rule to a directory that is no group.
func TestGroup(t *testing.T) {
	fsys := sample(t)
	for name, file := range sample(t) {
		if strings.HasPrefix(name, "policies/shm/") {
			delete(fsys, name)
			text := strings.ReplaceAll(string(file.Data), "policies.shm", "policies.misc")
			fsys[strings.Replace(name, "shm", "misc", 1)] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	_, err := readRules(fsys)
	compareFaults(t, err, []string{`policies/misc: group "misc" not known, want shm, mlock, runtime, memory, gatekeeper`})
}

// TestBundleFaults makes one thing wrong in the bundles of the sample.
func TestBundleFaults(t *testing.T) {
	for _, tc := range []struct {
		name string
		edit edit
		want []string
	}{
		{"sound", edit{constraints, "levels: [deny]", "levels: [ deny ]"}, nil},
		{"kind", edit{constraints, "MemgateSampleRule", "MemgateSimpleRule"}, []string{constraints + `:2:1: kind "MemgateSimpleRule": no rule has it`}},
		{"name", edit{constraints, "sample-rule-deny", "sample-deny"}, []string{
			constraints + `:4:3: metadata.name: got "sample-deny", want sample-rule-deny or sample-rule-warn`,
		}},
		{"levels", edit{constraints, "levels: [deny]", "levels: [deny, warn]"}, []string{
			constraints + `:7:16: spec.parameters.levels of "sample-rule-deny": got [deny warn], want [deny]`,
		}},
		{"no levels", edit{constraints, "  parameters: {levels: [deny]}\n", ""}, []string{
			constraints + `:5:1: spec.parameters.levels of "sample-rule-deny": got <nil>, want [deny]`,
		}},
		{"action", edit{constraints, "enforcementAction: warn", "enforcementAction: deny"}, []string{
			constraints + `:14:3: spec.enforcementAction of "sample-rule-warn": got "deny", want "warn"`,
		}},
		{"label", edit{constraints, "  parameters: {levels: [deny]}\n", "  match: {kinds: [{kinds: [Pod]}, {kinds: [DaemonSet]}]}\n  parameters: {levels: [deny]}\n"}, []string{
			constraints + `:3:1: metadata.labels of "sample-rule-deny": want memgate.github.io/judges: workloads if it matches Pods and what makes them, and only then`,
		}},
		{"label without a match", edit{constraints, "  name: sample-rule-deny\n", "  name: sample-rule-deny\n  labels: {memgate.github.io/judges: workloads}\n"}, []string{
			constraints + `:5:3: metadata.labels of "sample-rule-deny": want memgate.github.io/judges: workloads if it matches Pods and what makes them, and only then`,
		}},
		{"not listed", edit{"bundles/shm/kustomization.yaml", "[sample-rule.yaml]", "[]"}, []string{
			constraints + ": not listed in the resources of bundles/shm/kustomization.yaml",
		}},
		{"file of another name", edit{"bundles/strict/other.yaml", "", "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: MemgateSampleRule\nmetadata: {name: sample-rule-warn}\nspec: {enforcementAction: warn, parameters: {levels: [warn]}}\n"}, []string{
			"bundles/strict/other.yaml: not listed in the resources of bundles/strict/kustomization.yaml",
			`bundles/strict/other.yaml:2:1: kind "MemgateSampleRule": want it in bundles/strict/sample-rule.yaml`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fsys := sample(t)
			rules, err := readRules(fsys)
			if err != nil {
				t.Fatal(err)
			}
			tc.edit.apply(t, fsys)
			compareFaults(t, checkBundles(fsys, rules), tc.want)
		})
	}
}

// compareFaults compares the lines of an error with those wanted, in any order.
func compareFaults(t *testing.T, err error, want []string) {
	t.Helper()
	var got []string
	if err != nil {
		got = strings.Split(err.Error(), "\n")
	}
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("got faults\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
