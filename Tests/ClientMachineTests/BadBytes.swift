// SPDX-License-Identifier: Apache-2.0
// What ends a connection, as a row of a table.

import MQTT
import Testing

/// One thing that ends a connection.
struct BadBytes: Sendable, CustomTestStringConvertible {
    let versions: [ProtocolVersion]
    let stage: Stage
    let bytes: String
    /// The reason code that the server of a 5.0 client is told; nil: none.
    let reason: UInt8?
    let testDescription: String

    enum Stage: Sendable {
        case connecting
        case connected
        case authenticating
    }

    init(
        _ text: String,
        _ stage: Stage,
        _ bytes: String,
        reason: UInt8? = nil,
        _ versions: [ProtocolVersion] = [.v31, .v311, .v5]
    ) {
        testDescription = text
        self.stage = stage
        self.bytes = bytes
        self.reason = reason
        self.versions = versions
    }
}
