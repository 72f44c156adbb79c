# Each target creates what it needs in .venv; a stamp file makes the second run cheap.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
PEERS := .venv-peers
APPS := .venv-apps
CLIENTS := .venv-clients
NAMESAKE := .venv-namesake
FUZZ := .venv-fuzz
AUDIT := .venv-audit
TRACING := .venv-tracing
MUTANTS := .venv-mutants
COVERAGE := .venv-coverage
CLUSTER := .venv-ray
DOCS_VENV := .venv-docs
LOOK := .venv-look
PYTHON_VERSION ?= 3.14
ANOTHER := .venv-$(PYTHON_VERSION)

# The tests share a machine's processors, four at most: each worker imports both frameworks first.
# WORKERS=0 runs them in one process, for a debugger.
WORKERS ?= logical
PARALLEL := -n $(WORKERS) --maxprocesses 4 --dist worksteal --inline-snapshot=disable

.PHONY: demo test faults test-httpx2 test-apps test-python test-tracing live soak fuzz audit nightly test-ray test-clients test-conflict mutants coverage record check lint types format bench docs look dist test-packaging test-lowest clean
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

# What we do when the server misbehaves, in every way to ask. A whole run writes the page too.
faults: $(VENV)/.dev-installed
	$(BIN)/python -m pytest $(PARALLEL) tests/faults $(if $(ARGS),,--faults-page docs/faults.md) $(ARGS)

# The client and the fault table once more, with httpx2 in httpx's place.
test-httpx2: $(VENV)/.dev-installed
	$(BIN)/python -m pytest $(PARALLEL) -p tests.httpx2_alias tests/client tests/faults $(ARGS)

# Software that users install beside ours, which has its say about versions.
test-apps: $(APPS)/.installed
	$(APPS)/bin/python -m pytest tests/apps $(ARGS)

# PyPI's langchain-siliconflow beside ours, installed by pip and uv in either order. Needs PyPI.
test-conflict: $(VENV)/.dev-installed
	$(BIN)/python -m pytest $(PARALLEL) tests/conflict $(ARGS)

# Clients of other makers on the simulator; the connections that they leave open are their business.
# The package that owns our folder's name has an environment of its own.
test-clients: $(CLIENTS)/.installed $(NAMESAKE)/.installed
	NAMESAKE=$(NAMESAKE)/bin/python $(CLIENTS)/bin/python -m pytest -p no:unraisableexception tests/clients $(ARGS)

# The whole suite on another Python: make test-python PYTHON_VERSION=3.13. One that the machine has,
# one that uv downloads, or Debian's; INTERPRETER=/path/to/python names another.
test-python: $(ANOTHER)/.installed
	$(ANOTHER)/bin/python -m pytest $(PARALLEL) $(ARGS)

# Ray Data on a local cluster of two workers.
test-ray: $(CLUSTER)/.installed
	$(CLUSTER)/bin/python -m pytest tests/ray $(ARGS)

# 12,000 calls, threads and tasks, of which the server spoils three in ten; prints its figures.
soak: $(VENV)/.dev-installed
	$(BIN)/python -m pytest tests/soak -s $(ARGS)

# Coverage-guided: which bytes make the parts that read answers do what they must not?
SECONDS ?= 600
fuzz: $(FUZZ)/.installed
	$(FUZZ)/bin/python -m tests.fuzz $(SECONDS) $(ARGS)

# Known vulnerabilities in what the package and all of its extras bring.
audit: $(AUDIT)/.installed
	$(AUDIT)/subject/bin/python -m pip freeze --exclude-editable > $(AUDIT)/subject.txt
	$(AUDIT)/bin/pip-audit --strict --no-deps --disable-pip --requirement $(AUDIT)/subject.txt $(ARGS)

# What takes too long for every change; the live run needs a key.
nightly: soak fuzz audit test-httpx2 test-lowest test-clients test-ray test-tracing test-conflict coverage mutants $(if $(SILICONFLOW_API_KEY),live)

# What tracers see of both frameworks.
test-tracing: $(TRACING)/.installed
	$(TRACING)/bin/python -m pytest tests/tracing $(ARGS)

# A short run against the API itself: needs SILICONFLOW_API_KEY, costs less than 0.5 yuan.
live: $(VENV)/.dev-installed
	@$(BIN)/python -m tests.live

# How many small faults in the modules that think do the tests notice? Takes most of an hour.
mutants: $(MUTANTS)/.installed
	$(MUTANTS)/bin/python -m tests.mutants $(ARGS)

# Lines and branches that the tests reach, of each package: under 97 % of either fails. One run of what
# `make test` and `make faults` run, and one of what needs Ray and FFmpeg; `ARGS` are pytest's.
coverage: $(COVERAGE)/.installed
	rm -rf .coverage
	mkdir .coverage
	$(COVERAGE)/bin/python -m coverage run -m pytest $(PARALLEL) $(ARGS)
	$(COVERAGE)/bin/python -m coverage run -m pytest tests/ray tests/clients/test_media_files.py
	$(COVERAGE)/bin/python -m coverage combine --quiet
	$(COVERAGE)/bin/python -m coverage json --quiet
	$(COVERAGE)/bin/python -m tests.code_coverage

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
	$(BIN)/python -m benchmarks $(ARGS)

# The site of docs/, in .site; a broken link or a page that nothing leads to fails it.
docs: $(DOCS_VENV)/.installed
	$(DOCS_VENV)/bin/mkdocs build --strict $(ARGS)
	@echo "Built: .site/index.html"

# The built site in headless Chromium: every page on phone and desktop, light and dark; pictures of it.
look: docs $(LOOK)/.installed
	$(LOOK)/bin/python docs/site_look.py

# What is uploaded at a release, and whether PyPI would show it.
dist: $(VENV)/.dev-installed
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(BIN)/twine check --strict dist/*

# What users install: each extra alone in a fresh environment, what the README says, and their own
# programs under mypy and pyright. Downloads both frameworks; some minutes.
test-packaging: $(VENV)/.dev-installed
	$(BIN)/python -m pytest tests/fresh $(ARGS)

# The oldest versions that pyproject allows, instead of the newest. Without ARGS it writes down what passed.
test-lowest: $(VENV)/.dev-installed
	$(BIN)/python -m tests.lowest $(if $(ARGS),,--record) $(PARALLEL) $(ARGS)

clean:
	rm -rf $(VENV) .venv-* .python .demo demo.html .mutants .coverage .fuzz .site dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

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

# An environment of its own in the folder of a target's stamp: $(WHAT) for the reader, $(NEEDS) for pip.
define environment
@echo "Installing $(WHAT) into $(@D) (once) ..."
$(PYTHON) -m venv $(@D)
$(@D)/bin/python -m pip --disable-pip-version-check -qq install --upgrade 'pip>=25.1'
$(@D)/bin/python -m pip --disable-pip-version-check -qq install $(NEEDS)
endef

$(APPS)/.installed: WHAT := what the apps' tests need
$(APPS)/.installed: NEEDS := --editable '.[langchain,llama-index,simulator]' --group apps
$(APPS)/.installed: pyproject.toml
	$(environment)
	@touch $@

$(CLIENTS)/.installed: WHAT := other makers' clients
$(CLIENTS)/.installed: NEEDS := --editable '.[langchain,llama-index,simulator]' --group clients
$(CLIENTS)/.installed: pyproject.toml
	$(environment)
	@touch $@

$(NAMESAKE)/.installed: tests/clients/namesake.txt
	@echo "Installing langchain-siliconflow into $(NAMESAKE) (once) ..."
	$(PYTHON) -m venv $(NAMESAKE)
	$(NAMESAKE)/bin/python -m pip --disable-pip-version-check -qq install --requirement tests/clients/namesake.txt
	@touch $@

$(FUZZ)/.installed: WHAT := the fuzzer
$(FUZZ)/.installed: NEEDS := --editable . --group fuzz
$(FUZZ)/.installed: pyproject.toml
	$(environment)
	@touch $@

# What is looked at stands in an environment inside of the auditor's, without the auditor's packages.
$(AUDIT)/.installed: WHAT := the auditor
$(AUDIT)/.installed: NEEDS := --group audit
$(AUDIT)/.installed: pyproject.toml
	$(environment)
	$(PYTHON) -m venv $(AUDIT)/subject
	$(AUDIT)/subject/bin/python -m pip --disable-pip-version-check -qq install --upgrade pip
	$(AUDIT)/subject/bin/python -m pip --disable-pip-version-check -qq install --editable '.[all,demo]'
	@touch $@

$(TRACING)/.installed: WHAT := what the tracers' tests need
$(TRACING)/.installed: NEEDS := --editable '.[langchain,llama-index,simulator]' --group tracing
$(TRACING)/.installed: pyproject.toml
	$(environment)
	@touch $@

$(MUTANTS)/.installed: WHAT := what mutation testing needs
$(MUTANTS)/.installed: NEEDS := --editable '.[all,demo]' --group mutants
$(MUTANTS)/.installed: pyproject.toml
	$(environment)
	@touch $@

$(COVERAGE)/.installed: WHAT := what measuring the coverage needs
$(COVERAGE)/.installed: NEEDS := --editable '.[all,demo,ray,sounds]' --group coverage
$(COVERAGE)/.installed: pyproject.toml
	$(environment)
	@touch $@

$(CLUSTER)/.installed: WHAT := Ray
$(CLUSTER)/.installed: NEEDS := --editable '.[ray,simulator]' --group cluster
$(CLUSTER)/.installed: pyproject.toml
	$(environment)
	@touch $@

$(DOCS_VENV)/.installed: WHAT := what the site needs
$(DOCS_VENV)/.installed: NEEDS := --group docs
$(DOCS_VENV)/.installed: pyproject.toml
	$(environment)
	@touch $@

$(LOOK)/.installed: WHAT := what looks at the site
$(LOOK)/.installed: NEEDS := --group look
$(LOOK)/.installed: pyproject.toml
	$(environment)
	@touch $@

$(ANOTHER)/.installed: pyproject.toml | $(VENV)/.dev-installed
	@echo "Installing what the tests need into $(ANOTHER) (once) ..."
	interpreter="$(or $(INTERPRETER),$$($(BIN)/python -m tests.interpreter $(PYTHON_VERSION)))" \
		&& $(BIN)/python -m uv venv --quiet --clear --seed --python "$$interpreter" $(ANOTHER)
	$(BIN)/python -m uv pip install --quiet --python $(ANOTHER)/bin/python --editable '.[all,demo]' --group dev
	@touch $@
