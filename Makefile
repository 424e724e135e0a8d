# The two commands of the project are `make run` and `make test`; the others are for its developers.
.DEFAULT_GOAL := help
SHELL := /bin/sh

.PHONY: help run test check contract schema setup

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## Serve the API with its own database and the demo chain on http://localhost:8000/docs
	cargo run --locked -- serve

test: setup ## Check formatting and lints, run every test
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo test --locked --workspace

check: setup ## The quick look before a commit: types, lints, rules of the house
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo test --locked -p domain --test tidy

contract: setup ## Write the OpenAPI document and the catalogues anew; look at the difference before you commit it
	UPDATE=1 cargo test --locked --test api contract

schema: setup ## Write api/schema/lib.rs anew from the migrations (needs diesel_cli)
	./api/schema/generate.sh

setup:
	@.ci/setup
