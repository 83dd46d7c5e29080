// SPDX-License-Identifier: Apache-2.0
// How a session's messages go out over a bridge.

/// What is different where messages go to the remote broker of a bridge, for one connection.
final class RemoteTerms {
    /// Whether the RETAIN flag goes out.
    let takesRetained: Bool
    /// The highest QoS that the remote takes.
    let maximumQoS: UInt8
    /// Messages from this place of the send window on were never sent in the remote's session: they have
    /// no DUP flag [MQTT-3.3.1-1].
    let firstNewPlace: Int
    private let map: BridgeTopicMap
    private let renamed = PacketVariant()
    private var name: UnsafeMutableRawBufferPointer
    /// How many messages have gone out.
    private(set) var messageCount = 0

    init(
        _ map: BridgeTopicMap,
        takesRetained: Bool,
        maximumQoS: UInt8,
        firstNewPlace: Int
    ) {
        self.map = map
        self.takesRetained = takesRetained
        self.maximumQoS = maximumQoS
        self.firstNewPlace = firstNewPlace
        name = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    deinit { name.deallocate() }

    /// Whether topics may have other names at the remote.
    var isMapping: Bool { map.mapsOutgoing }

    /// The packets of a batch under the name that the remote knows its topic by, lent until the next call;
    /// nil where they are as for others, or nothing is left of the topic.
    func variant(of batch: PublishBatch, isV5: Bool, qos: UInt8, now: Int64) -> PacketVariant? {
        guard map.mapsOutgoing, let name = name(of: batch.topic) else { return nil }
        renamed.reset()
        renamed.encode(batch, isV5: isV5, qos: qos, now: now, topic: name)
        return renamed
    }

    /// Messages have gone out.
    func noteSent(_ count: Int = 1) { messageCount &+= count }

    /// What the remote calls a topic, lent until the next call; nil when nothing is left of it.
    func name(of topic: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard map.mapsOutgoing else { return topic }
        switch map.remoteName(of: topic) {
        case .same: return topic
        case .none: return nil
        case .changed(let prefix, let rest):
            return TopicJoin.join(prefix, rest, in: &name)
        }
    }
}

/// Puts the parts of a topic together in memory that is used again and again.
enum TopicJoin {
    /// The parts behind each other; lent until the memory is used again.
    static func join(
        _ prefix: [UInt8],
        _ rest: UnsafeRawBufferPointer,
        in memory: inout UnsafeMutableRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        let count = prefix.count + rest.count
        if memory.count < count {
            memory.deallocate()
            memory = .allocate(byteCount: max(count, 256), alignment: 8)
        }
        memory.copyBytes(from: prefix)
        UnsafeMutableRawBufferPointer(rebasing: memory[prefix.count..<count]).copyMemory(from: rest)
        return UnsafeRawBufferPointer(rebasing: memory[..<count])
    }
}
