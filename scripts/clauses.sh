#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Lists the clauses of the MQTT standard that the sources name and no test does: scripts/clauses.sh
# Exits non-zero if there are any.
set -euo pipefail
cd "$(dirname "$0")/.."

clauses() {
    grep -rhoE '\[MQTT[0-9]*-[0-9.]+-[0-9]+\]' --include='*.swift' "$@" | sort -u
}

missing=$(comm -23 <(clauses Sources) <(clauses Tests))
if [ -n "$missing" ]; then
    echo "Clauses without a test:"
    echo "$missing"
    exit 1
fi
echo "Every clause named in the sources has a test."
