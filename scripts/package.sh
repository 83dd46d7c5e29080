#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian packages and checks them with lintian: scripts/package.sh [folder for them, .build/packages]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

require_packages "${build_packages[@]}" "${install_packages[@]}" "${package_packages[@]}"
require_swift
mkdir -p "${1:-.build/packages}"
packages=$(cd "${1:-.build/packages}" && pwd)
rm -f "$packages"/{,lib}mosquitto*.deb
# Without a source package: the toolchain is no package of Debian's.
export PACKAGES=$packages DEB_RULES_REQUIRES_ROOT=no
trap 'debian/rules clean >/dev/null' EXIT
debian/rules clean
debian/rules binary
lintian --fail-on error --tag-display-limit 0 "$packages"/{,lib}mosquitto*.deb
ls -l "$packages"/{,lib}mosquitto*.deb
