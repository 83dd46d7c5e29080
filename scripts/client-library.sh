#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the test programs of the client library while somebody looks on:
#   scripts/client-library.sh valgrind    memory that is wrong or lost
#   scripts/client-library.sh thread      races, in a library built with the thread sanitizer
# Exits non-zero when a program fails or anything is reported.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

kind=${1:?valgrind or thread}
require_packages "${build_packages[@]}" "${test_packages[@]}" valgrind
require_swift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export CLIENT_LIBRARY=$folder PROGRAM_SECONDS=200
case $kind in
valgrind)
    swift build --product mosquitto-client
    # Its reader of debugging information does not know that of the linker.
    strip --strip-debug -o "$folder/libmosquitto.so.1" .build/debug/libmosquitto-client.so
    export PROGRAM_WRAPPER="/usr/bin/valgrind -q --fair-sched=yes --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=9"
    ;;
thread)
    build=$PWD/.build/sanitize-thread
    swift build --sanitize=thread --scratch-path "$build" -Xswiftc -DTHREAD_SANITIZER --product mosquitto-client
    cp "$build/debug/libmosquitto-client.so" "$folder/libmosquitto.so.1"
    tools=$(dirname "$(readlink -f "$(command -v swift)")")
    runtime=$tools/../lib/swift/linux
    export PROGRAM_CC="$tools/clang -fsanitize=thread" PROGRAM_CXX="$tools/clang++ -fsanitize=thread"
    # What the sanitizer itself needs.
    export PROGRAM_LIBS="-L$runtime -ldispatch -lBlocksRuntime -Wl,-rpath,$runtime"
    export TSAN_OPTIONS="suppressions=$PWD/Tests/thread-sanitizer.txt"
    ;;
*)
    echo "valgrind or thread, not $kind" >&2
    exit 2
    ;;
esac
scripts/mosquittopp.sh "$folder/libmosquitto.so.1" "$folder/libmosquittopp.so.1"
swift test --filter 'ClientLibraryTests\.ProgramTests/ours'
