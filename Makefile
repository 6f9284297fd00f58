# make demo            trains, probes and reports on synthetic recordings
# make demo DATA=...   the same on an archive or a folder of recordings
# make test            the tests on TensorFlow, JAX and PyTorch in turn
# make benchmarks      speed and memory into benchmarks/RESULTS.md (two hours)
# KERAS_BACKEND=jax make demo    chooses the backend (default: tensorflow)

PYTHON ?= python3
KERAS_BACKEND ?= tensorflow
DATA ?=
REPORT ?= report
BACKENDS ?= tensorflow jax torch
# A file of tests stays in one process, so that it compiles a shape once.
PYTEST_FLAGS ?= --numprocesses auto --maxprocesses 4 --dist loadfile

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--constraint constraints.txt --editable
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: demo test lint benchmarks clean

# TensorFlow's default with AVX-512 VNNI, and faster without it too.
demo: export TF_ENABLE_ONEDNN_OPTS ?= 1
demo: .venv/installed-$(KERAS_BACKEND)
	KERAS_BACKEND=$(KERAS_BACKEND) $(BIN)/python examples/demo.py \
		$(if $(DATA),--data "$(DATA)") --output "$(REPORT)" $(DEMO_FLAGS)

test: .venv/installed-all
	@set -e; for backend in $(BACKENDS); do \
		echo "== tests on $$backend"; \
		KERAS_BACKEND=$$backend $(BIN)/python -m pytest $(PYTEST_FLAGS); \
	done

lint: .venv/installed-all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

benchmarks: .venv/installed-all
	$(BIN)/python benchmarks/run.py --record
	$(BIN)/python benchmarks/streams.py --record

.venv/bin/python:
	$(PYTHON) -c 'import sys; v = sys.version_info; \
		sys.exit(v < (3, 11) and "Python 3.11 or later is needed, this is %d.%d. Set PYTHON=..." % v[:2])'
	$(PYTHON) -m venv .venv

.venv/installed-all: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) ".[all]"
	@touch $@

.venv/installed-%: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) ".[$*,report]"
	@touch $@

clean:
	rm -rf .venv build dist report *.egg-info
