# Everything a newcomer needs. Only Python 3.11+, git and make have to be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test chaos check fmt run bench bench-matching bench-import wheel clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "A virtual environment could not be made. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/.runtime: $(BIN)/python setup.cfg pyproject.toml
	@echo "Setting up $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[decode]'
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	@echo "Adding the tools for tests and checks ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(VENV)/.runtime ## set up and play the whole story: search, grab, import
	@$(BIN)/soulspot-arr demo

test: check ## set up, run every check and every test
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --cov --cov-report= $(ARGS)
	@printf 'Branch coverage, at least 90 %%: ' && $(BIN)/python -m coverage report --fail-under=90 --format=total

chaos: $(VENV)/.dev ## 60 grabs, a bad network, 100 times kill -9; SEED=7 plays the same again
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(ARGS)

check: $(VENV)/.dev ## formatting, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(VENV)/.dev ## format and fix what can be fixed
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

run: $(VENV)/.runtime ## run the service with its data in ./data
	$(BIN)/soulspot-arr serve --data-dir data

bench: $(VENV)/.dev ## print the table of speed and memory, write bench-results.json
	$(BIN)/python -m tests.bench

bench-matching: $(VENV)/.dev ## decide the labelled corpus with our rule and with others', write bench-matching.json
	$(BIN)/python -m tests.bench.matching $(ARGS)

bench-import: $(VENV)/.dev ## import the rendered corpus with our tags and with others', write bench-import.json
	$(BIN)/python -m tests.bench.importing $(ARGS)

wheel: $(VENV)/.dev ## build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean: ## remove what was made here
	rm -rf $(VENV) build dist *.egg-info .demo bench-results.json bench-matching.json bench-import.json .mypy_cache .ruff_cache .pytest_cache
