#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures TLS and WebSocket beside another broker: Benchmarks/tls.sh [path of the other broker]
#
# Full and resumed handshakes, how many more two reactors make, what they cost neighbours, memory of
# idle connections and, with
# MQTTLOAD=<load generator built with TLS>, throughput. BROKER names our executable, THREADS its
# worker_threads (1).
set -euo pipefail
cd "$(dirname "$0")/.."

broker=${BROKER:-.build/release/mosquitto}
other=${1:-/usr/sbin/mosquitto}
[ -x "$broker" ] || swift build -c release --product mosquitto
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
bash Tests/TransportTests/Scripts/certificates.sh "$directory"
chmod -R a+rX "$directory"
chmod a+r "$directory"/*.key
cc -O2 Benchmarks/handshakes.c -lcrypto -o "$directory/handshakes"

for path in "$broker" "$other"; do
    [ -x "$path" ] || continue
    echo "== $path"
    python3 Benchmarks/tls.py "$(realpath "$path")" "$directory" "${THREADS:-1}"
done
