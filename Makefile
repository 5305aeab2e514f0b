# Warder. "make help" lists the targets.
GO      ?= go
BIN     := bin/warder
LDFLAGS := -s -w $(if $(VERSION),-X main.version=$(VERSION))
FUZZTIME ?= 20s

.PHONY: help build test lint unit race coverage fuzz-seeds fuzz bench demo generate check-generated clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 18

build: ## build bin/warder
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/warder

test: ## everything: what CI runs (STEPS="unit race" runs some of it)
	test/all.sh

lint: ## gofmt, vet, staticcheck
	STEPS="format vet staticcheck" test/all.sh

unit: ## the tests of all packages, without the race detector
	$(GO) test ./...

race: ## the tests of the concurrent packages under the race detector
	STEPS=race test/all.sh

coverage: ## the decision path of the policy is covered to the last statement
	test/coverage.sh

fuzz-seeds: ## run every fuzz test on its seeds
	$(GO) test -run '^Fuzz' ./...

fuzz: ## run every fuzz test for FUZZTIME (20s)
	FUZZTIME=$(FUZZTIME) test/fuzz.sh

bench: ## the benchmarks of all packages
	$(GO) test -run '^$$' -bench . -benchmem ./...

demo: ## show attacks against a practice target, bare and guarded
	@GO=$(GO) tools/build.sh $(BIN) && exec $(BIN) demo

generate: ## write every generated file
	$(GO) generate ./...

check-generated: ## fail when a generated file is not what make generate writes
	test/generated.sh

clean: ## remove what was built
	rm -rf bin coverage
