// SPDX-License-Identifier: Apache-2.0
// The rules for topics that begin with a dollar sign; docs/protocol-choices.md has them in a table.

/// Rules that come before any plugin or ACL file.
enum BuiltInRules {
    private static let sys = Array("$SYS".utf8)
    private static let share = Array("$share".utf8)
    private static let control = Array("$CONTROL/".utf8)
    private static let bridgePrefix = Array("$SYS/broker/connection/".utf8)
    private static let bridgeSuffix = Array("/state".utf8)

    /// Whether clients may publish to a topic at all.
    static func allowsPublishing(to topic: UnsafeRawBufferPointer) -> Bool {
        guard topic.first == UInt8(ascii: "$") else { return true }
        if topic.starts(with: share) { return false }
        return !topic.starts(with: sys) || isBridgeState(topic)
    }

    /// Why a client may not publish where these rules say no.
    static let publishingDenial = Denial("clients do not publish to $SYS and $share")

    /// Whether a topic is handled instead of routed.
    static func isControl(_ topic: UnsafeRawBufferPointer) -> Bool {
        topic.first == UInt8(ascii: "$") && topic.starts(with: control)
    }

    /// Whether a topic is `$SYS/broker/connection/<one level>/state`, where bridges say how they are.
    private static func isBridgeState(_ topic: UnsafeRawBufferPointer) -> Bool {
        guard topic.starts(with: bridgePrefix) else { return false }
        let rest = topic.dropFirst(bridgePrefix.count)
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")), slash > rest.startIndex else {
            return false
        }
        return rest[slash...].elementsEqual(bridgeSuffix)
    }
}

extension Client {
    /// The built-in rules see the topic with its mount point.
    func isPublishingAllowed(_ topic: UnsafeRawBufferPointer) -> Bool {
        listener.mountPoint.isEmpty
            ? BuiltInRules.allowsPublishing(to: topic)
            : (listener.mountPoint + Array(topic)).withUnsafeBytes(BuiltInRules.allowsPublishing)
    }

    /// Whether a topic, with its mount point, is one for `$CONTROL` handlers.
    func isControlTopic(_ topic: UnsafeRawBufferPointer) -> Bool {
        listener.mountPoint.isEmpty
            ? BuiltInRules.isControl(topic)
            : (listener.mountPoint + Array(topic)).withUnsafeBytes(BuiltInRules.isControl)
    }
}
