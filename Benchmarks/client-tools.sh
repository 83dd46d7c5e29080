#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What mosquitto_pub and mosquitto_sub cost beside Debian's: Benchmarks/client-tools.sh [FOLDER [MESSAGES]]
# FOLDER has our programs and the broker, .build/release unless given; Debian's package mosquitto-clients is needed.
# MESSAGES is how many go at QoS 0, 1,000,000 unless given; a tenth of them goes at QoS 1.
# Prints processor seconds, resident memory, and the wall time of one short publication. Two quiet cores.
set -euo pipefail
cd "$(dirname "$0")/.."

ours=${1:-.build/release}
count=${2:-1000000}
theirs=/usr/bin
port=${PORT:-18833}
scratch=$(mktemp -d)
export XDG_CONFIG_HOME=/nonexistent

for program in "$ours/mosquitto" {"$ours","$theirs"}/mosquitto_{pub,sub}; do
    if [ ! -x "$program" ]; then
        echo "$program is not there" >&2
        exit 1
    fi
done
printf 'listener %s 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 1000\n' "$port" \
    >"$scratch/broker.conf"
"$ours/mosquitto" -c "$scratch/broker.conf" >"$scratch/broker.log" 2>&1 &
broker=$!
trap 'kill "$broker" 2>/dev/null; wait "$broker" 2>/dev/null; rm -rf "$scratch"' EXIT
until "$theirs/mosquitto_pub" -p "$port" -t up -n 2>/dev/null; do kill -0 "$broker" && sleep 0.05; done

awk -v count="$count" 'BEGIN {
    line = sprintf("%064d", 0)
    gsub(/0/, "x", line)
    for (i = 0; i < count; i++) print line
}' >"$scratch/all"
head -n $((count / 10)) "$scratch/all" >"$scratch/tenth"

# measure NAME COMMAND...: its processor seconds and resident memory, in a file NAME.
measure() {
    local name=$1
    shift
    python3 - "$scratch/$name" "$@" <<'PYTHON'
import os, resource, sys
name, command = sys.argv[1], sys.argv[2:]
child = os.fork()
if child == 0:
    os.execvp(command[0], command)
_, status, usage = os.wait4(child, 0)
with open(name, "w") as file:
    file.write("%.2f %d %d\n" % (usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024, status))
PYTHON
}

# row TITLE OURS THEIRS: a line of the table from two measurements.
row() {
    read -r own own_memory own_status <"$scratch/$2"
    read -r other other_memory other_status <"$scratch/$3"
    awk -v title="$1" -v a="$own" -v b="$other" -v am="$own_memory" -v bm="$other_memory" \
        -v s="$own_status/$other_status" 'BEGIN {
        printf "%-34s %7.2f s %7.2f s   %4.0f %%  %4d MiB %4d MiB  %s\n", title, a, b, b ? 100 * a / b : 0, am, bm, s
    }'
}

printf '%-34s %9s %9s   %6s  %8s %8s  %s\n' '' ours Debian share ours Debian status
for qos in 0 1; do
    if [ "$qos" = 0 ]; then file=all messages=$count; else file=tenth messages=$((count / 10)); fi
    for who in ours theirs; do
        folder=${!who}
        measure "pub-$who" sh -c "exec '$folder/mosquitto_pub' -p $port -t bench/pub -q $qos -l <'$scratch/$file'"
        measure "sub-$who" sh -c \
            "exec '$folder/mosquitto_sub' -p $port -t bench/$who -q $qos -C $messages >'$scratch/out-$who'" &
        sub=$!
        until "$theirs/mosquitto_pub" -p "$port" -t bench/none -n && [ -e "$scratch/out-$who" ]; do sleep 0.05; done
        sleep 0.3
        "$theirs/mosquitto_pub" -p "$port" -t "bench/$who" -q "$qos" -l <"$scratch/$file"
        # What a full queue has dropped at QoS 0 is made up for.
        while kill -0 "$sub" 2>/dev/null; do
            "$theirs/mosquitto_pub" -p "$port" -t "bench/$who" -q "$qos" -l <"$scratch/tenth"
            sleep 0.2
        done
        wait "$sub"
        head -n "$messages" "$scratch/out-$who" | cmp - <(head -n "$messages" "$scratch/$file")
        rm -f "$scratch/out-$who"
    done
    row "mosquitto_pub -l, QoS $qos, $messages" pub-ours pub-theirs
    row "mosquitto_sub, QoS $qos, $messages" sub-ours sub-theirs
done

python3 - "$ours" "$theirs" "$port" <<'PYTHON'
import statistics, subprocess, sys, time
ours, theirs, port = sys.argv[1:]
times = {ours: [], theirs: []}
for _ in range(60):
    for folder in times:
        start = time.perf_counter()
        subprocess.run([folder + "/mosquitto_pub", "-p", port, "-t", "one", "-m", "x"], check=True)
        times[folder].append((time.perf_counter() - start) * 1000)
a, b = (statistics.median(times[folder]) for folder in (ours, theirs))
print("one message, median of 60: ours %.1f ms, Debian's %.1f ms, difference %.1f ms" % (a, b, a - b))
PYTHON
