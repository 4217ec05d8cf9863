# Everything here needs Python 3.11+ and make, nothing else: the environment is made in .venv from the lock file.
PYTHON ?= python3
VENV := .venv
UV := $(VENV)/bin/uv
RUN := $(UV) run --frozen --no-sync

.PHONY: demo test explore bench-dating bench-speed bench-cube bench-detect bench-web clean install

demo: install
	@$(RUN) siteline demo
	@command -v siteline >/dev/null 2>&1 || printf "\nNext: source $(VENV)/bin/activate, so that the shell finds siteline\n"

test: install
	$(RUN) ruff check src tests benchmarks
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) pytest -n 2 --dist loadfile --cov --cov-report=term

# Properties on cases not tried before; what it finds becomes a test of its own.
explore: install
	$(RUN) pytest --hypothesis-profile=explore -m hypothesis

install: $(VENV)/installed

$(VENV)/installed: pyproject.toml uv.lock
	@echo "siteline: creating the environment in $(VENV) (once)"
	@$(PYTHON) -c 'import sys; sys.exit("siteline needs Python 3.11 or newer, found " + sys.version.split()[0] + "; try make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@test -x $(UV) || $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.5'
	@$(UV) sync --frozen --quiet --inexact
	@touch $@

bench-dating: install
	$(RUN) python -m benchmarks.dating
	$(RUN) python -m benchmarks.dating_engine

bench-speed: install
	@$(UV) sync --frozen --quiet --inexact --group bench
	$(RUN) python -m benchmarks.speed

bench-cube: install
	@$(UV) sync --frozen --quiet --inexact --group bench
	$(RUN) python -m benchmarks.cube

bench-detect: install
	@$(UV) sync --frozen --quiet --inexact --group bench
	$(RUN) python -m benchmarks.detect

bench-web: install
	$(RUN) python -m benchmarks.web

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build dist
