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
    /// What tells where messages have been; nil where nobody wants to know.
    private let mark: BridgeLoopMark?
    private let renamed = PacketVariant()
    private var name: UnsafeMutableRawBufferPointer
    private var properties: UnsafeMutableRawBufferPointer
    /// How many messages have gone out.
    private(set) var messageCount = 0

    init(
        _ map: BridgeTopicMap,
        takesRetained: Bool,
        maximumQoS: UInt8,
        firstNewPlace: Int,
        mark: BridgeLoopMark? = nil
    ) {
        self.map = map
        self.mark = mark
        self.takesRetained = takesRetained
        self.maximumQoS = maximumQoS
        self.firstNewPlace = firstNewPlace
        name = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        properties = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    deinit {
        name.deallocate()
        properties.deallocate()
    }

    /// Whether each message goes out with a name of its own among its properties, or not at all.
    var isMarking: Bool { mark != nil }

    /// The properties that a message goes out with, lent until the next call; nil when it has been where it
    /// would go.
    func marked(_ given: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard let mark else { return given }
        if mark.staysHere(given) { return nil }
        return BytesJoin.join(mark.exitProperty, behind: given, in: &properties)
    }

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
            return BytesJoin.join(prefix, rest, in: &name)
        }
    }
}
