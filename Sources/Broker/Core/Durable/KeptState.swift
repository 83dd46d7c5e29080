// SPDX-License-Identifier: Apache-2.0
// How far a message has come, as persistence plugins are told.

/// How far a message has come on its way; the values of the plugin interface.
package enum KeptState: UInt8, Sendable {
    case invalid = 0
    case publishQoS0, publishQoS1, awaitingPuback, publishQoS2, awaitingPubrec, resendPubrel
    case awaitingPubrel, resendPubcomp, awaitingPubcomp, sendPubrec, queued

    /// About to be sent for the first time, or again.
    static func publish(qos: UInt8) -> KeptState {
        switch qos {
        case 0: .publishQoS0
        case 1: .publishQoS1
        default: .publishQoS2
        }
    }

    /// What a message that is over was last.
    static func lastOf(qos: UInt8) -> KeptState {
        switch qos {
        case 0: .publishQoS0
        case 1: .awaitingPuback
        default: .awaitingPubcomp
        }
    }

    /// Sent.
    static func awaitingAnswer(qos: UInt8) -> KeptState {
        qos == 1 ? .awaitingPuback : .awaitingPubrec
    }
}
