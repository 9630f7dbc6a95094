# A fresh machine needs Python 3.10 or newer, git and make; everything else is put into .venv.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

# Installed once, and again when one of these says something else.
PINS := pyproject.toml packages/sro-embedded/pyproject.toml constraints.txt requirements-embedded.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-slow lint format docs clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  PYTHON=$(PYTHON)   the interpreter that makes $(VENV), at least 3.10"
	@echo "  VENV=$(VENV)       where to install"
	@echo "  On Linux, torch from the package index brings gigabytes for GPUs. For the small CPU build:"
	@echo "  PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make demo"

demo: $(VENV)/.installed ## train and rewrite with the embedded parts, offline (5 to 13 minutes on two cores)
	$(BIN)/sro demo
	@echo "sro is $(BIN)/sro, or sro after: . $(BIN)/activate"
	@echo "Some commands need more, such as \`sro serve\`: $(BIN)/pip install -c constraints.txt -e '.[serve]'"

test: $(VENV)/.installed-dev ## the fast tests, offline (about 7 minutes)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

test-slow: $(VENV)/.installed-dev ## the tests that take minutes, or need a data set or the embedded leader (about an hour)
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/.installed-dev ## ruff and mypy (a minute)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev ## let ruff fix what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed-dev ## the documentation as a site that needs no network, in site/ (a minute)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean: ## remove .venv and what tools left here; runs stay
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache build dist site

# The target is pip because a venv that failed half-way has a python already, but no pip.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "sro needs Python 3.10 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 | tail -n 1)." >&2; \
	  echo "  fix: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { \
	  echo "  fix: install the venv module (on Debian and Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet "pip>=23"

# An order-only prerequisite (after the bar): the interpreter's own date says nothing about what is installed.
$(VENV)/.installed: $(PINS) | $(BIN)/pip
	@echo "installing into $(VENV), a few minutes the first time ..."
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-embedded.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt -e . -e packages/sro-embedded
	@touch $@

$(VENV)/.installed-dev: $(PINS) | $(BIN)/pip
	@echo "installing into $(VENV), a few minutes the first time ..."
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-embedded.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]" -e packages/sro-embedded
	@touch $(VENV)/.installed $@
