#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the chaos, framing, sleep, plugin thread, plugin process and bridge tests against a broker built with a sanitizer, and a short storm:
#   scripts/sanitize.sh thread|address [seconds of chaos, of a plugin's threads, and of the storm]
# Exits non-zero when a test fails or the sanitizer reports anything.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh
. scripts/sanitizer.sh

use_sanitizer "${1:-}" "${2:-}" 20
build_sanitized
swift build --build-tests

status=0
BROKER=$build/debug/mosquitto CHAOS_SECONDS=$seconds PLUGIN_SECONDS=$seconds \
    swift test --skip-build \
    --filter 'Chaos|ReactorGroup|LargePayloads|ConnectFields|Acknowledgements|Packets|Framing|Publishing|Shared|HostThreadTests/busybody|HostFunction|HostAnswer|BridgeTests\.|Isolation' \
    --skip BridgeCrowds ||
    status=$?
for report in "$work"/report.*; do
    [ -e "$report" ] || continue
    status=1
    cat "$report"
done
scripts/storm.sh "$kind" "$seconds" || status=$?
exit "$status"
