#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Logs in with paho-mqtt by SCRAM-SHA-256 and passes a message round: try_paho.py HOST PORT USER PASSWORD.

paho-mqtt (2.0 or newer, from PyPI) knows authentication properties but no AUTH packets; ScramClient
adds them, by way of two methods of paho that are not public. Copy the class into your own program.
"""
import base64
import hashlib
import hmac
import os
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

METHOD = "SCRAM-SHA-256"
CONNACK, AUTH = 0x20, 0xF0
CONTINUE, AGAIN = 0x18, 0x19


class ScramClient(mqtt.Client):
    """A paho client that proves its password and accepts no broker that does not know it."""

    def __init__(self, user, password, **options):
        super().__init__(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, **options)
        self.on_authenticated = lambda: None
        self._name = user.replace("=", "=3D").replace(",", "=2C").encode()
        self._secret = password.encode()
        self._nonce = self._verifier = b""
        self._properties = Properties(PacketTypes.CONNECT)
        self._properties.AuthenticationMethod = METHOD
        self.on_pre_connect = lambda *_: setattr(self._properties, "AuthenticationData", self._first())

    def connect(self, host, port=1883, keepalive=60, **options):
        """Connects, with the first message among the properties."""
        return super().connect(host, port, keepalive, properties=self._properties, **options)

    def authenticate_again(self):
        """Proves the password once more while connected; on_authenticated() follows."""
        self._send_auth(AGAIN, self._first())

    def _first(self):
        self._nonce = base64.b64encode(os.urandom(18))
        return b"n,," + self._bare()

    def _bare(self):
        return b"n=" + self._name + b",r=" + self._nonce

    def _final(self, challenge):
        """The second message; keeps what the broker must answer."""
        fields = dict(part.split(b"=", 1) for part in challenge.split(b","))
        iterations = int(fields[b"i"])
        if not fields[b"r"].startswith(self._nonce) or not 4096 <= iterations <= 10_000_000:
            raise ValueError("the broker does not keep to RFC 5802")
        salted = hashlib.pbkdf2_hmac("sha256", self._secret, base64.b64decode(fields[b"s"]), iterations)
        key = hmac.digest(salted, b"Client Key", "sha256")
        final = b"c=biws,r=" + fields[b"r"]
        messages = b",".join([self._bare(), challenge, final])
        signature = hmac.digest(hashlib.sha256(key).digest(), messages, "sha256")
        server_key = hmac.digest(salted, b"Server Key", "sha256")
        self._verifier = b"v=" + base64.b64encode(hmac.digest(server_key, messages, "sha256"))
        return final + b",p=" + base64.b64encode(bytes(a ^ b for a, b in zip(key, signature)))

    def _send_auth(self, reason, data):
        properties = Properties(PacketTypes.AUTH)
        properties.AuthenticationMethod = METHOD
        properties.AuthenticationData = data
        body = bytes([reason]) + properties.pack()
        packet = bytearray([AUTH])
        self._pack_remaining_length(packet, len(body))
        self._packet_queue(AUTH, packet + body, 0, 0)

    def _packet_handle(self):
        """Called by paho with every packet."""
        kind, body = self._in_packet["command"] & 0xF0, bytes(self._in_packet["packet"])
        reason = body[1] if kind == CONNACK else body[0] if body else 0
        if kind == AUTH and reason == CONTINUE:
            self._send_auth(CONTINUE, self._final(self._data(PacketTypes.AUTH, body[1:])))
            return mqtt.MQTT_ERR_SUCCESS
        if kind in (CONNACK, AUTH) and reason == 0:
            data = self._data(kind >> 4, body[2 if kind == CONNACK else 1:])
            if not self._verifier or not hmac.compare_digest(data, self._verifier):
                return mqtt.MQTT_ERR_AUTH
            self._verifier = b""
        if kind == AUTH:
            self.on_authenticated()
            return mqtt.MQTT_ERR_SUCCESS
        return super()._packet_handle()

    @staticmethod
    def _data(packet_type, block):
        properties, _ = Properties(packet_type).unpack(block) if block else (None, 0)
        return getattr(properties, "AuthenticationData", b"")


def main():
    host, port, user, password = sys.argv[1:5]
    client = ScramClient(user, password, reconnect_on_failure=False)
    outcome = ["The broker closed the connection, or does not know the password."]

    def on_connect(_client, _userdata, _flags, reason, _properties):
        if reason.is_failure:
            outcome[0] = f"Refused: {reason}."
        else:
            client.authenticate_again()

    def on_message(_client, _userdata, message):
        outcome[0] = None
        print(f"{user} is in, proved it again, and received {message.payload.decode()!r}.")
        client.disconnect()

    client.on_connect = on_connect
    client.on_authenticated = lambda: client.subscribe("scram/try")
    client.on_subscribe = lambda *_: client.publish("scram/try", "hello")
    client.on_message = on_message
    client.connect(host, int(port))
    client.loop_forever()
    sys.exit(outcome[0])


if __name__ == "__main__":
    main()
