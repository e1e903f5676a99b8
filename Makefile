# Everything a developer or a new user runs. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
BIN := .venv/bin
PROTOS := $(wildcard protos/buoy/v1/*.proto)
PACKAGES := protos server agent clients/python

.DEFAULT_GOAL := help
.PHONY: help setup protos constraints

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.installed ## install what is needed into the checkout

.venv/.installed: constraints.txt $(PACKAGES:%=%/pyproject.toml) pyproject.toml
	python3 -m venv .venv
	$(BIN)/python -m pip --quiet install --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --group dev $(PACKAGES:%=--editable %)
	touch $@

protos: setup ## generate the Python stubs from the proto files
	$(BIN)/buf format --write protos
	$(BIN)/python -m grpc_tools.protoc --proto_path protos --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc \
	  --python_out protos --pyi_out protos --grpc_python_out protos --mypy_grpc_out protos $(PROTOS)

constraints: setup ## pin the newest versions that fit, into constraints.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header \
	  --no-annotate --no-emit-package buoy-protos --group dev $(PACKAGES:%=%/pyproject.toml) --output-file constraints.txt
