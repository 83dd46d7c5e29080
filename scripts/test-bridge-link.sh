#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tries a bridge over a network that drops, stalls and returns: scripts/test-bridge-link.sh [PROGRAMS]
# Two brokers in network namespaces of their own with a router between them, for which root is needed. PROGRAMS is where the built
# programs are, of the debug build unless given. Everything that is acknowledged while the network is away must arrive, once and in order.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

skip() {
    echo "SKIPPED: $*"
    exit 0
}
[ "$(id -u)" -eq 0 ] || skip "namespaces that are connected can only be made by root"
require_packages iproute2 util-linux mosquitto-clients
if [ "${BRIDGE_LINK:-}" != inside ]; then
    unshare --net --mount --pid --fork true 2>/dev/null || skip "namespaces of its own are not allowed here"
    if [ $# -eq 0 ]; then
        require_swift
        swift build --product mosquitto
        set -- "$(swift build --show-bin-path)"
    fi
    # All that is started ends with the namespaces.
    BRIDGE_LINK=inside exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0" "$@"
fi
programs=$(cd "$1" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mount -t tmpfs tmpfs /run

fail() {
    echo "FAILED: $*" >&2
    tail -n 20 "$folder"/*.log >&2
    exit 1
}

# near -- 10.0.1.0/24 -- here, which routes -- 10.0.2.0/24 -- far
connect_namespaces() {
    local name
    ip link set lo up
    for name in near far; do
        ip netns add "$name"
        ip link add "to-$name" type veth peer name eth0 netns "$name"
        ip -n "$name" link set lo up
    done
    join near 1
    join far 2
    echo 1 >/proc/sys/net/ipv4/ip_forward
}

# join NAME NET: addresses and the route of one of them.
join() {
    ip addr replace "10.0.$2.1/24" dev "to-$1"
    ip link set "to-$1" up
    ip -n "$1" addr replace "10.0.$2.2/24" dev eth0
    ip -n "$1" link set eth0 up
    ip -n "$1" route replace default via "10.0.$2.1"
}

in_near() { ip netns exec near "$@"; }
in_far() { ip netns exec far "$@"; }

# start NAME: starts its broker and waits until it serves.
start() {
    local left log="$folder/$1.log"
    : >"$log"
    ip netns exec "$1" "$programs/mosquitto" -c "$folder/$1.conf" 2>>"$log" &
    eval "pid_$1=$!"
    for left in $(seq 200); do
        if grep -q ' running$' "$log"; then return; fi
        sleep 0.05
    done
    fail "the $1 broker does not serve"
}

# wait_for LINES TEXT: waits until the log of the near broker has a line more than so many with the text.
count() { grep -c "$1" "$folder/near.log" || true; }
wait_for() {
    local left
    for left in $(seq 600); do
        [ "$(count "$2")" -gt "$1" ] && return
        sleep 0.05
    done
    fail "the near broker does not say '$2'"
}

sent=0
# publish COUNT: publishes numbered messages of QoS 2 at the near broker; each is acknowledged when this is over.
publish() {
    seq $((sent + 1)) $((sent + $1)) | in_near mosquitto_pub -q 2 -t numbers -l
    sent=$((sent + $1))
}

# arrived: waits until everything has arrived, once and in order.
arrived() {
    local left
    for left in $(seq 600); do
        [ "$(wc -l <"$folder/received")" -ge "$sent" ] && break
        sleep 0.05
    done
    # What comes twice would come now.
    sleep 0.5
    cmp -s "$folder/received" <(seq "$sent") ||
        fail "of $sent messages $(sort -nu "$folder/received" | wc -l) have arrived, in $(wc -l <"$folder/received") lines"
}

outage() { echo "== $1"; }

connect_namespaces
printf '%s\n' 'listener 1883 0.0.0.0' 'allow_anonymous true' 'log_type all' 'persistence true' \
    "persistence_location $folder/far-state/" 'persistence_fsync always' 'max_queued_messages 0' >"$folder/far.conf"
printf '%s\n' 'listener 1883 127.0.0.1' 'allow_anonymous true' 'log_type all' 'max_queued_messages 0' 'connection b' \
    'address 10.0.2.2:1883' 'remote_clientid b' 'keepalive_interval 5' 'restart_timeout 1' 'topic # out 2' >"$folder/near.conf"
sed -i '1i user root' "$folder/near.conf" "$folder/far.conf"
mkdir "$folder/far-state"
start far
start near
wait_for 0 'Bridge b connected'
: >"$folder/received"
# It comes back by itself.
in_far mosquitto_sub -i receiver -c -q 2 -t numbers >>"$folder/received" 2>/dev/null &
sleep 0.5
publish 100
arrived

outage "The link goes down and comes back before anybody notices"
connected=$(count 'Bridge b connected')
ip link set to-far down
publish 100
sleep 1
ip link set to-far up
join far 2
arrived
[ "$(count 'Bridge b connected')" -eq "$connected" ] || fail "the connection was given up within a second"

outage "The link goes down for longer than the keep alive"
lost=$(count 'Client local.b .*disconnected')
ip link set to-far down
publish 100
wait_for "$lost" 'Client local.b .*disconnected'
publish 100
connected=$(count 'Bridge b connected')
ip link set to-far up
join far 2
wait_for "$connected" 'Bridge b connected'
arrived

outage "Packets vanish on the way, in the middle of a stream"
lost=$(count 'Client local.b .*disconnected')
publish 2000 &
publisher=$!
sleep 0.1
echo 0 >/proc/sys/net/ipv4/ip_forward
wait "$publisher"
sent=$((sent + 2000))
wait_for "$lost" 'Client local.b .*disconnected'
connected=$(count 'Bridge b connected')
echo 1 >/proc/sys/net/ipv4/ip_forward
wait_for "$connected" 'Bridge b connected'
arrived

outage "The far broker is killed and started again while nothing gets through"
echo 0 >/proc/sys/net/ipv4/ip_forward
publish 100
kill -9 "$pid_far"
wait "$pid_far" 2>/dev/null || true
start far
echo 1 >/proc/sys/net/ipv4/ip_forward
arrived

outage "Nobody can be reached for a while, and the near broker is not held up"
ip link set to-near down
sleep 7
before=$(date +%s%N)
publish 1
elapsed=$((($(date +%s%N) - before) / 1000000))
[ "$elapsed" -lt 1000 ] || fail "a client had to wait for $elapsed ms"
ip link set to-near up
join near 1
arrived
echo "passed: $sent messages"
