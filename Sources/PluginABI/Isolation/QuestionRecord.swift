// SPDX-License-Identifier: Apache-2.0
// What the broker writes to a helper.

/// One record that the broker writes to a helper.
package enum QuestionRecord {
    /// The plugin to be run.
    case setup(PluginSetup)
    /// A client that questions will be about.
    case client(ClientFacts)
    /// Nothing more will be said about a client.
    case gone(UInt64)
    /// A client has other names by now.
    case names(UInt64, identifier: String, userName: String?)
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
        case .question(let head, let body):
            record.begin(body.tag)
            record.put(head.serial)
            record.put(head.ring)
            record.put(head.callback)
            record.put(head.client)
            record.put(head.subscriptionCount)
            body.encode(into: &record)
        }
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
        default:
            let head = QuestionHead(
                serial: try record.integer(),
                ring: try record.integer(),
                callback: try record.integer(),
                client: try record.integer(),
                subscriptionCount: try record.integer()
            )
            self = .question(head, try QuestionBody(tag, &record))
        }
        try record.end()
    }
}
