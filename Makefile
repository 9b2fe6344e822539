# Trama: everything that one does in a checkout. `make help` lists it.

SHELL := /bin/sh
PORT ?= 8000
WORKERS ?= 2
APPS ?=
# CI sets it: the tests against the shared data in one session with the others save a start and a migration.
CONFORMANCE ?=
ARGS ?=
# The first Python that is new enough; choose another with PYTHON=.
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; exit; }; done; echo no-python)
endif
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
# Where Python may not keep what it compiled, every process compiles everything anew: seconds for each.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run setup setup-dev test test-sqlite test-postgresql oracles conformance conformance-postgresql \
	check format messages pages bench lock clean python

help: ## This list
	@printf 'Trama. The two commands of a first visit: \033[1mmake run\033[0m and \033[1mmake test\033[0m.\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-23s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## Serve Trama with the demonstration on http://127.0.0.1:8000 (PORT=, TRAMA_HOME=, ARGS=); Ctrl-C stops
	@exec $(BIN)/trama run --port $(PORT) $(ARGS)

setup: python ## Make the environment .venv from the lock files; costs nothing when nothing changed
	@$(PYTHON) scripts/environment.py run

setup-dev: python ## The same with the tools for tests and checks
	@$(PYTHON) scripts/environment.py dev

python:
	@[ "$(PYTHON)" != no-python ] || { echo "Trama needs Python 3.11 or newer, and none was found. Name one with PYTHON=." >&2; exit 1; }

test: test-sqlite test-postgresql ## All tests, browser included, on SQLite and (when a server is found) on PostgreSQL

test-sqlite: setup-dev ## All tests on SQLite
	@$(BIN)/python scripts/browser.py
	$(BIN)/pytest -n $(WORKERS) -m "$(if $(CONFORMANCE),,not conformance)"

test-postgresql: setup-dev ## The tests without a browser on a private PostgreSQL, when its programs are found
	$(BIN)/python scripts/postgres.py --if-found -- $(BIN)/pytest -n $(WORKERS) -m "not browser$(if $(CONFORMANCE),, and not conformance)"

oracles: python ## The programs with which results are compared (esda, Splink), in an environment of their own
	@$(PYTHON) scripts/environment.py oracles

conformance: setup-dev ## The tests against the shared data and standards beside the repository (TRAMA_SHARED=)
	$(BIN)/pytest -n $(WORKERS) -m conformance

conformance-postgresql: setup-dev ## The same on a private PostgreSQL, when its programs are found
	$(BIN)/python scripts/postgres.py --if-found -- $(BIN)/pytest -n $(WORKERS) -m "conformance and not browser"

check: setup-dev ## Format, lint, types, contracts, templates, migrations, translations, generated pages
	@$(BIN)/python scripts/check.py

format: setup-dev ## Put Python and templates into their form
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .
	@git ls-files -z --cached --others --exclude-standard 'src/**/templates/**/*.html' | xargs -0 -r $(BIN)/djade --target-version 5.2 || true

messages: setup-dev ## Extract and compile the Italian messages (APPS="core ui" for some)
	@$(BIN)/python scripts/messages.py $(APPS)

pages: setup-dev ## Write the pages of docs/ that follow from the code
	@$(BIN)/python scripts/pages.py

bench: setup-dev ## Measure speed and memory, each with the ratio to a bound of the same run
	@exec $(BIN)/python -m benchmarks

lock: setup-dev ## Resolve the dependencies again and write requirements/*.txt
	@$(BIN)/python scripts/lock.py

clean: ## Remove the environment and the caches; the data in var/ stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache dist build
