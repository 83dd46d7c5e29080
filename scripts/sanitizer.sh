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

# Builds the broker and the plugins it comes with, each with the sanitizer.
build_sanitized() {
    # The plugins find the functions of the sanitizer in the broker; these are not exported by themselves.
    local exports=(-Xlinker '--export-dynamic-symbol=__tsan_*' -Xlinker '--export-dynamic-symbol=__asan_*' -Xlinker '--export-dynamic-symbol=__sanitizer_*')
    local product
    for product in mosquitto mosquitto_password_file mosquitto_acl_file mosquitto_dynamic_security; do
        swift build --sanitize="$kind" --scratch-path "$build" "${exports[@]}" --product "$product"
    done
}
