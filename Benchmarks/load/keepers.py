# SPDX-License-Identifier: Apache-2.0
"""What persistence plugins cost: one that does nothing, and the one with SQLite beside SQLite alone."""

import os
import shutil
import sqlite3
import statistics
import subprocess
import threading
import time

from harness import Client, Crowd, connect, measure, publish, subscribe

BROKER_CORE, LOAD_CORE = 0, 1
OPEN = "max_inflight_messages 0\nmax_queued_messages 0\n"
SESSIONS, MESSAGES, PERIOD = 100, 60_000, 1
LOADS = {
    "queued for an absent session": "queue --qos 1 --msgs 300000",
    "delivered at once": "fanout --subs 1 --qos 1 --persistent --msgs 600000",
    "delivered at once, 100 pairs": "pairs --qos 1 --persistent --msgs 600000",
}


def idle(bed):
    """A plugin that does nothing, beside none, in microseconds of CPU for each message; both lanes."""
    kinds = {
        "none": OPEN, "direct": f"{OPEN}plugin {bed.programs}/noop_direct.so\n", "serial": f"{OPEN}plugin {bed.programs}/noop_serial.so\n",
    }
    print("| Message | without | direct lane | more | serial lane |")
    print("|---|---|---|---|---|")
    for name, words in LOADS.items():
        figures = {kind: [] for kind in kinds}
        for _ in range(bed.rounds):
            for kind, lines in kinds.items():
                figures[kind].append(one_load(bed, lines, words))
        cost = {kind: statistics.median(rows) for kind, rows in figures.items()}
        more = cost["direct"] - cost["none"]
        print(f"| {name} | {cost['none']:.3f} | {cost['direct']:.3f} | {more:.3f} | {cost['serial']:.3f} |", flush=True)


def one_load(bed, lines, words):
    """Microseconds of CPU for each message of one run of the load generator."""
    broker = bed.broker(lines, core=BROKER_CORE if bed.workers == 1 else None)
    try:
        cost, _ = measure(bed.load, f"{words} --seconds 60 --stall 60", broker.port, broker.process.pid, LOAD_CORE)
        return cost
    finally:
        broker.stop()


def sqlite(bed):
    """CPU of the plugin's thread for each statement, beside a program in C that runs the same ones in as many transactions."""
    plugin = os.path.join(os.path.dirname(bed.path), "libmosquitto_persist_sqlite.so")
    keeper = f"{OPEN}persistence_location FOLDER/\nplugin {plugin}\nplugin_opt_flush_period {PERIOD}\n"
    empty, tape = f"{bed.programs}/empty.sqlite3", f"{bed.programs}/tape"
    broker = bed.broker(keeper)
    end(broker, f"{broker.folder}/mosquitto.sqlite3", empty)
    broker = bed.broker(f"{OPEN}plugin {bed.programs}/tape.so\nplugin_opt_file FOLDER/tape\n")
    play(broker)
    end(broker, f"{broker.folder}/tape", tape)
    print("| | statements | transactions | µs of CPU each |")
    print("|---|---|---|---|")
    ratios = []
    for _ in range(bed.rounds):
        broker = bed.broker(keeper)
        watch = CommitWatch(f"{broker.folder}/mosquitto.sqlite3")
        used = play(broker)
        commits = watch.end()
        broker.stop()
        copy = f"{bed.programs}/replayed.sqlite3"
        shutil.copyfile(empty, copy)
        found = subprocess.run([f"{bed.programs}/replay", copy, tape, str(commits)], capture_output=True, text=True, check=True)
        for path in (copy, f"{copy}-wal", f"{copy}-shm"):
            if os.path.exists(path):
                os.unlink(path)
        count, transactions, alone = found.stdout.split()
        cost = used / int(count) / 1000
        ratios.append(cost / float(alone))
        print(f"| the plugin in the broker | {count} | {commits} | {cost:.2f} |")
        print(f"| SQLite alone, from C | {count} | {transactions} | {float(alone):.2f} |", flush=True)
    print(f"\n{statistics.median(ratios):.2f} times, the median of {len(ratios)}.")
    return statistics.median(ratios) > 1.3


class CommitWatch:
    """Counts the commits of somebody else in a database, as far as 20 ms lie between them."""

    def __init__(self, path):
        self.path, self.count, self.is_over = path, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        """The thread."""
        database, last = sqlite3.connect(self.path), None
        while not self.is_over.wait(0.02):
            (version,) = database.execute("PRAGMA data_version").fetchone()
            self.count += last is not None and version != last
            last = version
        database.close()

    def end(self):
        """How many there were."""
        self.is_over.set()
        self.thread.join()
        return max(1, self.count)


def end(broker, source, target):
    """Stops a broker in order and keeps a file of it."""
    broker.process.terminate()
    broker.process.wait(60)
    shutil.copyfile(source, target)
    broker.stop()


def plugin_nanoseconds(broker):
    """CPU of the thread that plugins are called on, which is the first."""
    with open(f"/proc/{broker.process.pid}/task/{broker.process.pid}/schedstat", encoding="utf-8") as file:
        return int(file.read().split()[0])


def play(broker):
    """Messages wait for absent sessions, which then come for them; nanoseconds of CPU of the plugin's thread."""
    names = [f"s{index:03d}" for index in range(SESSIONS)]
    crowd = Crowd(broker.port, SESSIONS, lambda i: connect(names[i], False) + subscribe([f"q/{names[i]}"], 1))
    crowd.read_until(SESSIONS, bytes_each=4 + 5)
    crowd.end(last_words=b"\xe0\0")
    Client(broker.port, connect("watcher", False) + subscribe(["last"], 1)).settle()
    sender = Client(broker.port, connect("sender"), timeout=120)
    settle(sender)
    began = plugin_nanoseconds(broker)
    payload = b"0123456789" * 10
    for start in range(0, MESSAGES, 1000):
        packets = [publish(f"q/{names[(start + i) % SESSIONS]}", payload, 1, i + 1) for i in range(1000)]
        sender.send(b"".join(packets))
        sender.skip(4 * 1000)
    for name in names:
        client = Client(broker.port, connect(name, False), timeout=120)
        acknowledged = 0
        while acknowledged < MESSAGES // SESSIONS:
            body = client.read_until(0x32)
            acknowledged += 1
            place = 2 + len("q/") + len(name)
            client.send(b"\x40\2" + body[place : place + 2])
        client.send(b"\xe0\0")
        client.close()
    settle(sender)
    # The last commit belongs to it.
    time.sleep(PERIOD + 0.5)
    return plugin_nanoseconds(broker) - began


def settle(sender):
    """Waits until plugins know all that has happened: an answer waits for that."""
    sender.send(publish("last", b"x", 1, 60_000))
    sender.skip(4)
