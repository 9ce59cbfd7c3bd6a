# Payday's commands; `make` alone lists them. Only Python 3.11+ and make are needed.

PY := .venv/bin/python
PAYDAY := $(PY) -m deploy.cli
PYTEST := $(PY) -m pytest -n 2 --dist loadgroup
# Half of the time these wait: for a lease to run out, a broker to come back, a client to be given up.
PYTEST_MORE := $(PY) -m pytest -n 3 --dist loadgroup --all -m all
UV ?= uv
LOCK := $(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --quiet --extra build --extra local
YES := 1 yes true
PEERS := tests/benchmarks/peers
# Where several runs take the same ARGS, a word that one of them does not know is no failure (pytest's status 5).
OR_NONE := $(if $(ARGS),|| [ $$? -eq 5 ])

export PYTHON

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-more lint types format bench bench-30m chaos openapi install lock
.SUFFIXES:
.NOTPARALLEL:
.DELETE_ON_ERROR:

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: .venv/demo.stamp ## See a payday on this machine, end to end; Ctrl-C ends it (EXIT=1: end after the summary)
	@exec $(PAYDAY) demo $(if $(filter $(YES),$(EXIT)),--exit) $(ARGS)

test: .venv/test.stamp ## Run every test fit for ten minutes on two cores (ARGS='-k word': only some)
	@$(PYTEST) $(ARGS) $(NONE_IS_FINE)

test-all: NONE_IS_FINE = $(OR_NONE)
test-all: test test-more ## Run those and then the others

test-more: .venv/test.stamp ## Run only the others: what takes longer, and on PostgreSQL 15 what needs a database
	@$(PYTEST_MORE) $(ARGS) $(OR_NONE)
	@$(PY) -m tests.older_postgres $(ARGS) $(OR_NONE)

lint: .venv/test.stamp ## Look for mistakes, bad form and what is unsafe (ruff, bandit), and packages that do not fit
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m bandit --quiet --configfile pyproject.toml --recursive api_service worker_service shared deploy
	@$(PY) -m pip check

types: .venv/test.stamp ## Check the types (mypy, strict)
	@$(PY) -m mypy

format: .venv/test.stamp ## Bring the code into form (ruff)
	@$(PY) -m ruff check --fix --quiet .
	@$(PY) -m ruff format .

bench: .venv/bench.stamp $(PEERS)/node_modules ## Measure Payday against others and against less (ARGS='--help': what can be set)
	@exec $(PY) -m tests.benchmarks $(ARGS)

bench-30m: .venv/test.stamp ## Pay a day of 30 M events on this machine (67 GB of disk; ARGS='--events 1000000' pays fewer)
	@exec $(PY) -m tests.benchmarks.day $(ARGS)

chaos: .venv/test.stamp ## Harm everything for ten minutes and see that nothing is paid twice or lost (ARGS='--seconds 3600')
	@exec $(PY) -m tests.chaos $(ARGS)

openapi: .venv/test.stamp ## Write deploy/openapi/openapi.json anew (PROMISE=1: and promise clients what it says)
	@$(PAYDAY) openapi > .venv/openapi.json
	@cp .venv/openapi.json deploy/openapi/openapi.json
	@$(if $(filter $(YES),$(PROMISE)),cp .venv/openapi.json deploy/openapi/promised.json)

install: .venv/demo.stamp ## Install Payday in .venv and do nothing else

lock: ## Write the lock files anew from pyproject.toml (needs uv; ARGS=--upgrade takes newer versions)
	$(LOCK) $(ARGS) -o deploy/requirements.lock
	$(LOCK) $(ARGS) --extra test -c deploy/requirements.lock -o deploy/requirements-test.lock
	$(LOCK) $(ARGS) --extra test --extra bench -c deploy/requirements-test.lock -o deploy/requirements-bench.lock

# A missing or dangling .venv/bin/python (the system's Python was replaced) installs again.
.venv/bin/python:
	@:

.venv/demo.stamp: deploy/requirements.lock deploy/install.sh pyproject.toml .venv/bin/python
	@sh deploy/install.sh deploy/requirements.lock
	@touch $@

.venv/test.stamp: deploy/requirements-test.lock deploy/install.sh pyproject.toml .venv/bin/python
	@sh deploy/install.sh deploy/requirements-test.lock
	@touch $@

.venv/bench.stamp: deploy/requirements-bench.lock deploy/install.sh pyproject.toml .venv/bin/python
	@sh deploy/install.sh deploy/requirements-bench.lock
	@touch $@

# Without npm, or where it fails, the figures of what runs on node say so, and the others are measured.
$(PEERS)/node_modules: $(PEERS)/package-lock.json
	@if npm ci --prefix $(PEERS) --ignore-scripts --no-audit --no-fund --loglevel error >/dev/null; then touch $@; \
		else echo "payday: npm did not install what runs on node; the others are measured without it" >&2; fi
