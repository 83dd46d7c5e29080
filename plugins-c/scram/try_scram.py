#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Logs in to a broker by SCRAM-SHA-256: try_scram.py HOST PORT USER PASSWORD. Standard library only."""
import base64
import hashlib
import hmac
import os
import socket
import sys

METHOD = b"SCRAM-SHA-256"


def text(data):
    """An MQTT string or binary field."""
    return len(data).to_bytes(2, "big") + data


def packet(first, body):
    """A packet; all of ours are shorter than 16384 bytes."""
    size = len(body)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return bytes([first]) + length + body


def properties(data):
    """Authentication method and data, with their length in front."""
    body = b"\x15" + text(METHOD) + b"\x16" + text(data)
    return (bytes([len(body)]) if len(body) < 128 else bytes([len(body) & 127 | 128, len(body) >> 7])) + body


def receive(stream):
    """Reads a packet: its first byte and its body."""
    first = stream.read(1)
    if not first:
        sys.exit("The broker closed the connection.")
    size, shift = 0, 0
    while True:
        byte = stream.read(1)[0]
        size |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return first[0], stream.read(size)


def authentication_data(body):
    """The data behind two bytes of flags or one of reason; looked for, not parsed."""
    mark = b"\x16"
    at = body.index(b"\x15" + text(METHOD)) + 3 + len(METHOD)
    if body[at:at + 1] != mark:
        at = body.index(mark, at)
    size = int.from_bytes(body[at + 1:at + 3], "big")
    return body[at + 3:at + 3 + size]


def main():
    host, port, user, password = sys.argv[1:5]
    stream = socket.create_connection((host, int(port))).makefile("rwb")
    name = user.replace("=", "=3D").replace(",", "=2C").encode()
    nonce = base64.b64encode(os.urandom(18))
    bare = b"n=" + name + b",r=" + nonce
    stream.write(packet(0x10, text(b"MQTT") + b"\x05\x02\x00\x3c" + properties(b"n,," + bare) + text(b"try-scram")))
    stream.flush()
    kind, body = receive(stream)
    if kind != 0xF0:
        sys.exit(f"Refused with reason 0x{body[1]:02x}.")
    first = authentication_data(body)
    fields = dict(part.split(b"=", 1) for part in first.split(b","))
    if not fields[b"r"].startswith(nonce):
        sys.exit("The broker changed our nonce.")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields[b"s"]), int(fields[b"i"]))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    without_proof = b"c=biws,r=" + fields[b"r"]
    messages = b",".join([bare, first, without_proof])
    signature = hmac.digest(hashlib.sha256(client_key).digest(), messages, "sha256")
    proof = bytes(a ^ b for a, b in zip(client_key, signature))
    stream.write(packet(0xF0, b"\x18" + properties(without_proof + b",p=" + base64.b64encode(proof))))
    stream.flush()
    kind, body = receive(stream)
    if kind != 0x20 or body[1] != 0:
        sys.exit(f"Refused with reason 0x{body[1]:02x}.")
    expected = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), messages, "sha256")
    if authentication_data(body) != b"v=" + base64.b64encode(expected):
        sys.exit("The broker does not know the password.")
    print(f"{user} is in, and the broker has proved itself.")
    stream.write(b"\xe0\x00")
    stream.flush()


if __name__ == "__main__":
    main()
