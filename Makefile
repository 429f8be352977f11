# What a newcomer and CI call. `make help` lists it.
SHELL := /bin/bash
PREFIX ?= /usr/local
PROTOS := ttrpc.proto google/rpc/status.proto $(patsubst proto/%,%,$(wildcard proto/triggerd/v1/*.proto))
SWIFT_SOURCES := Package.swift Sources Tests plugins
# What building needs, by what proves that it is there; what only the tests need beside it.
BUILD_PACKAGES := libprotobuf-c-dev librocksdb-dev libcurl4-openssl-dev libnghttp2-dev libssl-dev libre2-dev \
	libjemalloc-dev
TEST_PACKAGES := $(BUILD_PACKAGES) protobuf-compiler protobuf-c-compiler python3-protobuf python3-aiosmtpd openssl \
	golang-go golang-github-containerd-ttrpc-dev python3-h2 python3-jwt python3-cryptography python3-pip \
	python3-setuptools python3-wheel nghttp2-server valgrind protoc-gen-go-1-3 libprotobuf-dev nodejs \
	node-typescript
# Whom the benchmarks measure triggerd beside; no test needs them.
BENCH_PACKAGES := redis-server postgresql
# Of the tests' other sides what Debian has no package of: from PyPI, into .build/python.
TEST_PYTHON := http-ece==1.2.1
RELEASE = $(shell swift build -c release --show-bin-path)
PLUGINS := trigger-session-start trigger-purchase trigger-custom-event trigger-location trigger-email-added \
	trigger-attribute-changed trigger-conversion trigger-exception trigger-campaign-interaction \
	trigger-card-interaction channel-push channel-in-app channel-email channel-webhook

# Of the crash test; SEED=N repeats one's faults.
MINUTES := 5
SEED :=

.PHONY: help build demo test crash-test check format generate bench install dependencies test-dependencies

help:
	@echo "make build     the release build"
	@echo "make demo      a cart is left behind, and what comes of it, from end to end"
	@echo "make test      all tests"
	@echo "make crash-test  kills the daemon and harms it under load (MINUTES=5, SEED=N)"
	@echo "make check     formatter, generated code compared, warnings as errors, all tests"
	@echo "make install   into PREFIX (default /usr/local)"
	@echo "make bench     the benchmarks of Benchmarks/"
	@echo "make generate  the C of the schema and the clients' code, from proto/; the storage schema, from Sources/Storage"
	@echo "make format    formats the Swift sources"

dependencies:
	@scripts/install-packages $(BUILD_PACKAGES)

test-dependencies:
	@scripts/install-packages $(TEST_PACKAGES)
	@scripts/install-python $(TEST_PYTHON)

build: dependencies
	swift build -c release

demo: build
	@examples/demo/demo.sh $(RELEASE)/triggerd

test: test-dependencies
	swift build --build-tests
	swift test --skip-build --no-parallel

crash-test: test-dependencies
	swift build
	python3 Tests/Crash/crash_test.py "$$(swift build --show-bin-path)/triggerd" --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

check: test-dependencies
	swift format lint --strict --recursive $(SWIFT_SOURCES)
	scripts/compare-generated
	$(MAKE) test

format:
	swift format --in-place --recursive $(SWIFT_SOURCES)

generate: test-dependencies
	scripts/generate-schema Sources/Schema/include
	mv Sources/Schema/include/triggerd/v1/*.c Sources/Schema/
	scripts/generate-clients .
	swift run --quiet storage-schema > proto/triggerd/storage/v1/storage.proto.new
	mv proto/triggerd/storage/v1/storage.proto.new proto/triggerd/storage/v1/storage.proto

bench: build test-dependencies
	@scripts/install-packages $(BENCH_PACKAGES)
	@Benchmarks/run.sh $(RELEASE)/triggerd .build/bench

install: build
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/triggerd/plugins $(DESTDIR)$(PREFIX)/include/triggerd
	install -m 755 $(RELEASE)/triggerd $(DESTDIR)$(PREFIX)/bin/
	for plugin in $(PLUGINS); do \
		install -m 755 $(RELEASE)/lib$$plugin.so $(DESTDIR)$(PREFIX)/lib/triggerd/plugins/$$plugin.so || exit 1; \
	done
	install -m 644 Sources/PluginABI/include/triggerd/plugin.h $(DESTDIR)$(PREFIX)/include/triggerd/
	for proto in $(PROTOS); do \
		install -D -m 644 proto/$$proto $(DESTDIR)$(PREFIX)/share/triggerd/proto/$$proto || exit 1; \
	done
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions
	$(RELEASE)/triggerd --generate-completion-script bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/triggerd
	$(RELEASE)/triggerd --generate-completion-script zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_triggerd
