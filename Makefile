# Every command sets up what it needs first. `make help` lists them.

APP    ?= gallery
PORT   ?=
WORKERS ?=
SHARE  ?=
PYTHON ?=
TORCH  ?=
NAME   :=
SPACE  ?=
HARDWARE ?=
PRIVATE ?=
SET    ?=
DRY    ?=
MODEL  ?= digits
THREADS := 2

VENV   := .venv
PY     := $(VENV)/bin/python
CONFIG := shared/pyproject.toml
PYTEST  = OMP_NUM_THREADS=$(THREADS) GRADIO_ANALYTICS_ENABLED=False $(PY) -m pytest -c $(CONFIG) --rootdir=.
MYPY   := $(PY) -m mypy --config-file $(CONFIG)

.PHONY: help setup run test check fix bench train stage try deploy deploy-all resolve weights doctor e2e docs clean
.DEFAULT_GOAL := help

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile

# A version manager leaves commands on the PATH that do not run: try each before choosing it.
define PICK
python=; \
for name in $(or $(PYTHON),python3.13 python3.12 python3.11 python3.10 python3); do \
  if $$name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' \
    >/dev/null 2>&1; then python=$$name; break; fi; \
done; \
if [ -z "$$python" ]; then \
  echo "No usable Python 3.10 or later$(if $(PYTHON), at $(PYTHON)): install one with its venv" \
    "module (Debian: apt install python3-venv) or name it: make setup PYTHON=/path/to/python" >&2; \
  exit 1; \
fi
endef

setup:  ## Install everything into .venv, if something changed (TORCH=cpu: the smaller PyTorch)
	@set -e; \
	key=$$(cat requirements.txt $(CONFIG) | cksum)" $(CURDIR)"; \
	if ! $(PY) -c '' 2>/dev/null; then \
	  $(PICK); \
	  echo "Making $(VENV) with $$($$python --version)"; \
	  rm -rf $(VENV); $$python -m venv $(VENV); \
	fi; \
	if [ "$(TORCH)" = cpu ]; then \
	  echo "Installing PyTorch's CPU build"; \
	  $(PY) -m pip install --quiet torch torchvision \
	    --index-url https://download.pytorch.org/whl/cpu; \
	elif [ -n "$(TORCH)" ]; then \
	  echo "TORCH=$(TORCH) is unknown: say TORCH=cpu or leave it out" >&2; exit 1; \
	fi; \
	if [ "$$key" != "$$(cat $(VENV)/stamp 2>/dev/null)" ]; then \
	  echo "Installing requirements.txt into $(VENV): a few minutes the first time"; \
	  $(PY) -m pip install --quiet -r requirements.txt; \
	  echo "$$key" > $(VENV)/stamp; \
	  echo "Ready"; \
	fi

run: setup  ## Open the gallery; APP=name for one app, PORT=7861, SHARE=1: a public link, WORKERS=4
	@exec $(PY) -m phosphene run $(APP) $(if $(PORT),--port $(PORT)) $(if $(SHARE),--share) \
	  $(if $(WORKERS),--workers $(WORKERS))

test: THREADS := 1
test: setup  ## Run every test that needs no browser
	$(PYTEST) tests --ignore=tests/e2e -n 2 --dist loadfile

e2e: setup  ## Drive every app in headless Chromium; what fails is tried once more, and counted
	$(PYTEST) tests/e2e --reruns 1

check: setup  ## Report what is not clean: ruff, its format, mypy
	$(PY) -m ruff check --config $(CONFIG) .
	$(PY) -m ruff format --config $(CONFIG) --check .
	$(MYPY) shared/phosphene
	$(if $(wildcard apps/*/app.py),$(MYPY) --explicit-package-bases $(wildcard apps/*/app.py))

fix: setup  ## Mend what ruff can mend
	$(PY) -m ruff check --config $(CONFIG) --fix .
	$(PY) -m ruff format --config $(CONFIG) .

bench: setup  ## Run the benchmarks and write their tables into the texts; NAME=dream for one
	@set -e; for script in benchmarks/$(or $(NAME),[a-z]*).py; do echo "== $$script"; $(PY) $$script; done

train: setup  ## Train the embedded autoencoders: MODEL=digits, or one of them; goes on if stopped
	$(PY) -m phosphene.training $(MODEL)

stage: setup  ## Pack an app as a Space: build/spaces/NAME
	@$(PY) -m phosphene stage $(APP)

try: setup  ## Stage APP, install what it asks for into an environment of its own, start and call it
	@$(PY) -m phosphene stage $(APP) --trial

TO_SPACE = $(if $(HARDWARE),--hardware $(HARDWARE)) $(if $(PRIVATE),--private) \
  $(if $(SET),--set $(SET)) $(if $(DRY),--dry-run)

deploy: setup  ## Bring APP to SPACE=user/name (HARDWARE=zero-a10g PRIVATE=1 SET="A=1 B=2" DRY=1)
	@$(PY) -m phosphene deploy $(APP) $(SPACE) $(TO_SPACE)

deploy-all: setup  ## Bring every app to SPACE=user, as user/phosphene-APP
	@$(PY) -m phosphene deploy --all $(SPACE) $(TO_SPACE)

resolve: setup  ## Check that the packed app resolves with what a Space's build adds (PYTHON=...)
	@set -e; mkdir -p build; $(PICK); \
	$(PY) -m phosphene stage $(APP) --build-line > build/line.txt; \
	echo "Resolving $(APP) with $$($$python --version), as a Space would"; \
	rm -rf build/resolve; $$python -m venv build/resolve; \
	build/resolve/bin/python -m pip install --quiet --dry-run \
	  --report build/resolve.json -r build/line.txt; \
	$(PY) -c 'import json; \
	found = {i["metadata"]["name"].lower(): i["metadata"]["version"] \
	  for i in json.load(open("build/resolve.json"))["install"]}; \
	print("Resolves:", ", ".join(f"{n} {found[n]}" for n in ("torch", "gradio", "pydantic")))'

weights: setup  ## Download the weights that the apps use on this device
	@$(PY) -m phosphene weights --fetch

doctor: setup  ## Say what is installed, which device and weights are used, what is missing
	@$(PY) -m phosphene doctor

docs: setup  ## Write the table of apps in README.md anew
	@$(PY) -m phosphene docs

clean:  ## Remove .venv, builds and caches
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache shared/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
