#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the chaos, framing, sleep and plugin thread tests against a broker built with a sanitizer, and a short storm:
#   scripts/sanitize.sh thread|address [seconds of chaos, of a plugin's threads, and of the storm]
# Exits non-zero when a test fails or the sanitizer reports anything.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

kind=${1:?thread or address}
seconds=${2:-20}
require_packages "${build_packages[@]}"
require_swift

build=$PWD/.build/sanitize-$kind
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
swift build --sanitize="$kind" --scratch-path "$build" --product mosquitto
swift build --build-tests

# The mutex of the Synchronization module is a futex the thread sanitizer does not know; the functions
# that work on what it guards are in the file of suppressions.
export TSAN_OPTIONS="log_path=$reports/report suppressions=$PWD/Tests/thread-sanitizer.txt"
export ASAN_OPTIONS="log_path=$reports/report detect_leaks=0"
status=0
BROKER=$build/debug/mosquitto CHAOS_SECONDS=$seconds PLUGIN_SECONDS=$seconds \
    swift test --skip-build \
    --filter 'Chaos|ReactorGroup|LargePayloads|ConnectFields|Acknowledgements|Packets|Framing|Publishing|Shared|HostThreadTests/busybody|HostFunction|HostAnswer' ||
    status=$?
for report in "$reports"/report.*; do
    [ -e "$report" ] || continue
    status=1
    cat "$report"
done
scripts/storm.sh "$kind" "$seconds" || status=$?
exit "$status"
