#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Has a real Prometheus look at a broker: scripts/test-prometheus.sh
# Checks metrics and alert rules with promtool, has Prometheus scrape and evaluate them, and measures what a scrape
# costs. Fails when a scrape takes 5 ms of processor time or more for 2,000 series. BROKER names another executable.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

require_packages prometheus openssl
if [ -z "${BROKER:-}" ]; then
    require_swift
    swift build -c release --product mosquitto
    BROKER=$(swift build -c release --show-bin-path)/mosquitto
fi
folder=$(mktemp -d)
trap 'jobs -p | xargs -r kill 2>/dev/null; wait; rm -rf "$folder"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost \
    -keyout "$folder/key.pem" -out "$folder/cert.pem" 2>/dev/null
BROKER=$BROKER FOLDER=$folder python3 Benchmarks/load/scrape.py
