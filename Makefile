# `make` alone lists what there is. Everything works from a bare clone: what is missing is installed first.
PYTHON ?= python3
PY := .venv/bin/python
# Checks read the settings but touch no database: none is in this folder, and makemigrations need not warn of that.
CHECKING := SECRET_KEY=only-for-checks AUDITAPP_DATA_DIR=.cache/checks DATABASE_POOL=0 \
	PYTHONWARNINGS='ignore:Got an error checking a consistent migration history:RuntimeWarning'

.PHONY: help demo test check bench conformance campaign environment packages tools browser

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: packages ## Run it here with demonstration data (PORT=8000 HOST=127.0.0.1 AUDITAPP_DATA_DIR=.data)
	@exec $(PY) -m auditapp.embedded.demo

test: check browser ## Everything that must pass: checks, tests, journeys through a real browser
	$(PY) -m tests

check: tools ## Formatting, lint, templates, rooms, types, migrations, state diagrams
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	find templates -name '*.html' -exec $(PY) -m djhtml --tabwidth 2 --check {} +
	.venv/bin/lint-imports
	$(CHECKING) $(PY) -m mypy
	$(CHECKING) $(PY) manage.py makemigrations --check --dry-run
	$(CHECKING) $(PY) manage.py draw_states --check

bench: tools ## Measure the pages and acts that must stay fast
	$(PY) -m tests.bench
	$(PY) -m tests.bench.verifying

conformance: tools ## Let independent validators judge PDFs and signatures (needs Java and Maven)
	tests/conformance/run

campaign: tools ## Search long for faults: kill processes, race requests, damage files, try examples not tried before
	$(PY) -m pytest tests/campaign tests/reports/test_fuzzing.py -m campaign
	for n in 1 2 3 4 5; do $(PY) -m pytest -q -m hypothesis --hypothesis-profile=search || exit; done

# The steps below are no commands of their own.

environment:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "This needs Python 3.11 or newer as $(PYTHON); name another: make demo PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m auditapp.embedded.system install
	@$(PY) -c 'import pip' 2>/dev/null || { echo "Making .venv"; $(PYTHON) -m venv --clear .venv; }

packages: environment
	@$(call lock,requirements.lock)

tools: environment
	@$(call lock,requirements-dev.lock)

browser:
	@$(PYTHON) -m auditapp.embedded.system install --tests

# Install what a lock names, unless the copy kept in .venv says that this very lock was installed.
define lock
cmp -s $(1) .venv/$(1) || { echo "Installing $(1)"; \
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1) && cp $(1) .venv/$(1); }
endef
