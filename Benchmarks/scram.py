#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A thousand SCRAM logins at once, and what another client notices of them: Benchmarks/scram.py --help

Starts each broker with each plugin, on loopback. A client that is connected already sends a PINGREQ every
2 ms, whether the one before has been answered or not. Another process, at a lower priority, connects and
logs in many clients at once, several times. Prints the pings' round-trip times between and during
the bursts, logins per second, and logins per second of the broker's CPU time. "Lag" is how much later than planned
the pings were sent: what the machine, not the broker, adds to a round trip. On few processors the scheduler
lets the broker wait behind the crowd and the pings behind the broker; --pin keeps them apart. Needs Linux and, built:
swift build -c release && make -C plugins-c. Standard library only.
"""
import argparse
import base64
import collections
import contextlib
import hashlib
import hmac
import multiprocessing
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
METHOD = b"SCRAM-SHA-256"
USER, PASSWORD, ITERATIONS = "alice", b"secret", 15000
FIRST = b"n=alice,r=abc"
INTERVAL_SECONDS = 0.002
LIMIT_SECONDS = 60


def text(data):
    return len(data).to_bytes(2, "big") + data


def number(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128, value >> 7])


def packet(first, body):
    return bytes([first]) + number(len(body)) + body


def authentication(data):
    body = b"\x15" + text(METHOD) + b"\x16" + text(data)
    return number(len(body)) + body


def connect_packet(client_id, properties=b"\0"):
    return packet(0x10, text(b"MQTT") + b"\x05\x02\x00\x00" + properties + text(client_id))


class Login:
    """One client on its way in."""

    keys = {}

    def __init__(self, port, index):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.socket.send(connect_packet(b"login-%d" % index, authentication(b"n,," + FIRST)))
        self.received = b""

    def on_readable(self):
        """Whether the broker has let the client in."""
        self.received += self.socket.recv(4096)
        if not self.received:
            raise RuntimeError("the broker closed the connection")
        if len(self.received) < 2 + self.received[1] or self.received[1] > 127 and len(self.received) < 200:
            return False
        if self.received[0] == 0x20:
            if self.received[3] != 0:
                raise RuntimeError(f"refused with reason {self.received[3]:#x}")
            return True
        challenge = self.received[self.received.index(b"r=abc"):]
        self.received = b""
        self.socket.send(packet(0xF0, b"\x18" + authentication(self.final(challenge))))
        return False

    def final(self, challenge):
        nonce, salt, _ = challenge.split(b",")
        if salt not in self.keys:
            salted = hashlib.pbkdf2_hmac("sha256", PASSWORD, base64.b64decode(salt[2:]), ITERATIONS)
            key = hmac.digest(salted, b"Client Key", "sha256")
            self.keys[salt] = key, hashlib.sha256(key).digest()
        key, stored_key = self.keys[salt]
        final = b"c=biws," + nonce
        signature = hmac.digest(stored_key, b",".join([FIRST, challenge, final]), "sha256")
        return final + b",p=" + base64.b64encode(bytes(a ^ b for a, b in zip(key, signature)))


def burst(port, count):
    """Logs in `count` clients at once; returns when it began and ended."""
    poll = select.epoll()
    began = time.monotonic()
    logins = {}
    for index in range(count):
        login = Login(port, index)
        logins[login.socket.fileno()] = login
        poll.register(login.socket.fileno(), select.EPOLLIN)
    waiting = count
    while waiting:
        events = poll.poll(LIMIT_SECONDS)
        if not events:
            raise RuntimeError(f"{waiting} logins got no answer")
        for descriptor, _ in events:
            if logins[descriptor].on_readable():
                poll.unregister(descriptor)
                waiting -= 1
    ended = time.monotonic()
    # Let the pings that were sent during the logins be answered before a thousand clients leave.
    time.sleep(0.2)
    for login in logins.values():
        login.socket.send(b"\xe0\0")
        login.socket.close()
    return began, ended


def bursts(port, count, rounds, pipe, cpus):
    """In a process of its own: several bursts with pauses between them."""
    os.nice(5)
    os.sched_setaffinity(0, cpus)
    spans = []
    for _ in range(rounds):
        time.sleep(0.3)
        spans.append(burst(port, count))
    pipe.send(spans)


def ping(port, is_ready, is_over, pipe, cpus):
    """In a process of its own: pings by the clock; sends the times of sending and round trip."""
    os.sched_setaffinity(0, cpus)
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(connect_packet(b"pinger"))
    assert connection.recv(200)[3] == 0
    is_ready.set()
    sent, samples = collections.deque(), []
    due = time.monotonic()
    while not is_over.is_set() or sent:
        readable, _, _ = select.select([connection], [], [], max(0, due - time.monotonic()))
        now = time.monotonic()
        if readable:
            for _ in range(len(connection.recv(4096)) // 2):
                began, lag = sent.popleft()
                samples.append((began, now - began, lag))
        if now >= due and not is_over.is_set():
            sent.append((time.monotonic(), now - due))
            connection.sendall(b"\xc0\0")
            due += INTERVAL_SECONDS
    pipe.send(samples)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start_broker(path, plugin, workers, folder, broker_cpus):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lines = [
        "user root", f"listener {port} 127.0.0.1", "allow_anonymous true", "set_tcp_nodelay true",
        "max_queued_messages 1000",
        "log_type error", f"plugin {plugin}", f"plugin_opt_credential_file {folder}/credentials"]
    if workers:
        lines.append(f"worker_threads {workers}")
    with open(f"{folder}/conf", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    broker = subprocess.Popen([path, "-c", f"{folder}/conf"])
    os.sched_setaffinity(broker.pid, broker_cpus)
    deadline = time.monotonic() + LIMIT_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return broker, port
        except ConnectionRefusedError:
            if broker.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{path} does not start with {plugin}") from None
            time.sleep(0.01)


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] * 1000


def measure(path, plugin, workers, options):
    """Runs one combination and prints its row."""
    folder = tempfile.mkdtemp(prefix="scram-")
    tool = f"{ROOT}/plugins-c/scram/scram_passwd"
    subprocess.run(
        [tool, "-i", str(ITERATIONS), f"{folder}/credentials", USER, PASSWORD.decode()], check=True)
    cpus = os.sched_getaffinity(0)
    last = {max(cpus)} if options.pin and len(cpus) > 1 else set()
    broker, port = start_broker(path, plugin, workers, folder, last or cpus)
    is_ready, is_over = multiprocessing.Event(), multiprocessing.Event()
    pings, ping_end = multiprocessing.Pipe(False)
    spans, span_end = multiprocessing.Pipe(False)
    pinger = multiprocessing.Process(target=ping, args=(port, is_ready, is_over, ping_end, cpus - last))
    crowd = multiprocessing.Process(
        target=bursts, args=(port, options.logins, options.rounds, span_end, cpus - last))
    try:
        pinger.start()
        is_ready.wait(LIMIT_SECONDS)
        time.sleep(1)
        # The pings' own share of the CPU time, per second.
        before, since = cpu_seconds(broker.pid), time.monotonic()
        time.sleep(2)
        pings_share = (cpu_seconds(broker.pid) - before) / (time.monotonic() - since)
        before, since = cpu_seconds(broker.pid), time.monotonic()
        crowd.start()
        if not spans.poll(LIMIT_SECONDS):
            raise RuntimeError("the logins do not end")
        times = spans.recv()
        spent = cpu_seconds(broker.pid) - before - pings_share * (time.monotonic() - since)
        is_over.set()
        samples = pings.recv()
    finally:
        for process in (pinger, crowd):
            if process.pid is not None:
                process.join(1)
                process.kill()
        broker.send_signal(signal.SIGTERM)
        broker.wait(LIMIT_SECONDS)
        shutil.rmtree(folder)
    inside = [sample for sample in samples if any(a <= sample[0] <= b for a, b in times)]
    during, lags = [rtt for _, rtt, _ in inside], [lag for _, _, lag in inside]
    idle = [rtt for sent, rtt, _ in samples if sent < times[0][0]]
    total = options.logins * options.rounds
    row = [
        "original" if path == options.original else "ours", os.path.basename(plugin), workers or "-",
        *(f"{percentile(idle, part):.2f}" for part in (0.5, 0.99)),
        *(f"{percentile(during, part):.2f}" for part in (0.5, 0.99, 1)),
        f"{percentile(lags, 0.99):.2f}", len(during),
        f"{total / sum(b - a for a, b in times):.0f}", f"{total / max(spent, 0.01):.0f}"]
    print("| " + " | ".join(str(field) for field in row) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--broker", default=f"{ROOT}/.build/release/mosquitto")
    parser.add_argument("--original", default="/usr/sbin/mosquitto", help="compared with, if it is there")
    parser.add_argument("--plugins", nargs="+", default=[
        f"{ROOT}/plugins-c/scram/scram.so", f"{ROOT}/.build/release/libmosquitto_scram.so"])
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--logins", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--pin", action="store_true", help="the broker has the last processor, the clients the others")
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print(f"{options.rounds} bursts of {options.logins} logins; round trips in ms")
    print("| Broker | Plugin | Workers | Idle p50 | Idle p99 | Burst p50 | Burst p99 | Burst max | "
          "Lag p99 | Pings | "
          "Logins/s | Logins/CPU s |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for plugin in options.plugins:
        for workers in options.workers:
            measure(options.broker, plugin, workers, options)
        if os.access(options.original, os.X_OK):
            measure(options.original, plugin, 0, options)


if __name__ == "__main__":
    main()
