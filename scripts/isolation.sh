#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures what a plugin in a process of its own costs beside the same one in the broker's process: scripts/isolation.sh ['one at a time' ...]
# Without names it measures all loads. BROKER names another executable, WORKERS the number of reactors, ROUNDS how often each takes its
# turn. Exits non-zero when a ratio is worse than it may be. For two cores and a quiet machine.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

if [ -z "${BROKER:-}" ]; then
    require_swift
    swift build -c release --product mosquitto
    BROKER=$(swift build -c release --show-bin-path)/mosquitto
fi
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
cc -O2 Benchmarks/load/stream.c -o "$programs/stream"
cc -O2 -shared -fPIC -Iinclude Benchmarks/load/allow.c -o "$programs/allow.so"
python3 Benchmarks/load/isolation.py --rounds "${ROUNDS:-5}" --workers "${WORKERS:-1}" "$BROKER" "$programs" "$@"
