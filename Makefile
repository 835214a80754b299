# Everything a user or CI types. `make run` needs Python >= 3.11 and nothing else.
SHELL := /bin/bash
.DEFAULT_GOAL := help

FIND_PYTHON = for p in python3.11 python3.12 python3.13 python3 python; do \
	  if "$$p" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo "$$p"; exit; fi; done

.PHONY: help run findings test screenshots lint tools venv bench fuzz hashes seeds parity nightly soak soak-docker foreign

help: ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

.venv/.runtime: pyproject.toml requirements.lock hatch_build.py $(wildcard checkers/linearizability/native/* harness/interchange/native/*)
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then echo "no Python >= 3.11 with venv was found: install one (python3.11 or newer) and try again" >&2; exit 1; fi; \
	[ -x .venv/bin/python ] || "$$python" -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.lock
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@

venv: .venv/.runtime ## make .venv with the harness command, ready to use

run: venv ## the first minute: a text doubled, and the report that shows it
	.venv/bin/harness demo

lint: .venv/.dev ## ruff and mypy
	.venv/bin/ruff format --check harness targets faults checkers tests
	.venv/bin/ruff check harness targets faults checkers tests
	.venv/bin/mypy

test: lint ## lint, types and all tests
	.venv/bin/python -m pytest -n 2 --dist loadgroup

screenshots: .venv/.dev ## pictures of the pages in screenshots/, wide and narrow, light and dark: look at them when you change one
	.venv/bin/python tests/browser/screenshots.py

tools: venv ## build the Toxiproxy server and the relay in Go; packages of the mobile in JavaScript, if there is npm
	.venv/bin/python -m harness.runtimes.toxiproxy.server
	@if command -v go >/dev/null; then cd targets/foreign/go-relay && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' .; \
	else echo "no Go: the relay in Go is not built"; fi
	@if command -v npm >/dev/null; then cd targets/foreign/node-mobile && npm ci --silent; \
	else echo "no npm: the mobile in JavaScript stays without its packages"; fi

bench: .venv/.dev ## this tree against an older commit (AGAINST=…), the simulator's speed, linearizability against Porcupine, foreign histories against msgspec, what the options save, how a night spreads over workers, how a timeline of 50,000 operations moves
	.venv/bin/python tests/bench/against.py $(or $(AGAINST),HEAD^)
	.venv/bin/python tests/bench/simulator.py
	.venv/bin/python tests/bench/linearizability.py
	.venv/bin/python tests/bench/foreign_histories.py
	.venv/bin/python tests/bench/options.py
	.venv/bin/python tests/bench/cluster.py
	.venv/bin/python tests/bench/timeline_fps.py

fuzz: .venv/.dev ## 300 random plans twice in two processes; 60,000 histories by every method of linearizability; 1,500 anomalies in true runs; 75,000 foreign histories mutated; 30,000 damaged plans, topologies, run directories and probe replies
	HARNESS_FUZZ_PLANS=300 .venv/bin/python -m pytest tests/sim/test_determinism.py
	HARNESS_FUZZ=24 .venv/bin/python -m pytest -n 2 tests/checkers/linearizability
	HARNESS_FUZZ=4 .venv/bin/python -m pytest -n 2 tests/checkers/test_injections.py
	HARNESS_FUZZ_HISTORIES=75000 .venv/bin/python -m pytest -n 2 tests/interchange/test_foreign_fuzz.py
	HARNESS_FUZZ_INPUTS=30 .venv/bin/python -m pytest -n 2 tests/fuzz

hashes: venv ## record the trace hashes of the quickstart anew
	.venv/bin/python tests/sim/recording.py

seeds: .venv/.dev ## record anew the seeds at which the plans of ablations show the loss of their safeguard
	.venv/bin/python tests/hunting/recording.py

parity: venv ## the simulated transport against real sockets, on every Python >= 3.11 that is installed
	.venv/bin/python tests/sim/parity_all.py

nightly: .venv/.dev ## every claim and finding, every ablation with 200 seeds of its base, and the night of configs/nightly.yaml
	.venv/bin/harness audit --profile hardened
	.venv/bin/harness audit --findings | diff - docs/findings.md
	HARNESS_ABLATION_SEEDS=200 HARNESS_AUDIT_EVERY=1 .venv/bin/python -m pytest -n 2 tests/hunting/test_ablations.py tests/audit
	.venv/bin/harness nightly

findings: venv ## play everything found in the documented design again, and write docs/findings.md
	.venv/bin/harness audit --findings > docs/findings.md.new && mv docs/findings.md.new docs/findings.md

soak: .venv/.dev ## every ablation, edge and regression in containers, compared with the simulator; takes an hour
	.venv/bin/python tests/docker/soak.py

foreign: .venv/.dev tools ## the relay in Go and the mobile in JavaScript, with quickstart, the edges and one unattended plan
	.venv/bin/python tests/docker/foreign.py

soak-docker: .venv/.dev ## fifty unattended runs in containers: nothing is INVALID, at most one UNKNOWN, nothing left over
	.venv/bin/python tests/docker/fifty.py
