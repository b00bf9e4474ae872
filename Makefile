# The front door. `make help` lists every target.
.DEFAULT_GOAL := dev
.PHONY: help setup dev release demo test deb conformance fhir-doc golden fuzz-short torture soak bench check-style check-po clean
JOBS ?= $(shell nproc)
STEP ?=
SUITE ?=
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
export CMAKE_C_COMPILER_LAUNCHER ?= $(shell command -v ccache)

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 14

setup: ## install what is missing from Debian and npm (as root or with sudo)
	@tools/setup.sh test

dev: ## build for development, warnings are errors
	@tools/setup.sh build
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev -j$(JOBS)

release: ## build what is shipped
	@tools/setup.sh build
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j$(JOBS)

demo: ## fill a made-up region once, serve it on 127.0.0.1:8080, tell who can sign in
	@tools/setup.sh build
	@cmake --preset release >/dev/null
	@cmake --build --preset release --target consilium -j$(JOBS)
	@build/release/src/app/consilium demo --data demo-data

test: ## everything .ci/run does; STEP="unit style" for some steps
	@tools/setup.sh test
	@node tools/test_all.mjs $(STEP)

deb: release ## the Debian package, build/consilium_VERSION_ARCHITECTURE.deb
	@packaging/make_deb.sh

conformance: dev ## test data of others, suite by suite; SUITE="ucum patch" for some
	@node tests/conformance/run.mjs $(SUITE)

fhir-doc: release ## write doc/FHIR.md anew; the diff is the review
	@node tests/capability.mjs --write

golden: ## run the golden HTTP files and write what they got; the diff is the review
	@node tests/http/run.mjs --write

fuzz-short: ## every fuzz target for 60 seconds; SECONDS_EACH=n
	@tools/setup.sh test
	@tools/fuzz.sh $(or $(SECONDS_EACH),60)

torture: WHICH = $(if $(TRIES),--tries $(TRIES) --seed $(or $(SEED),$(shell date +%s)),--places $(or $(DEPTH),4))
torture: ## golden files and unit tests while calls fail: each place of a call; TRIES=n of each kind a step (0: each call), SEED=word
	@tools/setup.sh test
	@cmake --preset asan >/dev/null && cmake --build --preset asan -j$(JOBS)
	@node tests/torture/run.mjs $(WHICH)
	@node tests/torture/units.mjs $(WHICH)

soak: dev ## random searches held to the FHIRPath evaluator; MINUTES=10 SEED=n
	@node tests/conformance/soak.mjs $(or $(MINUTES),10) $(SEED)

bench: release ## measure and write doc/BENCHMARKS.md; FACTOR=4 for a quick look at the engine
	@node tools/bench.mjs
	@node tools/bench_dicom.mjs
	@node tools/bench_fhir.mjs $(if $(FACTOR),--factor $(FACTOR))
	@node tools/bench_pictures.mjs
	@node tools/bench_live.mjs

check-style: ## the checkers of the house style
	@node tools/check_style.mjs

check-po: ## translations: missing, unused, wrong
	@node tools/po.mjs check

clean: ## remove what was built
	@rm -rf build
