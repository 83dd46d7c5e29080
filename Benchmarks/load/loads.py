# SPDX-License-Identifier: Apache-2.0
# What one client, or many at once, can ask of a broker at most; for latency.py.
"""Each function starts a broker on the test bed and measures while its load runs."""

import base64
import hashlib
import json
import socket
import struct
import time

from harness import (
    DISCONNECT, PINGREQ, Client, Crowd, acknowledgement, connect, packet, publish, subscribe, text, unsubscribe,
)

MANY_FILTERS, SHARE_NAMES, RETAINED, CLIENTS, WINDOW = 100_000, 30_000, 300_000, 10_000, 60_000
WIDE_OPEN = "max_inflight_messages 0\nmax_queued_messages 0\n"


def filters(bed):
    """SUBSCRIBE and UNSUBSCRIBE with very many filters."""
    names = [f"many/{index:06d}" for index in range(MANY_FILTERS)]
    parts = [names[start : start + 100] for start in range(0, MANY_FILTERS, 100)]
    backwards = names[::-1]
    whole, away = subscribe(names), unsubscribe(backwards)
    with bed.broker():
        client = Client(bed.running.port, connect("many"))
        for name, data in (
            ("SUBSCRIBE, 100,000 filters in one packet", whole),
            ("the same again", whole),
            ("UNSUBSCRIBE of all in reverse order", away),
            ("SUBSCRIBE, 1,000 packets of 100", b"".join(map(subscribe, parts))),
            ("the same again", b"".join(map(subscribe, parts))),
            (
                "UNSUBSCRIBE in reverse order, 1,000 packets of 100",
                b"".join(unsubscribe(part[::-1]) for part in reversed(parts)),
            ),
        ):
            with bed.measured(name):
                client.send(data)
                client.settle()
        client.send(whole)
        client.settle()
        with bed.measured("a client with 100,000 filters leaves"):
            client.reset()
            Client(bed.running.port, connect("next")).settle()


def shares(bed):
    """One filter under very many share names."""
    names = [f"$share/group{index:05d}/work" for index in range(SHARE_NAMES)]
    message = publish("work", b"x")
    with bed.broker():
        client = Client(bed.running.port, connect("shares"))
        other = Client(bed.running.port, connect("other"))
        for name, data in (
            ("SUBSCRIBE, 30,000 share names on one filter", subscribe(names)),
            ("the same again", subscribe(names)),
        ):
            with bed.measured(name):
                client.send(data)
                client.settle()
        with bed.measured("30 PUBLISH to 30,000 share names"):
            other.send(message * 30)
            other.settle()
            client.drain()
        with bed.measured("UNSUBSCRIBE from them in reverse order"):
            client.send(unsubscribe(names[::-1]))
            client.settle()
        client.send(subscribe(names))
        client.settle()
        with bed.measured("a client with 30,000 share names leaves"):
            client.reset()
            Client(bed.running.port, connect("next")).settle()


def retained(bed):
    """A new subscriber to # where there are very many retained messages."""
    payload = b"0123456789abcdef"
    packets = [
        publish(f"r/{index:06d}", payload, qos=1, identifier=index % 60000 + 1, retain=True) for index in range(RETAINED)
    ]
    with bed.broker():
        setter = Client(bed.running.port, connect("setter"))
        with bed.measured("300,000 retained messages are set"):
            for start in range(0, RETAINED, 10000):
                setter.send(b"".join(packets[start : start + 10000]))
                setter.skip(4 * 10000)
        for qos in (0, 1):
            for name, read in (("fast", read_fast), ("slowly", read_slowly), ("not at all", read_not)):
                client = Client(bed.running.port, connect(f"{qos}{name}"))
                client.send(subscribe(["#"], qos))
                with bed.measured(f"300,000 retained for #, QoS {qos}, read {name}"):
                    read(client, qos, len(packets[0]) - (0 if qos else 2))
                with bed.measured("it leaves"):
                    client.reset()
        with bed.measured("300,000 retained messages are cleared"):
            for index in range(0, RETAINED, 10000):
                setter.send(b"".join(publish(f"r/{i:06d}", retain=True) for i in range(index, index + 10000)))
            setter.settle()


def read_fast(client, qos, length):
    """Takes all of them, with acknowledgements."""
    client.read_until(0x90)
    data, served = client.waiting[client.offset :], 0
    place = length - 16 - 2
    while served < RETAINED:
        whole = len(data) // length * length
        if qos and whole:
            heads = data[place:whole:length], data[place + 1 : whole : length]
            client.send(b"".join(b"\x40\2" + bytes(pair) for pair in zip(*heads)))
        served += whole // length
        if served < RETAINED:
            more = client.socket.recv(1 << 20)
            assert more, "closed by the broker"
            data = data[whole:] + more


def read_slowly(client, qos, _):
    """Takes a packet each second millisecond."""
    for _ in range(1500):
        kind, body = client.read()
        if qos and kind >> 4 == 3:
            client.send(b"\x40\2" + body[2 + 8 : 2 + 8 + 2])
        time.sleep(0.002)


def read_not(_, __, ___):
    """Takes nothing."""
    time.sleep(3)


def takeovers(bed):
    """CONNECTs of one identifier as fast as they can be made."""
    with bed.broker():
        with bed.measured("10,000 CONNECTs of one identifier, clean start"):
            storm(bed.running.port, connect("same"))
        prepare_session(bed.running.port)
        with bed.measured("the same, session with 10,000 filters and 1,000 queued messages"):
            storm(bed.running.port, connect("full", clean=False))
        with bed.measured("the same by turns with clean start and 10,000 filters"):
            names = subscribe([f"full/{index:05d}" for index in range(10000)])
            storm(bed.running.port, connect("full", clean=False) + names, connect("full"), count=200)


def prepare_session(port):
    """Leaves a session behind that has much to carry."""
    client = Client(port, connect("full", clean=False))
    client.send(subscribe([f"full/{index:05d}" for index in range(10000)], qos=1))
    client.settle()
    client.send(DISCONNECT)
    client.close()
    other = Client(port, connect("other"))
    other.send(b"".join(publish(f"full/{index:05d}", b"x" * 100, 1, index + 1) for index in range(1000)))
    other.skip(4 * 1000)
    other.close()


def storm(port, *greetings, count=CLIENTS):
    """Connects again and again without waiting for anything, at last once properly."""
    earlier = []
    for index in range(count):
        one = socket.socket()
        one.bind((f"127.0.0.{2 + index % 8}", 0))
        one.connect(("127.0.0.1", port))
        one.sendall(greetings[index % len(greetings)])
        earlier.append(one)
    # Nobody says in which order those are served who came at the same time: the last one may be thrown out as well.
    for _ in range(100):
        try:
            last = Client(port, greetings[-1])
            last.settle()
            break
        except ConnectionError:
            pass
    for one in [*earlier, last.socket]:
        one.close()


def departures(bed):
    """Many clients with wills and subscriptions leave at once, many sessions end in one second."""
    def greeting(index):
        return connect(f"c{index}", will=(f"wills/{index}", b"gone", 0)) + subscribe([f"own/{index}", "all/+/x"])

    def staying(index):
        return connect(f"s{index}", False, 5, expiry=5) + subscribe([f"own/{index}", "all/+/x"], 1, version=5)

    with bed.broker():
        port = bed.running.port
        watcher = Client(port, connect("watcher") + subscribe(["wills/#"]))
        watcher.settle()
        for reset in (False, True):
            with bed.measured("10,000 clients with wills and subscriptions come"):
                crowd = Crowd(port, CLIENTS, greeting)
                crowd.read_until(CLIENTS, bytes_each=10)
            with bed.measured(f"they leave with {'RST' if reset else 'FIN'}"):
                crowd.end(reset)
                for _ in range(CLIENTS):
                    watcher.read()
        crowd = Crowd(port, CLIENTS, staying)
        with bed.measured("10,000 clients leave with DISCONNECT, their sessions stay"):
            crowd.end(last_words=DISCONNECT)
        with bed.measured("10,000 sessions end in the same second", at_least=5):
            time.sleep(5)


def reload(bed):
    """SIGHUP where a plugin takes a millisecond for each check."""
    lines = f"listener PORT 127.0.0.1\nallow_anonymous true\nplugin {bed.slow_plugin}\n"
    with bed.broker(lines):
        port, took = bed.running.port, []
        with bed.measured("10,000 clients come, a plugin takes 1 ms for each", notes=took):
            crowd = Crowd(port, CLIENTS, lambda index: connect(f"c{index}"))
        with bed.measured("SIGHUP, 10,000 clients, slow plugin", at_least=6):
            bed.running.reload()
            time.sleep(6)
        with bed.measured("12 more SIGHUPs within 3 s"):
            for _ in range(12):
                bed.running.reload()
                time.sleep(0.25)
        with bed.measured("SIGHUP, and all leave with RST"):
            bed.running.reload()
            crowd.end(reset=True)
    with bed.broker():
        crowd = Crowd(bed.running.port, CLIENTS, lambda i: connect(f"c{i}") + subscribe([f"own/{i}", "all/+/x"]))
        with bed.measured("SIGHUP, 10,000 clients, no plugin"):
            bed.running.reload()
            time.sleep(1)


def hashes(bed):
    """CONNECTs that cost a dear hash each, abandoned at once."""
    salt, iterations = b"0123456789ab", 400_000
    digest = hashlib.pbkdf2_hmac("sha512", b"right", salt, iterations)
    entry = f"user:$7${iterations}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"
    head = "listener PORT 127.0.0.1\nallow_anonymous true\n"
    with bed.broker(head + "password_file FOLDER/passwords\n", files={"passwords": entry}):
        abandon(bed, "password file", "user", "right")
    lines = (
        f"plugin {bed.plugins}/libmosquitto_dynamic_security.so\nplugin_opt_config_file FOLDER/dynsec.json\n"
        "plugin_opt_password_iterations 400000\n"
    )
    with bed.broker(head + lines, environment={"MOSQUITTO_DYNSEC_PASSWORD": "right-password"}):
        abandon(bed, "dynamic security", "admin", "right-password")


def abandon(bed, kind, user, password):
    """400 wrong logins without a listener, then a right one, which must not wait for them."""
    port, note = bed.running.port, []
    with bed.measured(f"400 abandoned CONNECTs with a dear hash ({kind})", notes=note):
        for index in range(400):
            one = socket.create_connection(("127.0.0.1", port))
            one.sendall(connect(f"x{index}", user=user, password=f"wrong{index}"))
            one.close()
        began = time.monotonic()
        last = Client(port, timeout=200)
        last.send(connect("rightful", user=user, password=password))
        last.read_until(0x20)
        waited = time.monotonic() - began
        note.append(f"a right login takes {waited:.2f} s")
        assert waited < 2, "too long"


def windows(bed):
    """Acknowledgements of very many messages in reverse order."""
    every = range(1, WINDOW + 1)
    with bed.broker(WIDE_OPEN):
        port = bed.running.port
        sender = Client(port, connect("sender"))
        with bed.measured("60,000 PUBLISH of QoS 2 arrive"):
            sender.send(b"".join(publish("two", b"x" * 20, 2, identifier) for identifier in every))
            sender.skip(4 * WINDOW)
        with bed.measured("their PUBRELs in reverse order"):
            sender.send(b"".join(acknowledgement(0x62, identifier) for identifier in reversed(every)))
            sender.skip(4 * WINDOW)
        taker = Client(port, connect("taker", version=5, maximum=65535))
        taker.send(subscribe(["one"], 1, version=5) + subscribe(["two"], 2, version=5))
        taker.settle()
        for qos, steps in ((1, [(0x40, 0)]), (2, [(0x50, 4), (0x70, 0)])):
            topic = "one" if qos == 1 else "two"
            identifiers = fill_window(sender, taker, topic, qos)
            for kind, answer in steps:
                name = {0x40: "PUBACKs", 0x50: "PUBRECs", 0x70: "PUBCOMPs"}[kind]
                with bed.measured(f"60,000 {name} in reverse order"):
                    taker.send(b"".join(acknowledgement(kind, identifier) for identifier in reversed(identifiers)))
                    taker.skip(answer * WINDOW)
                    taker.settle()


def fill_window(sender, taker, topic, qos):
    """Brings 60,000 messages into flight; returns their identifiers in order."""
    for identifier in range(1, WINDOW + 1):
        sender.send(publish(topic, b"x", qos, identifier))
    if qos == 2:
        sender.skip(4 * WINDOW)
        sender.send(b"".join(acknowledgement(0x62, identifier) for identifier in range(1, WINDOW + 1)))
    sender.skip(4 * WINDOW)
    result = []
    for _ in range(WINDOW):
        _, body = taker.read()
        result.append(struct.unpack_from(">H", body, 2 + len(topic))[0])
    return result


def wide(bed):
    """Large messages to very many."""
    payload = b"x" * (64 << 10)
    with bed.broker():
        port = bed.running.port
        crowd = Crowd(port, CLIENTS, lambda index: connect(f"c{index}") + subscribe(["wide"]))
        crowd.read_until(CLIENTS, bytes_each=9)
        sender = Client(port, connect("sender"))
        message = publish("wide", payload, retain=True)
        with bed.measured("5 retained messages of 64 KiB to 10,000 subscribers"):
            for turn in range(5):
                sender.send(message)
                crowd.read_until(CLIENTS, 9 + len(message) * (turn + 1))
        small = publish("wide", b"x" * 20)
        with bed.measured("200 messages of 20 bytes to 10,000 subscribers"):
            for turn in range(200):
                sender.send(small)
            crowd.read_until(CLIENTS, 9 + len(message) * 5 + len(small) * 200)
        with bed.measured("5 of 64 KiB, nobody reads, all leave with RST"):
            sender.send(message * 5)
            sender.settle()
            crowd.end(reset=True)


def queues(bed):
    """A reader that is too slow, with a full queue before it."""
    for limit in (1000, 100_000):
        with bed.broker(f"max_queued_messages {limit}\n"):
            port = bed.running.port
            reader = Client(port, connect("reader") + subscribe(["full"], 1), receive_buffer=4096)
            sender = Client(port, connect("sender"))
            block = b"".join(publish("full", b"x" * 200, 1, index + 1) for index in range(10000))
            with bed.measured(f"200,000 messages for one that does not read, queue of {limit:,}"):
                for _ in range(20):
                    sender.send(block)
                    sender.skip(4 * 10000)
            with bed.measured("the same of QoS 0"):
                sender.send(publish("full", b"x" * 200) * 200_000 + PINGREQ)
                sender.read_until(0xD0)
            with bed.measured("it reads 1 KiB a hundred times a second meanwhile"):
                for _ in range(20):
                    sender.send(block)
                    reader.socket.recv(1024)
                    sender.skip(4 * 10000)
            with bed.measured("it leaves"):
                reader.reset()
                Client(port, connect("next")).settle()


def control(bed):
    """Many commands of dynamic security at once."""
    lines = (
        "listener PORT 127.0.0.1\nallow_anonymous true\n"
        f"plugin {bed.plugins}/libmosquitto_dynamic_security.so\nplugin_opt_config_file FOLDER/dynsec.json\n"
    )
    with bed.broker(lines, environment={"MOSQUITTO_DYNSEC_PASSWORD": "right-password"}):
        port = bed.running.port
        admin = Client(port, connect("admin", user="admin", password="right-password"), timeout=300)
        topic = "$CONTROL/dynamic-security/v1"
        admin.send(subscribe([topic + "/response"]))
        admin.settle()
        for name, count, each, extra in (
            ("5,000 createClient in one PUBLISH", 5000, 5000, {}),
            ("5,000 createClient, one each", 5000, 1, {}),
            ("500 createClient with a password, 50 each", 500, 50, {"password": "some-password"}),
        ):
            with bed.measured(name):
                commands = [
                    {"command": "createClient", "username": f"{name}{index}", **extra} for index in range(count)
                ]
                for start in range(0, count, each):
                    part = {"commands": commands[start : start + each]}
                    admin.send(publish(topic, json.dumps(part).encode()))
                answered = 0
                while answered < count:
                    answered += len(json.loads(admin.read_until(0x30)[2 + len(topic) + 9 :])["responses"])


ALL = {
    "filters": filters, "shares": shares, "retained": retained, "takeovers": takeovers, "departures": departures,
    "reload": reload, "hashes": hashes, "windows": windows, "wide": wide, "queues": queues, "control": control,
}
