# Each target creates what it needs in .venv; a stamp file makes the second run cheap.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
PEERS := .venv-peers
APPS := .venv-apps
TRACING := .venv-tracing
MUTANTS := .venv-mutants

# The tests share a machine's processors, four at most: each worker imports both frameworks first.
# WORKERS=0 runs them in one process, for a debugger.
WORKERS ?= logical
PARALLEL := -n $(WORKERS) --maxprocesses 4 --dist worksteal --inline-snapshot=disable

.PHONY: demo test faults test-httpx2 test-apps test-tracing live mutants record check lint types format bench clean
.DEFAULT_GOAL := test

# make demo QUESTION="How do I compress a file with gzip?" DOCS=folder
# Handed on as they are: a question may hold a dollar sign.
override QUESTION := $(value QUESTION)
override DOCS := $(value DOCS)
export QUESTION DOCS
demo: $(VENV)/.demo-installed
	@$(BIN)/python -m demo

test: $(VENV)/.dev-installed
	$(BIN)/python -m pytest $(PARALLEL) --ignore=tests/faults $(ARGS)

# What we do when the server misbehaves: mostly waiting.
faults: $(VENV)/.dev-installed
	$(BIN)/python -m pytest $(PARALLEL) tests/faults $(ARGS)

# The client and the fault table once more, with httpx2 in httpx's place.
test-httpx2: $(VENV)/.dev-installed
	$(BIN)/python -m pytest $(PARALLEL) -p tests.httpx2_alias tests/client tests/faults $(ARGS)

# Software that users install beside ours, which has its say about versions.
test-apps: $(APPS)/.installed
	$(APPS)/bin/python -m pytest tests/apps $(ARGS)

# What tracers see of both frameworks.
test-tracing: $(TRACING)/.installed
	$(TRACING)/bin/python -m pytest tests/tracing $(ARGS)

# A short run against the API itself: needs SILICONFLOW_API_KEY, costs less than 0.5 yuan.
live: $(VENV)/.dev-installed
	@$(BIN)/python -m tests.live

# How many small faults in the modules that think do the tests notice? Takes most of an hour.
mutants: $(MUTANTS)/.installed
	$(MUTANTS)/bin/python -m tests.mutants $(ARGS)

# Without a key the simulator answers; with SILICONFLOW_API_KEY set, the live API does.
# All cassettes are made anew, so that none outlives its test; with ARGS only those of some tests.
# In one process: two would write the same folder.
record: $(VENV)/.dev-installed
	$(if $(ARGS),,rm -rf cassettes)
	$(BIN)/python -m pytest -m vcr --record-mode=rewrite $(ARGS)

check: lint types

lint: $(VENV)/.dev-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.dev-installed
	$(BIN)/mypy
	$(BIN)/pyright

format: $(VENV)/.dev-installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev-installed $(PEERS)/.installed
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(PEERS) $(APPS) $(TRACING) $(MUTANTS) .mutants .demo demo.html dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# pip reads dependency groups from 25.1 on; Python 3.11 ships an older one.
$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.demo-installed: pyproject.toml | $(VENV)/.created
	@echo "Installing what the demo needs into $(VENV) (once) ..."
	$(PIP) install --editable '.[demo]'
	@touch $@

$(VENV)/.dev-installed: pyproject.toml | $(VENV)/.created
	@echo "Installing what the tests need into $(VENV) (once) ..."
	$(PIP) install --editable '.[all,demo]' --group dev
	@touch $@ $(VENV)/.demo-installed

# The peers need an environment of their own: langchain-siliconflow installs the folder
# langchain_siliconflow, which is ours here.
$(PEERS)/.installed: benchmarks/peers.txt
	@echo "Installing the peers into $(PEERS) (once) ..."
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip --disable-pip-version-check -qq install --requirement benchmarks/peers.txt
	@touch $@

$(APPS)/.installed: pyproject.toml
	@echo "Installing what the apps' tests need into $(APPS) (once) ..."
	$(PYTHON) -m venv $(APPS)
	$(APPS)/bin/python -m pip --disable-pip-version-check -qq install --upgrade 'pip>=25.1'
	$(APPS)/bin/python -m pip --disable-pip-version-check -qq install --editable '.[langchain,llama-index,simulator]' --group apps
	@touch $@

$(TRACING)/.installed: pyproject.toml
	@echo "Installing what the tracers' tests need into $(TRACING) (once) ..."
	$(PYTHON) -m venv $(TRACING)
	$(TRACING)/bin/python -m pip --disable-pip-version-check -qq install --upgrade 'pip>=25.1'
	$(TRACING)/bin/python -m pip --disable-pip-version-check -qq install --editable '.[langchain,llama-index,simulator]' --group tracing
	@touch $@

$(MUTANTS)/.installed: pyproject.toml
	@echo "Installing what mutation testing needs into $(MUTANTS) (once) ..."
	$(PYTHON) -m venv $(MUTANTS)
	$(MUTANTS)/bin/python -m pip --disable-pip-version-check -qq install --upgrade 'pip>=25.1'
	$(MUTANTS)/bin/python -m pip --disable-pip-version-check -qq install --editable '.[all,demo]' --group mutants
	@touch $@
