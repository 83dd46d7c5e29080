#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the client library for C++ beside that for C: scripts/mosquittopp.sh LIBMOSQUITTO OUTPUT
# LIBMOSQUITTO is the path of libmosquitto.so.1; OUTPUT becomes the shared object. CXX is the compiler, c++ without it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

if [ $# -ne 2 ]; then
    echo "usage: scripts/mosquittopp.sh LIBMOSQUITTO OUTPUT" >&2
    exit 1
fi
"${CXX:-c++}" -std=c++11 -O2 -g -fPIC -shared -fno-exceptions -fvisibility=hidden \
    -Wall -Wextra -Wpedantic -Werror -Iinclude -o "$2" -Wl,-soname,libmosquittopp.so.1 -Wl,-z,relro,-z,now \
    -Wl,--no-undefined,--allow-shlib-undefined Sources/Client/mosquittopp/mosquittopp.cpp "$1"
