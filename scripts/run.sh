#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds the broker and runs it on port 1883: scripts/run.sh [broker arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

require_packages "${build_packages[@]}"
require_swift
swift build -c release
if [ $# -eq 0 ]; then set -- -c examples/mosquitto.conf; fi
exec "$(swift build -c release --show-bin-path)/mosquitto" "$@"
