# SPDX-License-Identifier: Apache-2.0
# A client in Python through ctypes, as there are some: ctypes_client.py HOST PORT
import ctypes
import os
import select
import sys

library = ctypes.CDLL("libmosquitto.so.1", use_errno=True)
handle = ctypes.c_void_p


class Message(ctypes.Structure):
    _fields_ = [
        ("mid", ctypes.c_int), ("topic", ctypes.c_char_p), ("payload", ctypes.c_void_p),
        ("payloadlen", ctypes.c_int), ("qos", ctypes.c_int), ("retain", ctypes.c_bool),
    ]


on_connect_type = ctypes.CFUNCTYPE(None, handle, ctypes.py_object, ctypes.c_int)
on_subscribe_type = ctypes.CFUNCTYPE(
    None, handle, ctypes.py_object, ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.c_int))
on_message_type = ctypes.CFUNCTYPE(None, handle, ctypes.py_object, ctypes.POINTER(Message))

library.mosquitto_new.restype = handle
library.mosquitto_new.argtypes = [ctypes.c_char_p, ctypes.c_bool, ctypes.py_object]
library.mosquitto_strerror.restype = ctypes.c_char_p
for name in ["connect_callback_set", "subscribe_callback_set", "message_callback_set", "destroy"]:
    getattr(library, "mosquitto_" + name).restype = None


def check(code):
    if code != 0:
        raise RuntimeError(library.mosquitto_strerror(code).decode())


state = {"received": []}


@on_connect_type
def on_connect(mosq, data, code):
    print("connected", code, data is state)
    check(library.mosquitto_subscribe(handle(mosq), None, b"ctypes/#", 2))


@on_subscribe_type
def on_subscribe(mosq, data, mid, count, granted):
    print("granted", [granted[i] for i in range(count)])
    for qos in range(3):
        text = b"text %d" % qos
        check(library.mosquitto_publish(
            handle(mosq), None, b"ctypes/a", len(text), text, qos, ctypes.c_bool(False)))


@on_message_type
def on_message(mosq, data, message):
    found = message.contents
    data["received"].append((ctypes.string_at(found.payload, found.payloadlen).decode(), found.qos))


# A program that looks at errno after new, which is to leave it alone.
ctypes.set_errno(0)
client = library.mosquitto_new(b"ctypes", True, state)
if not client or ctypes.get_errno() != 0:
    raise RuntimeError(os.strerror(ctypes.get_errno()))
client = handle(client)
library.mosquitto_connect_callback_set(client, on_connect)
library.mosquitto_subscribe_callback_set(client, on_subscribe)
library.mosquitto_message_callback_set(client, on_message)
check(library.mosquitto_connect(client, sys.argv[1].encode(), int(sys.argv[2]), 60))
# Its own loop, as with asyncio.
while len(state["received"]) < 3:
    socket = library.mosquitto_socket(client)
    writing = [socket] if library.mosquitto_want_write(client) else []
    readable, writable, _ = select.select([socket], writing, [], 10)
    if readable:
        check(library.mosquitto_loop_read(client, 1))
    if writable:
        check(library.mosquitto_loop_write(client, 1))
    check(library.mosquitto_loop_misc(client))
print(sorted(state["received"]))
check(library.mosquitto_disconnect(client))
library.mosquitto_destroy(client)
