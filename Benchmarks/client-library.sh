#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a program in C takes of the processor on our libmosquitto and on Debian's: Benchmarks/client-library.sh [FOLDER [MESSAGES]]
# FOLDER has our library and the broker, .build/release unless given; Debian's package libmosquitto-dev is needed. MESSAGES is how
# many go at QoS 0, 1,000,000 unless given; a tenth of them goes at QoS 1 with 20 in flight.
# Prints microseconds for each message, and the share of ours; each five times in turn, the middle one counts. Two quiet cores.
set -euo pipefail
cd "$(dirname "$0")/.."

ours=${1:-.build/release}
count=${2:-1000000}
port=${PORT:-18834}
scratch=$(mktemp -d)

printf 'listener %s 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 1000\n' "$port" \
    >"$scratch/broker.conf"
"$ours/mosquitto" -c "$scratch/broker.conf" >"$scratch/broker.log" 2>&1 &
broker=$!
trap 'kill "$broker" 2>/dev/null; wait "$broker" 2>/dev/null; rm -rf "$scratch"' EXIT

cc -O2 -Wall -Werror Benchmarks/load/library.c -lmosquitto -o "$scratch/program"
mkdir "$scratch/ours"
cp "$ours/libmosquitto-client.so" "$scratch/ours/libmosquitto.so.1"
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do kill -0 "$broker" && sleep 0.05; done

# run LIBRARY WHAT QOS COUNT: one run; what receives is given messages by a program on Debian's library.
run() {
    local library=$1 what=$2 qos=$3 messages=$4
    if [ "$what" = send ]; then
        LD_LIBRARY_PATH=$library "$scratch/program" 127.0.0.1 "$port" send "$qos" "$messages"
        return
    fi
    LD_LIBRARY_PATH=$library "$scratch/program" 127.0.0.1 "$port" receive "$qos" "$messages" >"$scratch/received" &
    local receiver=$!
    until grep -q ready "$scratch/received"; do sleep 0.02; done
    "$scratch/program" 127.0.0.1 "$port" send "$qos" "$messages" 100 >/dev/null
    wait "$receiver"
    tail -n 1 "$scratch/received"
}

for load in "send 0" "send 1" "receive 0" "receive 1"; do
    read -r what qos <<<"$load"
    messages=$count
    if [ "$qos" = 1 ]; then messages=$((count / 10)); fi
    for _ in 1 2 3 4 5; do
        run "$scratch/ours" "$what" "$qos" "$messages" >>"$scratch/$what$qos.ours"
        run "" "$what" "$qos" "$messages" >>"$scratch/$what$qos.theirs"
    done
    a=$(sort -n "$scratch/$what$qos.ours" | sed -n 3p)
    b=$(sort -n "$scratch/$what$qos.theirs" | sed -n 3p)
    awk -v load="$what QoS $qos" -v a="$a" -v b="$b" 'BEGIN { printf "%-14s ours %.3f us, Debian %.3f us, share %.2f\n", load, a, b, a / b }'
done
