// SPDX-License-Identifier: Apache-2.0
// Counters by reason: which of a row counts what.

/// Everything here happens off the way of a message that is delivered.
extension Counters {
    /// So many messages are lost.
    func drop(_ reason: DropReason, _ count: Int = 1) { drops.add(reason.rawValue, count) }

    func dropped(_ reason: DropReason) -> UInt64 { drops.current(reason.rawValue) }

    /// What `$SYS` calls dropped: lost to a full queue or output.
    package var dropped: UInt64 { dropped(.queueFull) &+ dropped(.outputFull) }

    /// The connection of a client has ended.
    func end(_ reason: EndReason) { ends.add(reason.rawValue) }

    func ended(_ reason: EndReason) -> UInt64 { ends.current(reason.rawValue) }

    /// A login has ended.
    func authentication(_ result: AuthenticationResult, _ method: AuthenticationMethod) {
        authentications.add(Self.index(result, method))
    }

    func authentications(
        _ result: AuthenticationResult,
        _ method: AuthenticationMethod
    ) -> UInt64 {
        authentications.current(Self.index(result, method))
    }

    private static func index(
        _ result: AuthenticationResult,
        _ method: AuthenticationMethod
    ) -> Int {
        result.rawValue * AuthenticationMethod.allCases.count + method.rawValue
    }

    /// Access was granted or not.
    func authorization(_ kind: AccessKind, isAllowed: Bool, by decider: AccessDecider) {
        authorizations.add(Self.index(CountedAccess(kind), isAllowed, decider))
    }

    func authorizations(
        _ access: CountedAccess,
        isAllowed: Bool,
        by decider: AccessDecider
    ) -> UInt64 {
        authorizations.current(Self.index(access, isAllowed, decider))
    }

    private static func index(
        _ access: CountedAccess,
        _ isAllowed: Bool,
        _ decider: AccessDecider
    ) -> Int {
        (access.rawValue * 2 + (isAllowed ? 1 : 0)) * 2 + decider.rawValue
    }

    /// A request over HTTP was answered.
    func httpRequest(_ handler: HTTPHandler, _ status: HTTPStatusClass) {
        httpRequests.add(Self.index(handler, status))
    }

    func httpRequests(_ handler: HTTPHandler, _ status: HTTPStatusClass) -> UInt64 {
        httpRequests.current(Self.index(handler, status))
    }

    private static func index(_ handler: HTTPHandler, _ status: HTTPStatusClass) -> Int {
        handler.rawValue * HTTPStatusClass.allCases.count + status.rawValue
    }

    /// The upper bounds of the buckets for deliveries, in nanoseconds, rising.
    static let deliveryBounds: [Int64] = [
        100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000,
        50_000_000, 100_000_000, 250_000_000, 1_000_000_000,
    ]

    /// Sampled deliveries took so long.
    func delivery(qos: Int, nanoseconds: Int64, _ count: Int) {
        switch qos {
        case 0: deliveries0.add(nanoseconds, count, Self.deliveryBounds)
        case 1: deliveries1.add(nanoseconds, count, Self.deliveryBounds)
        default: deliveries2.add(nanoseconds, count, Self.deliveryBounds)
        }
    }

    /// Adds the sampled deliveries of a QoS to those of other workers; returns their nanoseconds.
    func addDeliveries(qos: Int, to counts: inout [UInt64]) -> UInt64 {
        for bucket in counts.indices { counts[bucket] &+= delivered(qos, bucket) }
        return switch qos {
        case 0: deliveries0.total
        case 1: deliveries1.total
        default: deliveries2.total
        }
    }

    private func delivered(_ qos: Int, _ bucket: Int) -> UInt64 {
        switch qos {
        case 0: deliveries0.current(bucket)
        case 1: deliveries1.current(bucket)
        default: deliveries2.current(bucket)
        }
    }

    /// A payload is retained in place of another one; nil: none.
    func retain(_ added: Int, insteadOf previous: AnyObject?) {
        retainedBytesAdded.add(added)
        if let previous { retainedBytesRemoved.add(Message(previous).payloadCount) }
    }
}
