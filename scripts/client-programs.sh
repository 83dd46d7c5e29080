#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Lets programs of Debian that are linked with libmosquitto run on the client library, each with the broker: collectd
# publishes what it is sent, baresip answers a command, shairport-sync connects: scripts/client-programs.sh
# Installs collectd-core, baresip-core and shairport-sync. With LIBRARY=FOLDER they run on the library in that folder.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

require_packages "${build_packages[@]}" collectd-core baresip-core shairport-sync
require_swift
swift build --product mosquitto
for tool in mosquitto_pub mosquitto_sub mosquitto-client; do swift build --product $tool; done
built=$(swift build --show-bin-path)
folder=$(mktemp -d)
processes=()
finish() {
    local process
    for process in "${processes[@]}"; do kill "$process" 2>/dev/null || true; done
    wait || true
    rm -rf "$folder"
}
trap finish EXIT

fail() {
    echo "FAILED: $*" >&2
    tail -n 20 "$folder"/*.log >&2
    exit 1
}

# until_line FILE TEXT: waits until a file has the text.
until_line() {
    local left
    for left in $(seq 100); do
        if grep -qF -- "$2" "$1" 2>/dev/null; then return; fi
        sleep 0.1
    done
    fail "'$2' does not come"
}

# on_library WORDS: a program on the library, in the background.
on_library() {
    env LD_LIBRARY_PATH="$library" HOME="$folder" "$@" >"$folder/${1##*/}.log" 2>&1 &
    processes+=($!)
}

# end_of NAME: ends the program that was started last, which is to obey.
end_of() {
    local status=0
    kill "${processes[-1]}"
    wait "${processes[-1]}" || status=$?
    case $status in 0 | 143) ;; *) fail "$1 has ended with $status" ;; esac
    unset 'processes[-1]'
    echo "$1: good"
}

library=${LIBRARY:-$folder/lib}
if [ -z "${LIBRARY:-}" ]; then
    mkdir "$library"
    ln -s "$built/libmosquitto-client.so" "$library/libmosquitto.so.1"
fi
LD_LIBRARY_PATH=$library ldd /usr/lib/collectd/mqtt.so | grep -qF "$library/libmosquitto.so.1" || fail "another library is found"

port=$((20000 + RANDOM % 10000))
printf '%s\n' "listener $port 127.0.0.1" 'allow_anonymous true' 'log_type all' >"$folder/broker.conf"
"$built/mosquitto" -c "$folder/broker.conf" >"$folder/broker.log" 2>&1 &
processes+=($!)
until_line "$folder/broker.log" ' running'
"$built/mosquitto_sub" -p "$port" -t '#' -v >"$folder/messages.log" &
processes+=($!)
until_line "$folder/broker.log" 'Sending SUBACK'

cat >"$folder/collectd.conf" <<END
BaseDir "$folder"
PIDFile "$folder/collectd.pid"
TypesDB "/usr/share/collectd/types.db"
Hostname "here"
Interval 1
LoadPlugin uptime
LoadPlugin mqtt
<Plugin mqtt>
    <Publish "out">
        Host "127.0.0.1"
        Port $port
        ClientId "collectd-out"
        Prefix "out"
        QoS 1
    </Publish>
    <Subscribe "in">
        Host "127.0.0.1"
        Port $port
        ClientId "collectd-in"
        QoS 2
        Topic "in/#"
    </Subscribe>
</Plugin>
END
on_library collectd -f -C "$folder/collectd.conf"
until_line "$folder/messages.log" 'out/here/uptime/uptime '
until_line "$folder/broker.log" 'Sending SUBACK to collectd-in'
"$built/mosquitto_pub" -p "$port" -q 2 -t in/there/x-y/gauge-z -m N:42
until_line "$folder/messages.log" 'out/there/x-y/gauge-z '
end_of collectd

mkdir "$folder/baresip"
touch "$folder/baresip/accounts" "$folder/baresip/contacts"
cat >"$folder/baresip/config" <<END
module_path /usr/lib/baresip/modules
module_app mqtt.so
mqtt_broker_host 127.0.0.1
mqtt_broker_port $port
mqtt_broker_clientid phone
mqtt_basetopic phone
sip_listen 127.0.0.1:0
END
on_library baresip -f "$folder/baresip"
until_line "$folder/broker.log" 'Sending SUBACK to phone'
"$built/mosquitto_pub" -p "$port" -q 1 -t /phone/command/x -m '{"command":"help","params":"","token":"t7"}'
until_line "$folder/messages.log" '/phone/command_resp/t7 {'
end_of baresip

# Where nobody announces names it ends by itself, after it has connected.
cat >"$folder/shairport.conf" <<END
general = { name = "speaker"; output_backend = "dummy"; };
metadata = { enabled = "yes"; };
mqtt = { enabled = "yes"; hostname = "127.0.0.1"; port = $port; topic = "speaker"; publish_parsed = "yes"; enable_remote = "yes"; };
END
on_library shairport-sync -c "$folder/shairport.conf" -v
until_line "$folder/broker.log" ' as speaker '
kill "${processes[-1]}" 2>/dev/null || true
unset 'processes[-1]'
grep -qi 'mqtt.*error\|segmentation' "$folder/shairport-sync.log" && fail "shairport-sync complains"
echo "shairport-sync: connects"
