#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs into a folder, uses what is there from another place, removes it again: scripts/test-install.sh
# BUILT is the folder of what was built, .build/release without it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

folder=$(mktemp -d)
broker=
trap 'if [ -n "$broker" ]; then kill "$broker"; fi; rm -rf "$folder"' EXIT
export BUILT=${BUILT:-.build/release}
make -s -C plugins-c scram/scram_passwd

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# in_path_of_root COMMAND: with what sudo leaves of the environment.
in_path_of_root() {
    env -i HOME=/root BUILT="$BUILT" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# Files of others, in the places where ours go.
others=(bin/mosquitto_others include/mosquitto.h include/mqtt_protocol.h share/doc/mosquitto/copyright
    lib/mosquitto/plugin_of_others.so)
tree=$folder/stage/opt/mosquitto
for file in "${others[@]}"; do install -D /dev/null "$tree/$file"; done

if BUILT=$folder make -s install PREFIX=/opt/mosquitto DESTDIR="$folder/none" 2>"$folder/error"; then
    fail "installed although nothing is built"
fi
grep -q 'Run make first' "$folder/error" || fail "no clear error where nothing is built: $(<"$folder/error")"
[ ! -e "$folder/none" ] || fail "something was installed although nothing is built"
in_path_of_root make -s install PREFIX=/opt/mosquitto DESTDIR="$folder/stage"
in_path_of_root make -s install PREFIX=/opt/mosquitto DESTDIR="$folder/stage"

moved=$folder/moved
cp -a "$tree" "$moved"

echo "== Programs and libraries"
for file in "$moved"/sbin/mosquitto "$moved"/bin/*_{ctrl,passwd} "$moved"/lib/mosquitto/*mosquitto_*.so* \
    "$moved"/lib/mosquitto/libswift*.so; do
    paths=$(readelf -d "$file" | sed -n 's/.*\(RUNPATH\|RPATH\).*\[\(.*\)\]/\2/p')
    case $paths in
        '$ORIGIN' | '$ORIGIN/../lib/mosquitto') ;;
        # What needs no runtime of the tree looks nowhere.
        '') if readelf -d "$file" | grep -q 'NEEDED.*libswift'; then fail "$file does not know where its runtime is"; fi ;;
        *) fail "$file looks for libraries in '$paths'" ;;
    esac
    if readelf -S "$file" | grep -q ' \.symtab '; then fail "$file has symbols"; fi
    if ldd "$file" | grep -E 'not found|/lib/swift/linux/'; then fail "$file needs what is not in the tree"; fi
done

echo "== Headers"
printf '%s\n' '#include <mosquitto_plugin.h>' '#include <mosquitto.h>' \
    'int version(void) { return MOSQ_PLUGIN_VERSION + MOSQ_EVT_MESSAGE; }' >"$folder/plugin.c"
cc -Wall -Werror -c -I "$moved/include" -o "$folder/plugin.o" "$folder/plugin.c"
flags=$(PKG_CONFIG_PATH=$moved/lib/pkgconfig pkg-config --cflags mosquitto)
printf '%s\n' '#include <mosquitto.h>' '#include <mosquitto_broker.h>' '#include <mosquitto_plugin.h>' \
    '#include <mqtt_protocol.h>' 'int version(void) { return MOSQ_PLUGIN_VERSION + MOSQ_EVT_MESSAGE; }' >"$folder/plugin.c"
cc -Wall -Werror -c $flags -o "$folder/plugin.o" "$folder/plugin.c"
if [ -e /usr/include/mosquitto.h ]; then
    rm "$moved/include/mosquitto.h" "$moved/include/mqtt_protocol.h"
    printf '%s\n' '#include <mosquitto.h>' 'int main(void) { return mosquitto_lib_init(); }' >"$folder/client.c"
    cc -Wall -Werror -I "$moved/include" -o "$folder/client" "$folder/client.c" -lmosquitto
    if cc -c -I "$moved/include" -o "$folder/plugin.o" "$folder/plugin.c" 2>"$folder/error"; then
        fail "the client library's header was taken for ours"
    fi
    grep -q 'pkg-config --cflags mosquitto' "$folder/error" || fail "no way out: $(<"$folder/error")"
fi

echo "== Client library"
printf '%s\n' '#include <mosquitto.h>' '#include <stdio.h>' \
    'int main(void) { int a, b, c; mosquitto_lib_version(&a, &b, &c); printf("%d.%d\n", a, b); return 0; }' >"$folder/version.c"
flags=$(PKG_CONFIG_PATH=$moved/lib/pkgconfig pkg-config --cflags --libs libmosquitto)
cc -Wall -Werror -o "$folder/version" "$folder/version.c" $flags
[ "$(LD_LIBRARY_PATH=$moved/lib "$folder/version")" = 2.1 ] || fail "a program does not run on the client library"
size=$(stat -c %s "$moved/lib/libmosquitto.so.1")
# Of a build for release; others are larger.
case $BUILT in *debug*) ;; *) [ "$size" -le $((8 << 20)) ] || fail "libmosquitto.so.1 has $size bytes" ;; esac
if readelf -d "$moved/lib/libmosquitto.so.1" | grep NEEDED | grep -E 'swift|mosquitto'; then
    fail "libmosquitto.so.1 needs what programs do not have"
fi

echo "== Broker and tools"
printf '%s\n' "listener 0 $folder/socket" "user $(id -un)" "plugin_load dynsec $moved/lib/mosquitto/mosquitto_dynamic_security.so" \
    "plugin_opt_config_file $folder/dynsec.json" "plugin_use dynsec" \
    "global_plugin $moved/lib/mosquitto/mosquitto_sparkplug_aware.so" >"$folder/mosquitto.conf"
"$moved/bin/mosquitto_ctrl" dynsec init "$folder/dynsec.json" admin secret >/dev/null
mkfifo "$folder/ready"
exec 3<>"$folder/ready"
"$moved/sbin/mosquitto" -c "$folder/mosquitto.conf" 2>"$folder/ready" &
broker=$!
while read -r -t 20 line <&3; do case $line in *' running') break ;; *Error*) fail "$line" ;; esac; done
"$moved/bin/mosquitto_ctrl" --unix "$folder/socket" -u admin -P secret dynsec listClients | grep -q admin ||
    fail "mosquitto_ctrl did not list the administrator"
"$moved/bin/mosquitto_passwd" -c -b "$folder/passwords" user secret
"$moved/bin/scram_passwd" "$folder/credentials" user secret
kill "$broker"
wait "$broker"
broker=

echo "== Units"
if command -v systemd-analyze >/dev/null; then
    cp "$moved/lib/systemd/system/mosquitto@.service" "$moved/lib/systemd/system/mosquitto@one.service"
    for unit in mosquitto.service mosquitto@one.service; do
        unit=$moved/lib/systemd/system/$unit
        systemd-analyze verify --man=no "$unit"
        systemd-analyze security --offline=yes --threshold=20 "$unit" | tail -n 1
    done
else
    echo "SKIPPED: there is no systemd-analyze here"
fi

echo "== Removing"
in_path_of_root make -s uninstall PREFIX=/opt/mosquitto DESTDIR="$folder/stage"
left=$(cd "$tree" && find . -type f | sed 's|^\./||' | sort)
expected=$(printf '%s\n' "${others[@]}" | sort)
[ "$left" = "$expected" ] || fail "left behind: $left"
if make -s uninstall PREFIX=/opt/mosquitto DESTDIR="$folder/stage" 2>/dev/null; then
    fail "removed something a second time"
fi
echo "passed"
