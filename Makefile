# Everything here also works as a plain go command; see README.md.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# The registry that is asked when no configuration names one.
REGISTRY ?= $(shell npm config get registry 2>/dev/null)
PNPM ?= $(shell command -v pnpm)
LDFLAGS = -s -w -X godwit/internal/cli.Version=$(VERSION) -X godwit/internal/config.BuiltinRegistry=$(REGISTRY)

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

.PHONY: build
build: ## build bin/godwit and bin/godwit-registry
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/godwit ./cmd/godwit
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS) -X main.version=$(VERSION)' -o bin/godwit-registry ./cmd/godwit-registry

.PHONY: man
man: ## write the manual to bin/man/man1, from the tables that help is made of
	go run -ldflags '$(LDFLAGS)' ./cmd/godwit-man bin/man/man1

.PHONY: errors
errors: ## write doc/errors.md from the table of codes
	UPDATE=1 go test ./internal/cli/codes

.PHONY: trusted-root
trusted-root: ## bring what is trusted about signatures up to date, from npm's copy of it
	node -p 'const seeds = require("'$$(npm root -g)'/npm/node_modules/@sigstore/tuf/seeds.json"); Buffer.from(Object.values(seeds)[0].targets["trusted_root.json"], "base64").toString().trimEnd()' > internal/sigstore/trusted_root.json
	go test ./internal/sigstore

.PHONY: release
release: ## write a release for every platform, and the packages for npm, to dist/
	VERSION='$(VERSION)' LDFLAGS='$(LDFLAGS)' .ci/release

.PHONY: check
check: ## all that CI runs
	.ci/run

.PHONY: bench
bench: ## a short comparison with other package managers, over the network
	go run ./cmd/godwit-bench run --short

.PHONY: apps
apps: ## build, check and test applications in each layout, and projects made of templates, over the network
	GODWIT_APPS=$(REGISTRY) go test ./internal/cli -run '^Test(Apps|Templates)$$' -v -timeout 30m

.PHONY: compare
compare: ## write doc/compare.md: what npm and pnpm (PNPM=path) answer, and what we do
	GODWIT_COMPARE=doc/compare.md GODWIT_PNPM=$(PNPM) go test ./internal/cli -run '^TestCompare$$' -count 1 -timeout 30m

.PHONY: fuzz
fuzz: ## fuzz every parser for 30 seconds
	@for p in $$(grep -rl --include=*_test.go 'func Fuzz' internal | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -ho 'func Fuzz[A-Za-z0-9]*' $$p/*_test.go | cut -c6-); do \
	    go test ./$$p -run '^$$' -fuzz "^$$f$$" -fuzztime 30s || exit 1; done; done
