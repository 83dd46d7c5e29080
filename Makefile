# SPDX-License-Identifier: Apache-2.0
# Short names for the commands of HACKING.md.

PREFIX ?= /usr/local
DESTDIR ?=
SECONDS ?= 60

.PHONY: all run test lint format bench fuzz install uninstall clean

all:
	scripts/build.sh

run:
	scripts/run.sh

test:
	scripts/test.sh

lint:
	scripts/lint.sh

format:
	swift format --in-place --parallel --recursive Sources Tests Benchmarks Fuzz examples

bench:
	scripts/bench.sh

fuzz:
	scripts/fuzz.sh decoder $(SECONDS)
	scripts/fuzz.sh config $(SECONDS)
	scripts/fuzz.sh websocket $(SECONDS)

# Builds nothing, so that it can be run as root where there is no toolchain.
install:
	PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" scripts/install.sh

uninstall:
	PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" scripts/uninstall.sh

clean:
	swift package clean
