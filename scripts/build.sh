#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds for release all that scripts/install.sh installs: scripts/build.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

require_swift
swift build -c release
built=$(swift build -c release --show-bin-path)
scripts/mosquittopp.sh "$built/libmosquitto-client.so" "$built/libmosquittopp.so.1"
make -s -C plugins-c scram/scram_passwd
