# SPDX-License-Identifier: Apache-2.0
"""Drives a broker with paho-mqtt in protocol versions 3.1, 3.1.1 and 5; exits with 1 at the first failure.

Usage: paho_interop.py PORT PREFIX
"""

import queue
import sys
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

PORT = int(sys.argv[1])
PREFIX = sys.argv[2]
WAIT_SECONDS = 10
VERSIONS = {"3.1": mqtt.MQTTv31, "3.1.1": mqtt.MQTTv311, "5": mqtt.MQTTv5}


class Peer:
    """A client whose callbacks fill queues."""

    def __init__(self, name, version, clean=True, expiry=None, will=None):
        arguments = {"client_id": f"{PREFIX}-{name}", "protocol": version}
        if version != mqtt.MQTTv5:
            arguments["clean_session"] = clean
        if hasattr(mqtt, "CallbackAPIVersion"):
            arguments["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION2
        self.client = mqtt.Client(**arguments)
        self.version = version
        self.messages = queue.Queue()
        self.subscribed = queue.Queue()
        self.published = queue.Queue()
        self.connected = queue.Queue()
        self.disconnected = threading.Event()
        self.client.on_message = lambda c, u, message: self.messages.put(message)
        self.client.on_connect = lambda c, u, flags, code, properties=None: self.connected.put((flags, code))
        self.client.on_subscribe = lambda c, u, mid, codes, properties=None: self.subscribed.put(codes)
        self.client.on_publish = lambda c, u, mid, code=None, properties=None: self.published.put(mid)
        self.client.on_disconnect = lambda *arguments: self.disconnected.set()
        if will:
            self.client.will_set(*will)
        options = {}
        if version == mqtt.MQTTv5:
            options["clean_start"] = clean
            if expiry:
                options["properties"] = Properties(PacketTypes.CONNECT)
                options["properties"].SessionExpiryInterval = expiry
        self.client.connect("127.0.0.1", PORT, 60, **options)
        self.client.loop_start()
        self.flags, code = self.connected.get(timeout=WAIT_SECONDS)
        check(code == 0, f"connect: {code}")

    def subscribe(self, topic, qos):
        self.client.subscribe(topic, qos)
        codes = self.subscribed.get(timeout=WAIT_SECONDS)
        granted = codes[0].value if hasattr(codes[0], "value") else codes[0]
        check(granted == qos, f"granted {granted} instead of {qos}")

    def publish(self, topic, payload, qos=0, retain=False, properties=None):
        info = self.client.publish(topic, payload, qos, retain, properties)
        info.wait_for_publish(WAIT_SECONDS)
        check(info.is_published(), f"publish to {topic} was not confirmed")

    def expect(self, topic, payload, qos, retain=False):
        message = self.messages.get(timeout=WAIT_SECONDS)
        found = (message.topic, message.payload, message.qos, bool(message.retain))
        check(found == (topic, payload, qos, retain), f"{found} instead of {(topic, payload, qos, retain)}")
        return message

    def leave(self):
        self.client.disconnect()
        check(self.disconnected.wait(WAIT_SECONDS), "no end of the connection")
        self.client.loop_stop()


def check(condition, text):
    """Ends the program when something is not as it should be."""
    if not condition:
        print("FAILED:", text)
        sys.exit(1)


def exchange(name, version):
    """All QoS levels, small and large, retained and live."""
    base = f"{PREFIX}/{name}"
    subscriber = Peer(f"{name}-sub", version)
    publisher = Peer(f"{name}-pub", version)
    subscriber.subscribe(f"{base}/#", 2)
    for qos in (0, 1, 2):
        for payload in (b"", b"small", bytes(range(256)) * 1000):
            publisher.publish(f"{base}/{qos}", payload, qos)
            subscriber.expect(f"{base}/{qos}", payload, qos)
    publisher.publish(f"{base}/kept", b"kept", 1, retain=True)
    subscriber.expect(f"{base}/kept", b"kept", 1)
    late = Peer(f"{name}-late", version)
    late.subscribe(f"{base}/kept", 1)
    late.expect(f"{base}/kept", b"kept", 1, retain=True)
    publisher.publish(f"{base}/kept", b"", 0, retain=True)
    for peer in (subscriber, publisher, late):
        peer.leave()


def flood(name, version):
    """A thousand messages keep their order at every QoS."""
    topic = f"{PREFIX}/{name}/flood"
    subscriber = Peer(f"{name}-fs", version)
    publisher = Peer(f"{name}-fp", version)
    for qos in (0, 1, 2):
        subscriber.subscribe(topic, qos)
        for start in range(0, 500, 50):
            for number in range(start, start + 50):
                publisher.client.publish(topic, str(number), qos)
            for number in range(start, start + 50):
                subscriber.expect(topic, str(number).encode(), qos)
    subscriber.leave()
    publisher.leave()


def sessions(name, version):
    """A durable session queues; its will comes when it vanishes."""
    base = f"{PREFIX}/{name}/session"
    expiry = 1000 if version == mqtt.MQTTv5 else None
    first = Peer(f"{name}-d", version, clean=False, expiry=expiry)
    first.subscribe(f"{base}/q", 1)
    first.leave()
    publisher = Peer(f"{name}-dp", version)
    publisher.publish(f"{base}/q", b"missed", 1)
    second = Peer(f"{name}-d", version, clean=False, expiry=expiry)
    second.expect(f"{base}/q", b"missed", 1)
    if version != mqtt.MQTTv31:
        present = second.flags["session present"] if isinstance(second.flags, dict) else second.flags.session_present
        check(present, "session present is missing")
    publisher.subscribe(f"{base}/will", 1)
    mortal = Peer(f"{name}-m", version, will=(f"{base}/will", b"gone", 1, False))
    mortal.client.loop_stop()
    mortal.client.socket().close()
    publisher.expect(f"{base}/will", b"gone", 1)
    second.leave()
    publisher.leave()


def version5():
    """Properties, options and reason codes of version 5."""
    topic = f"{PREFIX}/five"
    peer = Peer("five", mqtt.MQTTv5)
    peer.client.subscribe(topic, options=SubscribeOptions(qos=1, noLocal=True))
    peer.subscribed.get(timeout=WAIT_SECONDS)
    peer.publish(topic, b"own", 1)
    other = Peer("five-other", mqtt.MQTTv5)
    properties = Properties(PacketTypes.PUBLISH)
    properties.ContentType = "text/plain"
    properties.ResponseTopic = "answer"
    properties.CorrelationData = b"\x00\x01"
    properties.MessageExpiryInterval = 100
    properties.UserProperty = [("a", "1"), ("b", "2"), ("a", "3")]
    other.publish(topic, b"other", 1, properties=properties)
    message = peer.expect(topic, b"other", 1)
    check(message.properties.ContentType == "text/plain", "content type")
    check(message.properties.ResponseTopic == "answer", "response topic")
    check(message.properties.CorrelationData == b"\x00\x01", "correlation data")
    check(message.properties.MessageExpiryInterval in (99, 100), "message expiry")
    check(message.properties.UserProperty == [("a", "1"), ("b", "2"), ("a", "3")], "user properties")
    peer.leave()
    other.leave()


def main():
    for name, version in VERSIONS.items():
        exchange(name, version)
        flood(name, version)
        sessions(name, version)
        print("passed", name)
    version5()
    print("all passed")


main()
