# SPDX-License-Identifier: Apache-2.0
"""Clients that come, exchange messages, misbehave if they are allowed to, and leave in every way."""

import collections
import random
import socket
import struct
import threading
import time

from harness import DISCONNECT, PINGREQ, Client, acknowledgement, connect, packet, publish, subscribe, text, unsubscribe

# What may end a visit at any time: the broker closes, another takes the identifier over, a reload takes rights away.
ENDINGS = (OSError, EOFError, IndexError, struct.error)
NAMES, TOPICS = 24, 12


class Tally:
    """What all visitors of one transport have seen."""

    def __init__(self):
        self.visits = self.logins = self.sent = self.received = 0
        self.endings = collections.Counter()


class Visitor(threading.Thread):
    """Visits the broker again and again over transports by turns, until told to stop."""

    def __init__(self, number, transports, tallies, is_hostile=False, login=lambda _: (None, None), timeout=2):
        super().__init__(daemon=True)
        self.random = random.Random(number)
        self.number, self.transports, self.tallies = number, transports, tallies
        self.is_hostile, self.login, self.timeout = is_hostile, login, timeout
        self.is_stopping = False

    def run(self):
        """Visits until `is_stopping`."""
        names = sorted(self.transports.open)
        turn = self.number
        while not self.is_stopping:
            turn += 1
            name = names[turn % len(names)]
            tally = self.tallies[name]
            tally.visits += 1
            client = None
            try:
                client = Client(self.transports.open[name]())
                client.socket.settimeout(self.timeout)
                Visit(self, client, tally).go()
                tally.endings["as planned"] += 1
            except ENDINGS as error:
                tally.endings[type(error).__name__] += 1
            if client:
                self.leave(client)

    def leave(self, client):
        """Closes with FIN or RST."""
        try:
            if self.random.random() < 0.4:
                client.reset()
            else:
                client.close()
        except OSError:
            pass  # It is closed all the same.


class Visit:
    """One connection from CONNECT to the last byte."""

    def __init__(self, visitor, client, tally):
        self.random, self.visitor, self.client, self.tally = visitor.random, visitor, client, tally
        self.version = self.random.choice((4, 5))
        self.identifier = 0
        self.own = f"own/{visitor.number}"

    def chance(self, share):
        """True in that share of all calls."""
        return self.random.random() < share

    def go(self):
        """The whole visit."""
        if self.visitor.is_hostile and self.chance(0.15):
            return self.misbehave(before_connect=True)
        self.enter()
        self.tally.logins += 1
        self.subscribe()
        for _ in range(self.random.randint(1, 4)):
            self.exchange()
            if self.visitor.is_hostile and self.chance(0.1):
                return self.misbehave()
        if self.chance(0.3):
            self.client.send(unsubscribe([self.own], self.next(), self.version))
        if self.chance(0.2):
            self.client.send(publish("all/half", b"x" * 500, version=self.version)[:-20])
        elif self.chance(0.5):
            self.client.send(DISCONNECT)
        return None

    def enter(self):
        """CONNECT, of whom there may be another one already; sessions stay for a while, of few clients for ever."""
        kind = self.random.choice(("v", "v", "kick", "serve"))
        name = f"{kind}{self.random.randrange(NAMES)}"
        clean = self.chance(0.6)
        if not clean and self.version == 4:
            name = f"stay{self.random.randrange(4)}"
        user, password = self.visitor.login(self.random)
        will = (f"all/{self.random.randrange(TOPICS)}", b"gone", 1) if self.chance(0.3) else None
        expiry = self.random.choice((None, 0, 1, 3)) if self.version == 5 else None
        self.client.send(connect(name, clean, self.version, 30, user, password, will, expiry))
        kind, body = self.client.read()
        if kind != 0x20 or body[1] != 0:
            raise ConnectionRefusedError("CONNACK")

    def next(self):
        """A packet identifier."""
        self.identifier = self.identifier % 65535 + 1
        return self.identifier

    def subscribe(self):
        """To a topic of its own, and to what others send."""
        filters = [self.own]
        if self.chance(0.5):
            filters.append(self.random.choice(("all/+", f"all/{self.random.randrange(TOPICS)}", "wide/#", "busy/+")))
        if self.chance(0.3):
            filters.append(f"$share/group{self.random.randrange(3)}/all/+")
        if self.chance(0.1):
            filters.append("#")
        self.client.send(subscribe(filters, self.random.randrange(3), self.next(), self.version))

    def exchange(self):
        """Publishes to itself and others, and takes what comes until its own message is there."""
        qos = self.random.randrange(3)
        for _ in range(self.random.randint(0, 5)):
            topic = f"all/{self.random.randrange(TOPICS)}"
            self.publish(topic, b"x" * self.random.choice((0, 10, 300, 5000)), self.random.randrange(3))
        if self.chance(0.3):
            topic = f"wide/{self.random.randrange(TOPICS)}"
            self.publish(topic, b"" if self.chance(0.5) else b"r" * 100, self.random.randrange(2), retain=True)
        self.publish(self.own, b"mine", qos)
        self.client.send(PINGREQ)
        limit = time.monotonic() + self.visitor.timeout / 2
        while time.monotonic() < limit:
            kind, body = self.client.read()
            self.answer(kind, body)
            if kind >> 4 == 3 and body.endswith(b"mine") or kind >> 4 == 13 and self.chance(0.2):
                return

    def publish(self, topic, payload, qos, retain=False):
        """Sends one message."""
        self.client.send(publish(topic, payload, qos, self.next(), retain, self.version))
        self.tally.sent += 1

    def answer(self, kind, body):
        """Acknowledges as a good client does."""
        if kind >> 4 == 3:
            self.tally.received += 1
            qos = kind >> 1 & 3
            if qos:
                place = 2 + struct.unpack_from(">H", body)[0]
                self.client.send(acknowledgement(0x40 if qos == 1 else 0x50, struct.unpack_from(">H", body, place)[0]))
        elif kind >> 4 in (5, 6):
            self.client.send(acknowledgement(0x62 if kind >> 4 == 5 else 0x70, struct.unpack_from(">H", body)[0]))

    def misbehave(self, before_connect=False):
        """What no client may do; the visit ends with it."""
        bad = [
            bytes(self.random.randrange(256) for _ in range(self.random.randrange(200))),
            connect("v1", version=self.version)[: self.random.randrange(20)],
            packet(0x10, text("MQTT") + b"\x09\x02\0\0" + text("odd")),
        ]
        if not before_connect:
            bad += [
                connect("again"),
                acknowledgement(self.random.choice((0x40, 0x50, 0x62, 0x70)), self.random.randrange(65536)) * 50,
                b"\x30\xff\xff\xff\xff\x01",
                packet(0x82, b"\0\1" + text("a/#/b") + b"\0"),
                packet(0x30, text("with/+/wildcard")),
                self.mutated(subscribe([self.own], 1, self.next(), self.version)),
                self.mutated(publish(self.own, b"x" * 30, 2, self.next(), version=self.version)),
            ]
            if self.chance(0.3):
                return self.read_nothing()
        self.client.send(self.random.choice(bad))
        if self.chance(0.5):
            self.client.socket.settimeout(0.2)
            while True:
                self.client.read()
        return None

    def mutated(self, data):
        """The packet with one byte changed."""
        data = bytearray(data)
        data[self.random.randrange(len(data))] = self.random.randrange(256)
        return bytes(data)

    def read_nothing(self):
        """Asks for all that is retained and more, and does not read it."""
        self.client.send(subscribe(["#", "all/+"], 1, self.next(), self.version))
        try:
            self.client.socket.settimeout(0.5)
            for _ in range(100):
                self.client.send(publish(self.own, b"y" * 2000, 1, self.next(), version=self.version))
        except (socket.timeout, TimeoutError):
            pass  # The broker stops reading from those who do not read.
        time.sleep(self.random.random())


def start(count, transports, **more):
    """Starts so many visitors; returns them and what they count, by transport."""
    tallies = {name: Tally() for name in transports.open}
    visitors = [Visitor(number, transports, tallies, **more) for number in range(count)]
    for visitor in visitors:
        visitor.start()
    return visitors, tallies


def stop(visitors):
    """Ends them."""
    for visitor in visitors:
        visitor.is_stopping = True
    for visitor in visitors:
        visitor.join(30)


def table(tallies):
    """What was exchanged on each transport; the second result says whether that was something everywhere."""
    lines = ["| Transport | Visits | Logins | Sent | Received | Endings |", "|---|---|---|---|---|---|"]
    for name, tally in sorted(tallies.items()):
        endings = ", ".join(f"{count} {kind}" for kind, count in tally.endings.most_common(4))
        lines.append(
            f"| {name} | {tally.visits} | {tally.logins} | {tally.sent} | {tally.received} | {endings} |"
        )
    return "\n".join(lines), all(tally.received > 0 for tally in tallies.values())
