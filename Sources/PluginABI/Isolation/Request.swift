// SPDX-License-Identifier: Apache-2.0
// What a plugin asks the broker and waits for.

/// What a plugin asks the broker and waits for; one at a time.
package enum Request: Equatable, Sendable {
    /// A client by its identifier; the reply says who it is.
    case client(String)
    /// Whether there is a session of an identifier.
    case hasSession(String)
    /// All clients there are.
    case allClients
    /// Subscribe a client; `options` as on the wire.
    case subscribe(
        String,
        filter: [UInt8],
        shareName: [UInt8]?,
        options: UInt8,
        identifier: UInt32
    )
    /// End a subscription of a client.
    case unsubscribe(String, filter: [UInt8], shareName: [UInt8]?)
    /// Whether a client may get a will; `hasProperties`: the plugin has handed over some.
    case mayHaveWill(String, hasProperties: Bool)
    /// Give a client another identifier.
    case rename(client: UInt64, to: String)
    /// Register, or with nil take back, the callback for a `$CONTROL` topic.
    case control(topic: String, callback: UInt32?)
    /// Register for an event of persistence plugins.
    case persistence(event: Int32)
    /// Whether anybody waits for the decision about a ticket.
    case isAwaited(UInt64)
    /// The certificate that a client has shown.
    case certificate(client: UInt64)
    /// The channel binding `tls-exporter` of a client's connection.
    case channelBinding(client: UInt64)

    func encode(into record: inout RecordWriter) {
        switch self {
        case .client(let name):
            record.begin(64)
            record.put(name)
        case .hasSession(let name):
            record.begin(65)
            record.put(name)
        case .allClients: record.begin(66)
        case .subscribe(let name, let filter, let shareName, let options, let identifier):
            record.begin(68)
            record.put(name)
            record.put(filter)
            record.put(shareName)
            record.put(options)
            record.put(identifier)
        case .unsubscribe(let name, let filter, let shareName):
            record.begin(69)
            record.put(name)
            record.put(filter)
            record.put(shareName)
        case .mayHaveWill(let name, let hasProperties):
            record.begin(70)
            record.put(name)
            record.put(hasProperties)
        case .rename(let client, let name):
            record.begin(71)
            record.put(client)
            record.put(name)
        case .control(let topic, let callback):
            record.begin(72)
            record.put(topic)
            record.put(callback != nil)
            record.put(callback ?? 0)
        case .persistence(let event):
            record.begin(74)
            record.put(event)
        case .isAwaited(let ticket):
            record.begin(73)
            record.put(ticket)
        case .certificate(let client):
            record.begin(75)
            record.put(client)
        case .channelBinding(let client):
            record.begin(76)
            record.put(client)
        }
    }

    init(_ tag: UInt8, _ record: inout RecordReader) throws(Nonsense) {
        switch tag {
        case 64: self = .client(try record.text())
        case 65: self = .hasSession(try record.text())
        case 66: self = .allClients
        case 68:
            self = .subscribe(
                try record.text(),
                filter: try record.array(),
                shareName: try record.optionalArray(),
                options: try record.integer(),
                identifier: try record.integer()
            )
        case 69:
            self = .unsubscribe(
                try record.text(),
                filter: try record.array(),
                shareName: try record.optionalArray()
            )
        case 70:
            self = .mayHaveWill(try record.text(), hasProperties: try record.flag())
        case 71: self = .rename(client: try record.integer(), to: try record.text())
        case 72:
            let topic = try record.text()
            let isThere = try record.flag()
            let callback = try record.integer(UInt32.self)
            self = .control(topic: topic, callback: isThere ? callback : nil)
        case 74: self = .persistence(event: try record.integer())
        case 73: self = .isAwaited(try record.integer())
        case 75: self = .certificate(client: try record.integer())
        case 76: self = .channelBinding(client: try record.integer())
        default: throw Nonsense("a record there is not")
        }
    }
}
