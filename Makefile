# What a contributor and CI both run. `make` alone lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CRDS := deploy/crds
CARGO_DENY_VERSION := 0.20.2
# Outside the checkout, so that a fresh clone does not build it again.
CARGO_DENY_ROOT := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/sim-operator/cargo-deny-$(CARGO_DENY_VERSION)
CARGO_DENY := $(or $(shell command -v cargo-deny),$(CARGO_DENY_ROOT)/bin/cargo-deny)
SCRIPTS := .ci/run tools/control-plane tools/demo

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the operator and the simulator
	cargo build --workspace

.PHONY: generate
generate: ## Write the CRDs that the Rust types describe
	cargo run --quiet -- crds --dir $(CRDS)

.PHONY: fmt
fmt: ## Format the code
	cargo fmt --all

.PHONY: lint
lint: $(CARGO_DENY) ## Check formatting, lints, dependencies and shell scripts
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	$(CARGO_DENY) --workspace check bans licenses sources
	@if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS); else echo 'no shellcheck: scripts not checked'; fi

.PHONY: audit
audit: $(CARGO_DENY) ## Check the dependencies against the advisory database (needs internet)
	$(CARGO_DENY) --workspace check advisories

.PHONY: test
test: ## Run every test, against a real kube-apiserver and the simulator
	tools/control-plane assets --with-controllers
	cargo test --workspace --locked --features failpoints

.PHONY: reliability
reliability: ## Run the kill table and write docs/reliability.md
	tools/control-plane assets
	RELIABILITY_PAGE=docs/reliability.md cargo test --locked --features failpoints --test kill the_kill_table

.PHONY: demo
demo: ## Watch the operator at work on a local control plane and the simulator
	tools/demo

.PHONY: clean
clean: ## Remove what was built in the checkout
	cargo clean

$(CARGO_DENY_ROOT)/bin/cargo-deny:
	cargo install --quiet --locked --root $(CARGO_DENY_ROOT) cargo-deny@$(CARGO_DENY_VERSION)
