#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kills processes of plugins at random amid messages, logins, filters, control requests and reloads:
#   scripts/plugin-chaos.sh [seconds with each number of reactors, 60]
# Exits non-zero when more fails than processes were killed, anything comes twice or out of order, or anybody is disconnected.
# BROKER names another executable, WORKERS the numbers of reactors; a complaint names its seed: SEED=17 scripts/plugin-chaos.sh
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
cc -O2 -shared -fPIC -Iinclude Benchmarks/load/every_event.c -o "$programs/every_event.so"
for workers in ${WORKERS:-1 2 4}; do
    python3 Benchmarks/load/plugin_chaos.py --workers "$workers" ${SEED:+--seed "$SEED"} "$BROKER" "$programs" "${1:-60}"
done
