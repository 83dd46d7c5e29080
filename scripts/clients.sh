#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Lets clients other people wrote burst, be cut and send 16 MB, each with 1, 2 and 4 reactors, and haproxy stand before
# the broker. CLIENTS_SEED repeats the cuts of a run, whose complaints name it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

require_packages "${build_packages[@]}" "${test_packages[@]}" haproxy
require_swift
require_python_clients "$PWD/.build/python"
CLIENTS=all swift test --filter 'ClientTests\.(RealClientTests|HAProxyTests)/'
