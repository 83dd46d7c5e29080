#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Removes from below $DESTDIR$PREFIX what scripts/install.sh has put there, and nothing else: scripts/uninstall.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh
. scripts/installed.sh

root=${DESTDIR:-}${PREFIX:-/usr/local}
if [ ! -f "$root/$installed_list" ]; then
    echo "Nothing to remove: there is no $root/$installed_list." >&2
    exit 1
fi
list=$(<"$root/$installed_list")
printf '%s\n' "$list" | remove_paths "$root"
echo "Removed $(printf '%s\n' "$list" | wc -l) files from below $root"
