# Everything a developer of Tollfuse types. "make" alone lists it.
#
#   PKG=./agi/...   narrows lint, vet, test, bench and fuzz to one room

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PKG         ?= ./...
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BENCH       ?= .
BENCHTIME   ?= 1s
FUZZTIME    ?= 60s
CALLS       ?= 200000
E2E_TIMEOUT ?= 30m
RATE        ?= 100

# Tools are built from source, which Go fetches like any module, so that nothing
# has to be installed beforehand. The name of a binary carries both versions:
# another pin, or another Go, builds another one, and otherwise nothing is
# rebuilt. They are no "tool" in go.mod, where their hundreds of modules would
# become ours.
GOLANGCI_VERSION := v2.15.0
NFPM_VERSION     := v2.45.0
GOVERSION        := $(shell go env GOVERSION)
GOLANGCI         := .cache/bin/golangci-lint-$(GOLANGCI_VERSION)-$(GOVERSION)
NFPM             := .cache/bin/nfpm-$(NFPM_VERSION)-$(GOVERSION)

.PHONY: help
help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## build bin/tollfuse
	CGO_ENABLED=1 go build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/tollfuse ./cmd/tollfuse

.PHONY: demo
demo: build ## watch a weekend's attack on a simulated Asterisk, in half a minute
	bin/tollfuse demo

.PHONY: test
test: lint vet ## lint, vet, and every test with the race detector
	CGO_ENABLED=1 go test -race $(PKG)

.PHONY: vet
vet:
	go vet -tags e2e $(PKG)

.PHONY: lint
lint: $(GOLANGCI) ## the linters of .golangci.yml; the first call builds them
	$(GOLANGCI) run $(PKG)

.PHONY: fmt
fmt: $(GOLANGCI) ## format every Go file the way lint wants it
	$(GOLANGCI) fmt

# $(call install,MODULE@VERSION,COMMAND) builds a tool from source. It is moved
# into place at the end, so that an interrupted build leaves nothing behind.
define install
	@echo 'building $(2) with $(GOVERSION), once (a minute or two)'
	@mkdir -p .cache/bin && tmp=$$(mktemp -d .cache/build.XXXXXX) && trap 'rm -rf "$$tmp"' EXIT && \
	GOFLAGS= GOBIN="$$PWD/$$tmp" go install $(1) && \
	rm -f .cache/bin/$(2)-v* && mv "$$tmp/$(2)" $@
endef

$(GOLANGCI):
	$(call install,github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION),golangci-lint)

$(NFPM):
	$(call install,github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM_VERSION),nfpm)

# A version without a tag is only a hash; neither format takes a dash in it.
.PHONY: package
package: build $(NFPM) ## bin/*.deb and bin/*.rpm
	@version=$(subst -,+,$(patsubst v%,%,$(VERSION))); \
	[[ $$version == [0-9]*.* ]] || version=0+git$$version; \
	for format in deb rpm; do \
		ARCH=$$(go env GOARCH) VERSION=$$version $(NFPM) package -f packaging/nfpm.yaml -p $$format -t bin/; \
	done

.PHONY: e2e
e2e: need-root build ## the tests on a real Asterisk 22 and 16 (root, Debian; installs what it needs)
	testdata/lab/lab roots
	go test -tags e2e -count=1 -timeout $(E2E_TIMEOUT) ./pkg/e2e/...

.PHONY: demo-asterisk
demo-asterisk: need-root build ## the demo on a real Asterisk (root, Debian)
	testdata/lab/lab roots
	go test -tags e2e -list '^TestDemo$$' ./pkg/e2e/ | grep TestDemo
	go test -tags e2e -count=1 -v -run '^TestDemo$$' ./pkg/e2e/

.PHONY: bench-asterisk
bench-asterisk: need-root ## what asking costs calls on a real Asterisk; RATE=100 a second, 8 minutes (root, Debian)
	testdata/lab/lab roots
	TOLLFUSE_E2E_RATE=$(RATE) go test -tags e2e -run '^$$' -bench '^BenchmarkCallSetUp$$' -benchtime 1x -timeout $(E2E_TIMEOUT) ./pkg/e2e/

.PHONY: need-root
need-root:
	@[ "$$(id -u)" = 0 ] || { echo 'this needs root: it makes Debian chroots with a real Asterisk in each; run it with sudo' >&2; exit 1; }

.PHONY: bench
.PHONY: evaluate
evaluate: ## play the whole catalogue against the default policy and write docs/evaluation.md; some minutes
	go test ./docs/evaluation -update -count=1 -v -timeout 60m

bench: ## every benchmark, BENCHTIME=1s each, and a table of what has an aim; CALLS=10000000 for the longest past
	@mkdir -p .cache
	CALLS=$(CALLS) go test -run '^$$' -bench '$(BENCH)' -benchmem -benchtime $(BENCHTIME) -timeout 60m $(PKG) | tee .cache/bench.log
	@echo; awk '/^Benchmark/ {for (i = 3; i < NF; i += 2) if (split($$(i+1), unit, ",aim") == 2) \
		printf "%-32s %-28s %10s   aim %s\n", $$1, unit[1], $$i, unit[2]}' .cache/bench.log

# At the end of its time the fuzzer can fail with "context deadline exceeded" and no input when the machine
# is busy; then the target gets a second try.
# "go test -list" prints the targets of a package, then the line "ok package".
.PHONY: fuzz
fuzz: ## every fuzz target, FUZZTIME=60s each
	@mkdir -p .cache; targets=$$(go test -list '^Fuzz' $(PKG) | awk '/^Fuzz/ {name[n++] = $$1} /^ok/ {for (i = 0; i < n; i++) print $$2, name[i]; n = 0}'); \
	[ -n "$$targets" ] || { echo 'no fuzz target in $(PKG)' >&2; exit 1; }; \
	failed=; while read -r package target; do \
		echo "== $$target in $$package for $(FUZZTIME)"; \
		fuzz() { go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5s "$$package" </dev/null 2>&1 | tee .cache/fuzz.log; }; \
		fuzz || { grep -q 'context deadline exceeded' .cache/fuzz.log && ! grep -q 'Failing input' .cache/fuzz.log && fuzz; } || failed+=" $$package:$$target"; \
	done <<<"$$targets"; \
	[ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

.PHONY: clean
clean: ## remove what was built, the linter too
	rm -rf bin .cache
