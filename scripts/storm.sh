#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything at once against a broker built with a sanitizer: scripts/storm.sh thread|address [seconds, 60]
# All kinds of listeners, several reactors, reloads, dynamic security, a plugin that interferes everywhere, good and bad clients.
# Exits non-zero when the sanitizer finds anything, the broker dies or does not end, or a transport carried no message.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh
. scripts/sanitizer.sh

use_sanitizer "${1:-}" "${2:-}" 60
export TSAN_OPTIONS="exitcode=0 $TSAN_OPTIONS"
build_sanitized
cc -O1 -g -shared -fPIC -pthread -Iinclude Benchmarks/load/storm_plugin.c -o "$work/storm_plugin.so"
python3 Benchmarks/load/storm.py "$PWD" "$build/debug/mosquitto" "$build/debug" "$work/storm_plugin.so" "$seconds" "$work/report"
