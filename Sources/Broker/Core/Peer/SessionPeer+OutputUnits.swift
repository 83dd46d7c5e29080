// SPDX-License-Identifier: Apache-2.0
// The output of a client is made of control packets.

import MQTT
package import Net

extension SessionPeer {
    /// Tells the network layer where control packets end.
    package var outputUnits: OutputUnits? { Self.controlPackets }

    private static let controlPackets = OutputUnits { bytes in
        switch parseFixedHeader(RawSpan(_unsafeBytes: bytes)) {
        case .header(let header): header.packetLength
        case .needsMore, .malformed:
            preconditionFailure("the broker writes whole control packets")
        }
    }
}
