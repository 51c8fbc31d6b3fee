# Everything runs in .venv, made on first use. PYTHON may name another interpreter (>= 3.11).
PYTHON ?= python3
BIN := .venv/bin
PAGE := $(if $(filter zh,$(LSTM_INSIDE_LANGUAGE)),zh/)00_start_here.ipynb
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
TESTS := -n 4 --dist loadfile --no-loadscope-reorder --nbval --nbval-current-env --nbval-cell-timeout=600 notebooks tests

.PHONY: lab site test test-site trust bench notebooks handout lint clean

lab: .venv/ready
	$(BIN)/jupyter lab --ip=127.0.0.1 --allow-root --notebook-dir=notebooks --LabApp.default_url=/lab/tree/$(PAGE)

site: .venv/ready-site  # PYODIDE_DIST=FOLDER: with that Pyodide inside instead of the CDN's
	$(BIN)/python tools/build_site.py

test: .venv/ready-dev  # four processes on two cores: what a browser shows is waited for
	$(ONE_THREAD) $(BIN)/python -m pytest $(TESTS)

test-site: .venv/ready-dev site  # the site in a browser, offline; wants PYODIDE_DIST
	SITE_BUILT=1 $(ONE_THREAD) $(BIN)/python -m pytest -n 2 -rP tests/test_site.py

trust: .venv/ready-rooms  # what a sceptic would try; takes most of an hour
	WALK=10000 $(BIN)/python -m pytest tests/test_explorers.py -k random_walk
	$(BIN)/python -m pytest -m slow tests

bench: .venv/ready-dev
	$(ONE_THREAD) $(BIN)/python benchmarks/core.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/kernel.py
	$(BIN)/python benchmarks/sliders.py
	$(BIN)/python benchmarks/pages.py
	$(BIN)/python benchmarks/suite.py

notebooks: .venv/ready-dev
	$(BIN)/python tools/run_notebooks.py

handout: .venv/ready-dev  # every notebook as HTML, answers left out: build/handout/
	$(BIN)/python tools/handout.py

lint: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --exclude '*.ipynb' .
	$(BIN)/mypy
	$(BIN)/check-jsonschema -q --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema -q --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml
	$(BIN)/check-jsonschema -q --builtin-schema vendor.citation-file-format CITATION.cff
	$(BIN)/zizmor -q --offline .github/workflows

clean:
	rm -rf .venv build *.egg-info

.venv/ready: requirements.txt pyproject.toml settings/pyproject.toml $(wildcard settings/*.json settings/html/* settings/slides/*)
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv || { echo "python3-venv is missing: on Debian, apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/ready-dev: .venv/ready requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

.venv/ready-rooms: .venv/ready-dev requirements-rooms.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-rooms.txt
	touch $@

.venv/ready-site: .venv/ready requirements-site.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-site.txt
	touch $@
