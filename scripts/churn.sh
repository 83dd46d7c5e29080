#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Lets clients come and go over all transports and watches what the broker holds: scripts/churn.sh [seconds, 600]
# Exits non-zero when resident memory grows or descriptors stay open. BROKER names another executable.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

if [ -z "${BROKER:-}" ]; then
    require_swift
    swift build -c release --product mosquitto
    BROKER=$(swift build -c release --show-bin-path)/mosquitto
fi
python3 Benchmarks/load/churn.py "$PWD" "$BROKER" "${1:-600}"
