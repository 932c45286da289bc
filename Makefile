# Two commands do everything: `make demo` and `make test`. `make check` is the fast loop.
# Needs Rust (stable), Node 20, Python 3.11 and gcc; everything else is fetched once and kept.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CARGO ?= cargo

WEB_SOURCES := $(shell find web/src web/public web/index.html web/*.ts web/*.json -type f 2>/dev/null)
RUST_SOURCES := $(shell find crates python/src -name '*.rs' -o -name Cargo.toml 2>/dev/null) Cargo.toml Cargo.lock
DEMO_SOURCES := $(shell find demo -type f 2>/dev/null)

.PHONY: help
help: ## List what can be made
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# ---- building -------------------------------------------------------------------------------------------------------

web/node_modules/.installed: web/package-lock.json
	cd web && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --prefer-offline
	@touch $@

web/dist/index.html: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run build
	@touch $@

.PHONY: web
web: web/dist/index.html ## Build the web app

$(VENV)/.made: python/requirements-build.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r python/requirements-build.txt
	@touch $@

# One build for the SDK, the command and the server: the wheel carries all three.
$(VENV)/.sdk: $(VENV)/.made web/dist/index.html $(RUST_SOURCES) python/pyproject.toml | nasm
	cd python && VIRTUAL_ENV=$(abspath $(VENV)) $(abspath $(BIN))/maturin develop --release --quiet
	@touch $@

.PHONY: build
build: $(VENV)/.sdk ## Build the SDK and the `ethogram` command into .venv

# An assembler halves the time of films with overlays. Nothing needs it, so nobody is asked for a password and no failure counts.
.PHONY: nasm
nasm:
	@command -v nasm >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends nasm; } >/dev/null 2>&1; } || \
	  echo "no nasm here: films are encoded by plain C, overlays take twice as long"

# ---- demo -----------------------------------------------------------------------------------------------------------

.demo/.built: $(VENV)/.sdk $(DEMO_SOURCES)
	$(BIN)/python demo/build_runs.py .demo
	@touch $@

.PHONY: demo-runs
demo-runs: .demo/.built ## Build the demo runs into .demo

# Runs as they were trained, beside those that tests serve. A copy: what is derived of a run is kept with it.
.demo-trained/.copied: $(DEMO_SOURCES)
	rm -rf .demo-trained
	cp -R demo/trained .demo-trained
	@touch $@

.PHONY: demo
demo: .demo/.built .demo-trained/.copied ## Build everything, then serve the bundled real runs (PORT=… for a port of your choice)
	$(BIN)/ethogram serve .demo .demo-trained $(if $(PORT),--port $(PORT))

# ---- tests ----------------------------------------------------------------------------------------------------------

$(VENV)/.tests: $(VENV)/.sdk python/requirements-test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r python/requirements-test.txt
	@touch $@

.PHONY: test
test: test-rust test-s3 test-python test-web test-browser ## All tests

# Fetched for all platforms: the list of what the project is made of is tested, and names the crates of the others too.
.PHONY: test-rust
test-rust: web/dist/index.html ## Rust: unit, integration, property, tidy
	$(CARGO) fetch --locked --quiet
	if $(CARGO) nextest --version >/dev/null 2>&1; then \
	  $(CARGO) nextest run --release --workspace --no-fail-fast && $(CARGO) test --release --workspace --doc --quiet; \
	else $(CARGO) test --release --workspace; fi

.PHONY: test-s3
test-s3: ## Rust: runs in an object store, against a server on this machine; compiles a TLS stack
	.ci/test-s3

.PHONY: test-hosts
test-hosts: $(VENV)/.sdk ## Two hosts and a link that breaks; not part of `test`: needs root and network namespaces
	$(BIN)/python .ci/test-hosts

.PHONY: test-python
test-python: $(VENV)/.tests ## The Python SDK
	cd python && ../$(BIN)/python -m pytest -q

# TensorFlow has an environment of its own: it and PyTorch bring the same LLVM, and one process with both ends.
HEAVY := .venv-heavy
TENSORFLOW := .venv-tensorflow
TENSORFLOW_TESTS := $(wildcard python/tests_heavy/test_keras*.py python/tests_heavy/test_tensorflow*.py)
HEAVY_TESTS := $(filter-out $(TENSORFLOW_TESTS),$(wildcard python/tests_heavy/test_*.py))

$(HEAVY)/.made: python/requirements-heavy.txt
$(TENSORFLOW)/.made: python/requirements-tensorflow.txt

$(HEAVY)/.made $(TENSORFLOW)/.made: $(VENV)/.made
	test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $(filter python/%,$^)
	@touch $@

# The native half lies in python/ethogram once it is built, and serves any Python: nothing is compiled again.
$(HEAVY)/.sdk $(TENSORFLOW)/.sdk: %/.sdk: %/.made $(VENV)/.sdk
	echo $(abspath python) > $$($(@D)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/ethogram.pth
	@touch $@

# A process a file; all of a group, whatever fails. Which Python, and which files.
define each_test_file
	@cd python && failed=; for file in $(patsubst python/%,%,$(2)); do \
	  echo "$$file"; ../$(1)/bin/python -m pytest -q $$file || failed="$$failed $$file"; done; \
	  test -z "$$failed" || { echo "failed:$$failed" >&2; exit 1; }
endef

.PHONY: test-heavy
test-heavy: $(HEAVY)/.sdk $(TENSORFLOW)/.sdk ## Real PyTorch, JAX and TensorFlow; not part of `test`: downloads some 5 GB, takes most of an hour
	$(call each_test_file,$(HEAVY),$(HEAVY_TESTS))
	$(call each_test_file,$(TENSORFLOW),$(TENSORFLOW_TESTS))

.PHONY: test-web
test-web: web/node_modules/.installed ## The web app: unit tests
	cd web && npx vitest run

.PHONY: test-browser
test-browser: $(VENV)/.sdk .demo/.built chromium ## The whole in a browser
	cd web && ETHOGRAM_BIN=$(abspath $(BIN))/ethogram ETHOGRAM_PYTHON=$(abspath $(BIN))/python ETHOGRAM_DEMO_RUNS=$(abspath .demo) \
	  CHROMIUM=$$(command -v chromium || command -v chromium-browser) npx playwright test

.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
	  as_root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$as_root apt-get update -qq && $$as_root apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; }

# ---- checks ---------------------------------------------------------------------------------------------------------

.PHONY: lint
lint: lint-rust lint-python lint-web ## Formatters, linters and types

.PHONY: lint-rust
lint-rust:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --workspace --all-targets --quiet -- --deny warnings

.PHONY: lint-python
lint-python: $(VENV)/.tests
	$(BIN)/ruff check python demo examples bench web/e2e crates
	$(BIN)/ruff format --check python demo examples bench web/e2e crates
	cd python && ../$(BIN)/python -m mypy --strict ethogram && ../$(BIN)/python -m mypy.stubtest ethogram._native

.PHONY: lint-web
lint-web: web/node_modules/.installed
	cd web && npm run lint && npm run check

.PHONY: audit
audit: web/node_modules/.installed ## Known holes and licences of all dependencies; says what could not be asked
	PYTHON=$(PYTHON) .ci/audit

.PHONY: check
check: lint test-python test-web ## The fast loop: format, lint, types, unit tests
	$(CARGO) test --release --workspace --lib --quiet

.PHONY: clean
clean: ## Remove what was built, keep what was fetched
	rm -rf .demo .demo-trained $(VENV) $(HEAVY) $(TENSORFLOW) web/dist
