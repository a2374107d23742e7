# Two commands on a bare machine with make and Python 3.10 to 3.13:
#   make bench    installs zsar into .venv and runs the simulated benchmark
#   make test     the same for the tests
#   make lint     holds the code to its floors, types and format; fixes nothing
#   make docs     builds the site of docs/ into site/, to be opened as site/index.html
#   make results  makes docs/results.md, the tables in README.md and docs/protocol.md, and benchmarks/expected
#                 from the committed records; runs nothing
# PYTHON names another interpreter; ARGS is handed to `zsar bench` or to pytest:
#   make bench ARGS="--seeds 0,1,2"
#   make test ARGS="-k metrics"
# The tests run in WORKERS processes side by side, 2 unless said otherwise; a debugger needs none: WORKERS=0.

PYTHON ?= python3
ARGS ?=
WORKERS ?= 2
METHODS ?= pgfa,dvta,sadvae
DATASET ?= pku-sim

.PHONY: help bench test lint docs results clean

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

bench: .venv/installed
	@echo "== a first table: nearest on $(DATASET)"
	.venv/bin/zsar bench --methods nearest --dataset $(DATASET) --rule last $(ARGS)
	@echo "== training and judging $(METHODS) on $(DATASET)"
	.venv/bin/zsar bench --methods $(METHODS) --dataset $(DATASET) $(ARGS)

results: .venv/installed
	.venv/bin/python docs/building/results.py benchmarks/records docs/results.md benchmarks/expected
	.venv/bin/python docs/building/excerpts.py benchmarks/records README.md docs/protocol.md

docs: .venv/installed-docs
	NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --strict --quiet
	@echo "== open site/index.html"

# Prepared data and caches of the tests go to a folder that is thrown away, never to the user's cache. One thread for
# each process: the tests are many small computations, and more threads slow them down.
test: .venv/installed-test
	@echo "== running the tests"
	@home=$$(mktemp -d) && trap 'rm -rf "$$home"' EXIT && trap 'exit 130' INT TERM && \
	OMP_NUM_THREADS=1 ZSAR_HOME="$$home" .venv/bin/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

lint: .venv/installed-lint
	@echo "== imports, types and format"
	.venv/bin/python .ci/imports.py
	.venv/bin/python -m mypy
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .

.venv/installed: setup.cfg pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	{ echo "zsar needs Python 3.10 or later; name one: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "== installing zsar and what it needs into .venv (PyTorch is large; this can take minutes)"
	@.venv/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/installed-test: .venv/installed
	@echo "== installing what the tests need"
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[test]"
	@touch $@

.venv/installed-lint: .venv/installed
	@echo "== installing what reads the code"
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[lint]"
	@touch $@

.venv/installed-docs: .venv/installed
	@echo "== installing what the site is built with"
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[docs]"
	@touch $@

clean:
	rm -rf .venv build dist site zsar.egg-info
