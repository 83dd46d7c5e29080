# SPDX-License-Identifier: Apache-2.0
"""Listeners of every kind, and for each a way to connect that has the methods of a socket."""

import base64
import os
import socket
import ssl
import struct
import subprocess

from harness import free_port

PSK_NAME, PSK_KEY = "device", "0123456789abcdef0123456789abcdef"
TIMEOUT = 20


class WebSocket:
    """The client's end of a WebSocket: a message for each `sendall`, the payload of all messages from `recv`."""

    def __init__(self, stream):
        self.stream, self.bytes, self.payload = stream, b"", b""
        key = base64.b64encode(os.urandom(16)).decode()
        stream.sendall(
            b"GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n"
            + f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self.bytes:
            self._more()
        head, self.bytes = self.bytes.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError("the upgrade was refused")

    def _more(self):
        data = self.stream.recv(65536)
        if not data:
            raise ConnectionError("closed by the broker")
        self.bytes += data

    def sendall(self, data):
        """Sends one binary message, masked with zeros."""
        if len(data) < 126:
            head = struct.pack(">BB", 0x82, 0x80 | len(data))
        elif len(data) < 65536:
            head = struct.pack(">BBH", 0x82, 0x80 | 126, len(data))
        else:
            head = struct.pack(">BBQ", 0x82, 0x80 | 127, len(data))
        self.stream.sendall(head + b"\0\0\0\0" + data)

    def recv(self, count):
        """Up to `count` bytes of payload; none when the broker closes the WebSocket."""
        while not self.payload:
            frame = self._frame()
            if frame is None:
                try:
                    self._more()
                except ConnectionError:
                    return b""
            elif frame[0] & 15 == 8:
                return b""
            elif frame[0] & 15 == 9:
                self.stream.sendall(struct.pack(">BB", 0x8A, 0x80 | len(frame[1])) + b"\0\0\0\0" + frame[1])
            else:
                self.payload = frame[1]
        result, self.payload = self.payload[:count], self.payload[count:]
        return result

    def _frame(self):
        """The first byte and the payload of the next frame, if it is there."""
        if len(self.bytes) < 2:
            return None
        length, head = self.bytes[1] & 127, 2
        if length > 125:
            head = 4 if length == 126 else 10
            if len(self.bytes) < head:
                return None
            length = int.from_bytes(self.bytes[2:head], "big")
        if len(self.bytes) < head + length:
            return None
        result = self.bytes[0], self.bytes[head : head + length]
        self.bytes = self.bytes[head + length :]
        return result

    def __getattr__(self, name):
        return getattr(self.stream, name)


class PSK:
    """TLS with a pre-shared key, by way of the program `openssl`."""

    def __init__(self, port):
        self.stream, theirs = socket.socketpair()
        self.stream.settimeout(TIMEOUT)
        self.process = subprocess.Popen(
            ["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{port}", "-tls1_2"]
            + ["-psk_identity", PSK_NAME, "-psk", PSK_KEY, "-cipher", "PSK"],
            stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL,
        )
        theirs.close()

    def close(self):
        """Ends the program, which closes the connection."""
        self.stream.close()
        self.process.kill()
        self.process.wait()

    def setsockopt(self, *_):
        """The connection itself is the program's."""

    def __getattr__(self, name):
        return getattr(self.stream, name)


def plain(port):
    """TCP."""
    result = socket.create_connection(("127.0.0.1", port), TIMEOUT)
    result.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return result


def secure(port):
    """TLS, any certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    stream = plain(port)
    try:
        return context.wrap_socket(stream)
    except OSError:
        stream.close()
        raise


def through_proxy(port):
    """TCP with a PROXY header of version 2."""
    result = plain(port)
    address = socket.inet_aton("192.0.2.1") + socket.inet_aton("192.0.2.2") + struct.pack(">HH", 4711, port)
    result.sendall(b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + struct.pack(">H", len(address)) + address)
    return result


def unix(path):
    """A Unix socket."""
    result = socket.socket(socket.AF_UNIX)
    result.settimeout(TIMEOUT)
    result.connect(path)
    return result


class Transports:
    """One listener of each kind; `lines` is their configuration."""

    def __init__(self, folder, certificates, listener_lines=""):
        pair = f"certfile {certificates}/server.crt\nkeyfile {certificates}/server.key\n"
        kinds = {
            "tls": (secure, pair),
            "psk": (PSK, f"psk_hint storm\npsk_file {folder}/psk\n"),
            "websocket": (lambda port: WebSocket(plain(port)), "protocol websockets\n"),
            "websocket over tls": (lambda port: WebSocket(secure(port)), "protocol websockets\n" + pair),
            "proxy": (through_proxy, "enable_proxy_protocol 2\n"),
            "mount point": (plain, "mount_point mounted/\n"),
        }
        self.open, self.lines = {}, f"listener PORT 127.0.0.1\n{listener_lines}"
        for name, (connect, lines) in kinds.items():
            port = free_port()
            self.open[name] = lambda connect=connect, port=port: connect(port)
            self.lines += f"listener {port} 127.0.0.1\n{lines}{listener_lines}"
        self.lines += f"listener 0 {folder}/socket\n{listener_lines}"
        self.open["unix"] = lambda: unix(f"{folder}/socket")
        self.http_port = free_port()
        self.lines += f"listener {self.http_port} 127.0.0.1\nprotocol http_api\n{listener_lines}"
        path = f"{folder}/psk"
        with open(path, "w", encoding="utf-8") as file:
            os.chmod(path, 0o700)
            file.write(f"{PSK_NAME}:{PSK_KEY}\n")

    def serve(self, port):
        """Adds the listener whose port is only known when the broker starts."""
        self.open["tcp"] = lambda: plain(port)

    def ask(self, path="/api/v1/systree", authorization=""):
        """Asks the HTTP API; returns the status line."""
        with plain(self.http_port) as stream:
            stream.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{authorization}\r\n".encode())
            return stream.recv(65536).split(b"\r\n")[0].decode(errors="replace")


def make_certificates(root, folder):
    """The certificates of the transport tests."""
    subprocess.run(
        ["bash", f"{root}/Tests/TransportTests/Scripts/certificates.sh", folder],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
