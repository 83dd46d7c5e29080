// SPDX-License-Identifier: Apache-2.0
// What is known of a listener, as a plain value.

import Net

/// A listener at one moment.
struct ListenerFigures: Sendable {
    /// Its address and port, or its path.
    var name: String
    /// What is spoken there.
    var `protocol`: String
    var connectionCount = 0
    /// 0 and less: unlimited.
    var limit = -1
    var accepted: UInt64 = 0
    /// By `ListenerRejection`.
    var rejected = [UInt64](repeating: 0, count: ListenerRejection.allCases.count)
    /// How handshakes go; nil without TLS.
    var handshakes: HandshakeCounts?
    var certificateEnds: [CertificateEnd] = []

    /// Handshakes by duration, each bucket by itself, and those that have failed.
    struct HandshakeCounts: Sendable {
        var counts: [UInt64]
        var nanoseconds: UInt64
        var failed: UInt64

        static func += (sum: inout HandshakeCounts, more: HandshakeCounts) {
            sum.counts = zip(sum.counts, more.counts).map { $0 &+ $1 }
            sum.nanoseconds &+= more.nanoseconds
            sum.failed &+= more.failed
        }
    }

    static func += (sum: inout ListenerFigures, more: ListenerFigures) {
        sum.connectionCount += more.connectionCount
        sum.accepted &+= more.accepted
        sum.rejected = zip(sum.rejected, more.rejected).map { $0 &+ $1 }
        guard let others = more.handshakes else { return }
        if var own = sum.handshakes {
            own += others
            sum.handshakes = own
        } else {
            sum.handshakes = others
        }
    }
}
