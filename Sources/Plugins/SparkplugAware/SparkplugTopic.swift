// SPDX-License-Identifier: Apache-2.0
// Which topics of Sparkplug a server that is aware of it has to do with.

import PluginSDK
import TopicRules

/// What a topic name of Sparkplug's namespace announces, as far as an aware server acts on it.
///
///     spBv1.0/GROUP_ID/NBIRTH/EDGE_NODE_ID              nodeBirth
///     spBv1.0/GROUP_ID/DBIRTH/EDGE_NODE_ID/DEVICE_ID    deviceBirth
///     spBv1.0/GROUP_ID/NDEATH/EDGE_NODE_ID              nodeDeath
///
/// An identifier is one whole level of any content; names of topics are compared byte by byte.
enum SparkplugTopic: Equatable, CaseIterable {
    /// An edge node and all its metrics.
    case nodeBirth
    /// A device of an edge node and all its metrics.
    case deviceBirth
    /// An edge node has gone: its will, or what it publishes before it leaves.
    case nodeDeath

    /// The first level, of Sparkplug B in all versions of the specification.
    private static let namespace = Array("spBv1.0/".utf8)

    /// Reads a topic name of any content; `nil` if it is none of these.
    ///
    /// Allocates nothing: every message of every client comes by.
    init?(_ name: Span<UInt8>) {
        let namespace = Self.namespace
        guard name.count > namespace.count,
            name.equals(namespace.span, namespace.indices, in: namespace.indices)
        else { return nil }
        var levels = TopicLevels(name.extracting(droppingFirst: namespace.count))
        guard levels.next() != nil, let level = levels.next(),
            let type = Self.type(
                of: name,
                in: (level.lowerBound + namespace.count)..<(level.upperBound + namespace.count)
            )
        else { return nil }
        for _ in 0..<type.identifiersAfterType {
            guard levels.next() != nil else { return nil }
        }
        guard levels.next() == nil else { return nil }
        self = type
    }

    private static func type(of name: Span<UInt8>, in level: Range<Int>) -> SparkplugTopic? {
        allCases.first { name.equals($0.word.span, $0.word.indices, in: level) }
    }

    /// The message type as it stands in the topic.
    private var word: [UInt8] {
        switch self {
        case .nodeBirth: Self.nodeBirthWord
        case .deviceBirth: Self.deviceBirthWord
        case .nodeDeath: Self.nodeDeathWord
        }
    }

    private static let nodeBirthWord = Array("NBIRTH".utf8)
    private static let deviceBirthWord = Array("DBIRTH".utf8)
    private static let nodeDeathWord = Array("NDEATH".utf8)

    private var identifiersAfterType: Int { self == .deviceBirth ? 2 : 1 }

    /// Whether the message is a birth certificate, which an aware server keeps.
    var isBirth: Bool { self != .nodeDeath }
}
