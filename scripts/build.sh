#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds for release all that scripts/install.sh installs: scripts/build.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

require_swift
swift build -c release
make -s -C plugins-c scram/scram_passwd
