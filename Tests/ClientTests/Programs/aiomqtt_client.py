# SPDX-License-Identifier: Apache-2.0
"""aiomqtt; see common.py. A publisher does not survive the end of a connection: aiomqtt does not tell what became of it."""

import asyncio

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

import common


def make_client(arguments):
    options = {"clean_session": False}
    if arguments.version == 5:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = common.EXPIRY_SECONDS
        if arguments.role == "receive":
            properties.ReceiveMaximum = arguments.window
        options = {"clean_start": False, "properties": properties}
    return aiomqtt.Client(
        "127.0.0.1",
        arguments.port,
        identifier=arguments.client_id,
        protocol=aiomqtt.ProtocolVersion(arguments.version),
        max_inflight_messages=arguments.window,
        timeout=60,
        **options,
    )


async def receive(arguments):
    receiver = common.Receiver(arguments)
    client = make_client(arguments)
    is_subscribed = False
    while not receiver.is_complete:
        try:
            async with client:
                if not is_subscribed:
                    await client.subscribe(arguments.topic, 2)
                    is_subscribed = True
                    common.say("ready")
                async for message in client.messages:
                    receiver.take(message.payload)
                    if receiver.is_complete:
                        await client.unsubscribe("nothing")
                        break
        except aiomqtt.MqttError:
            await asyncio.sleep(common.RETRY_SECONDS)


async def publish(arguments):
    async with make_client(arguments) as client:
        client.pending_calls_threshold = arguments.count
        numbers = range(arguments.count)
        await asyncio.gather(
            *(client.publish(arguments.topic, common.payload(number, arguments.size), 2) for number in numbers)
        )


arguments = common.Arguments()
asyncio.run((receive if arguments.role == "receive" else publish)(arguments))
common.leave()
