#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds and runs a libFuzzer target: scripts/fuzz.sh decoder|client|config|websocket|dynsec|session|database|sessionlog|isolation [seconds]
# New inputs go to .build/fuzz/corpus-NAME, inputs that fail to .build/fuzz; seeds are in Fuzz/corpus/NAME.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

require_swift

name=${1:?usage: scripts/fuzz.sh decoder|client|config|websocket|dynsec|session|database|sessionlog|isolation [seconds]}
seconds=${2:-60}
timeout=5 libraries=()
case $name in
    decoder) modules=(TopicRules MQTT) sources=(Fuzz/DecoderFuzz.swift Fuzz/FuzzSession.swift) ;;
    client)
        modules=(TopicRules MQTT Inflight ClientMachine)
        sources=(Fuzz/ClientFuzz.swift Tests/ClientMachineTests/MachineDriver.swift)
        ;;
    config) modules=(TopicRules SafeFiles Log Config) sources=(Fuzz/ConfigFuzz.swift) ;;
    websocket)
        # The parser needs nothing else of its module.
        modules=()
        sources=(Fuzz/WebSocketFuzz.swift Sources/Broker/Net/WebSocket/WebSocketFrame{Head,Parser}.swift)
        ;;
    dynsec)
        # Everything but the plugin itself, which needs a broker; of the kit, what that uses.
        modules=(Encoding SafeFiles PasswordHash TopicRules JSON PluginSDK DynamicSecurity)
        sources=(Fuzz/DynsecFuzz.swift)
        ;;
    session)
        # The core with all it stands on, and the clients of its tests.
        modules=(Encoding SafeFiles Results TopicRules JSON Log Config MQTT Topics Inflight Persist Net Core)
        sources=(Fuzz/SessionFuzz.swift Tests/Support/SplitMix64.swift Tests/CoreTests/{Dice,DrivenBroker,GatedFiles,HonestClient,LateHooks,Peer,RecordedBroker,SessionPicture,SessionScript,SteppingClock,WildClient,Wire}.swift)
        timeout=60 libraries=(-lssl -lcrypto -lwrap)
        ;;
    database)
        modules=(TopicRules MQTT Inflight Persist)
        sources=(Fuzz/DatabaseFuzz.swift Tests/PersistTests/Database/{DatabaseBytes,DatabaseRecord}.swift)
        ;;
    sessionlog) modules=(TopicRules MQTT Inflight Persist) sources=(Fuzz/SessionLogFuzz.swift) ;;
    isolation) modules=(Isolation) sources=(Fuzz/IsolationFuzz.swift) ;;
    *) echo "unknown fuzz target: $name" >&2; exit 2 ;;
esac

out=.build/fuzz
mkdir -p "$out/corpus-$name" "Fuzz/corpus/$name"
flags=(-O -enable-testing -swift-version 6 -parse-as-library -package-name mosquitto -sanitize=fuzzer,address
    -enable-experimental-feature Lifetimes
    -enable-upcoming-feature ExistentialAny
    -enable-upcoming-feature InternalImportsByDefault
    -I "$out")
for library in CLinux COpenSSL CcJSON CArgon2 CWrap; do
    flags+=(-Xcc "-fmodule-map-file=Sources/System/$library/module.modulemap")
done
echo "module CBrokerShims { header \"$PWD/Sources/PluginABI/CBrokerShims/include/CBrokerShims.h\" export * }" >"$out/shims.modulemap"
flags+=(-I include -I Sources/PluginABI/CBrokerShims/include -Xcc "-fmodule-map-file=$out/shims.modulemap")
# The files of a module that a target needs.
module_files() {
    case $1 in
        PluginSDK) echo Sources/PluginABI/PluginSDK/Support/WorkerPool.swift ;;
        DynamicSecurity) find Sources/Plugins/DynamicSecurity -name '*.swift' ! -name DynamicSecurityPlugin.swift ;;
        *) find Sources/*/"$1" -name '*.swift' ;;
    esac
}
options=()
[ -f "Fuzz/$name.dict" ] && options+=("-dict=Fuzz/$name.dict")
objects=()
if [ "$name" = session ]; then
    for file in Sources/PluginABI/CBrokerShims/*.c; do
        clang -O1 -g -fsanitize=address -Iinclude -ISources/PluginABI/CBrokerShims/include -c "$file" \
            -o "$out/$(basename "$file" .c).o"
        objects+=("$out/$(basename "$file" .c).o")
    done
fi
for module in "${modules[@]}"; do
    # shellcheck disable=SC2046
    swiftc "${flags[@]}" -wmo -emit-module -emit-module-path "$out/$module.swiftmodule" \
        -emit-object -module-name "$module" -o "$out/$module.o" $(module_files "$module")
    objects+=("$out/$module.o")
done
swiftc "${flags[@]}" -module-name Fuzz -o "$out/$name" "${sources[@]}" "${objects[@]}" ${libraries[@]+"${libraries[@]}"}

SWIFT_BACKTRACE=enable=no "$out/$name" -max_total_time="$seconds" -max_len=4096 -timeout="$timeout" -print_final_stats=1 \
    "${options[@]}" -artifact_prefix="$out/" "$out/corpus-$name" "Fuzz/corpus/$name"
