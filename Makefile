# Everything that CI runs is "make check". "make" lists the targets.

.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

TOOL := go tool -modfile=tools/go.mod
OPA := $(TOOL) opa
# Modules below the root, each with its own dependencies. tools/ has no packages.
NESTED := $(patsubst %/go.mod,%,$(shell git ls-files 'tests/**/go.mod' 'tests/*/go.mod' | sort -u))
COMMIT := $(shell git rev-parse HEAD 2>/dev/null)
NUMBER := $(shell git describe --tags --exact-match 2>/dev/null)
OPA_VERSION = $(shell go list -m -f '{{slice .Version 1}}' github.com/open-policy-agent/opa)
VERSION := github.com/memgate/memgate/pkg/version
LDFLAGS = -s -w -X $(VERSION).number=$(NUMBER) -X $(VERSION).commit=$(COMMIT) -X $(VERSION).opa=$(OPA_VERSION)

# Packages that no review runs, or seldom, are not inlined: 2 MB. What tools/trim.sh makes of
# opa/capabilities is another build of it for the cache by that, too.
COLD := cel.dev/... crypto/tls crypto/x509 encoding/asn1 encoding/xml github.com/antlr4-go/... \
	github.com/bmatcuk/... github.com/fxamacker/... github.com/go-errors/... github.com/go-openapi/... \
	github.com/golang/glog github.com/google/cel-go/cel github.com/google/cel-go/checker/... \
	github.com/google/cel-go/common/stdlib github.com/google/cel-go/ext \
	github.com/google/cel-go/parser/... github.com/google/gnostic-models/... github.com/lestrrat-go/... \
	github.com/mailru/... github.com/open-policy-agent/opa/capabilities \
	github.com/open-policy-agent/opa/internal/... github.com/open-policy-agent/opa/v1/ast \
	github.com/open-policy-agent/opa/v1/bundle/... github.com/open-policy-agent/opa/v1/format \
	github.com/open-policy-agent/opa/v1/rego github.com/sirupsen/... github.com/spf13/... \
	github.com/vektah/... go.yaml.in/... golang.org/x/... google.golang.org/... gopkg.in/... k8s.io/... \
	net/http runtime/pprof sigs.k8s.io/... text/template/...

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/memgate and bin/memgate-webhook, static
	CGO_ENABLED=0 go build -toolexec '$(CURDIR)/tools/trim.sh' -trimpath -ldflags '$(LDFLAGS)' $(COLD:%=-gcflags='%=-l') -o bin/ ./cmd/...

.PHONY: demo
demo: build ## judge the manifests of examples/
	@echo '$$ bin/memgate check examples'
	@bin/memgate check examples || test $$? -eq 1

.PHONY: generate
generate: ## write templates/, pages, index and packs from policies/ and bundles/
	go run ./cmd/memgate generate

.PHONY: man
man: ## write the man pages, the schema of settings and the README's output of commands
	go test ./pkg/cli -run 'TestManPages$$|TestConfigSchema|TestReadme' -update

.PHONY: fmt
fmt: ## format Go and Rego
	$(TOOL) gofumpt -w $$(git ls-files '*.go')
	$(OPA) fmt -w policies

.PHONY: lint
lint: lint-go lint-rego ## check the format, go vet, staticcheck, opa check

.PHONY: lint-go
lint-go:
	@unformatted=$$($(TOOL) gofumpt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofumpt would change (run make fmt):" $$unformatted; exit 1; fi
	go vet ./...
	$(TOOL) staticcheck ./...

# The tool has the version of Gatekeeper's OPA; tests/gator compares verdicts with it.
.PHONY: lint-rego
lint-rego:
	@unformatted=$$($(OPA) fmt -l policies); \
	if [ -n "$$unformatted" ]; then echo "opa fmt would change (run make fmt):" $$unformatted; exit 1; fi
	$(OPA) check --strict --capabilities v1.17.1 --ignore '*.yaml' policies

.PHONY: test-rego
test-rego: ## run the unit tests of the rules with Gatekeeper's OPA, too
	$(OPA) test --timeout 60s --ignore '*.yaml' policies

# The nested modules run binaries that go test does not know to be inputs.
.PHONY: test
test: ## run the tests of all modules
	go test ./...
	@for module in $(NESTED); do echo "== $$module"; (cd $$module && go test -count=1 ./...); done

.PHONY: race
race: ## run the tests of what is concurrent with the race detector
	go test -race ./pkg/admission ./pkg/check ./pkg/engine/... ./pkg/refdata

.PHONY: positions
positions: ## plant violations in manifests, 10,000 of them, and look for their places
	go test -count=1 -v ./tests/positions -cases 10000

# Minutes: not part of check.
.PHONY: precommit
precommit: ## install the hooks with pre-commit and commit with them
	go test -count=1 -v ./tests/precommit -precommit

# Minutes: not part of check.
.PHONY: mutate
mutate: ## change each expression of the rules in turn, and want a test to fail
	go run ./tests/mutate

.PHONY: check
check: lint build test ## all that CI runs

.PHONY: bench
bench: build ## measure the budgets and write docs/benchmarks.md
	cd tests/bench && go run . -root ../.. -write ../../docs/benchmarks.md
