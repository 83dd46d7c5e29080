#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds and runs the micro benchmarks, all or those named: scripts/bench.sh [name ...]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

require_swift
if [ $# -eq 0 ]; then
    for folder in Benchmarks/*Benchmark/; do
        name=${folder%/}
        set -- "$@" "${name##*/}"
    done
fi
for name in "$@"; do
    echo "== $name"
    swift run -c release "$name"
done
