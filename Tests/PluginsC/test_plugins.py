#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The plugins of plugins-c in a real broker: BROKER=/usr/sbin/mosquitto python3 -m unittest test_plugins"""
import subprocess
import unittest

import mqtt
from mqtt import Broker, Client, Closed, plugin


def version():
    """The broker's version as two numbers."""
    shown = subprocess.run([mqtt.BROKER, "-h"], capture_output=True, text=True, check=False).stdout
    return tuple(int(x) for x in shown.split("version ")[1].split(".")[:2])


IS_21 = version() >= (2, 1)
needs_21 = unittest.skipUnless(IS_21, "needs the events of 2.1")


class PluginTest(unittest.TestCase):
    def accepts(self, broker, **arguments):
        """Whether a connection with these arguments of Client.connect is accepted."""
        with Client(broker.port) as client:
            try:
                return client.connect(**arguments)[1][1] == 0
            except Closed:
                return False

    def test_client_properties(self):
        with Broker([f"plugin {plugin('client_properties')}", "allow_anonymous true"]) as broker:
            with Client(broker.port) as client:
                self.assertEqual(client.connect("me")[1][1], 0)
                log = broker.wait_for_log("keep alive 60")
                self.assertIn("client me: address 127.0.0.1, user (none), protocol 0 version 5", log)
                properties = b"\x01\x01\x09\x00\x02ab\x26" + mqtt.text("key") + mqtt.text("value")
                client.publish("a/b", b"xyz", mqtt.number(len(properties)) + properties)
                log = broker.wait_for_log("user-property")
                self.assertIn("message from me to a/b, 3 bytes", log)
                self.assertIn("payload-format-indicator: 1", log)
                self.assertIn("correlation-data: 2 bytes", log)
                self.assertIn("user-property: key = value", log)

    def test_auth_by_ip(self):
        path = plugin("auth_by_ip")
        for allowed, is_in in (
            ("127.0.0.0/8", True), ("127.0.0.1", True), ("126.0.0.0/7", True), ("127.0.0.2", False),
            ("128.0.0.0/1", False), ("::/0", False),
        ):
            with self.subTest(allowed=allowed):
                with Broker([f"plugin {path}", f"plugin_opt_allow {allowed}"]) as broker:
                    self.assertEqual(self.accepts(broker, client_id="me"), is_in)
        broker = Broker([f"plugin {path}", "plugin_opt_allow 127.0.0.0/33"])
        self.assertNotEqual(broker.stop(), 0)

    def test_deny_protocol_version(self):
        lines = [
            f"plugin {plugin('deny_protocol_version')}", "plugin_opt_deny 3", "plugin_opt_deny 5",
            "allow_anonymous true",
        ]
        with Broker(lines) as broker:
            found = [self.accepts(broker, client_id="me", version=v) for v in (3, 4, 5)]
            self.assertEqual(found, [False, True, False])

    def test_payload_modification(self):
        lines = [f"plugin {plugin('payload_modification')}", "plugin_opt_prefix >>", "allow_anonymous true"]
        with Broker(lines) as broker, Client(broker.port) as client:
            client.connect("me")
            client.subscribe("a")
            for payload in (b"text", b""):
                client.publish("a", payload)
                self.assertEqual(client.message(), ("a", b"", b">>" + payload))

    def test_message_timestamp(self):
        lines = [f"plugin {plugin('message_timestamp')}", "allow_anonymous true"]
        with Broker(lines) as broker, Client(broker.port) as client:
            client.connect("me")
            client.subscribe("a")
            client.publish("a", b"x")
            _, properties, payload = client.message()
            self.assertEqual(payload, b"x")
            self.assertRegex(
                properties, rb"^\x26\x00\x09timestamp\x00\x18\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_auth_v4(self):
        lines = [
            f"auth_plugin {plugin('auth_v4')}", "auth_opt_username alice", "auth_opt_password secret",
        ]
        with Broker(lines) as broker:
            self.assertFalse(self.accepts(broker, client_id="a", username="alice", password="x"))
            self.assertFalse(self.accepts(broker, client_id="a", username="bob", password="secret"))
            self.assertFalse(self.accepts(broker, client_id="a"))
            broker.reload()
            broker.wait_for_log("auth_v4: reloaded")
            with Client(broker.port) as client:
                self.assertEqual(client.connect("a", username="alice", password="secret")[1][1], 0)
                client.subscribe("#")
                client.publish("alice/x", b"1", qos=1)
                found = sorted(client.receive()[0] & 0xF0 for _ in range(2))
                self.assertEqual(found, [0x30, 0x40])
                client.publish("bob/x", b"1", qos=1)
                first, body = client.receive()
                self.assertEqual((first, body[2]), (0x40, 0x87))

    @needs_21
    def test_delayed_auth(self):
        lines = [
            f"plugin {plugin('delayed_auth')}", "plugin_opt_user alice:secret",
            "plugin_opt_delay_ms 300", "plugin_opt_user bob:x",
        ]
        with Broker(lines) as broker:
            self.assertTrue(self.accepts(broker, client_id="a", username="alice", password="secret"))
            self.assertFalse(self.accepts(broker, client_id="a", username="alice", password="x"))
            with Client(broker.port) as gone:
                gone.send(0x10, mqtt.text("MQTT") + b"\5\xC2\0\x3C\0" + mqtt.text("gone")
                          + mqtt.text("bob") + mqtt.text("x"))
            self.assertTrue(self.accepts(broker, client_id="b", username="bob", password="x"))

    @needs_21
    def test_delayed_auth_one_identifier(self):
        """Nobody comes in by the answer to another question about the same client identifier."""
        lines = [
            f"plugin {plugin('delayed_auth')}", "plugin_opt_user alice:secret",
            "plugin_opt_delay_ms 300",
        ]
        right = (b"\5\xC2\0\x3C\0" + mqtt.text("same") + mqtt.text("alice") + mqtt.text("secret"))
        wrong = (b"\5\xC2\0\x3C\0" + mqtt.text("same") + mqtt.text("alice") + mqtt.text("guess"))
        with Broker(lines) as broker:
            with Client(broker.port) as gone, Client(broker.port) as stranger:
                gone.send(0x10, mqtt.text("MQTT") + right)
                gone.close()
                stranger.send(0x10, mqtt.text("MQTT") + wrong)
                self.assertEqual(stranger.receive()[1][1], 0x87)
            self.assertTrue(
                self.accepts(broker, client_id="same", username="alice", password="secret"))

    @needs_21
    def test_topic_jail(self):
        lines = [f"plugin {plugin('topic_jail')}", "plugin_opt_free admin", "allow_anonymous true"]
        with Broker(lines) as broker:
            with Client(broker.port) as one, Client(broker.port) as two, Client(broker.port) as admin:
                for client, name in ((one, "one"), (two, "two"), (admin, "admin")):
                    client.connect(name, username=name)
                    client.subscribe("#")
                one.publish("a/b", b"from one")
                self.assertEqual(one.message(), ("a/b", b"", b"from one"))
                self.assertEqual(admin.message(), ("jail/one/a/b", b"", b"from one"))
                two.publish("c", b"from two")
                self.assertEqual(two.message(), ("c", b"", b"from two"))

    @needs_21
    def test_connection_state(self):
        lines = [f"plugin {plugin('connection_state')}", "allow_anonymous true"]
        with Broker(lines) as broker, Client(broker.port) as watcher:
            watcher.connect("watcher")
            watcher.subscribe("$SYS/broker/connection/client/+/state")
            topic, _, payload = watcher.message()
            self.assertEqual((topic, payload), ("$SYS/broker/connection/client/watcher/state", b"1"))
            with Client(broker.port) as other:
                other.connect("other")
                self.assertEqual(watcher.message()[2], b"1")
            topic, _, payload = watcher.message()
            self.assertEqual((topic, payload), ("$SYS/broker/connection/client/other/state", b"0"))


if __name__ == "__main__":
    unittest.main()
