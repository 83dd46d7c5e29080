// SPDX-License-Identifier: Apache-2.0
// The first byte of each record, and the bits that follow in some.

/// What kind of record follows.
///
/// Numbers are never used twice; a new kind is a new format version.
enum LogTag: UInt8 {
    case accepted = 1
    case delivered = 2
    /// The last `delivered` some times more, for the next messages.
    case deliveredAgain = 3
    case sent = 4
    case acknowledged = 5
    case released = 6
    case dropped = 7
    case received = 8
    case completed = 9
    case identity = 10
    case attached = 11
    case detached = 12
    case expiryChanged = 13
    case willSet = 14
    case willCleared = 15
    case subscribed = 16
    case unsubscribed = 17
    case retainedBegan = 18
    case retainedEnded = 19
    case ended = 20
    case retainedSet = 21
    case retainedCleared = 22
    case imageBegan = 23
    case imageEntries = 24
    case imageEnded = 25
    case clock = 26
    case synced = 27
    case checkpointCompleted = 28
    case cleanShutdown = 29
}

/// Bits of an accepted message and of a will.
enum LogMessageBits {
    /// Bits 0-1.
    static let qos: UInt8 = 3
    static let isRetained: UInt8 = 4
    static let hasExpiry: UInt8 = 8
    static let hasPublisher: UInt8 = 16
    /// The list of destinations is the one before, each a number further.
    static let isAsBefore: UInt8 = 32
    static let all: UInt8 = 63
}

/// Bits of a destination and of an entry in an image.
///
/// `| fate or progress: 2 | has subscription identifier | RETAIN | QoS: 2 |` from bit 5 down.
enum LogFormBits {
    static let qos: UInt8 = 3
    static let isRetained: UInt8 = 4
    static let hasSubscriptionIdentifier: UInt8 = 8
    static let stateShift: UInt8 = 4
    static let all: UInt8 = 63
}

/// Limits that writer and reader share, so that few bytes never stand for very many records.
enum LogLimits {
    /// Most repetitions in one `deliveredAgain`.
    static let repetitionsMax = 255
    /// Most identifiers of a stretch.
    static let stretchMax = 65_535
}
