// SPDX-License-Identifier: Apache-2.0
// What a plugin tells the broker, without waiting for what comes of it.

/// What a plugin tells the broker, without waiting for what comes of it.
package enum Told: Equatable, Sendable {
    /// A line for the log, with its level.
    case log(level: Int32, line: String)
    /// The library was opened; what it says of itself in `mosquitto_plugin_thread_safe`.
    case opened(flags: Int32)
    /// What the plugin calls itself.
    case info(name: String, version: String?)
    /// A callback for an event was registered.
    case registered(event: Int32, callback: UInt32)
    /// A callback was taken back.
    case unregistered(callback: UInt32)
    /// A client has got another user name, or lost it.
    case userName(client: UInt64, String?)
    /// A message for all, or for one client.
    case publish(PublishedMessage, to: String?)
    /// A client is to have a will.
    case will(PublishedMessage, of: String)
    /// All clients of a user, or those without user name, are to be disconnected.
    case kickUser(String?, withWill: Bool)
    /// A client is to be disconnected.
    case kick(String, withWill: Bool)
    /// All clients are to be disconnected.
    case kickAll(withWill: Bool)
    /// A login that waited is decided.
    case decided(clientIdentifier: String, code: Int32, reason: String?)
    /// A step of an exchange that waited is decided.
    case decidedExchange(clientIdentifier: String, code: Int32, data: [UInt8]?, reason: String?)
    /// An authentication that waited is decided, named by its ticket.
    case decidedTicket(UInt64, code: Int32, data: [UInt8]?, reason: String?)
    /// A session is to be removed.
    case removeSession(String)
    /// A retained message is to be removed.
    case removeRetained([UInt8])
    /// The part of new store identifiers that tells brokers apart.
    case nodeIdentifier(UInt16)

    static let tags: ClosedRange<UInt8> = 16...63

    func encode(into record: inout RecordWriter) {
        switch self {
        case .log(let level, let line):
            record.begin(16)
            record.put(level)
            record.put(line)
        case .opened(let flags):
            record.begin(30)
            record.put(flags)
        case .info(let name, let version):
            record.begin(17)
            record.put(name)
            record.put(version)
        case .registered(let event, let callback):
            record.begin(18)
            record.put(event)
            record.put(callback)
        case .unregistered(let callback):
            record.begin(19)
            record.put(callback)
        case .userName(let client, let name):
            record.begin(20)
            record.put(client)
            record.put(name)
        case .publish(let message, let client):
            record.begin(21)
            message.encode(into: &record)
            record.put(client)
        case .will(let message, let client):
            record.begin(29)
            message.encode(into: &record)
            record.put(client)
        case .kickUser, .kickAll, .kick: encodeKick(into: &record)
        case .decided(let identifier, let code, let reason):
            record.begin(24)
            record.put(identifier)
            record.put(code)
            record.put(reason)
        case .decidedExchange(let identifier, let code, let data, let reason):
            record.begin(31)
            record.put(identifier)
            record.put(code)
            record.put(data)
            record.put(reason)
        case .decidedTicket(let ticket, let code, let data, let reason):
            record.begin(25)
            record.put(ticket)
            record.put(code)
            record.put(data)
            record.put(reason)
        case .removeSession(let identifier):
            record.begin(26)
            record.put(identifier)
        case .removeRetained(let topic):
            record.begin(27)
            record.put(topic)
        case .nodeIdentifier(let identifier):
            record.begin(32)
            record.put(identifier)
        }
    }

    private func encodeKick(into record: inout RecordWriter) {
        switch self {
        case .kickUser(let name, let withWill):
            record.begin(22)
            record.put(name)
            record.put(withWill)
        case .kickAll(let withWill):
            record.begin(23)
            record.put(withWill)
        case .kick(let name, let withWill):
            record.begin(28)
            record.put(name)
            record.put(withWill)
        default: assertionFailure("nobody is to be disconnected")
        }
    }

    init(_ tag: UInt8, _ record: inout RecordReader) throws(Nonsense) {
        switch tag {
        case 16: self = .log(level: try record.integer(), line: try record.text())
        case 17: self = .info(name: try record.text(), version: try record.optionalText())
        case 18: self = .registered(event: try record.integer(), callback: try record.integer())
        case 19: self = .unregistered(callback: try record.integer())
        case 20: self = .userName(client: try record.integer(), try record.optionalText())
        case 21: self = .publish(try PublishedMessage(&record), to: try record.optionalText())
        case 22: self = .kickUser(try record.optionalText(), withWill: try record.flag())
        case 23: self = .kickAll(withWill: try record.flag())
        case 24:
            self = .decided(
                clientIdentifier: try record.text(),
                code: try record.integer(),
                reason: try record.optionalText()
            )
        case 25:
            self = .decidedTicket(
                try record.integer(),
                code: try record.integer(),
                data: try record.optionalArray(),
                reason: try record.optionalText()
            )
        case 26: self = .removeSession(try record.text())
        case 31:
            self = .decidedExchange(
                clientIdentifier: try record.text(),
                code: try record.integer(),
                data: try record.optionalArray(),
                reason: try record.optionalText()
            )
        case 27: self = .removeRetained(try record.array())
        case 28: self = .kick(try record.text(), withWill: try record.flag())
        case 29: self = .will(try PublishedMessage(&record), of: try record.text())
        case 30: self = .opened(flags: try record.integer())
        case 32: self = .nodeIdentifier(try record.integer())
        default: throw Nonsense("something that cannot be told")
        }
    }
}
