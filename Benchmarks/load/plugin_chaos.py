# SPDX-License-Identifier: Apache-2.0
# The test of scripts/plugin-chaos.sh: plugin_chaos.py BROKER PROGRAMS SECONDS; PROGRAMS is a folder with every_event.so.
"""Processes of plugins are killed at random amid messages, logins, filters, control requests and reloads."""

import argparse
import os
import random
import re
import signal
import socket
import threading
import time

import harness

PUBLISHERS, WINDOW = 3, 40
PLUGINS = ("one", "two")
NOT_THERE, DENIED, UNAVAILABLE = 0x10, 0x87, 0x88
REFUSALS = (0x83, DENIED, UNAVAILABLE)


def helpers(process):
    """The processes of plugins that a broker has."""
    result = []
    for task in os.listdir(f"/proc/{process}/task"):
        try:
            with open(f"/proc/{process}/task/{task}/children", encoding="utf-8") as file:
                result += [int(word) for word in file.read().split()]
        except OSError:
            pass  # The thread has gone.
    return result


class Activity(threading.Thread):
    """What somebody does again and again, until it is enough; what it finds wrong is in `wrong`."""

    def __init__(self, chaos):
        super().__init__()
        self.chaos, self.wrong = chaos, []
        self.count, self.failures = 0, 0

    def run(self):
        try:
            self.begin()
            while not self.chaos.ends:
                self.act()
            self.end()
        except (OSError, AssertionError) as error:
            self.wrong.append(f"{type(self).__name__}: {error!r}")

    def begin(self):
        """Before the first time."""

    def act(self):
        """Once."""

    def end(self):
        """After the last time."""

    def client(self, name):
        """A client that has come in, whatever it takes."""
        return harness.Client(self.chaos.broker.port, harness.connect(name, version=5, user=name), timeout=60)


class Publisher(Activity):
    """Publishes numbers with QoS 1; all are acknowledged, once and in order."""

    def __init__(self, chaos, number):
        super().__init__(chaos)
        self.number = number

    def begin(self):
        self.one = self.client(f"publisher-{self.number}")
        self.subscriber = self.client(f"subscriber-{self.number}")
        self.subscriber.send(harness.subscribe([f"load/{self.number}"], qos=0, version=5))
        self.subscriber.read_until(0x90)
        self.received = []
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        """Reads what comes until the connection is closed from here."""
        try:
            while True:
                kind, body = self.subscriber.read()
                if kind & 0xF0 == 0x30:
                    self.received.append(int(body[body.index(b"#") + 1 :]))
        except (OSError, ValueError) as error:
            if not self.chaos.is_over:
                self.wrong.append(f"a subscriber was disconnected: {error!r}")

    def act(self):
        first = self.count + 1
        identifiers = range(first, first + WINDOW)
        topic = f"load/{self.number}"
        self.one.send(
            b"".join(harness.publish(topic, b"#%d" % n, 1, n % 65535 + 1, version=5) for n in identifiers)
        )
        for number in identifiers:
            kind, body = self.one.read()
            assert kind == 0x40, f"no PUBACK but {kind:#x}"
            assert int.from_bytes(body[:2], "big") == number % 65535 + 1, "acknowledgements are out of order"
            code = body[2] if len(body) > 2 else 0
            assert code in (0, NOT_THERE, *REFUSALS), f"PUBACK {code:#x}"
            self.failures += code in REFUSALS
        self.count += WINDOW

    def end(self):
        self.subscriber.settled = False
        limit = time.monotonic() + 20
        last = None
        while time.monotonic() < limit and last != len(self.received):
            last = len(self.received)
            time.sleep(1)
        self.chaos.finish()
        for client in (self.one, self.subscriber):
            client.socket.shutdown(socket.SHUT_RDWR)
        self.reader.join()
        if self.received != sorted(set(self.received)):
            self.wrong.append(f"what publisher {self.number} has sent came twice or out of order")
        # What was accepted and never came was refused to the subscriber.
        self.failures += self.count - self.failures - len(self.received)


class Logins(Activity):
    """Comes and goes; each refusal says that the server is unavailable."""

    def act(self):
        name = f"login-{self.count}"
        client = harness.Client(self.chaos.broker.port, harness.connect(name, version=5, user=name), timeout=60)
        code = client.connack[1]
        assert code in (0, UNAVAILABLE), f"CONNACK {code:#x}"
        self.count += 1
        self.failures += code != 0
        client.close()


class Filters(Activity):
    """Subscribes and unsubscribes."""

    def begin(self):
        self.one = self.client("filters")

    def act(self):
        for packet, kind in (
            (harness.subscribe([f"filter/{self.count}"], version=5), 0x90),
            (harness.unsubscribe([f"filter/{self.count}"], version=5), 0xB0),
        ):
            self.one.send(packet)
            code = self.one.read_until(kind)[-1]
            assert code in (0, 0x11, DENIED), f"{kind:#x} with {code:#x}"
            self.count += 1
            self.failures += code == DENIED


class Requests(Activity):
    """Asks each plugin on its control topic; each request is answered by it or by the broker."""

    def begin(self):
        self.one = self.client("requests")
        self.one.send(harness.subscribe(["answers/#"], version=5))
        self.one.read_until(0x90)

    def act(self):
        for name in PLUGINS:
            payload = f"{name}-{self.count}"
            self.one.send(harness.publish(f"$CONTROL/{name}/v1", payload.encode(), 1, 7, version=5))
            code = self.one.read_until(0x40)
            refused = len(code) > 2 and code[2] in REFUSALS
            self.count += 1
            self.failures += refused or self.is_refused(payload)

    def is_refused(self, payload):
        """Whether nothing but an error comes, or nothing, because the answer was refused to us."""
        self.one.socket.settimeout(0.5)
        try:
            while True:
                kind, body = self.one.read()
                if kind & 0xF0 == 0x30 and payload.encode() in body:
                    return False
                if kind & 0xF0 == 0x30 and b"endpoint not available" in body:
                    return True
        except TimeoutError:
            return True
        finally:
            self.one.socket.settimeout(60)


class Reloads(Activity):
    """Has the configuration read again."""

    def act(self):
        self.chaos.broker.reload()
        self.count += 1
        time.sleep(0.3)


class Killer(Activity):
    """Kills the process of a plugin at random times."""

    def act(self):
        time.sleep(random.expovariate(8))
        found = helpers(self.chaos.broker.process.pid)
        if found:
            try:
                os.kill(random.choice(found), signal.SIGKILL)
                self.count += 1
            except ProcessLookupError:
                pass


class Chaos:
    """All of it at once."""

    def __init__(self, broker):
        self.broker, self.ends, self.is_over = broker, False, False
        self.publishers = [Publisher(self, number) for number in range(PUBLISHERS)]
        self.rest = threading.Barrier(PUBLISHERS)
        self.killer = Killer(self)
        self.activities = [*self.publishers, Logins(self), Filters(self), Requests(self), Reloads(self), self.killer]

    def finish(self):
        """Called by each publisher when nothing more comes."""
        self.rest.wait(60)
        self.is_over = True

    def run(self, seconds):
        """Lets it happen; what was wrong."""
        for activity in self.activities:
            activity.start()
        time.sleep(seconds)
        self.ends = True
        for activity in self.activities:
            activity.join()
        return [line for activity in self.activities for line in activity.wrong]


def main():
    """Prints what was seen; returns whether it is as it must be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("broker")
    parser.add_argument("programs")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    lines = f"worker_threads {arguments.workers}\nmax_queued_messages 0\nmax_inflight_messages 0\nmax_pending_logins 0\n"
    for name in PLUGINS:
        lines += f"plugin {os.path.realpath(arguments.programs)}/every_event.so\nplugin_isolation process\n"
        lines += f"plugin_restart_wait 20\nplugin_opt_name {name}\nplugin_opt_control $CONTROL/{name}/v1\n"
    broker = harness.Broker(os.path.realpath(arguments.broker), lines, environment={"SWIFT_BACKTRACE": "enable=no"})
    try:
        descriptors = broker.descriptors()
        chaos = Chaos(broker)
        wrong = chaos.run(arguments.seconds)
        time.sleep(1)
        left, left_helpers = broker.descriptors(), len(helpers(broker.process.pid))
        log = broker.log()
    finally:
        status = broker.stop()
    print(f"seed {arguments.seed}, {arguments.workers} reactors, {arguments.seconds:g} seconds")
    for activity in chaos.activities:
        print(f"{type(activity).__name__}: {activity.count}, of which {activity.failures} have failed")
    kills = chaos.killer.count
    failures = sum(activity.failures for activity in chaos.activities)
    print(f"processes killed: {kills}; failure answers: {failures}; descriptors: {descriptors} before, {left} after")
    # A reload that a process was about to handle when it was killed is not repeated.
    expected = re.compile(r"was ended by signal 9 |produced error on reload: Server unavailable")
    errors = [line for line in log.splitlines() if "rror" in line and not expected.search(line)]
    checks = {
        "processes were killed, and messages delivered": kills > 0 and all(one.received for one in chaos.publishers),
        "no more has failed than processes were killed": failures <= kills,
        "both plugins run at the end": left_helpers == len(PLUGINS),
        "no descriptor is left": left <= descriptors + 2,
        f"the log tells of no other error: {errors[:3]}": not errors,
        "the broker has ended as it should": status == 0,
        **{line: False for line in wrong},
    }
    for name, is_good in checks.items():
        if not is_good:
            print(f"NOT so: {name}")
    return all(checks.values())


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
