# SPDX-License-Identifier: Apache-2.0
# The measurements of scripts/isolation.sh: isolation.py BROKER PROGRAMS; PROGRAMS is a folder with stream and allow.so.
"""What a plugin in a process of its own costs beside the same plugin in the broker's process."""

import argparse
import os
import statistics
import subprocess

import harness

# What of a load: messages, bytes of each, how far the publisher may be ahead, and bars for the ratios of rate, CPU and median time.
LOADS = {
    "at full speed": (400_000, 64, 4096, (0.9, 1.2, None)),
    "one at a time": (20_000, 64, 1, (None, 1.3, 1.3)),
    "60 KB, one at a time": (3_000, 60_000, 1, (None, None, 1.2)),
}
KINDS = {"none": "plugin_isolation none\n", "process": "plugin_isolation process\n"}


def nanoseconds(process):
    """Processor time of all threads of a process."""
    result = 0
    for task in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{task}/schedstat", encoding="utf-8") as file:
            result += int(file.read().split()[0])
    return result


def helpers(process):
    """The processes a broker has started."""
    result = []
    for task in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{task}/children", encoding="utf-8") as file:
            result += [int(word) for word in file.read().split()]
    return result


def measure(arguments, kind, load):
    """Messages a second, µs of processor time a message of all processes, median and 99th percentile in µs."""
    messages, size, window, _ = LOADS[load]
    lines = f"worker_threads {arguments.workers}\nset_tcp_nodelay true\nmax_queued_messages 0\n"
    lines += f"plugin {os.path.realpath(arguments.programs)}/allow.so\n{KINDS[kind]}"
    broker = harness.Broker(os.path.realpath(arguments.broker), lines)
    try:
        processes = [broker.process.pid] + helpers(broker.process.pid)
        if len(processes) != (2 if kind == "process" else 1):
            raise RuntimeError(f"{kind}: the processes are {processes}")
        before = sum(map(nanoseconds, processes))
        command = [f"{arguments.programs}/stream"] + [str(word) for word in (broker.port, messages, size, window)]
        words = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        used = sum(map(nanoseconds, processes)) - before
    finally:
        broker.stop()
    return float(words[0]), used / 1000 / messages, float(words[1]), float(words[2])


def main():
    """Prints a table; returns whether all bars are reached."""
    parser = argparse.ArgumentParser()
    parser.add_argument("broker")
    parser.add_argument("programs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("loads", nargs="*", default=list(LOADS))
    arguments = parser.parse_args()
    results = {(load, kind): [] for load in arguments.loads for kind in KINDS}
    for turn in range(arguments.rounds):
        for load in arguments.loads:
            for kind in list(KINDS)[:: 1 if turn % 2 else -1]:
                results[load, kind].append(measure(arguments, kind, load))
    print("| Load | messages/s | | CPU, µs a message | | median, µs | | p99, µs | |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    is_good = True
    for load in arguments.loads:
        cells = []
        here, there = ([statistics.median(column) for column in zip(*results[load, kind])] for kind in KINDS)
        for place, (none, process) in enumerate(zip(here, there)):
            bar = LOADS[load][3][place] if place < 3 else None
            ratio = process / none
            is_reached = bar is None or (ratio >= bar if place == 0 else ratio <= bar)
            is_good = is_good and is_reached
            cells += [f"{none:.4g} → {process:.4g}", f"{ratio:.2f}" + ("" if bar is None else f" (bar {bar})")]
        print(f"| {load} | {' | '.join(cells)} |")
    return is_good


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
