# Every target installs what it needs into .venv; Python 3.11 or newer and make suffice.
PYTHON ?= python3
VENV := .venv
CLIENTS := .clients
BIN := $(VENV)/bin
# Python compiles what is imported when it is first imported; all of it takes pip 20 s
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: ablation encoder examples bench-training hostile fuzz faults kills scale dependencies audit help demo docs test test-all clients certify check format bench bench-readers bench-report bench-commands baselines schemas golden house studies study-power study-clusters study-laws tables figures statements appendix clean certificates

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

ablation: $(VENV)/.dev ## train the grids of `ablate` that the docs show, and write their numbers and figures; half an hour
	OMP_NUM_THREADS=1 $(BIN)/python -m docs.ablation

encoder: $(CLIENTS)/.main ## fine-tune MiniLM by the losses of `ablate`, beside heads, into docs/measured; twenty minutes
	OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false $(CLIENTS)/main/bin/python -m docs.encoder

demo: $(VENV)/.demo ## run every command on installed docstrings; leaves demo-out/report.md and .html
	$(BIN)/rankbound demo --out demo-out

docs: $(VENV)/.docs ## build the documentation site into docs/_build/html; any warning is an error
	$(BIN)/python -m sphinx -W --keep-going -q -j 2 -b html docs docs/_build/html

test: check ## install, then every check and test
	$(BIN)/python -m pytest -n 2 --dist loadgroup

test-all: check ## the same with deep random tests and a second run of the demo
	RANKBOUND_TWICE=1 HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest -n 2 --dist loadgroup

certify: $(VENV)/.verify ## deep machine checks of every statement of the theory
	$(BIN)/rankbound certify --deep

check: $(VENV)/.dev ## formatting, lint, types, layers and dead code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.dead_code

format: $(VENV)/.dev ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## readers, kernels and whole commands side by side with loops and other libraries, into docs/measured; 20 minutes
	$(BIN)/python -m benchmarks readers kernels commands --keep

bench-readers: $(VENV)/.dev ## time and memory of reading five million rows, as ratios
	$(BIN)/python -m benchmarks readers

bench-commands: $(VENV)/.dev ## whole commands on 200,000 queries against reading their inputs
	$(BIN)/python -m benchmarks commands

bench-report: $(VENV)/.dev ## size, seconds and memory of the report of 100,000 queries
	$(BIN)/python -m benchmarks report

baselines: $(VENV)/.dev ## draw the pictures anew that the tests of figures compare with
	$(BIN)/python -m tests.figures.baselines

golden: $(VENV)/.dev ## write the outputs anew that every command is held to, and tell what changed
	$(BIN)/python -m tests.golden

hostile: $(VENV)/.dev ## hostile files and command lines, each with limits of 10 s and 1 GiB; some minutes
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.hostile

faults: $(VENV)/.dev ## every call to the file system fails once, or is the last one before a kill
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.hostile.faults

kills: $(VENV)/.dev ## kill measure, compare, cut, validate and study 30 times, ablate 10 times, and compare what they end with; minutes
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore -m tests.rankbound.resuming build/kills
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore -m tests.rankbound.ablating $$(mktemp -d) 10 1

scale: $(VENV)/.dev ## what blocks cost, and what that says of data as large as MS MARCO, into docs/measured
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks scale

fuzz: $(VENV)/.dev ## 20,000 random files for each reader, guided by coverage where atheris installs; an hour
	$(PIP) -e '.[fuzz]' || echo "atheris cannot be installed here: files are mutated by a seed"
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.hostile.fuzz

dependencies: $(VENV)/.dev ## whether the table of dependencies in SECURITY.md and the pinned versions are true
	$(BIN)/python -m tests.dependencies

audit: $(VENV)/.dev ## known faults of the pinned packages, where pip-audit and its lists can be reached
	$(PYTHON) -m venv .audit
	.audit/bin/pip install --quiet --disable-pip-version-check pip-audit || true
	PATH="$(CURDIR)/.audit/bin:$$PATH" $(BIN)/python -m tests.dependencies --audit

house: $(VENV)/.dev ## how tangled the code is: files, kinds of lines, circles of imports, loose dictionaries
	$(BIN)/python -m benchmarks.house

clients: $(CLIENTS)/.main $(CLIENTS)/.ranx ## real libraries write files and objects, which are read and compared
	$(CLIENTS)/main/bin/python -m tests.clients

examples: $(CLIENTS)/.main ## train MiniLM and a cross-encoder on installed docstrings, with the bound in the log; some minutes
	for one in bi_encoder plain_torch cross_encoder; do \
		HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false $(CLIENTS)/main/bin/python docs/examples/$$one.py || exit 1; done

bench-training: $(CLIENTS)/.main ## losses against BCE and those of sentence-transformers, as ratios, into docs/measured
	$(CLIENTS)/main/bin/python -m benchmarks training --keep

schemas: $(VENV)/.dev ## write the JSON Schemas of results anew from their types
	$(BIN)/python -m tests.schemas

study-power: $(VENV)/.dev ## whether 80 % power is 80 % under known laws; some minutes
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.studies.power

studies: study-power ## simulated error rates of compare and validate, and power; about an hour
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.studies.comparison
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.studies.association
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.studies.systems

study-clusters: $(VENV)/.dev ## whether limits and verdicts hold where queries come in clusters; half an hour
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.studies.clusters

study-laws: $(VENV)/.dev ## whether intervals and limits hold the truth of a synthetic world, written for the docs; minutes
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.studies.laws > docs/measured/laws.md

certificates: $(VENV)/.dev ## how small and how true limits and rankings of real students are, from 20 queries on
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.studies.certificates
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.studies.ranking

tables: $(VENV)/.core ## rebuild the tables that compare the variants of the bound
	$(BIN)/python -m paper_appendix --tables

figures: $(VENV)/.core ## draw the theory into build/figures
	$(BIN)/rankbound figures --out build/figures

statements: $(VENV)/.dev ## write paper_appendix/statements.md from the registry
	$(BIN)/python -m paper_appendix

appendix: $(VENV)/.demo ## make build/appendix/appendix.pdf; needs pdflatex
	$(BIN)/rankbound appendix --out build/appendix --pdf

clean: ## remove the environment and everything that was made
	rm -rf $(VENV) $(CLIENTS) .audit demo-out build docs/_build docs/generated *.egg-info

# ranx does not work with pandas 3, and RankLLM asks for packages that its records do not need
$(CLIENTS)/.main $(CLIENTS)/.ranx: $(CLIENTS)/.%: tests/clients/%.txt pyproject.toml
	$(PYTHON) -m venv $(CLIENTS)/$*
	$(CLIENTS)/$*/bin/python -m pip install --quiet --disable-pip-version-check -r $< -e .
	if [ $* = main ]; then $(CLIENTS)/$*/bin/python -m pip install --quiet --disable-pip-version-check --no-deps rank-llm==0.25.7; fi
	touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e .
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e '.[dev]'
	touch $@ $(VENV)/.core $(VENV)/.demo

$(VENV)/.demo: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e '.[demo]'
	touch $@ $(VENV)/.core

$(VENV)/.docs: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e '.[docs]'
	touch $@ $(VENV)/.core $(VENV)/.demo

$(VENV)/.verify: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e '.[demo,verify]'
	touch $@ $(VENV)/.core $(VENV)/.demo
