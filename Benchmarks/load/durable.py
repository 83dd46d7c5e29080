# SPDX-License-Identifier: Apache-2.0
# The measurements of scripts/durable.sh: durable.py BROKER PROGRAMS [name ...]; PROGRAMS is a folder with what that has compiled.
"""What durable state costs: in CPU, bytes, time of acknowledgement, time of starting, other people's pings."""

import argparse
import os
import signal
import statistics
import struct
import subprocess
import sys
import time

import harness
import keepers
import others
from harness import Client, Crowd, Pinger, connect, publish, subscribe

BROKER_CORE, LOAD_CORE = 0, 1
OPEN = "max_inflight_messages 0\nmax_queued_messages 0\n"
DURABLE = OPEN + "persistence true\npersistence_location FOLDER/\n"
SESSIONS, QUEUED, RETAINED = 10_000, 1_000_000, 1_000_000


class Bed:
    """What the measurements share."""

    def __init__(self, arguments):
        self.path, self.programs = os.path.realpath(arguments.broker), os.path.realpath(arguments.programs)
        self.load, self.debian, self.nats = arguments.mqttload, arguments.debian, arguments.nats
        self.rounds, self.seconds, self.workers = arguments.rounds, arguments.seconds, arguments.workers
        self.minutes = arguments.minutes

    def broker(self, lines, **more):
        """Our broker."""
        return harness.Broker(self.path, f"{lines}worker_threads {self.workers}\nset_tcp_nodelay true\nsys_interval 0\n", **more)


# MARK: CPU of messages

TRAFFIC = {
    "1x1 q0": "fanout --subs 1",
    "1x100 q0": "fanout --subs 100",
    "pairs 100 q1, no sessions": "pairs --qos 1",
    "pairs 100 q1": "pairs --qos 1 --persistent",
    "1x100 q1": "fanout --subs 100 --qos 1 --persistent",
    "pairs 100 q2": "pairs --qos 2 --persistent",
    "queue 100k q1": "queue --qos 1 --msgs 100000",
}


def traffic(bed):
    """CPU and throughput beside persistence switched off, and beside Debian's broker."""
    kinds = {"off": OPEN, "control": OPEN, "everysec": DURABLE}
    if bed.debian:
        kinds["debian"] = DURABLE
    print(f"| Load, worker_threads {bed.workers} | off | off again | everysec | CPU | throughput | Debian | share |")
    print("|---|---|---|---|---|---|---|---|")
    for name, words in TRAFFIC.items():
        figures = {kind: [] for kind in kinds}
        order = list(kinds)
        for _ in range(bed.rounds):
            for kind in order:
                figures[kind].append(one_load(bed, kind, kinds[kind], words))
            order = order[1:] + order[:1]
        costs = {kind: statistics.median(cost for cost, _ in rows) for kind, rows in figures.items()}
        rates = {kind: statistics.median(rate for _, rate in rows) for kind, rows in figures.items()}
        debian = costs.get("debian")
        last = f"{debian:.2f} | 1/{debian / costs['everysec']:.1f}" if debian else "- | -"
        print(
            f"| {name} | {costs['off']:.3f} | {costs['control']:.3f} | {costs['everysec']:.3f} | "
            f"{costs['everysec'] / costs['off']:.2f} | {rates['everysec'] / rates['off']:.2f} | {last} |", flush=True
        )


def one_load(bed, kind, lines, words):
    """Microseconds of CPU and messages a second of one run of the load generator."""
    if kind == "debian":
        broker = harness.Broker(bed.debian, lines + "log_type none\nset_tcp_nodelay true\nsys_interval 0\n", core=BROKER_CORE)
    else:
        broker = bed.broker(lines, core=BROKER_CORE if bed.workers == 1 else None)
    try:
        pid = max(children(broker.process.pid), default=broker.process.pid)
        return harness.measure(bed.load, f"{words} --seconds {bed.seconds}", broker.port, pid, LOAD_CORE)
    finally:
        broker.stop()


def children(pid):
    """Processes that a process has started."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(word) for word in file.read().split()]


# MARK: always


def always(bed):
    """`persistence_fsync always`, in cycles of the writer: one write and one fdatasync."""
    print("| Publishers with one message under way | cycle, median ms | messages a cycle | p50 ms | without persistence | cycles more |")
    print("|---|---|---|---|---|---|")
    for publishers in (100, 1):
        plain, _ = acknowledged(bed, OPEN, publishers)
        kept, cycles = acknowledged(bed, DURABLE + "persistence_fsync always\n", publishers)
        cycle = statistics.median(cycles) / 1e6
        more = (kept[1] - plain[1]) / 1000
        print(
            f"| {publishers} | {cycle:.3f} | {kept[0] / len(cycles):.1f} | {kept[1] / 1000:.3f} | {plain[1] / 1000:.3f} | "
            f"{more / cycle:.2f} ({more - cycle:+.3f} ms) |", flush=True
        )


def acknowledged(bed, lines, publishers):
    """What acks has printed, and the nanoseconds of each cycle meanwhile."""
    cycles = f"/tmp/cycles-{os.getpid()}"
    broker = bed.broker(lines, environment={"LD_PRELOAD": f"{bed.programs}/cycles.so", "CYCLES": cycles})
    try:
        waiting = Client(broker.port, connect("absent", clean=False) + subscribe(["acks/#"], 1))
        waiting.settle()
        waiting.close()
        begin = os.path.getsize(cycles)
        found = subprocess.run(
            [f"{bed.programs}/acks", str(broker.port), str(publishers), str(bed.seconds)],
            capture_output=True, text=True, check=True,
        )
        with open(cycles, "rb") as file:
            file.seek(begin)
            rows = file.read()
        return [int(word) for word in found.stdout.split()], [row[0] for row in struct.iter_unpack("=qq", rows)]
    finally:
        broker.stop()
        os.unlink(cycles)


# MARK: Bytes


def segments(broker):
    """The files of the log, the oldest first, and their bytes."""
    folder = f"{broker.folder}/mosquitto.db.log"
    names = sorted(name for name in os.listdir(folder) if name.endswith(".seg"))
    sizes = []
    for name in names:
        try:
            sizes.append(os.path.getsize(f"{folder}/{name}"))
        except FileNotFoundError:
            pass  # Gone meanwhile: a checkpoint is whole.
    return names, sum(sizes)


def written_bytes(broker):
    """Bytes that the process has given to write and writev: sockets get theirs by send."""
    with open(f"/proc/{broker.process.pid}/io", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("wchar"))


RECORDS = (
    ("queued for one absent session", 1, False),
    ("queued for ten absent sessions", 10, False),
    ("to one connected session, acknowledged", 1, True),
    ("to ten connected sessions, acknowledged", 10, True),
)


def records(bed):
    """Bytes of the log for each message, with its destinations and acknowledgements, beside topic and payload."""
    size, count, name, batch = 100, 20_000, "overhead/topic", 100
    print("| 20,000 messages of 100 bytes, QoS 1 | bytes each in the log | beside topic and payload |")
    print("|---|---|---|")
    for kind, sessions, reads in RECORDS:
        broker = bed.broker(DURABLE)
        try:
            readers = [Client(broker.port, connect(f"s{i}", clean=False) + subscribe([name], 1)) for i in range(sessions)]
            for reader in readers:
                reader.settle()
                if not reads:
                    reader.close()
            sender = Client(broker.port, connect("sender"))
            sender.settle()
            _, before = segments(broker)
            for start in range(0, count, batch):
                sender.send(b"".join(publish(name, b"x" * size, 1, (start + i) % 60000 + 1) for i in range(batch)))
                sender.skip(4 * batch)
                for reader in readers if reads else ():
                    bodies = [reader.read_until(0x32) for _ in range(batch)]
                    reader.send(b"".join(b"\x40\2" + body[2 + len(name) :][:2] for body in bodies))
                    reader.settle()
            each = (segments(broker)[1] - before) / count
            print(f"| {kind} | {each:.1f} | {each - size - len(name):.1f} |", flush=True)
        finally:
            broker.stop()


def rewrites(bed):
    """Bytes written while half a million queued messages are recorded anew again and again, beside those of the records."""
    names = [f"same/{index:04d}" for index in range(1000)]
    load = [publish(name, bytes(1000), 1, index + 1, True) for index, name in enumerate(names)]
    broker = bed.broker(DURABLE)
    try:
        fill_queues(broker, SESSIONS, QUEUED // 2)
        sender = Client(broker.port, connect("sender"))
        before = segments(broker)[1]
        send_all(sender, load)
        each = segments(broker)[1] - before
        await_checkpoint(broker, sender, load)
        written, rounds, found, began = written_bytes(broker), await_checkpoint(broker, sender, load), 1, time.monotonic()
        # What is left of the time is divided among as many loads as came before the first.
        pause = bed.minutes * 60 / (4 * rounds)
        while found < 5:
            found, rounds = found + 1, rounds + await_checkpoint(broker, sender, load, pause)
        ratio, minutes = (written_bytes(broker) - written) / (rounds * each), (time.monotonic() - began) / 60
        print(
            f"Five checkpoints in {minutes:.1f} minutes with {rounds * each / 1e6:.0f} MB of records between them: "
            f"{ratio:.2f} times that is written.",
            flush=True,
        )
    finally:
        broker.stop()


def send_all(sender, load):
    """Sends QoS 1 packets and takes their acknowledgements."""
    sender.send(b"".join(load))
    sender.skip(4 * len(load))


def await_checkpoint(broker, sender, load, pause=0):
    """Sends the load again and again until the oldest file of the log is another one; how often that was."""
    oldest, count = segments(broker)[0][0], 0
    while segments(broker)[0][0] == oldest:
        send_all(sender, load)
        count += 1
        assert count < 10_000, "no checkpoint comes"
        time.sleep(pause)
    return count


# MARK: Starting


def fill_queues(broker, sessions, messages):
    """Messages of 100 bytes wait in absent sessions."""
    crowd = Crowd(broker.port, sessions, lambda i: connect(f"s{i:05d}", False) + subscribe([f"q/{i:05d}"], 1))
    crowd.read_until(sessions, bytes_each=4 + 5)
    crowd.end(last_words=b"\xe0\0")
    sender = Client(broker.port, connect("filler"))
    payload = b"0123456789" * 10
    for start in range(0, messages, 1000):
        send_all(sender, [publish(f"q/{(start + i) % sessions:05d}", payload, 1, i + 1) for i in range(1000)])
    sender.close()


def fill_retained(broker, messages):
    """Retained messages of 100 bytes."""
    sender = Client(broker.port, connect("filler"))
    payload = b"0123456789" * 10
    for start in range(0, messages, 1000):
        send_all(sender, [publish(f"r/{start + i:07d}", payload, 1, i + 1, True) for i in range(1000)])
    sender.close()


def restart(bed):
    """How long it takes until a client is served again, after a kill and after a clean shutdown, and what memory it takes."""
    print("| State | after | seconds until CONNACK | CPU s | memory before, MB | after |")
    print("|---|---|---|---|---|---|")
    for name, fill in (
        ("1,000,000 queued for 10,000 sessions", lambda broker: fill_queues(broker, SESSIONS, QUEUED)),
        ("1,000,000 retained", lambda broker: fill_retained(broker, RETAINED)),
    ):
        broker = bed.broker(DURABLE)
        try:
            fill(broker)
            for word, number in (("kill -9", signal.SIGKILL), ("SIGTERM", signal.SIGTERM)):
                time.sleep(3)
                before = broker.resident_kilobytes() / 1000
                broker.process.send_signal(number)
                broker.process.wait()
                began = time.monotonic()
                broker.start_again()
                Client(broker.port, connect("first"), timeout=120).close()
                took = time.monotonic() - began
                used = broker.processor_seconds()
                time.sleep(3)
                after = broker.resident_kilobytes() / 1000
                print(f"| {name} | {word} | {took:.2f} | {used:.2f} | {before:.0f} | {after:.0f} |", flush=True)
        finally:
            broker.stop()


def checkpoint(bed):
    """What checkpoints and saves of a million queued messages do to a client that pings."""
    names = [f"same/{index:04d}" for index in range(1000)]
    load = [publish(name, bytes(1000), 1, index + 1, True) for index, name in enumerate(names)]
    failures = 0
    print("| A million queued messages, and | pings | p50 ms | p99 ms | max ms |")
    print("|---|---|---|---|---|")
    os.sched_setaffinity(0, {LOAD_CORE})
    broker = bed.broker(DURABLE, core=BROKER_CORE)
    try:
        fill_queues(broker, SESSIONS, QUEUED)
        sender = Client(broker.port, connect("sender"))
        await_checkpoint(broker, sender, load)
        pinger = Pinger(f"{bed.programs}/pinger", broker.port, core=LOAD_CORE)
        try:
            for name, body in (
                ("1 MB of records at a time", lambda: [send_all(sender, load) for _ in range(20)]),
                ("three checkpoints amid that", lambda: [await_checkpoint(broker, sender, load) for _ in range(3)]),
                ("SIGUSR1", lambda: save(broker)),
            ):
                pinger.report()
                body()
                figures = pinger.report()
                failures += figures[2] >= 5
                print("| {} | {} | {:.2f} | {:.2f} | {:.1f} |".format(name, *figures), flush=True)
        finally:
            pinger.stop()
    finally:
        broker.stop()
    return failures


def save(broker):
    """Has the database saved, and waits for it."""
    broker.process.send_signal(signal.SIGUSR1)
    limit = time.monotonic() + 60
    while not os.path.exists(f"{broker.folder}/mosquitto.db") and time.monotonic() < limit:
        time.sleep(0.01)


ALL = {
    "traffic": traffic, "always": always, "records": records, "rewrites": rewrites, "restart": restart, "checkpoint": checkpoint,
    "idle": keepers.idle, "sqlite": keepers.sqlite, "others": others.others,
}
NEED_LOAD = {"traffic", "idle", "others"}


def main():
    """Runs all measurements, or those named."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parser = argparse.ArgumentParser()
    parser.add_argument("broker")
    parser.add_argument("programs")
    parser.add_argument("--mqttload", help="the load generator that traffic, idle and others need")
    parser.add_argument("--debian", help="Debian's broker, for traffic and others")
    parser.add_argument("--nats", help="a NATS server, for others")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--minutes", type=float, default=0, help="how long rewrites is to take, at least")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(ALL))
    arguments = parser.parse_intermixed_args()
    unknown = set(arguments.names) - set(ALL)
    if unknown:
        parser.error(f"there is no measurement named {', '.join(unknown)}")
    harness.raise_limits()
    bed, failures = Bed(arguments), 0
    for name, measure in ALL.items():
        if name in arguments.names or not arguments.names and (name not in NEED_LOAD or bed.load):
            failures += measure(bed) or 0
            print(flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
