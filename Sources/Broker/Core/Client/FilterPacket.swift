// SPDX-License-Identifier: Apache-2.0
// A SUBSCRIBE or UNSUBSCRIBE packet on its way, filter by filter.

import MQTT
import TopicRules
import Topics

/// One filter of a SUBSCRIBE or UNSUBSCRIBE packet.
struct RequestedFilter {
    /// The whole filter with mount point, `$share/name/` in front of shared ones.
    var text: [UInt8]
    var options: Topics.SubscriptionOptions
    /// QoS that SUBACK reports.
    let granted: UInt8
    /// QoS that was asked for.
    let requested: UInt8
}

/// A packet that is carried out in slices: what is left of it, and what has become of the rest.
final class FilterPacket {
    private enum Decoder {
        case subscribe(SubscribePacket)
        case unsubscribe(UnsubscribePacket)
    }

    /// A filter as it stands in the packet.
    struct Entry {
        let filter: Range<Int>
        let form: SharedFilter.Form
        /// As on the wire; 0 for UNSUBSCRIBE.
        let options: UInt8
    }

    /// `subscribe` or `unsubscribe`.
    let kind: AccessKind
    let packetIdentifier: UInt16
    /// The Subscription Identifier, 0 for none.
    let identifier: UInt32
    /// The encoded properties.
    let properties: [UInt8]
    /// The packet without its fixed header.
    let body: [UInt8]
    private var decoder: Decoder

    /// Whether the last filter, or the first that is wrong, has been read.
    private(set) var isAtEnd = false
    /// What is wrong with the filter after those that were read.
    private(set) var failure: PacketError?
    /// What the acknowledgement will say of the filters so far.
    var reasonCodes: [ReasonCode] = []
    /// Whether it has been sent.
    var isAcknowledged = false
    /// Subscriptions whose retained messages are to follow, and how many of them were seen to.
    private var retained: [SessionSubscription] = []
    private var retainedSeen = 0
    /// Whether it has been logged that the session may not have more subscriptions.
    var hasLoggedLimit = false

    /// Decodes a SUBSCRIBE up to its first filter.
    init(subscribe body: RawSpan, version: ProtocolVersion) throws(PacketError) {
        let packet = try SubscribePacket(decoding: body, version: version)
        kind = .subscribe
        packetIdentifier = packet.packetIdentifier
        identifier = packet.subscriptionIdentifier ?? 0
        properties = body.array(packet.properties)
        self.body = body.array(0..<body.byteCount)
        decoder = .subscribe(packet)
    }

    /// Decodes an UNSUBSCRIBE up to its first filter.
    init(unsubscribe body: RawSpan, version: ProtocolVersion) throws(PacketError) {
        let packet = try UnsubscribePacket(decoding: body, version: version)
        kind = .unsubscribe
        packetIdentifier = packet.packetIdentifier
        identifier = 0
        properties = body.array(packet.properties)
        self.body = body.array(0..<body.byteCount)
        decoder = .unsubscribe(packet)
    }

    /// The next filter; nil after the last, and where the packet is wrong.
    func next() -> Entry? {
        do throws(PacketError) {
            if let entry = try decode() { return entry }
        } catch {
            failure = error
        }
        isAtEnd = true
        return nil
    }

    private func decode() throws(PacketError) -> Entry? {
        let body = body
        let span = body.span.bytes
        switch decoder {
        case .subscribe(var packet):
            let entry = try packet.next(in: span)
            decoder = .subscribe(packet)
            return entry.map {
                Entry(filter: $0.filter, form: $0.form, options: $0.options.rawValue)
            }
        case .unsubscribe(var packet):
            let entry = try packet.next(in: span)
            decoder = .unsubscribe(packet)
            return entry.map { Entry(filter: $0.filter, form: $0.form, options: 0) }
        }
    }

    /// Remembers to send retained messages after the acknowledgement.
    func addRetained(_ subscription: SessionSubscription) { retained.append(subscription) }

    /// Takes all subscriptions whose retained messages are to follow.
    func takeRetained() -> [SessionSubscription] {
        defer { retainedSeen = retained.count }
        return Array(retained[retainedSeen...])
    }

    /// The next subscription whose retained messages are to follow.
    func nextRetained() -> SessionSubscription? {
        guard retainedSeen < retained.count else { return nil }
        defer { retainedSeen += 1 }
        return retained[retainedSeen]
    }
}
