// SPDX-License-Identifier: Apache-2.0
// What the broker replies to a request.

/// What the broker replies to a `Request`.
package struct Reply: Equatable, Sendable {
    /// A `MOSQ_ERR_*`.
    package var code: Int32
    /// The clients asked for.
    package var clients: [ClientFacts] = []
    /// More of it comes in another reply.
    package var isContinued = false
    /// The bytes asked for: a certificate in DER, a channel binding.
    package var data: [UInt8]?

    package init(
        code: Int32,
        clients: [ClientFacts] = [],
        isContinued: Bool = false,
        data: [UInt8]? = nil
    ) {
        self.code = code
        self.clients = clients
        self.isContinued = isContinued
        self.data = data
    }

    /// Writes the reply in place of what is in `record`.
    package func encode(into record: inout RecordWriter) {
        record.begin(1)
        record.put(code)
        record.put(isContinued)
        record.put(data)
        record.put(UInt32(clients.count))
        for client in clients { client.encode(into: &record) }
    }

    /// Reads a reply, whose bytes are copied.
    package init(_ bytes: [UInt8]) throws(Nonsense) {
        self = try bytes.withUnsafeBytes { bytes in
            Result { () throws(Nonsense) in try Reply(bytes) }
        }.get()
    }

    /// Reads a reply.
    package init(_ bytes: UnsafeRawBufferPointer) throws(Nonsense) {
        var record = RecordReader(bytes)
        guard try record.integer(UInt8.self) == 1 else { throw Nonsense("a reply there is not") }
        code = try record.integer()
        isContinued = try record.flag()
        data = try record.optionalArray()
        for _ in 0..<(try record.integer(UInt32.self)) {
            clients.append(try ClientFacts(&record))
        }
        try record.end()
    }
}
