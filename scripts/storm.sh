#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything at once against a broker built with a sanitizer: scripts/storm.sh thread|address [seconds, 60]
# All kinds of listeners, several reactors, reloads, dynamic security, a plugin that interferes everywhere, good and bad clients.
# Exits non-zero when the sanitizer finds anything, the broker dies or does not end, or a transport carried no message.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

kind=${1:?thread or address}
seconds=${2:-60}
require_packages "${build_packages[@]}"
require_swift

build=$PWD/.build/sanitize-$kind
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The plugins find the functions of the sanitizer in the broker; these are not exported by themselves.
exports=(-Xlinker '--export-dynamic-symbol=__tsan_*' -Xlinker '--export-dynamic-symbol=__asan_*' -Xlinker '--export-dynamic-symbol=__sanitizer_*')
for product in mosquitto mosquitto_password_file mosquitto_acl_file mosquitto_dynamic_security; do
    swift build --sanitize="$kind" --scratch-path "$build" "${exports[@]}" --product "$product"
done
cc -O1 -g -shared -fPIC -pthread -Iinclude Benchmarks/load/storm_plugin.c -o "$work/storm_plugin.so"
export TSAN_OPTIONS="exitcode=0 log_path=$work/report suppressions=$PWD/Tests/thread-sanitizer.txt"
export ASAN_OPTIONS="log_path=$work/report detect_leaks=0"
python3 Benchmarks/load/storm.py "$PWD" "$build/debug/mosquitto" "$build/debug" "$work/storm_plugin.so" "$seconds" "$work/report"
