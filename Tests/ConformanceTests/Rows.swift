// SPDX-License-Identifier: Apache-2.0
// What tables of exchanges are made with.

import TestSupport

/// How the broker must answer.
enum Reaction: Sendable {
    /// The connection is closed without a packet.
    case close
    /// DISCONNECT with this reason code, then close (version 5).
    case disconnect(UInt8)
    /// These bytes, then close.
    case closeAfter(String)
    /// These bytes, and the connection stays up.
    case answer(String)
    /// No answer, and the connection stays up.
    case silence
}

/// A CONNECT whose every part may be wrong.
func rawConnect(
    name: String = "MQTT",
    level: UInt8 = 4,
    flags: UInt8 = 2,
    keepAlive: Int = 60,
    properties: Bytes? = nil,
    payload: Bytes? = nil,
    first: UInt8 = 0x10
) -> Bytes {
    var body = Wire.string(name) + [level, flags] + Wire.int16(keepAlive)
    if let properties {
        body += properties
    } else if level == 5 {
        body += [0]
    }
    return Wire.packet(first, body + (payload ?? Wire.string(unique("raw"))))
}

/// What a suite's tests are parameterised with: the number of reactors.
let reactors = Broker.reactorCounts
