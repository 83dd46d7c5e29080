#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures how long an innocent client waits while others ask for as much as they can: scripts/latency.sh [load ...]
# Prints a table; exits non-zero when the p99 of PINGRESP under any load is not below 5 ms, or the broker dies.
# BROKER names another executable (with its plugins beside it), TABLE a file that gets the table as well.
# Needs two cores: the broker has one, the load and the innocent client the other. Run it on a machine that is quiet: CPU is
# what the broker used, Waited how long its threads were ready to run and others had the processor.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

if [ "$(nproc)" -lt 2 ]; then
    echo "Two cores are needed." >&2
    exit 2
fi
if [ -z "${BROKER:-}" ]; then
    require_swift
    swift build -c release --product mosquitto
    swift build -c release --product mosquitto_dynamic_security
    swift build -c release --product mosquitto_password_file
    BROKER=$(swift build -c release --show-bin-path)/mosquitto
fi
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
cc -O2 Benchmarks/load/pinger.c -o "$programs/pinger"
cc -O2 -shared -fPIC -Iinclude Benchmarks/load/slow_checks.c -o "$programs/slow_checks.so"
ulimit -n "$(ulimit -Hn)"
python3 Benchmarks/load/latency.py ${TABLE:+--table "$TABLE"} "$BROKER" "$programs/pinger" "$programs/slow_checks.so" "$@"
