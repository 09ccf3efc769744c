# Everything installs itself into .venv; `make` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
STORE ?= gabarito-store
PORT ?= 8000
CLUSTER := PATH="$(CURDIR)/$(BIN):$$PATH" k8s/dev/cluster
CLUSTER_PYTEST := $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder
RELEASE := PYTHONPATH=jobs $(BIN)/python -m release
LOCK := $(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes \
	--no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help demo real study serve test check generate requirements sample nano bench \
	bench-controller bench-scale images real-tests image-tests cluster-ready cluster-test \
	cluster-test-long cluster-families cluster-chaos release-tools release-check release release-verify

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(INSTALLED) ## run the whole pipeline with the sample, then ask five questions
	@$(BIN)/gabarito demo --store $(STORE) --port $(PORT)

real: STORE := gabarito-real-store
real: $(INSTALLED) ## the same with a handbook and a pretrained base (fetches 105 MB)
	@$(BIN)/python -m sample.handbook
	@$(BIN)/gabarito demo sample/handbook --store $(STORE) --port $(PORT)

study: STORE := gabarito-study-store
study: $(INSTALLED) ## compare recipes on the sample, with three seeds each (hours on a CPU; continues)
	@$(BIN)/python -m sample.study --store $(STORE) --to docs/study.md

serve: $(INSTALLED) ## serve the model that the demo promoted
	@$(BIN)/gabarito serve --store $(STORE) --pipeline champions-2024-25

test: $(INSTALLED) ## run the tests (a browser, helm, promtool, a registry, actionlint and Tesseract are got where they lack)
	@.ci/debian chromium chromium-driver tesseract-ocr tesseract-ocr-por tesseract-ocr-deu
	@$(CLUSTER) build helm promtool registry schemas actionlint jobset-crd >/dev/null
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

check: $(INSTALLED) ## lint, types, layers, generated files
	@$(CLUSTER) build helm >/dev/null
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry jobs
	$(BIN)/python -m tests.generated --check

generate: $(INSTALLED) ## write the generated parts anew (docs/settings.md, chart's schema, k8s/rendered)
	@$(CLUSTER) build helm >/dev/null
	$(BIN)/python -m tests.generated

requirements: $(INSTALLED) ## lock the requirements anew, with hashes
	$(LOCK) pyproject.toml --all-extras --group dev --upgrade -o requirements/dev.txt
	$(LOCK) pyproject.toml --extra ingest -c requirements/dev.txt -o requirements/ingest.txt
	$(LOCK) pyproject.toml --extra ingest --extra ocr -c requirements/dev.txt -o requirements/ocr.txt
	$(LOCK) pyproject.toml --extra generate --extra curate --extra controller --extra tracing \
		-c requirements/dev.txt -o requirements/generate.txt
	$(LOCK) pyproject.toml --extra train --extra merge --extra evaluate --extra tracing \
		-c requirements/dev.txt -o requirements/train.txt
	$(LOCK) pyproject.toml --extra evaluate --extra serve --extra tracing -c requirements/dev.txt \
		-o requirements/serve.txt
	printf 'hatchling\nuv\n' | $(LOCK) - -c requirements/dev.txt -o requirements/build.txt
	$(LOCK) --group install -c requirements/dev.txt -o requirements/install.txt
	$(LOCK) pyproject.toml --group release -c requirements/dev.txt -o requirements/release.txt
	$(LOCK) --group s3 -c requirements/dev.txt -o k8s/dev/s3/requirements.txt
	$(LOCK) --group llama-cpp -c requirements/dev.txt -o k8s/dev/llama-cpp/requirements.txt

sample: $(INSTALLED) ## write the sample's pages and recorded replies anew
	$(BIN)/python -m sample.pages
	$(BIN)/python -m sample.replies
	$(BIN)/python -m sample.handbook.replies

nano: $(INSTALLED) ## train the sample's base model anew (under 30 minutes on 2 cores)
	$(BIN)/python -m sample.nano jobs/gabarito/demo/nano

bench: $(INSTALLED) ## measure what docs/measured.md states: the demo's time, memory, answers
	$(BIN)/python tests/bench/demo.py

bench-controller: $(INSTALLED) ## measure the controller on a cluster, after cluster-test: needs root
	@$(CLUSTER) up >/dev/null
	@$(CLUSTER) s3 >/dev/null
	@$(CLUSTER) load gabarito-generate:$$($(BIN)/python -c 'import gabarito as g; print(g.__version__)')
	@eval "$$($(CLUSTER) env)" && $(BIN)/python -m tests.bench.controller

bench-scale: $(INSTALLED) ## measure the controller with 6,000 Jobs and 5,000 shards, without a cluster
	$(BIN)/python -m tests.bench.scale

images: ## build the images with buildah; where Docker is: docker buildx bake -f images/docker-bake.hcl
	@images/build

real-tests: $(INSTALLED) ## fetch a pretrained base and a handbook (105 MB) and try them
	$(BIN)/pytest -m real tests/real

image-tests: $(INSTALLED) ## build the images, with torch for a CPU, and look inside them
	@.ci/debian runc
	@IMAGES_TORCH=cpu images/build
	$(BIN)/pytest -m images tests/images

cluster-ready: $(INSTALLED)
	@$(CLUSTER) build >/dev/null
	@IMAGES_TORCH=cpu images/build
	@$(CLUSTER) up >/dev/null
	@$(CLUSTER) s3 >/dev/null

cluster-test: cluster-ready ## start a one-node Kubernetes and try a release on it: needs root
	$(CLUSTER_PYTEST) -m 'cluster and not long' --ignore tests/cluster/test_outages.py tests/cluster
	$(BIN)/pytest -m cluster tests/cluster/test_outages.py

cluster-test-long: cluster-ready ## what takes longest there: trouble that lasts, several processes, retention
	$(CLUSTER_PYTEST) -m 'cluster and long' tests/cluster

cluster-families: $(INSTALLED) ## try a release on IPv6 alone, then on both families: needs root
	@$(CLUSTER) build >/dev/null
	@IMAGES_TORCH=cpu images/build
	@set -e; for families in ipv6 ipv4,ipv6; do \
		export CLUSTER_FAMILIES=$$families; \
		$(CLUSTER) up >/dev/null; \
		$(CLUSTER) s3 >/dev/null; \
		$(BIN)/pytest -m families tests/cluster/test_families.py; \
		$(CLUSTER) down --purge; \
	done

cluster-chaos: $(INSTALLED) ## interrupt two releases there for an hour, after cluster-test: KILLS, SEED, MINUTES
	@$(CLUSTER) up >/dev/null
	@$(CLUSTER) s3 >/dev/null
	@$(BIN)/python -m tests.bench.chaos $${KILLS:+--kills "$$KILLS"} $${SEED:+--seed "$$SEED"} \
		$${MINUTES:+--minutes "$$MINUTES"}

release-tools: ## install what a release calls, and nothing of training
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements/release.txt

# What a caller says stays in the environment, where no shell takes it for a command.
release-check: ## say what has to be changed before TAG is released
	@$(RELEASE) check --tag "$${TAG:?}"

release: ## publish the pushed images and the chart: REGISTRY, SOURCE, REVISION; KEY, ARTIFACT_HUB
	@$(RELEASE) publish --registry "$${REGISTRY:?}" --source "$${SOURCE:?}" \
		--revision "$${REVISION:?}" $${KEY:+--key "$$KEY"} \
		$${ARTIFACT_HUB:+--artifact-hub "$$ARTIFACT_HUB"}

release-verify: ## read a published release back: REGISTRY; KEY or IDENTITY
	@$(RELEASE) verify --registry "$${REGISTRY:?}" \
		$${KEY:+--key "$$KEY"} $${IDENTITY:+--identity "$$IDENTITY"}

$(INSTALLED): requirements/dev.txt requirements/install.txt pyproject.toml
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/debian python3-venv
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (about a minute and 6 GB: torch is the CUDA build)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements/install.txt
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes \
		-r requirements/dev.txt
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
