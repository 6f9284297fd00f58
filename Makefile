# make demo            fits, predicts and trains on recordings of 23 people
# make demo DATA=...   the same on an archive or a folder of recordings
# make test            the tests on TensorFlow, JAX and PyTorch, a line per part
# make test BACKENDS=torch       all tests on one backend
# make hardening       kills, full disks, hostile files: what must not hurt
# make docs            the documentation as a site, into site/
# make benchmarks      speed and memory into benchmarks/results/ (two hours)
# KERAS_BACKEND=jax make demo    chooses the backend (default: tensorflow)

PYTHON ?= python3
KERAS_BACKEND ?= tensorflow
DATA ?=
REPORT ?= report
# The last one runs every test, the others what depends on the backend.
BACKENDS ?= tensorflow jax torch

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--constraint constraints.txt --editable
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: demo test hardening lint docs benchmarks clean

# TensorFlow's default with AVX-512 VNNI, and faster without it too.
demo: export TF_ENABLE_ONEDNN_OPTS ?= 1
demo: .venv/installed-$(KERAS_BACKEND)
	KERAS_BACKEND=$(KERAS_BACKEND) $(BIN)/python examples/demo.py \
		$(if $(DATA),--data "$(DATA)") --output "$(REPORT)" $(DEMO_FLAGS)

test: .venv/installed-all
	$(BIN)/python tests/run_parts.py $(BACKENDS)

hardening: .venv/installed-all
	$(BIN)/python tests/run_parts.py --hardening $(BACKENDS)

lint: .venv/installed-all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The variable silences an advertisement of the theme.
docs: .venv/installed-all
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	$(BIN)/python docs/check_site.py site

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
	rm -rf .venv build dist report site *.egg-info
