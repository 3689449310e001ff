# Every target's purpose stands behind its ##; `make help` prints them.
GO      ?= go
BIN     := bin/wefeed
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS := -s -w -X main.version=$(VERSION)

.PHONY: help build demo test test-deps bench fuzz lint generate clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build bin/wefeed
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/wefeed

demo: build ## Run everything here: gateway, demo portal and WeChat sandbox, on SQLite, without any account
	@$(BIN) demo

test: test-deps ## Install what the tests need, run all of them, then fuzz every parser for FUZZTIME (default 10s)
	@FUZZTIME=$(or $(FUZZTIME),10s) scripts/test

test-deps: ## Install what the tests need, where it is missing
	@scripts/test-deps

bench: ## Run all benchmarks once
	@$(GO) test -run '^$$' -bench . -benchmem ./...

fuzz: ## Fuzz every parser for FUZZTIME (default 5m) each
	@scripts/fuzz $(or $(FUZZTIME),5m)

lint: ## Check formatting, vet, staticcheck, the scripts and that modules are tidy
	@scripts/lint

generate: ## Make generated files anew
	@$(GO) generate ./...

clean: ## Remove what the targets above made
	@rm -rf bin demo
