#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tries the image as its users do, without a container engine: scripts/test-image.sh [folder of scripts/image.sh, .build/image]
# Its files are a root of their own, with a network and processes of their own.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

made=${1:-.build/image}
skip() {
    echo "SKIPPED: $*"
    exit 0
}
[ "$(id -u)" -eq 0 ] || skip "a root of its own takes root"
[ -d "$made/root" ] || {
    echo "No image in $made: run scripts/image.sh first." >&2
    exit 1
}
require_packages mosquitto-clients util-linux iproute2
unshare --net --mount --pid --fork true 2>/dev/null || skip "namespaces of its own are not allowed here"

if [ "${2:-}" != inside ]; then
    exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0" "$made" inside
fi

ip link set lo up
root=$(mktemp -d)
broker=
cleanup() {
    if [ -n "$broker" ] && kill -9 "$broker" 2>/dev/null; then wait "$broker" 2>/dev/null || true; fi
    umount -R "$root"
    rmdir "$root"
}
trap cleanup EXIT
mount -t tmpfs -o size=200m tmpfs "$root"
cp -a "$made/root/." "$root"
mkdir -p "$root"/{proc,dev}
mount -t proc proc "$root/proc"
# Engines bring this file.
printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
for device in null urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done

fail() {
    echo "FAILED: $*" >&2
    cat "$root/tmp/log" >&2
    exit 1
}

# in_image WORDS: a program of the image, with nothing but the image's environment.
in_image() {
    env -i "${known[@]}" "${settings[@]}" "${as[@]}" "$@"
}
known=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
settings=()
as=(chroot "$root")

# start WORDS: the broker, until it serves.
start() {
    : >"$root/tmp/log"
    env -i "${known[@]}" "${settings[@]}" "${as[@]}" "$@" >"$root/tmp/log" 2>&1 &
    broker=$!
    local left
    for left in $(seq 100); do
        if grep -q ' running$' "$root/tmp/log"; then return; fi
        kill -0 "$broker" 2>/dev/null || break
        sleep 0.1
    done
    fail "the broker does not serve: $*"
}

stop() {
    kill "$broker"
    wait "$broker" || fail "the broker ended with $?"
    broker=
}

# runs_as USER GROUP
runs_as() {
    local found
    found=$(awk '/^[UG]id:/ { print $2 }' "/proc/$broker/status" | paste -sd' ')
    [ "$found" = "$1 $2" ] || fail "the broker runs as $found in place of $1 $2"
}

echo "== Without authentication, as somebody tries it"
start mosquitto -c /mosquitto-no-auth.conf
runs_as 1883 1883
mosquitto_pub -p 1883 -r -q 1 -t state/lamp -m on
[ "$(mosquitto_sub -p 1883 -t state/lamp -C 1 -W 5)" = on ] || fail "no retained message"
stop

echo "== The image's own configuration"
start /usr/sbin/mosquitto -c /mosquitto/config/mosquitto.conf
grep -q 'local only mode' "$root/tmp/log" || fail "others than this container can connect"
mosquitto_pub -h 127.0.0.1 -p 1883 -t try -m this
in_image mosquitto_ctrl -h 127.0.0.1 broker health >/dev/null || fail "the health check finds no broker"
stop
in_image mosquitto_ctrl -h 127.0.0.1 broker health >/dev/null 2>&1 && fail "the health check finds a broker that has gone"

echo "== Persistence, log and dynamic security at the known places, as another user"
printf '%s\n' 'listener 1883' 'persistence true' 'persistence_location /mosquitto/data/' \
    'log_dest stderr' 'log_dest file /mosquitto/log/mosquitto.log' 'plugin /usr/lib/mosquitto_dynamic_security.so' \
    'plugin_opt_config_file /mosquitto/data/dynamic-security.json' \
    >"$root/mosquitto/config/mosquitto.conf"
settings=(PUID=1000 PGID=1001)
chown -R 1000:1001 "$root/mosquitto"
as=(chroot --userspec=1000:1001 "$root")
in_image mosquitto_ctrl dynsec init /mosquitto/data/dynamic-security.json admin secret >/dev/null
as=(chroot "$root")
for round in first second; do
    start /usr/sbin/mosquitto -c /mosquitto/config/mosquitto.conf
    runs_as 1000 1001
    in_image mosquitto_ctrl -h 127.0.0.1 broker health >/dev/null || fail "the health check needs a user"
    if [ "$round" = first ]; then
        in_image mosquitto_ctrl -u admin -P secret dynsec createClient lamp -p secret >/dev/null 2>&1
        in_image mosquitto_ctrl -u admin -P secret dynsec addRoleACL admin publishClientSend '#' allow 2>/dev/null
        mosquitto_pub -p 1883 -u admin -P secret -r -q 1 -t state/lamp -m on
    else
        in_image mosquitto_ctrl -u admin -P secret dynsec listClients 2>/dev/null | grep -q lamp || fail "a client is gone"
        [ "$(mosquitto_sub -p 1883 -u admin -P secret -t state/lamp -C 1 -W 5)" = on ] || fail "no retained message"
    fi
    stop
done
for file in data/mosquitto.db data/dynamic-security.json log/mosquitto.log; do
    [ "$(stat -c %u:%g "$root/mosquitto/$file")" = 1000:1001 ] || fail "$file is not there, or another's"
done

echo "== Started as the user, with a password file and nothing of root's"
settings=()
chown -R 1883:1883 "$root/mosquitto"
# Without rights nobody may change the root: a namespace of users gives that one.
as=(setpriv --reuid 1883 --regid 1883 --clear-groups --no-new-privs unshare --user --map-current-user --keep-caps chroot "$root")
if in_image /usr/bin/mosquitto_passwd -b -c /mosquitto/config/passwords lamp secret >/dev/null 2>&1; then
    printf '%s\n' 'listener 1883' 'password_file /mosquitto/config/passwords' >"$root/mosquitto/config/mosquitto.conf"
    start /usr/sbin/mosquitto -c /mosquitto/config/mosquitto.conf
    mosquitto_pub -p 1883 -u lamp -P secret -t try -m this
    if mosquitto_pub -p 1883 -u lamp -P wrong -t try -m this 2>/dev/null; then fail "a wrong password was taken"; fi
    stop
else
    echo "SKIPPED: users may have no namespaces here"
fi

echo "== The archive"
if [ -e "$made/mosquitto.tar" ]; then
    settings_of_image=$(tar -xOf "$made/mosquitto.tar" --wildcards 'blobs/sha256/*' | grep -a -o '"config":{"ExposedPorts[^}]*}.*' | head -n 1)
    for word in '"1883/tcp"' '"/usr/sbin/mosquitto","-c","/mosquitto/config/mosquitto.conf"' '"/mosquitto/data"' '"/mosquitto/log"'; do
        case $settings_of_image in *"$word"*) ;; *) fail "the image's settings lack $word: $settings_of_image" ;; esac
    done
else
    echo "SKIPPED: there is no archive in $made"
fi
echo "passed"
