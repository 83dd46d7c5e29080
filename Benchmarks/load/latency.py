# SPDX-License-Identifier: Apache-2.0
# The measurements of scripts/latency.sh: latency.py BROKER PINGER SLOW_PLUGIN [--table FILE] [name ...]
"""Shows what each of many kinds of load costs an innocent client. Exits with 1 when one costs too much."""

import argparse
import contextlib
import os
import signal
import sys
import time

import harness
import loads

P99_BOUND_MILLISECONDS = 5
PINGS_MIN = 2000
BROKER_CORE, LOAD_CORE = 0, 1
# From here on the broker's waiting for its core is worth a remark.
BUSY_SHARE = 0.02


class Bed:
    """Starts a broker for each load and keeps the rows of the table."""

    def __init__(self, arguments):
        self.path, self.pinger_path = os.path.realpath(arguments.broker), arguments.pinger
        self.slow_plugin, self.table = os.path.realpath(arguments.plugin), arguments.table
        self.plugins = os.path.dirname(self.path)
        self.rows, self.failures = [], 0
        self.running = self.pinger = None

    @contextlib.contextmanager
    def broker(self, lines="", **more):
        """A broker on its core and the innocent client on the other."""
        self.running = harness.Broker(self.path, lines, core=BROKER_CORE, **more)
        try:
            self.pinger = harness.Pinger(self.pinger_path, self.running.port, core=LOAD_CORE)
            yield self.running
        finally:
            if self.pinger:
                self.pinger.stop()
            self.pinger = None
            status = self.running.stop()
            if status != 0:
                self.add("(end of the broker)", note=f"status {status}", failed=True)

    @contextlib.contextmanager
    def measured(self, name, at_least=0, notes=None):
        """Measures while its body runs, so long that there are enough pings. `notes` is filled in by the body."""
        self._settle()
        notes = [] if notes is None else notes
        began = time.monotonic()
        used, waited = self.running.processor_seconds(), self.running.waited_seconds()
        failed = False
        try:
            yield
        except (OSError, AssertionError, RuntimeError) as error:
            notes.append(f"{type(error).__name__}: {error}")
            failed = True
        took = time.monotonic() - began
        time.sleep(max(0, at_least - took, PINGS_MIN * 0.00115 - took))
        if not self.running.is_alive():
            self.add(name, took, note="the broker has died", failed=True)
            raise RuntimeError(f"the broker has died: {self.running.log()[-2000:]}")
        used, waited = self.running.processor_seconds() - used, self.running.waited_seconds() - waited
        figures = self.pinger.report()
        if waited > BUSY_SHARE * (time.monotonic() - began):
            notes.append("the machine was busy")
        failed = failed or figures[2] >= P99_BOUND_MILLISECONDS or figures[4] > 0 or figures[0] < PINGS_MIN
        self.add(name, took, (used, waited), figures, "; ".join(notes), failed)

    def _settle(self):
        """Waits until the broker has done what it was given before, and begins to count pings anew."""
        for _ in range(6):
            if self.pinger.report()[4] == 0:
                return
        raise RuntimeError("the broker is still busy with what was before, after a minute")

    def add(self, name, took=0.0, used=(0.0, 0.0), figures=None, note="", failed=False):
        """One row of the table."""
        self.failures += failed
        pings = "{:d} | {:.2f} | {:.2f} | {:.1f}".format(*figures) if figures else "- | - | - | -"
        if figures and figures[4]:
            note += f"; {figures[4]} pings without an answer"
        row = f"| {name} | {took:.2f} | {used[0]:.2f} | {used[1]:.2f} | {pings} | {'FAIL' if failed else 'pass'} | {note} |"
        self.rows.append(row)
        print(row, flush=True)
        if self.table:
            with open(self.table, "w", encoding="utf-8") as file:
                file.write("\n".join([HEAD, *self.rows]) + f"\n\n{self.verdict()}\n")

    def verdict(self):
        """The last line."""
        return f"{len(self.rows)} measurements, {self.failures} failed (p99 must be below {P99_BOUND_MILLISECONDS} ms)"


HEAD = (
    "| Load | Took s | CPU s | Waited s | Pings | p50 ms | p99 ms | Max ms | Result | Note |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def idle(bed):
    """What pinger and machine cost when nothing else happens."""
    with bed.broker():
        with bed.measured("(baseline) idle broker", at_least=3):
            time.sleep(3)


def main():
    """Runs all loads, or those named."""
    # The brokers of an interrupted run end as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parser = argparse.ArgumentParser()
    parser.add_argument("broker")
    parser.add_argument("pinger")
    parser.add_argument("plugin")
    parser.add_argument("--table", help="a file that gets the table as well")
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(loads.ALL))
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(loads.ALL)
    if unknown:
        parser.error(f"there is no load named {', '.join(unknown)}")
    harness.raise_limits()
    os.sched_setaffinity(0, {LOAD_CORE})
    if os.geteuid() == 0:
        os.nice(-10)
        with contextlib.suppress(OSError):  # Of a session of its own already.
            os.setsid()
        harness.favour(os.getpid())
    bed = Bed(arguments)
    print(HEAD, flush=True)
    for name, load in {"idle": idle, **loads.ALL}.items():
        if name != "idle" and arguments.names and name not in arguments.names:
            continue
        try:
            load(bed)
        except (OSError, AssertionError, RuntimeError) as error:
            bed.add(name, note=f"{type(error).__name__}: {error}", failed=True)
    print(bed.verdict())
    return 1 if bed.failures else 0


if __name__ == "__main__":
    sys.exit(main())
