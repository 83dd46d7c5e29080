// SPDX-License-Identifier: Apache-2.0
// What a helper is told about a client, once.

/// What a helper is told about a client, once, before the first question about it.
package struct ClientFacts: Equatable, Sendable {
    /// Its number, never used twice while the broker runs.
    package var number: UInt64
    package var identifier: String
    package var userName: String?
    /// The address of the peer; nil for a client that has not been here since the broker was started.
    package var address: String?
    package var addressPort: UInt16
    /// The port of the listener; nil for a client without one.
    package var listenerPort: UInt16?
    package var isWebSocket: Bool
    /// 3, 4 or 5.
    package var version: UInt8
    package var keepAliveSeconds: UInt16
    package var isCleanStart: Bool
    package var subscriptionCount: Int32

    package init(
        number: UInt64,
        identifier: String,
        userName: String?,
        address: String?,
        addressPort: UInt16,
        listenerPort: UInt16?,
        isWebSocket: Bool,
        version: UInt8,
        keepAliveSeconds: UInt16,
        isCleanStart: Bool,
        subscriptionCount: Int32
    ) {
        self.number = number
        self.identifier = identifier
        self.userName = userName
        self.address = address
        self.addressPort = addressPort
        self.listenerPort = listenerPort
        self.isWebSocket = isWebSocket
        self.version = version
        self.keepAliveSeconds = keepAliveSeconds
        self.isCleanStart = isCleanStart
        self.subscriptionCount = subscriptionCount
    }

    /// Appends all fields.
    package func encode(into record: inout RecordWriter) {
        record.put(number)
        record.put(identifier)
        record.put(userName)
        record.put(address)
        record.put(addressPort)
        record.put(listenerPort != nil)
        record.put(listenerPort ?? 0)
        record.put(isWebSocket)
        record.put(version)
        record.put(keepAliveSeconds)
        record.put(isCleanStart)
        record.put(subscriptionCount)
    }

    /// Reads all fields.
    package init(_ record: inout RecordReader) throws(Nonsense) {
        number = try record.integer()
        identifier = try record.text()
        userName = try record.optionalText()
        address = try record.optionalText()
        addressPort = try record.integer()
        let hasListener = try record.flag()
        let port = try record.integer(UInt16.self)
        listenerPort = hasListener ? port : nil
        isWebSocket = try record.flag()
        version = try record.integer()
        keepAliveSeconds = try record.integer()
        isCleanStart = try record.flag()
        subscriptionCount = try record.integer()
    }
}
