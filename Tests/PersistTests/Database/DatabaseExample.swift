// SPDX-License-Identifier: Apache-2.0
// Files of each version by hand, with what is in them.

import Inflight
import Persist
import TestSupport

/// A file and what must be read from it.
struct DatabaseExample: CustomStringConvertible {
    let version: UInt32
    let bytes: Bytes
    let records: [DatabaseRecord]

    var description: String { "version \(version)" }

    static let all = [version2, version3, version4, version5, version6]

    /// The head of a file.
    static func head(_ version: UInt8) -> Bytes {
        hex("00b500 6d6f7371756974746f206462 00000000 000000") + [version]
    }

    /// What a broker of version 2.0 wrote.
    static let version6 = DatabaseExample(
        version: 6,
        bytes: head(6)
            + hex("00000001 00000010 5183e04bcab50400 01 08 000000000000")
            + hex("00000002 00000034 3438e04bcab50400 10cd006b00000000 00000005 0001 0002 0002")
            + hex("0003 49c0 02 00 7031 7075 612f62 68656c6c6f 07 03000474657874")
            + hex("00000006 0000001e 0fcd006b00000000 000003e8 0001 0003 49c0 0003 00000000")
            + hex("647572 757372")
            + hex("00000003 00000013 3438e04bcab50400 0001 0003 02 0b 00 01 647572")
            + hex("00000003 00000017 5183e04bcab50400 0001 0003 01 0b 00 01 736964 03 0bac02")
            + hex("00000005 00000012 00000000 0003 0003 02 00 0000 647572 612f62")
            + hex("00000004 00000008 5183e04bcab50400"),
        records: [
            .configuration(
                DatabaseConfiguration(lastNumber: 0x0004_B5CA_4BE0_8351, isCleanShutdown: true)
            ),
            .message(
                DatabaseMessage(
                    number: 0x0004_B5CA_4BE0_3834,
                    expiryTime: 0x6B00_CD10,
                    sourceIdentifier: "p1",
                    sourceUserName: "pu",
                    sourcePort: 18880,
                    sourcePacketIdentifier: 1,
                    qos: 2
                ),
                topic: utf8("a/b"),
                properties: hex("03000474657874"),
                payload: utf8("hello")
            ),
            .client(
                DatabaseClient(
                    clientIdentifier: "dur",
                    userName: "usr",
                    expiryTime: 0x6B00_CD0F,
                    expiryInterval: 1000,
                    lastIdentifier: 1,
                    listenerPort: 18880
                )
            ),
            .delivery(delivery("dur", 0x0004_B5CA_4BE0_3834, qos: 2)),
            .delivery(delivery("sid", 0x0004_B5CA_4BE0_8351, qos: 1, subscription: 300)),
            .subscription(subscription("dur", "a/b", 2)),
            .retained(0x0004_B5CA_4BE0_8351),
        ]
    )

    /// As 6, but for the clients, which have neither user name nor port.
    static let version5 = DatabaseExample(
        version: 5,
        bytes: head(5)
            + hex("00000001 00000010 0700000000000000 00 08 000000000000")
            + hex("00000002 00000023 0300000000000000 0000000000000000 00000000 0001 0000 0000")
            + hex("0003 0000 01 01 612f62")
            + hex("00000006 00000013 0000000000000000 ffffffff 1234 0003 647572")
            + hex("00000003 00000013 0300000000000000 0009 0003 01 03 11 01 647572")
            + hex("00000005 00000012 00000007 0003 0003 01 2c 0000 647572 612f62")
            + hex("00000004 00000008 0300000000000000"),
        records: [
            .configuration(DatabaseConfiguration(lastNumber: 7, isCleanShutdown: false)),
            .message(
                DatabaseMessage(number: 3, sourcePacketIdentifier: 1, qos: 1, isRetained: true),
                topic: utf8("a/b"),
                properties: [],
                payload: []
            ),
            .client(DatabaseClient(clientIdentifier: "dur", lastIdentifier: 0x1234)),
            .delivery(
                DatabaseDelivery(
                    clientIdentifier: "dur",
                    message: 3,
                    identifier: 9,
                    qos: 1,
                    isRetained: true,
                    isDuplicate: true,
                    direction: .outgoing,
                    state: .awaitingPuback,
                    subscriptionIdentifier: 0
                )
            ),
            .subscription(
                DatabaseSubscription(
                    clientIdentifier: "dur",
                    filter: utf8("a/b"),
                    options: 0x2D,
                    identifier: 7
                )
            ),
            .retained(3),
        ]
    )

    static let version4 = older(
        4,
        message: hex("00020000002d 0700000000000000 0002 7031 0002 7075 49c0 0005 0000"),
        client: hex("000600000013 0003647572 0007 0000000000000000"),
        source: ("pu", 18880)
    )

    /// The length of the message is what old brokers put there: not to be relied on.
    static let version3 = older(
        3,
        message: hex("000200000001 0700000000000000 0002 7031 0005 0000"),
        client: hex("000600000013 0003647572 0007 1122334455667788"),
        source: (nil, 0)
    )

    static let version2 = older(
        2,
        message: hex("000200000027 0700000000000000 0002 7031 0005 0000"),
        client: hex("00060000000b 0003647572 0007"),
        source: (nil, 0)
    )

    /// A file whose versions differ in the head of the message and in the client.
    private static func older(
        _ version: UInt8,
        message: Bytes,
        client: Bytes,
        source: (userName: String?, port: UInt16)
    ) -> DatabaseExample {
        DatabaseExample(
            version: UInt32(version),
            bytes: head(version)
                + hex("00010000000a 01 08 0900000000000000")
                + message + hex("0003 612f62 02 01 00000005 68656c6c6f")
                + client
                + hex("000300000014 0003647572 0700000000000000 0004 02 00 01 05 01")
                + hex("00050000000b 0003647572 0003612f62 01")
                + hex("000400000008 0700000000000000"),
            records: [
                .configuration(DatabaseConfiguration(lastNumber: 9, isCleanShutdown: true)),
                .message(
                    DatabaseMessage(
                        number: 7,
                        sourceIdentifier: "p1",
                        sourceUserName: source.userName,
                        sourcePort: source.port,
                        sourcePacketIdentifier: 5,
                        qos: 2,
                        isRetained: true
                    ),
                    topic: utf8("a/b"),
                    properties: [],
                    payload: utf8("hello")
                ),
                .client(DatabaseClient(clientIdentifier: "dur", lastIdentifier: 7)),
                .delivery(
                    DatabaseDelivery(
                        clientIdentifier: "dur",
                        message: 7,
                        identifier: 4,
                        qos: 2,
                        isRetained: false,
                        isDuplicate: true,
                        direction: .outgoing,
                        state: .awaitingPubrec,
                        subscriptionIdentifier: 0
                    )
                ),
                .subscription(subscription("dur", "a/b", 1)),
                .retained(7),
            ]
        )
    }

    /// A message that waits for a client, with identifier 1.
    private static func delivery(
        _ client: String,
        _ message: MessageNumber,
        qos: UInt8,
        subscription: UInt32 = 0
    ) -> DatabaseDelivery {
        DatabaseDelivery(
            clientIdentifier: client,
            message: message,
            identifier: 1,
            qos: qos,
            isRetained: false,
            isDuplicate: false,
            direction: .outgoing,
            state: .queued,
            subscriptionIdentifier: subscription
        )
    }

    private static func subscription(
        _ client: String,
        _ filter: String,
        _ options: UInt8
    ) -> DatabaseSubscription {
        DatabaseSubscription(clientIdentifier: client, filter: utf8(filter), options: options)
    }
}
