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
# The plugins find the functions of the sanitizer in the broker; these are not exported by themselves.
exports=(-Xlinker '--export-dynamic-symbol=__tsan_*' -Xlinker '--export-dynamic-symbol=__asan_*' -Xlinker '--export-dynamic-symbol=__sanitizer_*')
for product in mosquitto mosquitto_password_file mosquitto_acl_file mosquitto_dynamic_security; do
    build_sanitized "${exports[@]}" --product "$product"
done
cc -O1 -g -shared -fPIC -pthread -Iinclude Benchmarks/load/storm_plugin.c -o "$work/storm_plugin.so"
python3 Benchmarks/load/storm.py "$PWD" "$build/debug/mosquitto" "$build/debug" "$work/storm_plugin.so" "$seconds" "$work/report"
