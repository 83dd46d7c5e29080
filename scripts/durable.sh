#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures what durable state costs: scripts/durable.sh [measurement ...]
# Without names it measures all but traffic, idle and others, which need a load generator: MQTTLOAD names it, DEBIAN the original's
# broker and NATS that of NATS, beside which traffic and others are to be shown. idle has a persistence plugin that does nothing,
# sqlite the one with SQLite beside SQLite alone. BROKER names another executable of ours, with its plugins beside it, WORKERS the number of reactors, ROUNDS how often each kind of
# traffic takes its turn, MINUTES how long rewrites is to take at least. Exits non-zero when pings have to wait too long for a checkpoint, or the plugin takes more than 1.3 times the CPU of SQLite. For two cores and a quiet machine.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

if [ -z "${BROKER:-}" ]; then
    require_swift
    swift build -c release --product mosquitto
    swift build -c release --product mosquitto_persist_sqlite
    BROKER=$(swift build -c release --show-bin-path)/mosquitto
fi
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
cc -O2 Benchmarks/load/pinger.c -o "$programs/pinger"
cc -O2 Benchmarks/load/acks.c -o "$programs/acks"
cc -O2 -shared -fPIC Benchmarks/load/cycles.c -o "$programs/cycles.so"
cc -O2 -shared -fPIC -Iinclude -DDIRECT Benchmarks/load/noop_keeper.c -o "$programs/noop_direct.so"
cc -O2 -shared -fPIC -Iinclude Benchmarks/load/noop_keeper.c -o "$programs/noop_serial.so"
cc -O2 -shared -fPIC -Iinclude Benchmarks/load/tape.c -o "$programs/tape.so"
cc -O2 Benchmarks/load/replay.c -o "$programs/replay" -lsqlite3
ulimit -n "$(ulimit -Hn)"
python3 Benchmarks/load/durable.py "$BROKER" "$programs" ${MQTTLOAD:+--mqttload "$MQTTLOAD"} ${DEBIAN:+--debian "$DEBIAN"} \
    ${NATS:+--nats "$NATS"} \
    --workers "${WORKERS:-1}" --rounds "${ROUNDS:-3}" --minutes "${MINUTES:-0}" "$@"
