// SPDX-License-Identifier: Apache-2.0
// Why messages are lost, as it is counted.

/// Why a message is lost, to one receiver or to all.
enum DropReason: Int, CountedCase {
    /// The session's queue, or the line before a slow plugin, was full.
    case queueFull
    /// QoS 0, and too many packets waited for the client's socket.
    case outputFull
    /// Larger than the receiver takes, or than `message_size_limit`.
    case tooLarge
    /// Its Message Expiry Interval was over before it could be sent.
    case expired
    /// Sent and not acknowledged when its session ended.
    case inflightLost
    /// `memory_limit` was reached.
    case memoryLimit
    /// Its publisher may not publish it, or its receiver not read it.
    case accessDenied
    /// A plugin did not want it.
    case plugin
    /// A will whose client may not publish it.
    case willDenied
    /// Queued when its session ended.
    case sessionEnded
    /// The session log could not be written.
    case diskFull

    static let labels = namesAsLabels()
}
