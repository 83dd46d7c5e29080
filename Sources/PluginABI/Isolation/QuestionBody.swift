// SPDX-License-Identifier: Apache-2.0
// What a question asks.

/// What a question asks; pointers are valid as long as the record.
package enum QuestionBody {
    /// May the client do that, an access kind of the plugin interface, with the message?
    case access(kind: Int32, MessageView)
    /// Is the password right? `ticket`: the number of the authentication.
    case login(ticket: UInt64, password: UnsafeRawBufferPointer?)
    /// A client has connected.
    case connected
    /// A connection has ended.
    case disconnected(reason: Int32)
    /// A connection has ended, and the session lives on.
    case offline(reason: Int32)
    /// A request to a `$CONTROL` topic.
    case control(MessageView)
    /// The configuration was read again.
    case reload
    /// A step of an exchange, with the number of the authentication; `isAgain`: of a connected client.
    case exchange(
        ticket: UInt64,
        isAgain: Bool,
        method: UnsafeRawBufferPointer,
        data: UnsafeRawBufferPointer?
    )
    /// The pre-shared key of a TLS identity.
    case key(hint: UnsafeRawBufferPointer, identity: UnsafeRawBufferPointer)
    /// A message from a client, or with `isOutgoing` to one.
    case message(isOutgoing: Bool, MessageView)
    /// A filter that a client subscribes to, or with `isEnding` unsubscribes from.
    case filter(
        isEnding: Bool,
        UnsafeRawBufferPointer,
        options: UInt8,
        identifier: UInt32,
        properties: UnsafeRawBufferPointer
    )

    /// The least tag of a question.
    static let tagMin: UInt8 = 16

    var tag: UInt8 {
        switch self {
        case .access: 16
        case .login: 17
        case .connected: 18
        case .disconnected: 19
        case .offline: 20
        case .control: 21
        case .reload: 22
        case .message: 23
        case .filter: 24
        case .exchange: 25
        case .key: 26
        }
    }

    func encode(into record: inout RecordWriter) {
        switch self {
        case .access(let kind, let message):
            record.put(kind)
            message.encode(into: &record)
        case .login(let ticket, let password):
            record.put(ticket)
            record.put(password != nil)
            if let password { record.put(password) }
        case .connected, .reload: break
        case .disconnected(let reason), .offline(let reason): record.put(reason)
        case .control(let message): message.encode(into: &record)
        case .message(let isOutgoing, let message):
            record.put(isOutgoing)
            message.encode(into: &record)
        case .exchange(let ticket, let isAgain, let method, let data):
            record.put(ticket)
            record.put(isAgain)
            record.put(method)
            record.put(data != nil)
            if let data { record.put(data) }
        case .key(let hint, let identity):
            record.put(hint)
            record.put(identity)
        case .filter(let isEnding, let filter, let options, let identifier, let properties):
            record.put(isEnding)
            record.put(filter)
            record.put(options)
            record.put(identifier)
            record.put(properties)
        }
    }

    init(_ tag: UInt8, _ record: inout RecordReader) throws(Nonsense) {
        switch tag {
        case 16: self = .access(kind: try record.integer(), try MessageView(&record))
        case 17:
            let ticket = try record.integer(UInt64.self)
            self = .login(ticket: ticket, password: try record.flag() ? try record.view() : nil)
        case 18: self = .connected
        case 19: self = .disconnected(reason: try record.integer())
        case 20: self = .offline(reason: try record.integer())
        case 21: self = .control(try MessageView(&record))
        case 22: self = .reload
        case 23: self = .message(isOutgoing: try record.flag(), try MessageView(&record))
        case 25:
            self = .exchange(
                ticket: try record.integer(),
                isAgain: try record.flag(),
                method: try record.view(),
                data: try record.flag() ? try record.view() : nil
            )
        case 26: self = .key(hint: try record.view(), identity: try record.view())
        case 24:
            self = .filter(
                isEnding: try record.flag(),
                try record.view(),
                options: try record.integer(),
                identifier: try record.integer(),
                properties: try record.view()
            )
        default: throw Nonsense("a question there is not")
        }
    }
}
