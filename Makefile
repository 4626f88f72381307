# What a contributor and CI both run. `make` alone lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CRDS := deploy/crds
CARGO_DENY_VERSION := 0.20.2
# Outside the checkout, so that a fresh clone does not build it again.
CARGO_DENY_ROOT := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/sim-operator/cargo-deny-$(CARGO_DENY_VERSION)
CARGO_DENY := $(or $(shell command -v cargo-deny),$(CARGO_DENY_ROOT)/bin/cargo-deny)
CARGO_FUZZ_VERSION := 0.13.2
CARGO_FUZZ_ROOT := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/sim-operator/cargo-fuzz-$(CARGO_FUZZ_VERSION)
CARGO_FUZZ := $(or $(shell command -v cargo-fuzz),$(CARGO_FUZZ_ROOT)/bin/cargo-fuzz)
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
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo clippy --manifest-path fuzz/Cargo.toml --target-dir $(or $(CARGO_TARGET_DIR),target) --locked -- -D warnings
	@if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS); else echo 'no shellcheck: scripts not checked'; fi

.PHONY: audit
audit: $(CARGO_DENY) ## Check the dependencies against the advisory database (needs internet)
	$(CARGO_DENY) --workspace check advisories

.PHONY: test
test: ## Run every test, against a real kube-apiserver and the simulator
	tools/control-plane assets --with-controllers
	cargo test --workspace --locked --features failpoints --no-fail-fast

.PHONY: reliability
reliability: ## Run the kill table and write docs/reliability.md
	tools/control-plane assets
	RELIABILITY_PAGE=docs/reliability.md cargo test --locked --features failpoints --test kill the_kill_table

.PHONY: soak
soak: ## Random users against random faults: SECONDS=1800, and SEED=... to have one again
	tools/control-plane assets
	SOAK_SECONDS=$(or $(SECONDS),1800) SOAK_SEED=$(SEED) \
		cargo test --locked --features failpoints --test soak -- --nocapture

# Each target for so long, in seconds; FUZZ=name for one of them.
fuzz: SECONDS := 60
.PHONY: fuzz
fuzz: $(CARGO_FUZZ) ## Fuzz all that reads input from outside, each target for SECONDS
	for target in $(or $(FUZZ),$$($(CARGO_FUZZ) list)); do \
	  mkdir -p fuzz/corpus/$$target; \
	  $(CARGO_FUZZ) run --sanitizer none $$target fuzz/corpus/$$target fuzz/seeds/$$target -- \
	    -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=2048 -max_len=65536 -dict=fuzz/words.dict; \
	done

# The operator is built by itself and linked as for its image, so that it is measured as it is released. A QUICK run writes no
# documents.
bench: HOST := $(shell rustc --print host-tuple)
.PHONY: bench
bench: ## Measure at scale and write docs/performance.md (QUICK=1: five minutes, prints only)
	tools/control-plane assets
	RUSTFLAGS="-C target-feature=+crt-static" cargo build --release --locked --target $(HOST)
	cargo run --profile bench-tool --locked --package sim-operator-bench -- \
	  --operator "$${CARGO_TARGET_DIR:-target}/$(HOST)/release/sim-operator" $(if $(QUICK),--quick,--docs docs)

.PHONY: demo
demo: ## Watch the operator at work on a local control plane and the simulator
	tools/demo

.PHONY: clean
clean: ## Remove what was built in the checkout
	cargo clean

$(CARGO_FUZZ_ROOT)/bin/cargo-fuzz:
	cargo install --quiet --locked --root $(CARGO_FUZZ_ROOT) cargo-fuzz@$(CARGO_FUZZ_VERSION)

$(CARGO_DENY_ROOT)/bin/cargo-deny:
	cargo install --quiet --locked --root $(CARGO_DENY_ROOT) cargo-deny@$(CARGO_DENY_VERSION)
