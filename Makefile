# Everything a developer or a new user runs. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
BIN := .venv/bin
PACKAGES := protos server agent clients/python
ENTER := $(BIN)/python -m tests.support.enter --
# How many tests run at a time.
PROCESSES ?= 2
# The programs that tests read the kernel with, wherever they are.
WITH_PROGRAMS := PATH="$(CURDIR)/.tools/bin:$$PATH:/usr/sbin:/sbin"
# What pins packages into a file.
PIN := pip compile --quiet --upgrade --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help setup demo lab test soak mutations figures verify fix bench protos constraints

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.installed ## install what is needed into the checkout

.venv/.installed: constraints.txt $(PACKAGES:%=%/pyproject.toml) pyproject.toml tools/make-venv
	@echo "Installing into .venv ..."
	@tools/make-venv $(PACKAGES)
	@touch $@

demo: setup ## show the main job: float an interface and reach it from outside, in a small world of namespaces
	@$(ENTER) $(BIN)/python -m tests.lab.demo

lab: setup ## bring that world up and keep it, for trying things by hand
	@$(BIN)/python -m tests.lab

# /run is the world's own: an ordinary user is root in there, and would leave a /tmp/pytest-of-root that root cannot use.
test: setup ## run all tests, in a world of their own (ARGS: for pytest; PROCESSES=0: one after the other)
	@tools/test-programs nft ip conntrack tcpdump bird
	@tools/shakenfist-client
	$(WITH_PROGRAMS) TMPDIR=/run $(ENTER) $(BIN)/python -m pytest --numprocesses $(PROCESSES) $(ARGS)

soak: setup ## leave more to chance, faults among it (ROUNDS: how many times as long, 20 unless told; BUOY_SEED repeats faults)
	BUOY_SOAK=$(or $(ROUNDS),20) $(MAKE) test ARGS="tests/faults tests/unit tests/server/test_paging.py --timeout=0"

mutations: setup ## prove that the tests notice known mistakes: each is put into a copy of the tree, and a test must fail
	@tools/test-programs nft ip conntrack tcpdump bird
	@$(WITH_PROGRAMS) TMPDIR=/run $(ENTER) $(BIN)/python -m tests.faults.mutations.run

# What is measured while faults are made: 200 times kill -9 of an agent, the server under load, every RPC as every caller.
figures: setup ## print what the tests of faults and of access come to, as one table
	@mkdir -p .bench && rm -f .bench/figures.jsonl
	@BUOY_FIGURES=$(CURDIR)/.bench/figures.jsonl BUOY_KILL_ROUNDS=200 $(MAKE) --no-print-directory test \
	  ARGS="--quiet --timeout=0 tests/faults/test_kill.py tests/kernel/test_kills.py tests/server/test_access.py"
	@$(BIN)/python -m tests.support.figures .bench/figures.jsonl

verify: setup ## check form, types, protos and generated stubs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy agent clients/python server tests
	tools/check-sizes
	$(BIN)/buf lint protos
	$(BIN)/buf format --diff --exit-code protos
	tools/check-stubs
	tools/check-breaking

fix: setup ## mend what can be mended by itself
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/buf format --write protos

bench: setup ## measure against peers in the same run (ROWS=1,2: only these rows)
	@tools/test-programs nft ip conntrack iptables-nft etcd go
	@tools/neutron
	@$(WITH_PROGRAMS) $(ENTER) $(BIN)/python -m tests.bench $(ROWS)

protos: setup ## generate the Python stubs from the proto files
	$(BIN)/buf format --write protos
	tools/generate-stubs protos

constraints: setup ## pin the newest versions that fit, into constraints.txt and tools/shakenfist-client.txt
	tools/uv $(PIN) --no-emit-package buoy-protos --group dev $(PACKAGES:%=%/pyproject.toml) --output-file constraints.txt
	tools/uv $(PIN) tools/shakenfist-client.in --output-file tools/shakenfist-client.txt
