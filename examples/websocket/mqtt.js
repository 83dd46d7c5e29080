// SPDX-License-Identifier: Apache-2.0
// A small MQTT 3.1.1 client for pages: connect, subscribe, publish, QoS 0.

"use strict";

class MQTTClient {
    // `url` is ws://host:port or wss://host:port; the handlers are called with this client.
    constructor(url, { onConnect, onMessage, onClose, keepAliveSeconds = 30 }) {
        this.handlers = { onConnect, onMessage, onClose };
        this.received = new Uint8Array(0);
        this.nextIdentifier = 1;
        this.socket = new WebSocket(url, ["mqtt"]);
        this.socket.binaryType = "arraybuffer";
        this.socket.onopen = () => this.sendConnect(keepAliveSeconds);
        this.socket.onmessage = (event) => this.receive(new Uint8Array(event.data));
        this.socket.onclose = (event) => {
            clearInterval(this.timer);
            this.handlers.onClose?.(event.code);
        };
    }

    subscribe(filter) {
        const identifier = this.nextIdentifier++;
        this.send(0x82, [...uint16(identifier), ...text(filter), 0]);
    }

    publish(topic, payload) {
        this.send(0x30, [...text(topic), ...new TextEncoder().encode(payload)]);
    }

    disconnect() {
        this.send(0xe0, []);
        this.socket.close();
    }

    // MARK: Packets

    sendConnect(keepAliveSeconds) {
        const identifier = "page-" + Math.random().toString(16).slice(2);
        const body = [...text("MQTT"), 4, 2, ...uint16(keepAliveSeconds), ...text(identifier)];
        this.send(0x10, body);
        this.timer = setInterval(() => this.send(0xc0, []), keepAliveSeconds * 500);
    }

    send(firstByte, body) {
        let rest = body.length;
        const head = [firstByte];
        do {
            const low = rest & 0x7f;
            rest >>= 7;
            head.push(rest > 0 ? low | 0x80 : low);
        } while (rest > 0);
        this.socket.send(new Uint8Array([...head, ...body]));
    }

    // A frame may hold a part of a packet or several.
    receive(bytes) {
        const all = new Uint8Array(this.received.length + bytes.length);
        all.set(this.received);
        all.set(bytes, this.received.length);
        let offset = 0;
        for (;;) {
            const packet = nextPacket(all, offset);
            if (!packet) break;
            this.handle(packet.firstByte, packet.body);
            offset = packet.end;
        }
        this.received = all.slice(offset);
    }

    handle(firstByte, body) {
        switch (firstByte >> 4) {
            case 2:
                if (body[1] === 0) this.handlers.onConnect?.(this);
                break;
            case 3: {
                const length = (body[0] << 8) | body[1];
                const decoder = new TextDecoder();
                const topic = decoder.decode(body.subarray(2, 2 + length));
                const payload = decoder.decode(body.subarray(2 + length));
                this.handlers.onMessage?.(topic, payload, this);
                break;
            }
        }
    }
}

function uint16(number) {
    return [number >> 8, number & 0xff];
}

function text(string) {
    const bytes = new TextEncoder().encode(string);
    return [...uint16(bytes.length), ...bytes];
}

// The packet at `offset`, or null if it is not complete.
function nextPacket(bytes, offset) {
    let length = 0;
    for (let index = 1; index < 5; index++) {
        if (offset + index >= bytes.length) return null;
        const byte = bytes[offset + index];
        length |= (byte & 0x7f) << (7 * (index - 1));
        if (byte & 0x80) continue;
        const start = offset + index + 1;
        const end = start + length;
        if (end > bytes.length) return null;
        return { firstByte: bytes[offset], body: bytes.subarray(start, end), end };
    }
    return null;
}
