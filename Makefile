# `make` lists the targets. Each one makes .venv and builds the extensions itself if need be;
# PYTHON chooses the interpreter: `make PYTHON=python3.12 demo`.

PYTHON ?= python3

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALLED := .venv/.installed
CHECKED := .venv/.installed-dev
BUILT := build/.built

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo figures reproduce build test test-slow lint typecheck docs dist clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 | \2/p' $(MAKEFILE_LIST) \
		| awk -F ' [|] ' '{ printf "%-16s %s\n", $$1, $$2 }'

LEVELS := configs/demo/volume.yaml
PLAIN := configs/demo/plain_global.yaml configs/demo/plain_p64s32.yaml configs/demo/plain_p32s16.yaml

demo: $(BUILT) ## meshes of the bundled depth maps, by the bundled weights, and a picture of them
	$(BIN)/python generate.py $(LEVELS) --out out/demo --overwrite
	$(BIN)/python -m im2mesh.commands.run_sheet out/demo
	@printf '%s\n' '' 'out/demo/contact_sheet.png shows the meshes; img/demo.png is what to expect. Next:' \
		'  source .venv/bin/activate' \
		'  python vis.py data/demo/sofa_demo-00/000.npz out/demo/meshes/demo/sofa_demo-00.ply --html out/sofa.html' \
		'  python reconstruct.py --depth data/demo_sensor/depth.png --mask data/demo_sensor/mask.png \' \
		'      --intrinsics data/demo_sensor/camera.json --out out/chair.ply --preview out/chair.png' \
		'  python generate.py $(LEVELS) --input YOUR_DEPTH_MAPS --out out/mine'

FIGURES := chair lamp

figures: $(BUILT) ## the pictures in img/ that README.md shows, and a report of what is in them
	$(BIN)/python -m im2mesh.commands.demo --truth out/figures/truth
	$(BIN)/python generate_merge3.py $(PLAIN) --out out/figures/hpn3 --overwrite
	$(BIN)/python generate.py $(LEVELS) --out out/figures/volume --overwrite
	$(BIN)/python -m im2mesh.commands.run_sheet out/figures/volume --save img/demo.png --most 3
	$(BIN)/python reconstruct.py --depth data/demo_sensor/depth.png --mask data/demo_sensor/mask.png \
		--intrinsics data/demo_sensor/camera.json --out out/figures/sensor.ply --preview img/sensor.png
	set -e; for name in $(FIGURES); do \
		$(BIN)/python vis.py data/demo/$${name}_demo-00/000.npz \
			out/figures/hpn3/meshes/demo/$${name}_demo-00.ply \
			out/figures/volume/meshes/demo/$${name}_demo-00.ply \
			--ground-truth out/figures/truth/demo/$${name}_demo-00.ply \
			--names input "plain HPN3" volume --turntable img/$$name.gif --size 192; done
	$(BIN)/python vis.py --report out/figures/hpn3 out/figures/volume --names "plain HPN3" volume \
		--ground-truth out/figures/truth --html out/figures/report.html

# Real meshes (<class>/<file>, y up) and real depth maps (.npz); what is not there is passed over.
REAL_MESHES := $(wildcard ../shared/meshes)
REAL_MAPS := $(wildcard ../shared/depth)
SIZE :=

reproduce: $(BUILT) ## docs/results.md: the paper's claim put to the test (SIZE=--full: the whole of it)
	$(BIN)/python reproduce.py $(SIZE) $(addprefix --real-meshes ,$(REAL_MESHES)) \
		$(addprefix --real-maps ,$(REAL_MAPS))

build: $(BUILT) ## the compiled extensions

test: $(BUILT) $(CHECKED) ## the quick tests
	$(BIN)/python -m pytest -n auto

test-slow: $(BUILT) $(CHECKED) ## the slow tests
	$(BIN)/python -m pytest -m slow

lint: $(CHECKED) ## style, formatting, layers and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy

typecheck: $(CHECKED) ## types alone
	$(BIN)/mypy

docs: $(CHECKED) ## the documentation's site, in build/site; open build/site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

# The wheel is built of the source distribution, installed alone in a folder and run from an empty
# one, on what .venv has.
TRIED := build/tried

dist: $(CHECKED) ## source distribution and wheel in dist/, tried outside the clone
	rm -rf dist $(TRIED)
	$(BIN)/python -m build --no-isolation
	$(PIP) install --quiet --no-deps --target $(TRIED)/installed dist/*.whl
	mkdir -p $(TRIED)/empty
	cd $(TRIED)/empty && export PYTHONPATH=../installed && python=$(CURDIR)/$(BIN)/python \
		&& $$python ../installed/bin/hpn info \
		&& sample=$$($$python -c 'from im2mesh.bundled import ROOT; print(ROOT / "data/demo_sensor")') \
		&& $$python ../installed/bin/hpn reconstruct --depth $$sample/depth.png --mask $$sample/mask.png \
			--intrinsics $$sample/camera.json --out chair.ply

clean: ## remove what building and testing made; .venv and out stay
	rm -rf build dist *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	rm -f im2mesh/native/*.so im2mesh/native/*.pyd im2mesh/native/*.c im2mesh/native/*.cpp
	find im2mesh tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# PyPI's torch for Linux brings 2.7 GB for CUDA, which a machine without NVIDIA's driver cannot use.
CPU_TORCH := --index-url https://download.pytorch.org/whl/cpu --timeout 15 --retries 1

$(INSTALLED): requirements.txt
	@$(BIN)/python -m pip --version >/dev/null 2>&1 \
		|| $(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
		|| { echo "$(PYTHON) is not a Python 3.11, 3.12 or 3.13; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo "making .venv"; $(PYTHON) -m venv .venv; }
	@echo "installing requirements.txt into .venv: 0.4 GB, 3 GB for CUDA; takes minutes the first time"
	@[ "$$(uname)" != Linux ] || command -v nvidia-smi >/dev/null \
		|| $(PIP) install --no-deps $(CPU_TORCH) "$$(grep ^torch== requirements.txt)" \
		|| echo "no torch for CPUs to be had; taking PyPI's"
	@$(PIP) install -r requirements.txt
	@touch $@

$(CHECKED): requirements-dev.txt $(INSTALLED)
	@echo "installing requirements-dev.txt into .venv"
	@$(PIP) install -r requirements-dev.txt
	@touch $@

$(BUILT): $(INSTALLED) setup.py pyproject.toml $(wildcard im2mesh/native/*.pyx)
	@echo "building the extensions (takes about a minute)"
	@mkdir -p build
	@$(PIP) install --no-deps --no-build-isolation --editable . > build/log.txt 2>&1 \
		|| { cat build/log.txt >&2; echo "the build failed; it needs a C++ compiler (g++ or clang++) and Python's headers" >&2; exit 1; }
	@touch $@
