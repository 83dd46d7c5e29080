# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts that run a broker built with a sanitizer.

# Takes the kind of sanitizer (thread or address), the seconds the script was given and the ones it takes without. Sets
# kind, seconds, where to build, a folder that goes away at the end, and what the sanitizer is to do there.
use_sanitizer() {
    kind=${1:?thread or address}
    seconds=${2:-$3}
    require_packages "${build_packages[@]}"
    require_swift
    build=$PWD/.build/sanitize-$kind
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    # The mutex of the Synchronization module is a futex the thread sanitizer does not know; the functions
    # that work on what it guards are in the file of suppressions.
    export TSAN_OPTIONS="log_path=$work/report suppressions=$PWD/Tests/thread-sanitizer.txt"
    export ASAN_OPTIONS="log_path=$work/report detect_leaks=0"
}

# Builds products with the sanitizer; more options of the build go in front.
build_sanitized() {
    swift build --sanitize="$kind" --scratch-path "$build" "$@"
}
