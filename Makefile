# Everything a newcomer or a developer runs. PYTHON chooses the interpreter: make test PYTHON=python3.12
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test test-real test-slow lint wheel docs bench bench-check clean

demo: $(STAMP)  ## run the whole chain on the built-in cohort
	$(BIN)/robustrad demo demo

test: $(STAMP) wheel  ## all ordinary tests, and a wheel from a clean export
	$(BIN)/python -m pytest -q -n auto --dist loadfile

test-real: $(STAMP)  ## long checks on the real patients of ROBUSTRAD_DATA
	$(BIN)/python -m pytest -q -m real_data

test-slow: $(STAMP)  ## simulations of minutes
	$(BIN)/python -m pytest -q -m slow

lint: $(STAMP)  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

wheel: $(STAMP)  ## build a wheel from a clean export and list its modules
	$(BIN)/python tests/wheel_check.py

docs: $(STAMP)  ## the documentation as HTML; warnings are errors
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	$(BIN)/python -m sphinx -W -q -b html docs docs/_build/html

bench: $(STAMP)  ## side-by-side speed, quick
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS=1 $(BIN)/python -m bench.quick

bench-check: $(STAMP)  ## every asv benchmark can be found and set up
	$(BIN)/asv machine --yes
	$(BIN)/asv check -E existing:$(CURDIR)/$(BIN)/python

clean:
	rm -rf $(VENV) .asv build dist demo docs/_build *.egg-info

$(STAMP): pyproject.toml setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	@touch $(STAMP)
