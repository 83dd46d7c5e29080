#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Says which clauses of the MQTT standards have no test, no code or no row in docs/conformance.md: scripts/clauses.sh
# Exits non-zero if there are any. The default tests do the same.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

require_swift
swift test --filter TidyTests.ClauseTests
