# What `check` runs is what CI runs, see .ci/run.
GOLANGCI_VERSION := v2.15.0
BIN := $(CURDIR)/bin
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)

.PHONY: build test check lint race fuzz bench soak systemd-test fmt

build:
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.release=$(VERSION)" -o $(BIN)/telnyxsync ./cmd/telnyxsync

test:
	go test ./...

check: lint race
	go run ./cmd/telnyxsync validate examples/configs examples/operator-connect

lint: $(BIN)/golangci-lint-$(GOLANGCI_VERSION)
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt: $$unformatted"; exit 1; }
	go vet ./...
	go mod tidy -diff
	$(BIN)/golangci-lint-$(GOLANGCI_VERSION) run --timeout 15m ./...

race:
	GORACE=atexit_sleep_ms=0 go test -race -timeout 20m ./...

# Each fuzz target for a while; FUZZTIME=10m for longer.
FUZZTIME ?= 15s
fuzz:
	@set -e; for pkg in $$(go list ./internal/...); do \
	  for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg; \
	  done; done

# Ratios to the limits that the design states; compare ratios, not seconds.
bench:
	go test -run '^$$' -bench . -benchmem ./...

# A daemon over 2,000 entries under constant edits, drift and 5 % faults; SOAK=8h for a night.
SOAK ?= 2m
soak:
	TELNYXSYNC_SOAK=$(SOAK) go test ./cmd/telnyxsync -run '^TestSoak$$' -count 1 -v -timeout 0

# The units as shipped, under a systemd that is booted in a container. Needs root, systemd-container and
# debootstrap; the script says so where they are missing.
systemd-test:
	systemd/test/run

fmt: $(BIN)/golangci-lint-$(GOLANGCI_VERSION)
	$(BIN)/golangci-lint-$(GOLANGCI_VERSION) fmt ./...

$(BIN)/golangci-lint-$(GOLANGCI_VERSION):
	mkdir -p $(BIN)
	GOBIN=$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv $(BIN)/golangci-lint $@
