# The verbs of the project; `make` alone lists them.
# Packages go to .venv (hash-pinned by requirements/*.lock), data to GRID_HOME. A machine needs git, make and Python 3.11.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.DELETE_ON_ERROR:

export GRID_HOME ?= .grid
PORT ?= 3000
ARGS ?=
YEAR_DIR ?= .input-year
PYTHON ?= $(shell command -v python3.11 || command -v python3)

# The packages come over TLS; the machine's own certificates count, so a company's proxy works. A value already set wins.
export UV_SYSTEM_CERTS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1
# Great Expectations reports its use to its makers unless told not to.
export GX_ANALYTICS_ENABLED ?= false

BIN := .venv/bin
RUN := $(BIN)/python -m
UV := $(BIN)/uv
NOTEBOOKS := $(basename $(wildcard notebooks/*.py))
BENCHMARKS := $(notdir $(basename $(wildcard tests/benchmarks/bench_*.py)))

##@ Use it
.PHONY: demo ui notebook
demo: .venv/.base ## Run the main job on the shipped real input and show what it made
	@$(BIN)/grid land grid_assets/shipped_input
	@$(BIN)/grid run
	@$(RUN) jobs.report

ui: .venv/.base ## Open Dagster with the whole asset graph (PORT=3000)
	@$(AS_DAGSTER) && echo "Dagster at http://127.0.0.1:$(PORT) (end it with Ctrl-C)" \
	  && PYTHONWARNINGS='ignore:Function `dev_command`' exec $(BIN)/dagster dev -w workspace.yaml -h 127.0.0.1 -p $(PORT)

notebook: .venv/.notebook ## Open the notebooks over the lake that `make demo` filled
	@$(ABSOLUTE_HOME) && exec $(BIN)/jupyter lab --notebook-dir=notebooks $(AS_ROOT) \
	  --LabApp.default_url=/lab/tree/load_quality_and_losses.ipynb $(ARGS)

.PHONY: spark
spark: .venv/.spark ## Add Spark to the environment, for GRID_ENGINE=spark (needs Java 17)

##@ Work on it
.PHONY: test test-deep java bench lint audit docs notebooks input-year lock clean help
test: .venv/.dev java ## Pass the tests of everything that this machine can run (ARGS="-k lake")
	@$(RUN) pytest $(PYTEST_PARALLEL) -m "not deep" --cov --cov-report=term $(ARGS)

test-deep: .venv/.dev java ## Pass the heavy tests, and the property tests with long seeds
	@HYPOTHESIS_PROFILE=deep $(RUN) pytest $(PYTEST_PARALLEL) -m "deep or hypothesis" --timeout=1800 $(ARGS)

java: ## Install a Java for the tests of Spark, where there is none and this user may
	@command -v java > /dev/null || test -n "$$JAVA_HOME" || test "$$(id -u)" != 0 || ! command -v apt-get > /dev/null \
	  || { echo "Installing Java for the tests of Spark"; apt-get update -qq && apt-get install -qq -y openjdk-17-jre-headless > /dev/null; }

bench: .venv/.dev ## Measure against hand-written baselines; prints ratios
	@for name in $(BENCHMARKS); do echo "== $$name"; $(RUN) tests.benchmarks.$$name || exit 1; done

lint: .venv/.dev ## Check style, types, the direction of imports and the Dagster definitions
	@echo "== ruff check"; $(BIN)/ruff check .
	@echo "== ruff format"; $(BIN)/ruff format --check .
	@echo "== mypy --strict"; $(BIN)/mypy
	@echo "== lint-imports"; $(BIN)/lint-imports --no-logo
	@echo "== dg check defs"; $(AS_CHECK) && $(BIN)/dg check defs

audit: .venv/.dev ## Ask the package index about known weaknesses in the locked packages (network)
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements/dev.lock

docs: .venv/.dev notebooks ## Write the generated pages, the scores and the notebooks' pictures anew
	@$(RUN) tests.docs.build
	@$(RUN) tests.docs.picture
	@echo "scoring rules and events on the shipped input"
	@$(RUN) tests.integration.vee_scores > /dev/null && $(RUN) tests.integration.event_scores > /dev/null

notebooks: .venv/.notebook ## Execute the notebooks over GRID_HOME and save them
	@$(ABSOLUTE_HOME) && for name in $(NOTEBOOKS); do echo "executing $$name"; \
	  $(BIN)/jupytext --quiet --to ipynb --output $$name.ipynb $$name.py && $(BIN)/jupyter execute --Application.log_level=WARN --inplace $$name.ipynb \
	  || exit 1; done

input-year: .venv-input/.installed ## Build a full year of input in YEAR_DIR for the benchmarks
	@.venv-input/bin/python -m tests.input.build --year "$(YEAR_DIR)"

lock: .venv/.installer ## Write requirements/*.lock anew from pyproject.toml (LOCK="--upgrade" for newer versions)
	@$(COMPILE) $(LOCK) requirements/bootstrap.in -o requirements/bootstrap.lock
	@$(COMPILE) $(LOCK) requirements/input.in -o requirements/input.lock
	@$(call compile_extra,dev,--extra dev)
	@$(call compile_extra,notebook,--extra notebook)
	@$(call compile_extra,spark,--extra spark)
	@$(call compile_extra,base,)
	@touch .venv/.installer

clean: ## Remove environments and what tools left behind; data in GRID_HOME stays
	rm -rf .venv .venv-input .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage* htmlcov
	rm -rf build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## List the verbs
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' \
	  $(firstword $(MAKEFILE_LIST))

# ---- how the verbs do it ----

# Whole files to a process (shared fixtures), few processes: each of them runs an engine of its own.
PYTEST_PARALLEL := -n auto --maxprocesses 4 --dist loadfile

# Jupyter wants to be told that it runs as root, as it does on a bare machine or in a container.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

# Dagster and notebooks start in folders of their own, so they are given the home by its full path.
ABSOLUTE_HOME = mkdir -p "$$GRID_HOME" && GRID_HOME="$$(cd "$$GRID_HOME" && pwd)" && export GRID_HOME
# The Dagster instance lives in the home, without telemetry; jobs.instance writes its configuration and names its folder.
AS_DAGSTER = $(ABSOLUTE_HOME) && DAGSTER_HOME="$$($(RUN) jobs.instance)" && export DAGSTER_HOME
# A check has an instance of its own, so that it reports nothing either.
AS_CHECK = DAGSTER_HOME="$$(GRID_HOME="$$PWD/.venv" $(RUN) jobs.instance)" && export DAGSTER_HOME VIRTUAL_ENV="$$PWD/.venv"

# Locks carry hashes and no address, for Linux and macOS alike. Each extra starts from the versions of the whole, so
# that the extras agree and can be installed into one environment.
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile --quiet --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-emit-find-links
compile_extra = cp .venv/all.lock requirements/$(1).lock && $(COMPILE) pyproject.toml $(2) -o requirements/$(1).lock
lock: .venv/all.lock
.PHONY: .venv/all.lock
.venv/all.lock: .venv/.installer
	@cp requirements/dev.lock $@ 2>/dev/null || true
	@$(COMPILE) $(LOCK) pyproject.toml --all-extras -o $@

# Each stamp says what .venv holds. They add to each other, so the demo stays light.
.venv/.installer: requirements/bootstrap.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
	  || { echo "This project needs Python 3.11; found: $$($(PYTHON) --version 2>&1). Name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up .venv"
	@$(PYTHON) -m venv --clear .venv
	@$(RUN) pip install --quiet --only-binary :all: --require-hashes -r $<
	@touch $@

.venv/.project: .venv/.installer pyproject.toml
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.base .venv/.dev .venv/.notebook .venv/.spark: .venv/.%: requirements/%.lock .venv/.installer .venv/.project
	@echo "Installing the packages of $< (a minute or less on a usual line)"
	@began=$$(date +%s) && $(UV) pip install --quiet --python $(BIN)/python --require-hashes -r $< \
	  && echo "Installed in $$(( $$(date +%s) - began )) s"
	@touch $@

.venv-input/.installed: requirements/input.lock .venv/.installer
	@echo "Setting up .venv-input: the input generator wants an older pandas, so it has an environment of its own"
	@$(PYTHON) -m venv --clear .venv-input
	@$(UV) pip install --quiet --python .venv-input/bin/python --require-hashes -r $<
	@touch $@
