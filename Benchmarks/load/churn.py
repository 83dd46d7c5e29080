# SPDX-License-Identifier: Apache-2.0
# The measurement of scripts/churn.sh: churn.py ROOT BROKER [SECONDS]
"""Clients come and go over all transports; what the broker holds must not grow. Exits with 1 if it does."""

import os
import sys
import tempfile
import time

import harness
import transports
import visits

# What a process may grow by, beyond what the scatter of the samples explains: less than 16 bytes for each of the hundreds of
# visits a second.
SLOPE_BOUND_BYTES_PER_SECOND = 2048
VISITORS = 12


def fit(points):
    """Slope of the line through the points and the standard error of the slope."""
    count = len(points)
    middle_x = sum(x for x, _ in points) / count
    middle_y = sum(y for _, y in points) / count
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in points) / spread
    rest = sum((y - middle_y - slope * (x - middle_x)) ** 2 for x, y in points)
    return slope, (rest / max(1, count - 2) / spread) ** 0.5


def watch(broker, tallies, seconds):
    """Prints a sample each tenth second, in a short run more often; returns time and resident bytes."""
    step = min(10, seconds / 30)
    began, points = time.monotonic(), []
    print("| Second | Resident kB | Descriptors | Visits | Received |\n|---|---|---|---|---|")
    while time.monotonic() - began < seconds:
        time.sleep(step)
        if not broker.is_alive():
            raise RuntimeError(f"the broker has died: {broker.log()[-2000:]}")
        second, resident = time.monotonic() - began, broker.resident_kilobytes()
        points.append((second, resident * 1024))
        done = sum(tally.visits for tally in tallies.values()), sum(tally.received for tally in tallies.values())
        print(f"| {second:.0f} | {resident} | {broker.descriptors()} | {done[0]} | {done[1]} |", flush=True)
    return points


def settled(broker, wanted, timeout=20):
    """Open descriptors, as soon as there are as many as wanted, at last after the timeout."""
    limit = time.monotonic() + timeout
    while broker.descriptors() != wanted and time.monotonic() < limit:
        time.sleep(0.1)
    return broker.descriptors()


def run(root, path, seconds):
    """Starts the broker, lets clients come and go, and judges; returns what failed."""
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        transports.make_certificates(root, folder)
        everything = transports.Transports(folder, folder)
        broker = harness.Broker(path, "allow_anonymous true\nmax_queued_messages 100\nlog_type error\n" + everything.lines)
        everything.serve(broker.port)
        # Listeners, and what is opened with the first client of a kind, exist before the count begins.
        for connect in everything.open.values():
            connect().close()
        before = settled(broker, 0, timeout=1)
        visitors, tallies = visits.start(VISITORS, everything)
        # Queues, tables and the allocator have their full size by then.
        warm_up = min(120, max(30, seconds / 3))
        print(f"Warm-up of {warm_up:.0f} s, then {seconds} s.", flush=True)
        time.sleep(warm_up)
        points = watch(broker, tallies, seconds)
        visits.stop(visitors)
        slope, error = fit(points)
        after = settled(broker, before)
        text, is_complete = visits.table(tallies)
        print(text)
        print(f"Resident memory: {slope:.0f} ± {error:.0f} bytes/s (bound {SLOPE_BOUND_BYTES_PER_SECOND})")
        print(f"Descriptors: {before} before, {after} after")
        if slope - 2 * error > SLOPE_BOUND_BYTES_PER_SECOND:
            failures.append("resident memory grows")
        if after != before:
            failures.append("descriptors were left open")
        if not is_complete:
            failures.append("a transport was not used")
        status = broker.stop()
        if status != 0:
            failures.append(f"the broker ended with {status}")
    return failures


def main():
    """Runs for the seconds that the command line says."""
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 600
    harness.raise_limits()
    failures = run(sys.argv[1], os.path.realpath(sys.argv[2]), seconds)
    for failure in failures:
        print(f"FAIL: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
