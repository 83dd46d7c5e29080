#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the release build below $DESTDIR$PREFIX, with the Swift runtime it needs: scripts/install.sh
# Called by `make install`, which builds first.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

require_swift
prefix=${PREFIX:-/usr/local}
root=${DESTDIR:-}$prefix
built=$(swift build -c release --show-bin-path)
version=$(sed -n 's/.*static let \(major\|minor\|revision\): Int32 = \([0-9]*\)/\2/p' \
    Sources/Broker/Config/BrokerVersion.swift | paste -sd.)
plugins=$root/lib/mosquitto

install -D "$built/mosquitto" "$root/sbin/mosquitto"
for tool in "$built"/mosquitto_*; do
    case ${tool##*/} in *.*) continue ;; esac
    if [ -f "$tool" ] && [ -x "$tool" ]; then install -D "$tool" "$root/bin/${tool##*/}"; fi
done
# The broker has the common library's functions itself; the file is for building against it.
for plugin in "$built"/libmosquitto_*.so; do
    name=${plugin##*/lib}
    case $name in
        mosquitto_common.so) install -D -m 644 "$plugin" "$plugins/libmosquitto_common.so.1" ;;
        *) install -D -m 644 "$plugin" "$plugins/$name" ;;
    esac
done

# The Swift runtime goes beside the plugins; programs look there relative to themselves.
runtime=$(for file in "$root/sbin/mosquitto" "$root"/bin/mosquitto_* "$plugins"/*mosquitto_*.so*; do
    ldd "$file"
done | awk '$3 ~ /\/lib\/swift\/linux\// { print $3 }' | sort -u)
for library in $runtime; do
    install -D -m 644 "$library" "$plugins/${library##*/}"
done

(cd include && find . -name '*.h') | while read -r header; do
    install -D -m 644 "include/$header" "$root/include/${header#./}"
done
install -D -m 644 examples/mosquitto.conf "$root/share/doc/mosquitto/examples/mosquitto.conf"
for file in share/monitoring/*; do
    install -D -m 644 "$file" "$root/share/mosquitto/monitoring/${file##*/}"
done
install -D -m 644 LICENSE "$root/share/doc/mosquitto/LICENSE"
mkdir -p "$root/lib/pkgconfig" "$root/lib/systemd/system"
sed -e "s|@PREFIX@|$prefix|" -e "s|@VERSION@|$version|" service/mosquitto.pc.in \
    >"$root/lib/pkgconfig/mosquitto.pc"
sed -e "s|@PREFIX@|$prefix|" service/mosquitto.service.in >"$root/lib/systemd/system/mosquitto.service"
echo "Installed mosquitto $version below $root"
