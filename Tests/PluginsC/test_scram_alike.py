#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One table of SCRAM exchanges, against every plugin in every broker: the answers must be the same.

BROKERS and SCRAM_PLUGINS are lists of paths with colons between. Standard library only.
Run it as: BROKERS=/usr/sbin/mosquitto:... SCRAM_PLUGINS=a.so:b.so python3 -m unittest test_scram_alike
"""
import base64
import collections
import copy
import ctypes
import hashlib
import hmac
import os
import ssl
import subprocess
import tempfile
import unittest

import mqtt
from mqtt import Broker, Client, Closed, number, packet, text

BROKERS = os.environ.get("BROKERS", mqtt.BROKER).split(":")
PLUGINS = os.environ.get("SCRAM_PLUGINS", mqtt.plugin("scram")).split(":")
ORIGINAL = "/usr/sbin/mosquitto"
TOOL = f"{mqtt.ROOT}/plugins-c/scram/scram_passwd"
USERS = (("alice", "secret"), ("bob", "hunter2"), ("Zoë,=", "pässword"))

# How many bytes a property's value takes; None: a length of two bytes and as much; "pair": two such.
SIZES = {
    0x11: 4, 0x12: None, 0x13: 2, 0x15: None, 0x16: None, 0x1A: None, 0x1C: None, 0x1F: None,
    0x21: 2, 0x22: 2, 0x24: 1, 0x25: 1, 0x26: "pair", 0x27: 4, 0x28: 1, 0x29: 1, 0x2A: 1,
}
Answer = collections.namedtuple("Answer", "packet reason method data", defaults=(None, None, None))
CLOSED = Answer("closed")


def properties(block):
    """The authentication method and data among properties, without their length in front."""
    found = {}
    while block:
        identifier, size = block[0], SIZES[block[0]]
        if size == "pair":
            first = int.from_bytes(block[1:3], "big")
            size = 4 + first + int.from_bytes(block[3 + first:5 + first], "big")
        elif size is None:
            size = 2 + int.from_bytes(block[1:3], "big")
        found[identifier] = block[3:1 + size]
        block = block[1 + size:]
    method, data = found.get(0x15), found.get(0x16)
    return method.decode() if method is not None else None, data


def parse(kind, body):
    """An answer, with the data still as bytes."""
    name = {0x20: "CONNACK", 0xF0: "AUTH", 0xE0: "DISCONNECT"}[kind]
    body = body[1:] if kind == 0x20 else body
    reason = body[0] if body else 0
    method, data = None, None
    if len(body) > 1:
        size, shift, at = 0, 0, 1
        while True:
            size |= (body[at] & 127) << shift
            shift += 7
            at += 1
            if body[at - 1] < 128:
                break
        method, data = properties(body[at:at + size])
    return Answer(name, reason, method, data)


def receive(client):
    try:
        return parse(*client.receive())
    except Closed:
        return CLOSED


def auth_block(method, data):
    """Method and data as properties with their length; data None leaves it out."""
    block = b"\x15" + text(method) if method is not None else b""
    block += b"\x16" + text(data) if data is not None else b""
    return number(len(block)) + block


class Case:
    """One exchange and what it must lead to.

    `first` is the first message; `final` what stands before the proof, with {c} and {r} for what the
    header and the server's message make of them. `proof` changes the proof, `whole` the message.
    `ends` is the last answer: 0 for success, or a reason code; `error` is the RFC's word in the log.
    """

    def __init__(self, name, first, ends=0, error=None, **more):
        self.name, self.ends, self.error = name, ends, error
        self.first = first.encode() if isinstance(first, str) else first
        self.mechanism = more.get("mechanism", "SCRAM-SHA-256")
        self.method = more.get("method", self.mechanism)
        self.final_method = more.get("final_method", self.method)
        self.password = more.get("password", "secret")
        self.username = more.get("username")
        self.binding = more.get("binding", b"")
        self.final = more.get("final", "c={c},r={r}")
        self.proof = more.get("proof", lambda proof: proof)
        self.whole = more.get("whole", lambda message: message)
        self.has_challenge = more.get("has_challenge", ends == 0 or "password" in more or any(
            word in more for word in ("final", "proof", "whole", "final_method")))


def final_message(case, challenge):
    """The client's second message, and the signature the server must answer with."""
    fields = dict(part.split(b"=", 1) for part in challenge.split(b","))
    name = case.mechanism.removeprefix("SCRAM-").replace("-", "").lower()
    salted = hashlib.pbkdf2_hmac(
        name, case.password.encode(), base64.b64decode(fields[b"s"]), int(fields[b"i"]))
    header = b",".join(case.first.split(b",", 2)[:2]) + b","
    binding = base64.b64encode(header + case.binding).decode()
    without_proof = case.final.format(c=binding, r=fields[b"r"].decode()).encode()
    messages = b",".join([case.first[len(header):], challenge, without_proof])
    client_key = hmac.digest(salted, b"Client Key", name)
    signature = hmac.digest(hashlib.new(name, client_key).digest(), messages, name)
    proof = case.proof(base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature))))
    server_key = hmac.digest(salted, b"Server Key", name)
    verifier = b"v=" + base64.b64encode(hmac.digest(server_key, messages, name))
    return case.whole(without_proof + b",p=" + proof), verifier


def hide_nonce(case, data):
    """The server's first message with the length of the server's nonce instead of the nonce."""
    fields = data.split(b",")
    own = case.first.split(b",r=", 1)[1].split(b",")[0]
    assert fields[0].startswith(b"r=" + own), data
    fields[0] = b"r=own+%d" % (len(fields[0]) - 2 - len(own))
    return b",".join(fields)


def exchange(client, case, send_first):
    """Goes through the exchange; returns the broker's answers without what is random in them."""
    send_first()
    answer = receive(client)
    if answer.packet != "AUTH" or answer.reason != 0x18:
        return [answer]
    answers = [answer._replace(data=hide_nonce(case, answer.data))]
    message, verifier = final_message(case, answer.data)
    client.send(0xF0, b"\x18" + auth_block(case.final_method, message))
    answer = receive(client)
    if answer.data == verifier:
        answer = answer._replace(data=b"v=right")
    return answers + [answer]


def connect(client, case, client_id):
    """Sends CONNECT with the first message."""
    flags = 2 | (0x80 if case.username is not None else 0)
    body = text("MQTT") + bytes([5, flags, 0, 60]) + auth_block(case.method, case.first)
    body += text(client_id) + (text(case.username) if case.username is not None else b"")
    client.socket.sendall(packet(0x10, body))


def exporter(tls):
    """The tls-exporter binding of a connection: Python's ssl does not tell it, the library below does."""
    library = ctypes.CDLL("libssl.so.3")
    pointer = ctypes.sizeof(ctypes.c_void_p)
    # The object begins with its head and a weak reference; then comes the connection.
    session = ctypes.c_void_p.from_address(id(tls._sslobj) + object.__basicsize__ + pointer)
    library.SSL_get_version.restype = ctypes.c_char_p
    assert library.SSL_get_version(session) == tls.version().encode()
    binding, label = ctypes.create_string_buffer(32), b"EXPORTER-Channel-Binding"
    size = ctypes.c_size_t
    assert library.SSL_export_keying_material(
        session, binding, size(32), label, size(len(label)), None, size(0), 0) == 1
    return binding.raw


def play(broker, case, client_id, wrap):
    with Client(broker.port, wrap) as client:
        if callable(case.binding):
            case = copy.copy(case)
            case.binding = exporter(client.socket)
        answers = exchange(client, case, lambda: connect(client, case, client_id))
        if answers[-1].reason != 0:
            answers.append(receive(client))
    if case.error is not None:
        broker.wait_for_log(f"scram: refused client {client_id}: e={case.error}\n")
    return answers


GOOD = "n,,n=alice,r=abc"


def flip(proof):
    """Another first letter, still Base64."""
    return (b"B" if proof[:1] == b"A" else b"A") + proof[1:]


def plain_cases(mechanism):
    """Without a certificate."""
    def case(name, first, *arguments, **more):
        return Case(f"{mechanism}: {name}", first, *arguments, mechanism=mechanism, **more)

    def first(name, message, error, ends=0x87):
        return case(name, message, ends, error, has_challenge=False)

    def final(name, error, **more):
        return case(name, GOOD, 0x87, error, **more)

    return [
        case("good", GOOD), case("good, could bind", "y,,n=alice,r=abc"),
        case("good, acts as itself", "n,a=alice,n=alice,r=abc"),
        case("good, extension", "n,,n=alice,r=abc,x=1", final="c={c},r={r},y=2"),
        case("good, name in CONNECT", GOOD, username="alice"),
        case("good, escapes", "n,,n=Zoë=2C=3D,r=abc", password="pässword"),
        case("good, name to normalise", "n,,n=\u24d0lic\uff45,r=abc"),
        case("good, soft hyphen", "n,,n=al\u00adice,r=abc"),
        case("long nonce", "n,,n=alice,r=" + "x" * 1024),
        case("wrong password", GOOD, 0x87, "invalid-proof", password="wrong"),
        case("unknown user", "n,,n=nobody,r=abc", 0x87, "invalid-proof", password="secret"),
        case("unassigned letter", "n,,n=\u0221,r=abc", 0x87, "invalid-proof", password="secret"),
        case("another name in CONNECT", GOOD, 0x87, "other-error", username="bob", password="secret"),
        final("tampered proof", "invalid-proof", proof=flip),
        final("short proof", "invalid-encoding", proof=lambda p: base64.b64encode(b"12345678")),
        final("proof of the other size", "invalid-encoding", proof=lambda p: base64.b64encode(
            bytes(96 - len(base64.b64decode(p))))),
        final("empty proof", "invalid-encoding", proof=lambda p: b""),
        final("no Base64 in proof", "invalid-encoding", proof=lambda p: b"*" + p[1:]),
        final("no proof", "invalid-encoding", whole=lambda m: m[:m.index(b",p=")]),
        final("longer nonce", "other-error", final="c={c},r={r}x"),
        final("own nonce only", "other-error", final="c={c},r=abc"),
        final("another header", "channel-bindings-dont-match", final="c=eSws,r={r}"),
        final("no Base64 in binding", "invalid-encoding", final="c=*,r={r}"),
        final("no binding", "invalid-encoding", final="r={r}"),
        final("wrong order", "invalid-encoding", final="r={r},c={c}"),
        final("empty extension", "invalid-encoding", final="c={c},r={r},x="),
        final("empty part", "invalid-encoding", final="c={c},r={r},"),
        final("mandatory extension", "extensions-not-supported", final="c={c},r={r},m=1"),
        final("extension slipped in", "invalid-proof",
              whole=lambda m: m.replace(b",p=", b",x=1,p=")),
        final("empty second message", "invalid-encoding", whole=lambda m: b""),
        final("no second message", "invalid-encoding", whole=lambda m: None),
        final("huge second message", "invalid-encoding",
              whole=lambda m: m.replace(b",p=", b",x=" + b"1" * 60000 + b",p=")),
        final("zero byte", "invalid-encoding", whole=lambda m: m.replace(b",p=", b",x=\0,p=")),
        first("empty first message", "", "invalid-encoding"),
        first("no first message", None, "invalid-encoding"),
        first("huge first message", GOOD + ",x=" + "1" * 60000, "invalid-encoding"),
        first("zero byte in front", GOOD + ",x=\0", "invalid-encoding"),
        first("header only", "n,,", "invalid-encoding"), first("flag only", "n", "invalid-encoding"),
        first("no nonce", "n,,n=alice", "invalid-encoding"),
        first("empty nonce", "n,,n=alice,r=", "invalid-encoding"),
        first("blank in nonce", "n,,n=alice,r=a b", "invalid-encoding"),
        first("too long nonce", "n,,n=alice,r=" + "x" * 1025, "invalid-encoding"),
        first("comma at the end", GOOD + ",", "invalid-encoding"),
        first("rubbish extension", GOOD + ",1=x", "invalid-encoding"),
        first("bad flag", "x,,n=alice,r=abc", "invalid-encoding"),
        first("bad identity", "n,alice,n=alice,r=abc", "invalid-encoding"),
        first("empty identity", "n,a=,n=alice,r=abc", "invalid-encoding"),
        first("no binding type", "p=,,n=alice,r=abc", "invalid-encoding"),
        first("acts as another", "n,a=bob,n=alice,r=abc", "other-error"),
        first("mandatory extension in front", "n,,m=x,n=alice,r=abc", "extensions-not-supported"),
        first("mandatory extension behind", GOOD + ",m=x", "extensions-not-supported"),
        first("empty name", "n,,n=,r=abc", "invalid-username-encoding"),
        first("small escape", "n,,n=a=2c,r=abc", "invalid-username-encoding"),
        first("control character", "n,,n=a\x07,r=abc", "invalid-username-encoding"),
        first("both directions", "n,,n=\u0627a,r=abc", "invalid-username-encoding"),
        first("no UTF-8", b"n,,n=\xc3\x28,r=abc", "invalid-username-encoding"),
        first("too long name", "n,,n=" + "x" * 1025 + ",r=abc", "invalid-username-encoding"),
        first("binds", "p=tls-server-end-point,,n=alice,r=abc", "channel-binding-not-supported"),
        case("method with binding", "p=tls-server-end-point,,n=alice,r=abc", 0x8C,
             method=mechanism + "-PLUS"),
        case("unknown method", GOOD, 0x8C, method="PLAIN"),
        case("method in small letters", GOOD, 0x8C, method=mechanism.lower()),
        case("half a method", GOOD, 0x8C, method=mechanism[:-1]),
    ]


def bound_cases(mechanism, right):
    """With the certificate whose binding is `right`."""
    def case(name, first, *arguments, **more):
        return Case(f"{mechanism}: {name}", first, *arguments, mechanism=mechanism, **more)

    plus = mechanism + "-PLUS"
    bound = "p=tls-server-end-point,,n=alice,r=abc"
    return [
        case("bound", bound, method=plus, binding=right), case("bound by choice", bound, binding=right),
        case("not bound", GOOD),
        case("bound elsewhere", bound, 0x87, "channel-bindings-dont-match", method=plus,
             binding=bytes(48), password="secret"),
        case("bound to nothing", bound, 0x87, "channel-bindings-dont-match", method=plus,
             password="secret"),
        case("must bind, does not", GOOD, 0x87, "other-error", method=plus),
        case("downgraded", "y,,n=alice,r=abc", 0x87, "server-does-support-channel-binding"),
        case("downgraded, must bind", "y,,n=alice,r=abc", 0x87,
             "server-does-support-channel-binding", method=plus),
        case("tls-unique", "p=tls-unique,,n=alice,r=abc", 0x87, "unsupported-channel-binding-type"),
        case("unknown type", "p=tls-other,,n=alice,r=abc", 0x87,
             "unsupported-channel-binding-type", method=plus),
    ]


def make_certificate(folder):
    """Makes a certificate; returns the paths of key and certificate, and the binding."""
    key, certificate = f"{folder}/key", f"{folder}/certificate"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha384", "-days", "2",
         "-subj", "/CN=localhost", "-keyout", key, "-out", certificate],
        check=True, stderr=subprocess.DEVNULL)
    with open(certificate, encoding="ascii") as file:
        der = ssl.PEM_cert_to_DER_cert(file.read())
    return key, certificate, hashlib.sha384(der).digest()


class AlikeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.file = f"{cls.folder.name}/credentials"
        for user, password in USERS:
            subprocess.run([TOOL, "-i", "4096", cls.file, user, password], check=True)
        subprocess.run(
            [TOOL, "-m", "SCRAM-SHA-256", "-i", "4096", cls.file, "carol", "secret"], check=True)
        cls.maxDiff = None

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def everywhere(self, play_all, lines=()):
        """Starts each broker with each plugin; compares what `play_all` returns for them."""
        outcomes = {}
        for path in BROKERS:
            mqtt.BROKER = path
            for plugin in PLUGINS:
                configuration = [
                    *lines, "allow_anonymous false", f"plugin {plugin}",
                    f"plugin_opt_credential_file {self.file}"]
                with Broker(configuration) as broker:
                    outcomes[path, plugin] = play_all(broker, path)
        for outcome in outcomes.values():
            for name, answers in outcome.items():
                # The original keeps the error for itself; the rest must be the same.
                outcome[name] = [
                    answer._replace(data=None, method=None)
                    if answer.packet == "CONNACK" and answer.reason >= 0x80 else answer
                    for answer in answers]
        reference = next(iter(outcomes.values()))
        for (path, plugin), outcome in outcomes.items():
            for name, answers in outcome.items():
                with self.subTest(broker=path, plugin=plugin, case=name):
                    self.assertEqual(answers, reference.get(name, answers))

    def check(self, case, answers, path):
        """The answers are those of the table."""
        with self.subTest(case=case.name):
            self.assertEqual(answers[0].packet == "AUTH", case.has_challenge, answers)
            self.assertEqual((answers[-1 if case.ends == 0 else -2])[:2], ("CONNACK", case.ends))
            if case.ends == 0:
                self.assertEqual(answers[-1].data, b"v=right")
            else:
                self.assertEqual(answers[-1], CLOSED)
                told = None if path == ORIGINAL or case.error is None else b"e=" + case.error.encode()
                self.assertEqual(answers[-2].data, told)

    def play_table(self, cases, broker, path, wrap=None):
        outcome = {}
        for index, case in enumerate(cases):
            outcome[case.name] = play(broker, case, f"client-{index}-", wrap)
            self.check(case, outcome[case.name], path)
        return outcome

    def test_without_certificate(self):
        cases = plain_cases("SCRAM-SHA-256") + plain_cases("SCRAM-SHA-512")
        cases += [
            Case("carol has one mechanism", "n,,n=carol,r=abc"),
            Case("carol lacks the other", "n,,n=carol,r=abc", 0x87, "invalid-proof",
                 mechanism="SCRAM-SHA-512", password="secret"),
        ]
        self.everywhere(lambda broker, path: self.play_table(cases, broker, path))

    def test_with_certificate(self):
        with tempfile.TemporaryDirectory() as folder:
            key, certificate, binding = make_certificate(folder)
            context = ssl.create_default_context(cafile=certificate)
            context.check_hostname = False
            cases = bound_cases("SCRAM-SHA-256", binding) + bound_cases("SCRAM-SHA-512", binding)
            lines = ["listener PORT 127.0.0.1", f"certfile {certificate}", f"keyfile {key}"]

            def play_all(broker, path):
                return self.play_table(cases, broker, path, context.wrap_socket)

            # The certificate belongs to the plugin, so its line follows the plugin's.
            self.file, file = f"{self.file}\nplugin_opt_server_certificate {certificate}", self.file
            try:
                self.everywhere(play_all, lines)
            finally:
                self.file = file

    def test_exporter(self):
        """[RFC 9266] Binding to the connection itself, which only our broker tells plugins about."""
        def cases(mechanism):
            def case(name, first, *arguments, **more):
                return Case(f"{mechanism}: {name}", first, *arguments, mechanism=mechanism, **more)

            plus, bound = mechanism + "-PLUS", "p=tls-exporter,,n=alice,r=abc"
            return [
                case("bound", bound, method=plus, binding=exporter), case("by choice", bound, binding=exporter),
                case("not bound", GOOD),
                case("bound elsewhere", bound, 0x87, "channel-bindings-dont-match", method=plus,
                     binding=bytes(32), password="secret"),
                case("downgraded", "y,,n=alice,r=abc", 0x87, "server-does-support-channel-binding"),
                case("certificate", "p=tls-server-end-point,,n=alice,r=abc", 0x87,
                     "unsupported-channel-binding-type", method=plus),
            ]

        older = [Case("1.2", "p=tls-exporter,,n=alice,r=abc", 0x87, "channel-binding-not-supported")]
        with tempfile.TemporaryDirectory() as folder:
            key, certificate, _ = make_certificate(folder)
            context = ssl.create_default_context(cafile=certificate)
            context.check_hostname = False
            lines = ["listener PORT 127.0.0.1", f"certfile {certificate}", f"keyfile {key}"]

            def play_all(broker, path):
                if path == ORIGINAL:
                    plain = [case for case in cases("SCRAM-SHA-256") if case.name.endswith("not bound")]
                    return self.play_table(plain, broker, path, context.wrap_socket)
                context.maximum_version = ssl.TLSVersion.TLSv1_2
                self.play_table(older, broker, path, context.wrap_socket)
                context.maximum_version = ssl.TLSVersion.TLSv1_3
                return self.play_table(
                    cases("SCRAM-SHA-256") + cases("SCRAM-SHA-512"), broker, path, context.wrap_socket)

            self.everywhere(play_all, lines)

    def again(self, broker, path, case):
        """Logs alice in, then authenticates again as the case says."""
        with Client(broker.port) as client:
            login = Case("login", GOOD, mechanism=case.mechanism)
            exchange(client, login, lambda: connect(client, login, "again"))
            answers = exchange(
                client, case,
                lambda: client.send(0xF0, b"\x19" + auth_block(case.method, case.first)))
            # [MQTT-4.12.1-2] The original 2.0 sends a second CONNACK instead of DISCONNECT.
            if path == ORIGINAL and answers[-1].packet == "CONNACK":
                answers[-1] = answers[-1]._replace(packet="DISCONNECT", method=None)
            if answers[-1].reason == 0:
                client.send(0xC0, b"")
                self.assertEqual(client.receive(), (0xD0, b""))
            else:
                self.assertEqual(receive(client), CLOSED)
            return answers

    def test_again(self):
        """[MQTT-4.12.1-1] [MQTT-4.12.1-2] Re-authentication."""
        cases = []
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            more = {"mechanism": mechanism}
            cases += [
                Case(f"{mechanism} good", GOOD, **more),
                Case(f"{mechanism} wrong", GOOD, 0x87, password="wrong", **more),
                Case(f"{mechanism} tampered", GOOD, 0x87, proof=flip, **more),
                Case(f"{mechanism} other", "n,,n=bob,r=abc", 0x87, password="hunter2", **more),
                Case(f"{mechanism} bad", "n,,n=bob", 0x87, **more),
                Case(f"{mechanism} empty", "", 0x87, **more),
            ]

        def play_all(broker, path):
            outcome = {}
            for case in cases:
                answers = outcome[case.name] = self.again(broker, path, case)
                kind = "AUTH" if case.ends == 0 else "DISCONNECT"
                with self.subTest(case=case.name, broker=path):
                    self.assertEqual(answers[-1][:2], (kind, case.ends))
                    self.assertEqual(answers[0].packet == "AUTH", case.has_challenge)
            return outcome

        self.everywhere(play_all)

    def test_other_method(self):
        """[MQTT-4.12.0-5] [MQTT-4.12.1-1] The method stays the same; who changes it is not let in."""
        def play_all(broker, path):
            between = Case("between", GOOD, final_method="SCRAM-SHA-512")
            answers = play(broker, between, "between", None)
            self.assertEqual(answers[0].packet, "AUTH")
            self.assertNotEqual(answers[1].reason, 0)
            changed = Case("changed", GOOD, method="SCRAM-SHA-512", mechanism="SCRAM-SHA-512")
            with Client(broker.port) as client:
                login = Case("login", GOOD)
                exchange(client, login, lambda: connect(client, login, "changed"))
                client.send(0xF0, b"\x19" + auth_block(changed.method, changed.first))
                self.assertNotEqual(receive(client).reason, 0x18)
                self.assertEqual(receive(client), CLOSED)
            return {}

        self.everywhere(play_all)


if __name__ == "__main__":
    unittest.main()
