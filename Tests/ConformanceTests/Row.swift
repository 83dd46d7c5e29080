// SPDX-License-Identifier: Apache-2.0
// One row of a table of exchanges, and how it is tried.

import TestSupport
import Testing

/// One row of a table of exchanges.
struct Row: Sendable, CustomTestStringConvertible {
    let title: String
    let version: Version
    let bytes: Bytes
    let reaction: Reaction

    init(_ title: String, _ version: Version, _ bytes: Bytes, _ reaction: Reaction) {
        self.title = title
        self.version = version
        self.bytes = bytes
        self.reaction = reaction
    }

    init(_ title: String, _ version: Version, _ text: String, _ reaction: Reaction) {
        self.init(title, version, hex(text), reaction)
    }

    var testDescription: String { "\(version) \(title)" }

    /// One table made of several.
    static func table(_ parts: [Row]...) -> [Row] { parts.flatMap { $0 } }

    /// The same bytes in versions 3.1.1 and 5, each with its own reaction.
    static func both(_ title: String, _ text: String, v4: Reaction, v5: Reaction) -> [Row] {
        [Row(title, .v4, text, v4), Row(title, .v5, text, v5)]
    }

    /// A packet built for versions 3.1.1 and 5, each with its own reaction.
    static func both(
        _ title: String,
        v4: Reaction = .close,
        v5: Reaction,
        _ build: (Version) -> Bytes
    ) -> [Row] {
        [Row(title, .v4, build(.v4), v4), Row(title, .v5, build(.v5), v5)]
    }

    /// Sends the bytes as the first of a new connection.
    func runBeforeConnect(on broker: Broker) throws {
        let client = try RawClient(broker)
        client.send(bytes)
        try check(client)
    }

    /// Sends the bytes after a successful CONNECT.
    func run(on broker: Broker, properties: Bytes = []) throws {
        let client = try RawClient.connected(
            to: broker,
            unique("row"),
            version,
            properties: version == .v5 ? properties : []
        )
        client.send(bytes)
        try check(client)
    }

    private func check(_ client: RawClient) throws {
        switch reaction {
        case .close: try client.expectClosed()
        case .disconnect(let reason): try client.expectClosed(after: [0xE0, 0x01, reason])
        case .closeAfter(let text): try client.expectClosed(after: hex(text))
        case .answer(let text):
            try client.expect(hex(text))
            try client.expectSilence()
        case .silence: try client.expectSilence()
        }
    }
}
