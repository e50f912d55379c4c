# Everything a newcomer or CI runs. Each target does its own set-up in .venv; nothing is installed elsewhere.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
STACK ?= dev
BIN := .venv/bin
# As pip does: where the system has certificates they are believed, so that a company's own proxy is no failure.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt),)
export UV_SYSTEM_CERTS ?= true
endif

# What CI runs, in this order: what fails fastest comes first.
TIERS := lint test test-slow test-fuzz test-runtimes test-cluster test-parity
# Too long for each change, or to build: before a release, or each night.
SLOW := test-crash test-shims test-faults test-boot

.PHONY: help up picture dist test test-slow fuzz test-fuzz test-parity test-parity-kubernetes test-cluster test-runtimes test-shims test-crash test-faults test-boot check check-slow lint bench metrics lock schema clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

.venv/bin/uv: requirements/bootstrap.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "edgefleet needs Python 3.11 or newer; choose one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv \
	  || { echo "this Python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
	@touch $@

.venv/.run: .venv/bin/uv requirements/run.lock pyproject.toml
	@echo "setting up (once) ..." >&2
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/run.lock
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.run requirements/dev.lock
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/dev.lock
	@touch $@

up: .venv/.run  ## set up, then bring up stack dev (STACK=... for another): no account, no CLI, no cluster needed
	@$(BIN)/edgefleet init -s $(STACK) --if-missing
	@$(BIN)/edgefleet up -s $(STACK) -y

# A file's tests run in one worker, in order, so that what its fixtures build is built once.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test: .venv/.dev  ## set up, then all tests but the slow tiers
	@$(PYTEST)

test-slow: .venv/.dev  ## whole commands, tables of calls to the cloud, tools that write images: seven minutes or so
	@$(PYTEST) -m "slow and not pulumi_cli and not crash and not faults"

# The seconds are of random inputs, for each parser.
FUZZ := $(BIN)/python -m pytest -q -n 2 -m fuzz tests/fuzz --fuzz-seconds

test-fuzz: .venv/.dev  ## hostile inputs for every parser of outside data, the same ones each time: four minutes or so
	@$(FUZZ) 5

fuzz: .venv/.dev  ## new inputs for five minutes, with the number of inputs of each parser
	@$(FUZZ) 15 --fuzz-seed $$RANDOM

test-parity: .venv/.dev  ## the real Pulumi CLI, built from its Go module once, beside the embedded engine: same steps, same state
	@cli=$$($(BIN)/python -m tests.go_programs pulumi); \
	PATH="$${cli:+$$cli:}$$PATH" $(PYTEST) -m pulumi_cli tests/field tests/contract tests/pulumi_embedded $(wildcard tests/consumers)

# Built first: a test would wait for minutes without a word.
CLUSTER := etcd kube-apiserver kwok helm nats-server

test-cluster: .venv/.dev  ## a real Kubernetes control plane and the servers of workloads, built from their Go modules once
	@$(BIN)/python -m tests.go_programs $(CLUSTER) >/dev/null
	@$(PYTEST) -m cluster tests/cluster

RUNTIMES := etcd kube-apiserver containerd kubelet

test-runtimes: .venv/.dev  ## a real kubelet runs modules of WebAssembly and containers, in a tree of Debian 13 that is made once
	@$(BIN)/python -m tests.go_programs $(RUNTIMES) >/dev/null
	@$(PYTEST) -m runtimes tests/runtimes_real

test-shims: .venv/.dev  ## the same by a shim of wasmtime, ours on the library of upstream's, built by cargo once (ten minutes)
	@$(BIN)/python -m tests.go_programs $(RUNTIMES) >/dev/null
	@$(BIN)/python -m tests.rust_programs >/dev/null
	@$(PYTEST) -m shims tests/runtimes_real

test-parity-kubernetes: .venv/.dev  ## the real pulumi-kubernetes, built from its Go module once (ten minutes), beside ours
	@programs=$$($(BIN)/python -m tests.go_programs pulumi pulumi-resource-kubernetes $(CLUSTER)); \
	PATH="$${programs:+$$programs:}$$PATH" $(PYTEST) -m pulumi_kubernetes tests/cluster

test-crash: .venv/.dev  ## kill the embedded engine at the points that `make test` leaves out
	@$(BIN)/python -m pytest -n 2 -m crash tests/pulumi_embedded/crash

test-faults: .venv/.dev  ## each fault at each call to the cloud, and the tables of which `make test` tries a sample: half an hour or so
	@$(BIN)/python -m pytest -n 2 -m faults

test-boot: .venv/.dev  ## start machines with our images in QEMU, without KVM, and look at what they became: ten minutes or so
	@$(PYTEST) -m boot tests/boot tests/boot_vm tests/images

lint: .venv/.dev  ## ruff, import-linter, mypy --strict
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

check: .venv/.dev  ## what CI runs: each tier once, with its time, up to the first that fails
check-slow: .venv/.dev  ## the tiers that CI leaves out, in the same way: crashes, shims, faults and machines
check-slow: TIERS := $(SLOW)
check check-slow:
	@spent=; \
	for tier in $(TIERS); do \
	  echo "== make $$tier$${spent:+ (before it:$$spent)}"; started=$$SECONDS; \
	  $(MAKE) --no-print-directory $$tier; \
	  spent+=" $$tier $$((SECONDS - started)) s"; \
	done

dist: .venv/.dev  ## build wheel, source archive and schema reproducibly, with bill and provenance (SIGN_KEY=... REPOSITORY=...)
	@$(BIN)/python -m distribution.release $(if $(SIGN_KEY),--sign-key $(SIGN_KEY)) $(if $(REPOSITORY),--repository $(REPOSITORY))

bench: .venv/.dev  ## figures against peers, as ratios within one run
	@$(BIN)/python -m bench.run

metrics: .venv/.dev  ## size of the code, and files per kind of thing (OF=... for another checkout)
	@$(BIN)/python -m bench.structure $(OF)

picture: .venv/.run  ## draw docs/preview.svg, the picture in the README, from a real preview
	@$(BIN)/python -m bench.picture

schema: .venv/.dev  ## regenerate: JSON Schema, classes of AWS resources, references of resources and of the fleet file
	@$(BIN)/python -m edgefleet.fleetfile.schema components/edgefleet/schema/fleet.schema.json
	@$(BIN)/python -m bench.api_limits components/edgefleet/cloud/base/api_limits.py
	@$(BIN)/ruff format --quiet components/edgefleet/cloud/base/api_limits.py
	@$(BIN)/python -m bench.python_stub components/edgefleet/fleet
	@$(BIN)/ruff format --quiet components/edgefleet/fleet/aws.pyi components/edgefleet/fleet/provider.pyi
	@$(BIN)/python -m bench.resource_reference docs/resources.md
	@$(BIN)/python -m bench.fleet_file_reference docs/fleet-file.md

lock: .venv/.dev  ## resolve the dependencies again, with hashes and without an index
	@$(BIN)/uv pip compile --quiet pyproject.toml --extra emulator --group build --generate-hashes --universal --python-version 3.11 --no-header -o requirements/run.lock
	@$(BIN)/uv pip compile --quiet pyproject.toml --extra emulator --group build --group dev --constraint requirements/run.lock --generate-hashes --universal --python-version 3.11 --no-header -o requirements/dev.lock

clean:  ## stop the emulated cloud, remove caches and the environment; state and images stay
	@if [ -x $(BIN)/edgefleet ]; then $(BIN)/edgefleet emulator stop; fi
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
