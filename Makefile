# Sightline: `make run` starts it, `make test` tests all of it. See README.md.

HTTP_PORT ?= 8042
DICOM_PORT ?= 4242
DATA_DIR ?= ./data
ORTHANC ?= auto
DEMO ?= 1
SIGHTLINE_ADMIN_PASSWORD ?=
ORTHANC_CONFIG ?=
export HTTP_PORT DICOM_PORT DATA_DIR ORTHANC DEMO SIGHTLINE_ADMIN_PASSWORD ORTHANC_CONFIG

# No compiled files in the checkout: private roots run other versions of Python, as other users.
PYTHON := python3 -B

.PHONY: run check test bundle docs bench-dicomweb bench-kernels bench-viewer

run: ## Start Sightline with everything it needs, and stop it at Ctrl-C
	@$(PYTHON) -m deploy.run

check: ## The fast part of the tests: format, lint, types, unit tests, budgets
	@$(PYTHON) -m deploy.test check

test: ## Everything: also real Orthancs and a real browser
	@$(PYTHON) -m deploy.test all

bundle: ## One archive for an administrator who already has Orthanc
	@$(PYTHON) -m deploy.bundle

docs: ## Write the generated pages of docs/ anew
	@$(PYTHON) -m deploy.test docs

bench-dicomweb: ## Measure DICOMweb against Orthanc's own plugin, and write docs/benchmarks.md
	@$(PYTHON) -m deploy.test bench

bench-kernels: ## Measure kernels against VTK, OpenCV, SimpleITK and SciPy, and write docs/benchmarks.md
	@$(PYTHON) -m deploy.test bench-kernels

bench-viewer: ## Measure the viewer beside OHIF, DWV and Orthanc Web Viewer, and write docs/benchmarks.md
	@$(PYTHON) -m deploy.test bench-viewer
