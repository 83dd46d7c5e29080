# SPDX-License-Identifier: Apache-2.0
"""paho-mqtt, with its network thread; see common.py."""

import threading

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

import common

arguments = common.Arguments()
connected, subscribed, unsubscribed, complete = (threading.Event() for _ in range(4))
options = {} if arguments.version == 5 else {"clean_session": False}
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, arguments.client_id, protocol=arguments.version, **options)
client.reconnect_delay_set(common.RETRY_SECONDS, common.RETRY_SECONDS)
client.max_inflight_messages_set(arguments.window)
client.max_queued_messages_set(0)
client.on_connect = lambda *rest: connected.set()
client.on_subscribe = lambda *rest: subscribed.set()
client.on_unsubscribe = lambda *rest: unsubscribed.set()
receiver = common.Receiver(arguments)


def on_message(_, __, message):
    receiver.take(message.payload)
    if receiver.is_complete:
        complete.set()


# What it keeps for the next connection counts as failed for `wait_for_publish`, but is told of here.
answered = set()


def on_publish(_, __, identifier, *rest):
    answered.add(identifier)
    if len(answered) == arguments.count:
        complete.set()


client.on_message = on_message
client.on_publish = on_publish
options = {}
if arguments.version == 5:
    options = {"clean_start": False, "properties": Properties(PacketTypes.CONNECT)}
    options["properties"].SessionExpiryInterval = common.EXPIRY_SECONDS
    if arguments.role == "receive":
        options["properties"].ReceiveMaximum = arguments.window
if arguments.role == "publish":
    # Before there is a connection: what is published while one ends may overtake what was published before.
    for number in range(arguments.count):
        client.publish(arguments.topic, common.payload(number, arguments.size), 2)
client.connect("127.0.0.1", arguments.port, 60, **options)
client.loop_start()
connected.wait()
if arguments.role == "receive":
    client.subscribe(arguments.topic, 2)
    subscribed.wait()
    common.say("ready")
    complete.wait()
    # Its answer comes after everything that the client had to say before.
    client.unsubscribe("nothing")
    unsubscribed.wait()
else:
    complete.wait()
client.disconnect()
client.loop_stop()
common.leave()
