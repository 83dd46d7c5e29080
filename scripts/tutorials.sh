#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Does what the tutorials say, command by command: scripts/tutorials.sh [DOCUMENT ...]
# Without names it does all of them, the one that builds a Swift package too, for which it takes minutes. The default tests do the
# others. How a document is read: Tests/python/tutorial.py.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

require_packages "${build_packages[@]}" "${test_packages[@]}"
require_swift
require_python_clients "$PWD/.build/python"
for product in mosquitto mosquitto_ctrl mosquitto_passwd mosquitto_dynamic_security mosquitto_password_file \
    mosquitto_sparkplug_aware; do
    swift build --product "$product"
done
programs=$(swift build --show-bin-path)
if [ $# -eq 0 ]; then
    set -- docs/bridges.md docs/certificates.md docs/dynamic-security.md docs/plugins-c.md docs/plugins-swift.md docs/scram.md docs/sparkplug.md
fi
for document in "$@"; do
    TUTORIAL_SECONDS=${TUTORIAL_SECONDS:-900} python3 Tests/python/tutorial.py "$document" "$programs"
done
