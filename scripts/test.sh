#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, lints, builds and runs all tests: scripts/test.sh [swift test arguments]
# Exits non-zero if anything fails; the last lines are those of the test runner.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

require_packages "${build_packages[@]}" "${test_packages[@]}"
require_swift
require_python_clients "$PWD/.build/python"

status=0
echo "== Lint"
scripts/lint.sh || status=$?
echo "== Build"
swift build --build-tests
if [ "$#" -eq 0 ]; then
    # It compiles modules as wholes, which finds what the build for tests does not.
    echo "== Release build"
    swift build -c release --product mosquitto
fi
echo "== Test"
log=$PWD/.build/test.log
swift test --skip-build "$@" 2>&1 | tee "$log" || status=$?
if [ "$status" -ne 0 ]; then
    echo "== Failures (status $status; see also Lint above)"
    grep -E '✘|↳ .*[0-9]|error:' "$log" | tail -n 60 || true
fi
grep -E 'Executed [0-9]+ tests|Test run with [0-9]+ tests?' "$log" || true
exit "$status"
