// SPDX-License-Identifier: Apache-2.0
// What came of a question.

/// What came of a question.
package struct Answer: Equatable, Sendable {
    /// What the callback has returned, a `MOSQ_ERR_*`.
    package var code: Int32
    /// Nanoseconds in the callback.
    package var nanoseconds: Int64 = 0
    /// Why it refuses, in its own words.
    package var reason: String?
    /// A login: whether the callback has asked for its ticket.
    package var hasTakenTicket = false
    /// A request to a `$CONTROL` topic: the reason string for the acknowledgement.
    package var reasonString: String?
    /// What goes to the client with a step of an exchange, or the hexadecimal digits of a pre-shared key.
    package var data: [UInt8]?
    /// A message or a filter: what the callback has made of it; nil if it has left it alone.
    package var edit: Edit?
    /// Nobody has answered: this is what the plugin counts as.
    ///
    /// Does not cross.
    package var isFailure = false

    package init(code: Int32) { self.code = code }

    /// What a plain answer says.
    package init(_ plain: PlainAnswer) {
        code = plain.code
        nanoseconds = plain.nanoseconds
    }

    /// Whether there is nothing to it but a code.
    package var isPlain: Bool {
        reason == nil && !hasTakenTicket && reasonString == nil && data == nil && edit == nil
    }

    func encode(into record: inout RecordWriter) {
        record.put(code)
        record.put(nanoseconds)
        record.put(reason)
        record.put(hasTakenTicket)
        record.put(reasonString)
        record.put(data)
        record.put(edit != nil)
        edit?.encode(into: &record)
    }

    init(_ record: inout RecordReader) throws(Nonsense) {
        code = try record.integer()
        nanoseconds = try record.integer()
        reason = try record.optionalText()
        hasTakenTicket = try record.flag()
        reasonString = try record.optionalText()
        data = try record.optionalArray()
        if try record.flag() { edit = try Edit(&record) }
    }
}
