// SPDX-License-Identifier: Apache-2.0
// What the broker writes to a helper.

/// One record that the broker writes to a helper.
package enum QuestionRecord {
    /// The plugin to be run.
    indirect case setup(PluginSetup)
    /// A client that questions will be about.
    indirect case client(ClientFacts)
    /// Nothing more will be said about a client.
    case gone(UInt64)
    /// A client has other names by now.
    indirect case names(UInt64, identifier: String, userName: String?)
    /// A question, answered in any case.
    case question(QuestionHead, QuestionBody)
    /// The plugin is to be ended.
    case stop

    /// Writes the record in place of what is in `record`.
    package func encode(into record: inout RecordWriter) {
        switch self {
        case .setup(let setup):
            record.begin(1)
            setup.encode(into: &record)
        case .client(let facts):
            record.begin(2)
            facts.encode(into: &record)
        case .gone(let number):
            record.begin(3)
            record.put(number)
        case .names(let number, let identifier, let userName):
            record.begin(4)
            record.put(number)
            record.put(identifier)
            record.put(userName)
        case .stop: record.begin(5)
        case .question(let head, let body): Self.put(head, body, into: &record)
        }
    }

    /// Writes a question in place of what is in `record`.
    @inline(__always)  // There is one for each message.
    package static func put(
        _ head: QuestionHead,
        _ body: QuestionBody,
        into record: inout RecordWriter
    ) {
        record.begin(body.tag)
        record.put(head.serial)
        record.put(head.ring)
        record.put(head.callback)
        record.put(head.client)
        record.put(head.subscriptionCount)
        body.encode(into: &record)
    }

    /// Reads a record if it is a question; nil for others.
    package static func question(
        _ bytes: UnsafeRawBufferPointer
    ) throws(Nonsense) -> (head: QuestionHead, body: QuestionBody)? {
        var record = RecordReader(bytes)
        let tag = try record.integer(UInt8.self)
        guard tag >= QuestionBody.tagMin else { return nil }
        let head = try QuestionHead(&record)
        let body = try QuestionBody(tag, &record)
        try record.end()
        return (head, body)
    }

    /// Reads a record.
    package init(_ bytes: UnsafeRawBufferPointer) throws(Nonsense) {
        var record = RecordReader(bytes)
        let tag = try record.integer(UInt8.self)
        switch tag {
        case 1: self = .setup(try PluginSetup(&record))
        case 2: self = .client(try ClientFacts(&record))
        case 3: self = .gone(try record.integer())
        case 4:
            self = .names(
                try record.integer(),
                identifier: try record.text(),
                userName: try record.optionalText()
            )
        case 5: self = .stop
        default: self = .question(try QuestionHead(&record), try QuestionBody(tag, &record))
        }
        try record.end()
    }
}
