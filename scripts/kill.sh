#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kills the broker again and again amid all kinds of clients: scripts/kill.sh [rounds, 1000]
# Exits non-zero when anything that was acknowledged is gone. KILL_SEED repeats the decisions of a run, KILL_KEEP names a
# folder for copies of what each start has found.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

require_packages "${build_packages[@]}"
require_swift
export KILL_ROUNDS=${1:-1000}
swift test --filter 'ConformanceTests\.Kill/'
