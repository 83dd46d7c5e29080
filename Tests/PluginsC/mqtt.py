# SPDX-License-Identifier: Apache-2.0
"""A broker under test and a small MQTT client that shows every byte. Standard library only."""
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BROKER = os.environ.get("BROKER", "/usr/sbin/mosquitto")
LIMIT = 20.0


def plugin(name):
    return f"{ROOT}/plugins-c/{name}/{name}.so"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    """A running broker; `lines` is configuration in which PORT stands for its port."""

    def __init__(self, lines, files=None):
        self.folder = tempfile.mkdtemp(prefix="plugins-c-")
        self.port = free_port()
        for name, text in (files or {}).items():
            with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        text = "\n".join(lines).replace("PORT", str(self.port)).replace("FOLDER", self.folder)
        if "listener" not in text:
            text = f"listener {self.port} 127.0.0.1\n" + text
        with open(f"{self.folder}/conf", "w", encoding="utf-8") as file:
            file.write("user root\nlog_type all\n" + text + "\n")
        self.process = subprocess.Popen(
            [BROKER, "-c", f"{self.folder}/conf"], stderr=subprocess.STDOUT, stdout=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.log = ""
        self.wait_for_log(" running\n", "Error:")

    def wait_for_log(self, *texts):
        """Waits until the log holds one of the texts; returns the log."""
        deadline = time.monotonic() + LIMIT
        while not any(text in self.log for text in texts):
            select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            data = self.process.stdout.read()
            if data == b"" or time.monotonic() > deadline:
                raise AssertionError(f"no {texts} in log:\n{self.log}")
            self.log += (data or b"").decode(errors="replace")
        return self.log

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        """Ends the broker; returns its exit status."""
        self.process.terminate()
        rest, _ = self.process.communicate(timeout=LIMIT)
        self.log += (rest or b"").decode(errors="replace")
        shutil.rmtree(self.folder)
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return len(data).to_bytes(2, "big") + data


def number(value):
    """A variable byte integer."""
    out = b""
    while True:
        value, low = value >> 7, value & 127
        out += bytes([low | (128 if value else 0)])
        if not value:
            return out


def packet(first, body):
    return bytes([first]) + number(len(body)) + body


def auth_properties(method, data):
    body = b"\x15" + text(method) + b"\x16" + text(data)
    return number(len(body)) + body


class Closed(Exception):
    """The broker has closed the connection."""


class Client:
    """A connection that sends and reads whole packets."""

    def __init__(self, port, wrap=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LIMIT)
        if wrap:
            self.socket = wrap(self.socket)
        self.stream = self.socket.makefile("rb")

    def send(self, first, body):
        self.socket.sendall(packet(first, body))

    def receive(self):
        """The first byte and the body of the next packet."""
        try:
            first = self.stream.read(1)
        except ConnectionResetError:
            first = b""
        if not first:
            raise Closed
        size, shift = 0, 0
        while True:
            byte = self.stream.read(1)[0]
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return first[0], self.stream.read(size)

    def connect(self, client_id, version=5, username=None, password=None, properties=b"\0"):
        """Sends CONNECT and returns the answer's first byte and its body."""
        flags = 2 | (0x80 if username is not None else 0) | (0x40 if password is not None else 0)
        body = text("MQIsdp" if version == 3 else "MQTT") + bytes([version, flags, 0, 60])
        if version == 5:
            body += properties
        body += text(client_id)
        if username is not None:
            body += text(username)
        if password is not None:
            body += text(password)
        self.send(0x10, body)
        return self.receive()

    def subscribe(self, topic, version=5):
        self.send(0x82, b"\0\1" + (b"\0" if version == 5 else b"") + text(topic) + b"\0")
        return self.receive()

    def publish(self, topic, payload, properties=b"\0", qos=0):
        body = text(topic) + (b"\0\7" if qos else b"") + properties + payload
        self.send(0x30 | qos << 1, body)

    def message(self):
        """The next QoS 0 PUBLISH of version 5: topic, properties, payload."""
        first, body = self.receive()
        assert first & 0xF0 == 0x30, hex(first)
        size = int.from_bytes(body[:2], "big")
        length = body[2 + size]
        assert length < 128
        rest = body[3 + size:]
        return body[2:2 + size].decode(), rest[:length], rest[length:]

    def close(self):
        self.stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
