# SPDX-License-Identifier: Apache-2.0
"""gmqtt; see common.py. It hands on what is sent to it again, and says so."""

import asyncio
import logging

import gmqtt
from gmqtt.storage import PersistentStorage

import common

logging.disable(logging.CRITICAL)


class Storage(PersistentStorage):
    """What is in flight; tells when there is less of it."""

    def __init__(self):
        super().__init__()
        self.shrunk = asyncio.Event()

    def remove_message_by_mid(self, mid):
        super().remove_message_by_mid(mid)
        self.shrunk.set()


async def publish(arguments, client, storage):
    for number in range(arguments.count):
        while len(storage.get_all()) >= arguments.window or not client.is_connected:
            storage.shrunk.clear()
            try:
                await asyncio.wait_for(storage.shrunk.wait(), common.RETRY_SECONDS)
            except asyncio.TimeoutError:
                pass
        client.publish(arguments.topic, common.payload(number, arguments.size), qos=2)
    while not storage.is_empty:
        await storage.wait_empty()


async def receive(arguments, client):
    receiver = common.Receiver(arguments)
    subscribed, unsubscribed, complete = (asyncio.Event() for _ in range(3))

    def on_message(_, topic, content, qos, properties):
        receiver.take(content, bool(properties["dup"]))
        if receiver.is_complete:
            complete.set()

    client.on_message = on_message
    client.on_subscribe = lambda *rest: subscribed.set()
    client.on_unsubscribe = lambda *rest: unsubscribed.set()
    client.subscribe(arguments.topic, qos=2)
    await subscribed.wait()
    common.say("ready")
    await complete.wait()
    while not unsubscribed.is_set():
        if client.is_connected:
            client.unsubscribe("nothing")
        try:
            await asyncio.wait_for(unsubscribed.wait(), 1)
        except asyncio.TimeoutError:
            pass


async def main(arguments):
    storage = Storage()
    options = {}
    if arguments.version == 5:
        options["session_expiry_interval"] = common.EXPIRY_SECONDS
        if arguments.role == "receive":
            options["receive_maximum"] = arguments.window
    client = gmqtt.Client(arguments.client_id, clean_session=False, persistent_storage=storage, **options)
    client.set_config({"reconnect_retries": -1, "reconnect_delay": common.RETRY_SECONDS})
    await client.connect("127.0.0.1", arguments.port, version=arguments.version)
    if arguments.role == "receive":
        await receive(arguments, client)
    else:
        await publish(arguments, client, storage)
    await client.disconnect()


asyncio.run(main(common.Arguments()))
common.leave()
