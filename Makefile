# Everything a newcomer types. `make` alone tells what there is.

PYTHON ?= python3
# Test processes; "auto" is one a core, four at most.
WORKERS ?= auto
# `make lock UPGRADE=--upgrade` takes the newest versions that pyproject.toml allows.
UPGRADE ?=

VENV := .venv
BIN := $(VENV)/bin
CODE := $(wildcard aim_loans reports tests bench migrations)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-annotate --no-header --quiet $(UPGRADE)
# What the tests promise needs no disk: their databases lie in memory where there is room.
SCRATCH := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 {print "/dev/shm"}')
# What one process of the tests has compiled, the others need not.
PYTEST := PYTHONDONTWRITEBYTECODE= $(if $(SCRATCH),TMPDIR=$(SCRATCH)) $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist worksteal

# The demo: how many loans it has, where it listens, and whether it goes on serving (SERVE=0).
LOANS ?= 2000
PORT ?= 8000
SERVE ?= 1
# It keeps its book in var/, whatever database the shell may point at.
DEMO_BOOK := var/demo.sqlite
DEMO := env -u AIM_FILES AIM_DATABASE_URL=sqlite:///$(DEMO_BOOK) AIM_CONFIG=var/demo.toml \
	AIM_SECRET_KEY="$$(cat var/secret-key)" $(BIN)/aim-loans
DEMO_NEEDS := $(VENV)/project.stamp var/secret-key var/demo.toml

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test test-long check style serve bench lock clean

help: ## Tell what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(DEMO_NEEDS) ## Set up, make a synthetic book and its reports, serve it (LOANS= PORT= SERVE=0)
	@exec $(DEMO) demo --loans $(LOANS) --port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve)

test: style ## Check the code and run every test
	@# The tests wait for the browser and the server at times: the types are checked meanwhile.
	@$(BIN)/mypy $(CODE) >$(VENV)/types.txt & types=$$!; \
	echo '$(PYTEST)'; $(PYTEST); tests=$$?; \
	wait $$types || { cat $(VENV)/types.txt; exit 1; }; exit $$tests

test-long: $(VENV)/dev.stamp $(VENV)/project.stamp ## Run every test with many more made-up cases
	AIM_HYPOTHESIS_PROFILE=long $(PYTEST)

check: style ## Style, floors and types, without the tests
	$(BIN)/mypy $(CODE)

style: $(VENV)/dev.stamp $(VENV)/project.stamp
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/lint-imports

serve: $(DEMO_NEEDS) ## Start the web application over the demo's book
	@test -e $(DEMO_BOOK) || $(MAKE) demo SERVE=0
	@exec $(DEMO) serve --plain-http --with-worker --port $(PORT)

bench: $(VENV)/dev.stamp $(VENV)/project.stamp ## Measure the speed that the README claims
	$(BIN)/python -m bench

lock: $(VENV)/dev.stamp ## Write both lock files anew
	$(COMPILE) --extra postgresql --extra build -o requirements.lock
	$(COMPILE) --all-extras --constraint requirements.lock -o requirements-dev.lock

clean: ## Remove the environment and what the tools left; var/ with its book stays
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment serves demo and test in either order: the development lock holds all that the
# runtime lock holds, in the same versions, so it answers for both.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime.stamp: requirements.lock | $(BIN)/python
	$(PIP) install --require-hashes -r requirements.lock
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock | $(BIN)/python
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/runtime.stamp

# An order-only prerequisite of the two locks: whichever came first has the build tools.
$(VENV)/project.stamp: pyproject.toml | $(VENV)/runtime.stamp
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# The configuration that ships, but for the word that every page and paper of the demo carries, and
# for two lists that the parties of the memorandum have yet to agree on.
MADE_UP := source = "made up for the demonstration", verified = false
var/demo.toml: config.toml Makefile
	@mkdir -p var
	@sed -e 's/^synthetic = false/synthetic = true /' \
	  -e 's/^underserved = \[\]/underserved = [{ effective_from = 2025-07-05, $(MADE_UP), districts = ["Rajanpur", "Dadu", "Quetta"] }]/' \
	  -e 's/^prices = \[\]/prices = [{ effective_from = 2025-07-01, $(MADE_UP), value = 10000 }, { effective_from = 2026-01-01, $(MADE_UP), value = 10280 }, { effective_from = 2026-07-01, $(MADE_UP), value = 10550 }]/' \
	  config.toml > $@

# Made once: without it nothing that was sealed with it can be checked again.
var/secret-key:
	@mkdir -p var
	@umask 077; $(PYTHON) -c 'import secrets; print(secrets.token_hex(32))' > $@
