# The two commands that matter: `make evaluate` and `make test`. Both set up what they need.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
# Installed again only when the lock or a package's metadata changes. Byte code is compiled on all cores afterwards, not
# by pip on one: without it (PYTHONDONTWRITEBYTECODE is common in containers) each start of a server costs ten seconds.
# The simulator is compiled at the same time, instead of in the middle of the first evaluation. Left out are tests and what
# the servers here never load: two fifths of the bytes are other model families of transformers and parts of torch.
UNCOMPILED := /tests?/|/transformers/models/(?!auto|gemma|bert|llama|__init__)|/torch/(testing|_inductor|onnx)/|/(moto|pip|mypy)/
STAMP := $(VENV)/.installed-$(shell cat requirements.lock pyproject.toml pipeline/pyproject.toml | cksum | cut -d' ' -f1)
export PATH := $(abspath $(BIN)):$(PATH)
export DO_NOT_TRACK := 1

.PHONY: evaluate test test-all check setup repro serve ui report fix benchmark clean help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

evaluate: $(STAMP)  ## run the whole pipeline; TRACE=file replays a trace of your own
	@acceltrial evaluate $(if $(TRACE),--trace "$(TRACE)") $(ARGS)

test: $(STAMP) check  ## checks and all tests but the long ones
	@python -m pytest -m "not slow" $(ARGS)

test-all: $(STAMP) check  ## checks and all tests, long ones too
	@python -m pytest $(ARGS)

check: $(STAMP)  ## ruff, mypy --strict, import contracts
	@ruff check . && ruff format --check . && mypy && lint-imports

fix: $(STAMP)  ## let ruff mend what it can; regenerate dvc.yaml
	@ruff check --fix . ; ruff format . ; python -m stages.dvc_yaml

repro: $(STAMP)  ## the same pipeline through DVC, without Prefect
	@dvc repro

serve: $(STAMP)  ## Prefect server, worker and schedules on this machine
	@python -m flows.serve

ui: $(STAMP)  ## open Prefect's and MLflow's pages
	@python -m flows.ui

report: $(STAMP)  ## open the last report
	@acceltrial report open

benchmark: $(STAMP)  ## how fast we are: every script in benchmarks/
	@python -m benchmarks

setup: $(STAMP)  ## the virtual environment, from the lock

$(STAMP): requirements.lock pyproject.toml pipeline/pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) from requirements.lock (some minutes the first time)" >&2
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . -e pipeline
	@$(BIN)/python -m acceltrial.simulate & $(BIN)/python -m compileall -q -j 0 -x "$(UNCOMPILED)" $(VENV)/lib acceltrial schemas stages flows >/dev/null; wait  # some carry files for other Pythons
	@rm -f $(VENV)/.installed-* && touch $@

clean:  ## remove what can be made again (keeps measured evidence)
	@rm -rf .mypy_cache .ruff_cache .import_linter_cache .acceltrial/scratch
