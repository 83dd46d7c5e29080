#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the form of all Swift code; the settings are in .swift-format.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

require_swift
folders=()
for folder in Sources Tests Benchmarks Fuzz examples; do
    if [ -d "$folder" ]; then folders+=("$folder"); fi
done
swift format lint --strict --parallel --recursive "${folders[@]}"
