#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Lets a plugin in Go, in a process of its own, panic amid a storm of logins: scripts/plugin-panics.sh [seconds, 60]
# Exits non-zero when pings of others take longer than 5 ms (p99), or than twice as long as before where the machine is not quiet,
# when anybody who is connected is disconnected, or when more logins fail than must. BROKER names another executable, WORKERS the number of reactors. Debian's golang-go is installed where it lacks.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

require_packages golang-go
if [ -z "${BROKER:-}" ]; then
    require_swift
    swift build -c release --product mosquitto
    BROKER=$(swift build -c release --show-bin-path)/mosquitto
fi
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
cc -O2 Benchmarks/load/pinger.c -o "$programs/pinger"
(cd Benchmarks/load/panics && CGO_CFLAGS="-I$PWD/../../../include" GOCACHE="$programs/cache" GO111MODULE=off \
    go build -buildmode=c-shared -o "$programs/panics.so")
python3 Benchmarks/load/panics.py --workers "${WORKERS:-2}" "$BROKER" "$programs" "${1:-60}"
