#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The SCRAM plugin in a real broker, against another implementation (scramp, from PyPI).

Run it as: BROKER=/usr/sbin/mosquitto SCRAM_PLUGIN=... python3 -m unittest test_scram
"""
import hashlib
import os
import ssl
import subprocess
import tempfile
import unittest

import mqtt
from mqtt import Broker, Client, Closed, auth_properties

try:
    import scramp
except ImportError:
    scramp = None

PLUGIN = os.environ.get("SCRAM_PLUGIN", mqtt.plugin("scram"))
TOOL = f"{mqtt.ROOT}/plugins-c/scram/scram_passwd"


def data_of(body, method):
    """The authentication data among the properties of CONNACK or AUTH."""
    head = b"\x15" + mqtt.text(method)
    at = body.index(head) + len(head)
    at = body.index(b"\x16", at)
    size = int.from_bytes(body[at + 1:at + 3], "big")
    return body[at + 3:at + 3 + size].decode()


def add_user(path, *arguments):
    subprocess.run([TOOL, *arguments[:-2], path, *arguments[-2:]], check=True)


@unittest.skipIf(scramp is None, "scramp is not installed")
class ScramTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.file = f"{cls.folder.name}/credentials"
        for user, password in (("alice", "secret"), ("bob", "hunter2"), ("Zoë,=", "pässword")):
            add_user(cls.file, "-i", "4096", user, password)
        cls.broker = Broker([f"plugin {PLUGIN}", f"plugin_opt_credential_file {cls.file}"])

    @classmethod
    def tearDownClass(cls):
        cls.broker.stop()
        cls.folder.cleanup()

    def login(self, client, mechanism, user, password, name=None, binding=None, method=None):
        """Goes through one exchange; returns the last packet's first byte and its reason."""
        other = scramp.ScramClient([mechanism], user, password, channel_binding=binding)
        method = method or mechanism
        first = auth_properties(method, other.get_client_first())
        kind, body = client.connect(f"{user}-id", username=name, properties=first)
        if kind != 0xF0:
            return kind, body[1]
        self.assertEqual(body[0], 0x18)
        other.set_server_first(data_of(body, method))
        client.send(0xF0, b"\x18" + auth_properties(method, other.get_client_final()))
        kind, body = client.receive()
        if body[1] == 0:
            other.set_server_final(data_of(body, method))
        return kind, body[1]

    def test_logs_in(self):
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            for user, password in (("alice", "secret"), ("Zoë,=", "pässword")):
                with self.subTest(mechanism=mechanism, user=user), Client(self.broker.port) as client:
                    self.assertEqual(self.login(client, mechanism, user, password), (0x20, 0))
                    self.broker.wait_for_log(f"u'{user}'")
                    client.send(0xC0, b"")
                    self.assertEqual(client.receive(), (0xD0, b""))

    def test_refuses_wrong_password_and_unknown_user_alike(self):
        for user, password in (("alice", "wrong"), ("nobody", "secret")):
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
                with self.subTest(user=user), Client(self.broker.port) as client:
                    self.assertEqual(self.login(client, mechanism, user, password), (0x20, 0x87))

    def test_unknown_user_looks_known(self):
        answers = []
        for _ in range(2):
            for user in ("alice", "nobody"):
                with Client(self.broker.port) as client:
                    first = auth_properties("SCRAM-SHA-256", f"n,,n={user},r=abc")
                    _, body = client.connect("probe", properties=first)
                    fields = dict(x.split("=", 1) for x in data_of(body, "SCRAM-SHA-256").split(","))
                    answers.append((fields["s"], fields["i"]))
        self.assertEqual(answers[:2], answers[2:])
        self.assertEqual(answers[0][1], answers[1][1])
        self.assertEqual(len(answers[0][0]), len(answers[1][0]))

    def test_refuses_bad_first_messages(self):
        for message in ("", "n,,", "n,,n=alice", "n,,m=x,n=alice,r=abc", "p=tls-unique,,n=alice,r=a"):
            with self.subTest(message=message), Client(self.broker.port) as client:
                properties = auth_properties("SCRAM-SHA-256", message)
                kind, body = client.connect("bad", properties=properties)
                self.assertEqual((kind, body[1]), (0x20, 0x87))

    def test_leaves_other_methods_to_others(self):
        for method in ("PLAIN", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1"):
            with self.subTest(method=method), Client(self.broker.port) as client:
                kind, body = client.connect("other", properties=auth_properties(method, "x"))
                self.assertEqual((kind, body[1]), (0x20, 0x8C))

    def test_user_name_of_connect_must_be_the_proved_one(self):
        with Client(self.broker.port) as client:
            self.assertEqual(self.login(client, "SCRAM-SHA-256", "alice", "secret", "alice"), (0x20, 0))
        with Client(self.broker.port) as client:
            self.assertEqual(self.login(client, "SCRAM-SHA-256", "bob", "hunter2", "alice"), (0x20, 0x87))

    def reauthenticate(self, client, user, password):
        other = scramp.ScramClient(["SCRAM-SHA-256"], user, password)
        client.send(0xF0, b"\x19" + auth_properties("SCRAM-SHA-256", other.get_client_first()))
        kind, body = client.receive()
        self.assertEqual((kind, body[0]), (0xF0, 0x18))
        other.set_server_first(data_of(body, "SCRAM-SHA-256"))
        client.send(0xF0, b"\x18" + auth_properties("SCRAM-SHA-256", other.get_client_final()))
        kind, body = client.receive()
        if kind == 0xF0:
            other.set_server_final(data_of(body, "SCRAM-SHA-256"))
        # 2.0 refuses with a second CONNACK where DISCONNECT should be [MQTT-4.12.1-2].
        return body[1] if kind == 0x20 else body[0]

    def test_authenticates_again(self):
        with Client(self.broker.port) as client:
            self.assertEqual(self.login(client, "SCRAM-SHA-256", "alice", "secret"), (0x20, 0))
            self.assertEqual(self.reauthenticate(client, "alice", "secret"), 0)
            self.assertEqual(self.reauthenticate(client, "alice", "secret"), 0)
            self.assertEqual(self.reauthenticate(client, "alice", "wrong"), 0x87)

    def test_does_not_become_somebody_else(self):
        with Client(self.broker.port) as client:
            self.assertEqual(self.login(client, "SCRAM-SHA-256", "alice", "secret"), (0x20, 0))
            self.assertEqual(self.reauthenticate(client, "bob", "hunter2"), 0x87)

    def test_reads_the_file_again(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/credentials"
            add_user(path, "carol", "old")
            lines = [f"plugin {PLUGIN}", f"plugin_opt_credential_file {path}"]
            with Broker(lines) as broker:
                add_user(path, "carol", "new")
                broker.reload()
                broker.wait_for_log("scram: 2 verifiers")
                with Client(broker.port) as client:
                    self.assertEqual(self.login(client, "SCRAM-SHA-512", "carol", "old"), (0x20, 0x87))
                with Client(broker.port) as client:
                    self.assertEqual(self.login(client, "SCRAM-SHA-512", "carol", "new"), (0x20, 0))
                with open(path, "a", encoding="utf-8") as file:
                    file.write("rubbish\n")
                broker.reload()
                broker.wait_for_log("line 4")
                with Client(broker.port) as client:
                    self.assertEqual(self.login(client, "SCRAM-SHA-512", "carol", "new"), (0x20, 0))

    def test_refuses_to_start(self):
        for options in (
            [], ["plugin_opt_credential_file /nowhere"], ["plugin_opt_unknown x"],
            ["plugin_opt_default_iterations 1"], ["plugin_opt_server_certificate /nowhere"],
        ):
            with self.subTest(options=options):
                if "credential" not in "".join(options) and options:
                    options.append(f"plugin_opt_credential_file {self.file}")
                broker = Broker([f"plugin {PLUGIN}"] + options)
                self.assertNotEqual(broker.stop(), 0)
                self.assertNotIn(" running\n", broker.log)

    def test_binds_to_the_certificate(self):
        with tempfile.TemporaryDirectory() as folder:
            key, certificate = f"{folder}/key", f"{folder}/certificate"
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha384", "-days", "2",
                 "-subj", "/CN=localhost", "-keyout", key, "-out", certificate],
                check=True, stderr=subprocess.DEVNULL)
            lines = [
                "listener PORT 127.0.0.1", f"certfile {certificate}", f"keyfile {key}",
                f"plugin {PLUGIN}", f"plugin_opt_credential_file {self.file}",
                f"plugin_opt_server_certificate {certificate}",
            ]
            with open(certificate, encoding="ascii") as file:
                der = ssl.PEM_cert_to_DER_cert(file.read())
            right = ("tls-server-end-point", hashlib.sha384(der).digest())
            wrong = ("tls-server-end-point", hashlib.sha384(b"another").digest())
            context = ssl.create_default_context(cafile=certificate)
            context.check_hostname = False

            with Broker(lines) as broker:
                def attempt(mechanism, binding, method=None):
                    with Client(broker.port, context.wrap_socket) as client:
                        return self.login(
                            client, mechanism, "alice", "secret", binding=binding, method=method)

                self.assertEqual(attempt("SCRAM-SHA-256-PLUS", right), (0x20, 0))
                self.assertEqual(attempt("SCRAM-SHA-512-PLUS", right), (0x20, 0))
                self.assertEqual(attempt("SCRAM-SHA-256-PLUS", right, "SCRAM-SHA-256"), (0x20, 0))
                self.assertEqual(attempt("SCRAM-SHA-256-PLUS", wrong), (0x20, 0x87))
                self.assertEqual(attempt("SCRAM-SHA-256", None), (0x20, 0))
                self.assertEqual(attempt("SCRAM-SHA-256", None, "SCRAM-SHA-256-PLUS"), (0x20, 0x87))
                with Client(broker.port, context.wrap_socket) as client:
                    properties = auth_properties("SCRAM-SHA-256", "y,,n=alice,r=abc")
                    kind, body = client.connect("downgraded", properties=properties)
                    self.assertEqual((kind, body[1]), (0x20, 0x87))

    def test_closes_on_a_lost_first_step(self):
        with Client(self.broker.port) as client:
            self.assertEqual(self.login(client, "SCRAM-SHA-256", "alice", "secret"), (0x20, 0))
            client.send(0xF0, b"\x18" + auth_properties("SCRAM-SHA-256", "c=biws,r=abc,p=AAAA"))
            with self.assertRaises(Closed):
                while True:
                    kind, _ = client.receive()
                    self.assertEqual(kind, 0xE0)


if __name__ == "__main__":
    unittest.main()
