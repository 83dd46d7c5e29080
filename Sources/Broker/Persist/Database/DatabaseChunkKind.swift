// SPDX-License-Identifier: Apache-2.0
// What a chunk of mosquitto.db is about.

/// What a chunk is about.
package enum DatabaseChunkKind: UInt32, Sendable, CaseIterable {
    /// CFG: how the file was written.
    case configuration = 1
    /// BASE_MSG: an application message.
    case message = 2
    /// CLIENT_MSG: a message on its way to or from a client.
    case delivery = 3
    /// RETAIN: a message that is retained.
    case retained = 4
    /// SUB: a subscription.
    case subscription = 5
    /// CLIENT: a session.
    case client = 6

    /// Bytes of the part with a fixed size, in versions 5 and 6.
    func fixedByteCount(version: UInt32) -> Int {
        switch self {
        case .configuration: 16
        case .message: 32
        case .delivery: 16
        case .retained: 8
        case .subscription: 12
        case .client: version == 5 ? 16 : 24
        }
    }

    /// The kind in words, for errors.
    package var name: String {
        switch self {
        case .configuration: "configuration"
        case .message: "base message"
        case .delivery: "client message"
        case .retained: "retained message"
        case .subscription: "subscription"
        case .client: "client"
        }
    }
}
