#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures what durable state costs: scripts/durable.sh [measurement ...]
# Without names it measures all but traffic, which needs a load generator: MQTTLOAD names it, DEBIAN the original's broker beside
# which it is to be shown. BROKER names another executable of ours, WORKERS the number of reactors, ROUNDS how often each kind of
# traffic takes its turn, MINUTES how long rewrites is to take at least. Exits non-zero when pings have to wait too long for a checkpoint. For two cores and a quiet machine.
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
cc -O2 Benchmarks/load/pinger.c -o "$programs/pinger"
cc -O2 Benchmarks/load/acks.c -o "$programs/acks"
cc -O2 -shared -fPIC Benchmarks/load/cycles.c -o "$programs/cycles.so"
ulimit -n "$(ulimit -Hn)"
python3 Benchmarks/load/durable.py "$BROKER" "$programs" ${MQTTLOAD:+--mqttload "$MQTTLOAD"} ${DEBIAN:+--debian "$DEBIAN"} \
    --workers "${WORKERS:-1}" --rounds "${ROUNDS:-3}" --minutes "${MINUTES:-0}" "$@"
