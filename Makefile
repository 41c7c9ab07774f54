# Every target installs what it is missing, then calls npm scripts; a second run installs nothing and costs nothing.
# Variables go through: make run PORT=9000 DEMO=0

.DEFAULT_GOAL := help
.PHONY: help run test test-node24 bench dev build clean typecheck lint audit node debian-run debian-test

help:
	@echo 'make run          install what is missing, build, start the service in the foreground (DEMO=0: without the demonstration)'
	@echo 'make test         install what is missing, run all that CI runs: types, lint, build, every test'
	@echo 'make test-node24  every test once more, with Node 24'
	@echo 'make bench        the measurements of bench/'
	@echo 'make dev          the service and the page from their sources, anew on every change'
	@echo 'make build        the built server and page, in dist/ and web/dist/'
	@echo 'make clean        remove what was built'
	@echo 'PORT, HOST, API_KEYS, OPENAI_API_KEY and all else that .env.example names can be set in the environment or in .env'

run: debian-run dist/.built
	@scripts/run.sh

dev: debian-run node_modules/.package-lock.json
	@npm run --silent dev

test: debian-test dist/.built
	@$(MAKE) --no-print-directory --jobs=2 typecheck lint audit
	scripts/test.sh

typecheck lint audit: node_modules/.package-lock.json
	@npm run --silent $@

test-node24: debian-test dist/.built
	npx --yes -p node@24 scripts/test.sh

bench: debian-test dist/.built
	npm run bench

build: dist/.built

clean:
	rm -rf dist web/dist coverage

node:
	@scripts/check-node.sh

debian-run: node
	@scripts/debian-packages.sh run

debian-test: node
	@scripts/debian-packages.sh run test

node_modules/.package-lock.json: package-lock.json | node
	npm ci --loglevel=error

# Folders are among what it depends on, so that a removed source counts as a change too.
dist/.built: node_modules/.package-lock.json tsconfig.json tsconfig.build.json $(shell find src web -path web/dist -prune -o -print)
	npm run --silent build
	@touch $@
