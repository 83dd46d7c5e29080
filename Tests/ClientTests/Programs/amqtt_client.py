# SPDX-License-Identifier: Apache-2.0
"""The client of amqtt; see common.py. It knows version 3.1.1 only."""

import asyncio
import logging

from amqtt.client import MQTTClient
from amqtt.errors import AMQTTError, ClientError

import common

logging.disable(logging.CRITICAL)


async def publish(arguments, client):
    window = asyncio.Semaphore(arguments.window)

    async def send(number):
        async with window:
            await client.publish(arguments.topic, common.payload(number, arguments.size), qos=2)

    await asyncio.gather(*(send(number) for number in range(arguments.count)))


async def receive(arguments, client):
    receiver = common.Receiver(arguments)
    await client.subscribe([(arguments.topic, 2)])
    common.say("ready")
    while not receiver.is_complete:
        try:
            message = await client.deliver_message()
        except (AMQTTError, ClientError, asyncio.CancelledError):
            # So it tells that the connection has ended; it makes another one on its own.
            await asyncio.sleep(common.RETRY_SECONDS)
            continue
        receiver.take(message.data)
    await client.unsubscribe(["nothing"])


async def main(arguments):
    configuration = {"keep_alive": 60, "auto_reconnect": True, "reconnect_retries": 100, "reconnect_max_interval": 0}
    client = MQTTClient(client_id=arguments.client_id, config=configuration)
    await client.connect(f"mqtt://127.0.0.1:{arguments.port}/", cleansession=False)
    await (receive if arguments.role == "receive" else publish)(arguments, client)
    await client.disconnect()


asyncio.run(main(common.Arguments()))
common.leave()
