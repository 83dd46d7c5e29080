# SPDX-License-Identifier: Apache-2.0
# Short names for the commands of HACKING.md.

PREFIX ?= /usr/local
DESTDIR ?=
SECONDS ?= 60

.PHONY: all run test lint format bench fuzz install uninstall clean

all:
	swift build -c release

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

install: all
	PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" scripts/install.sh

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/mosquitto
	rm -f $(DESTDIR)$(PREFIX)/bin/mosquitto_*
	rm -rf $(DESTDIR)$(PREFIX)/lib/mosquitto $(DESTDIR)$(PREFIX)/share/doc/mosquitto
	rm -rf $(DESTDIR)$(PREFIX)/share/mosquitto/monitoring
	rm -f $(DESTDIR)$(PREFIX)/lib/pkgconfig/mosquitto.pc
	rm -f $(DESTDIR)$(PREFIX)/lib/systemd/system/mosquitto.service
	for header in $$(cd include && find . -name '*.h'); do \
	    rm -f "$(DESTDIR)$(PREFIX)/include/$$header"; done

clean:
	swift package clean
