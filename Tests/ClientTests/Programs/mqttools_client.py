# SPDX-License-Identifier: Apache-2.0
"""mqttools; see common.py. It knows version 5 and QoS 0 only, so there is no window."""

import asyncio

import mqttools

import common


async def main(arguments):
    receiver = common.Receiver(arguments)
    client = mqttools.Client(
        "127.0.0.1",
        arguments.port,
        client_id=arguments.client_id,
        session_expiry_interval=common.EXPIRY_SECONDS,
        subscriptions=[arguments.topic] if arguments.role == "receive" else [],
        connect_delays=[common.RETRY_SECONDS],
    )
    await client.start()
    if arguments.role == "receive":
        common.say("ready")
        while not receiver.is_complete:
            receiver.take((await client.messages.get()).message)
        await client.unsubscribe(arguments.topic)
    else:
        for number in range(arguments.count):
            client.publish(mqttools.Message(arguments.topic, common.payload(number, arguments.size)))
            # Between two turns of its loop the client would keep all of them.
            await asyncio.sleep(0)
    await client.stop()


asyncio.run(main(common.Arguments()))
common.leave()
