# The commands of this project. Set-up steps live in scripts/setup.sh; what the tests are, in scripts/test.sh.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run watch check test release bench setup

help: ## List these targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)$$/make \1|\2/' | column -t -s '|'

run: setup ## Build Errand and run it: web :3000, API :3001, tenant :3002 (first time: up to 20 minutes, then seconds)
	@. scripts/env.sh && cargo leptos build && exec ./target/debug/errand dev

watch: setup ## The same, building again and reloading the page on every change of the source
	@. scripts/env.sh && exec cargo leptos watch -- dev

check: setup ## The quick loop: format, lints of both halves, unit tests
	@scripts/test.sh quick

test: ## Format, lints, unit, integration and end-to-end tests, licences, documentation
	@scripts/setup.sh test && scripts/test.sh

release: setup ## Build for production: target/release/errand and target/site, files compressed beforehand
	@. scripts/env.sh && cargo leptos build --release --precompress
	@echo 'Built. Deploy target/release/errand with target/release/hash.txt beside it, and target/site (web.site_root).'

bench: setup ## Requests per second, latency, CPU per request, bundle size, memory: each beside a baseline
	@. scripts/env.sh && cargo leptos build --release && cargo bench --features ssr

setup: ## Install what is missing for building and running (idempotent; says what it does)
	@scripts/setup.sh build
