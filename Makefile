# Each command does all its own set-up, in $(VENV), and needs just Python 3.10 or later and make:
#   make demo     stock getaddrinfo and steadydns side by side
#   make test     the tests that this machine can run; what it cannot run is skipped with the reason
# For developers: make lint types format contract fuzz bench lab cpython surface suites. ARGS are passed on: make test ARGS=tests/unit

PYTHON ?= python3
VENV ?= .venv
ARGS ?=

RUN := $(VENV)/bin/python
CHECKED = $(wildcard src tests examples benchmarks)

.PHONY: help demo test test-lowest contract contract-here contract-fuzz fuzz bench bench-compare instructions lab lab-build cpython cpython-here surface suites lint types format
.PHONY: venv-runtime venv-test venv-fuzz venv-dev

help:
	@sed -n 's/^# \{0,1\}//p' Makefile

demo: venv-runtime
	$(RUN) -m steadydns.cli.demo $(ARGS)

test: venv-test
	$(RUN) -m pytest $(ARGS)

# Beside the real libc, on every Python 3.10 to 3.13 that is found; ends with `N equal of N` for each.
contract:
	@status=0; scripts/pythons | { while read -r minor python; do \
	    $(MAKE) --no-print-directory contract-here PYTHON="$$python" VENV="$(VENV)-$$minor" </dev/null || status=1; \
	done; exit $$status; }

contract-here: venv-test
	$(RUN) -m pytest tests/contract $(ARGS)

# Random calls, 200,000 unless ARGS says otherwise; prints a minimal call for each difference.
contract-fuzz: venv-test
	$(RUN) -m tests.contract.fuzz $(ARGS)

# Coverage-guided, for a minute unless ARGS says otherwise; the bounded fuzz tests are part of `make test`.
fuzz: venv-fuzz
	$(RUN) tests/fuzz/fuzz_codec.py $(or $(ARGS),--seconds 60)

# All of them, or those that ARGS name: make bench ARGS="cold --rounds 50". See benchmarks/README.md.
bench: venv-test
	$(RUN) -m benchmarks $(ARGS)

# One version of steadydns against another: make bench-compare ARGS="HEAD~5"
bench-compare: venv-test
	$(RUN) -m benchmarks compare $(ARGS)

# Instructions of a lookup in this checkout, beside the parent commit's or those of ARGS.
instructions: venv-test
	$(RUN) -m benchmarks instructions $(ARGS)

lab: venv-test
	$(RUN) -m tests.lab shell $(ARGS)

# CoreDNS, the C programs and a CPython on musl, into the user's cache folder; the first time takes five minutes.
lab-build: venv-test
	$(RUN) -m tests.lab build

# With the lowest versions that pyproject.toml allows. Needs an environment of its own: VENV=.venv-lowest
test-lowest: venv-test
	$(RUN) -m pip install --quiet --requirement .ci/lowest.txt
	$(RUN) -m pytest $(ARGS)

# On every Python 3.10 to 3.13 that is found, each with an environment of its own beside $(VENV).
cpython:
	@status=0; scripts/pythons | { while read -r minor python; do \
	    $(MAKE) --no-print-directory cpython-here PYTHON="$$python" VENV="$(VENV)-$$minor" </dev/null || status=1; \
	done; exit $$status; }

cpython-here: venv-runtime
	$(RUN) -m tests.cpython $(ARGS)

# Every call path of tests/surface, with its library: root, and 60 libraries in the user's cache folder.
surface: venv-test
	$(RUN) -m tests.surface $(ARGS)

# aiohttp's, urllib3's, httpcore's, anyio's and trio's own tests, with and without: root, and 15 minutes. Another Python:
# PYTHON=python3.13 VENV=.venv-3.13
suites: venv-test
	$(RUN) -m tests.suites $(ARGS)

lint: venv-dev
	$(RUN) -m ruff check $(ARGS)
	$(RUN) -m ruff format --check $(ARGS)

types: venv-dev
	$(RUN) -m mypy $(CHECKED) $(ARGS)

format: venv-dev
	$(RUN) -m ruff format $(ARGS)

venv-runtime:
	@scripts/venv "$(PYTHON)" "$(VENV)"

venv-test:
	@scripts/venv "$(PYTHON)" "$(VENV)" test

venv-fuzz:
	@scripts/venv "$(PYTHON)" "$(VENV)" test fuzz

venv-dev:
	@scripts/venv "$(PYTHON)" "$(VENV)" dev
