// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE and UNSUBSCRIBE from a client (5.0 sections 3.8 and 3.10).

import Config
import Log
import MQTT
import Topics

extension Client {
    /// Subscribes filter by filter; an error in one leaves the earlier ones subscribed.
    func handleSubscribe(_ body: RawSpan) throws(PacketError) {
        guard let session else { return }
        log.debug("Received SUBSCRIBE from \(logName)")
        var packet = try SubscribePacket(decoding: body, version: version)
        let identifier = packet.subscriptionIdentifier ?? 0
        var codes: [ReasonCode] = []
        var wanted: [(SessionSubscription, isNew: Bool)] = []
        while let entry = try packet.next(in: body) {
            let (filter, shareName) = mounted(entry.filter, entry.form, body)
            var options = Topics.SubscriptionOptions(rawValue: entry.options.rawValue)
            if identity?.isBridge == true {
                options.isNoLocal = true
                options.isRetainAsPublished = true
            }
            let highest = UInt8(clamping: listener.configuration.maxQoS)
            options.qualityOfService = min(options.qualityOfService, highest)
            let granted = options.qualityOfService
            let subscription = SessionSubscription(
                filter: filter,
                shareName: shareName,
                options: options,
                identifier: identifier
            )
            let isNew = worker.subscribe(subscription, of: session)
            logSubscription(.subscribe, filter, shareName, qos: granted)
            codes.append(ReasonCode(rawValue: granted))
            if shareName == nil { wanted.append((subscription, isNew)) }
        }
        var suback: [UInt8] = []
        suback.appendSuback(
            packetIdentifier: packet.packetIdentifier,
            reasonCodes: codes,
            version: version
        )
        log.debug("Sending SUBACK to \(logName)")
        write(suback, .suback)
        for (subscription, isNew) in wanted where wantsRetained(subscription, isNew: isNew) {
            session.sendRetained(for: subscription)
        }
    }

    private func wantsRetained(_ subscription: SessionSubscription, isNew: Bool) -> Bool {
        guard isV5 else { return true }
        return switch subscription.options.retainHandling {
        case 0: true
        case 1: isNew
        default: false
        }
    }

    /// The filter with the mount point in front, and the share name apart.
    private func mounted(
        _ range: Range<Int>,
        _ form: SharedFilter.Form,
        _ body: RawSpan
    ) -> (filter: [UInt8], shareName: [UInt8]?) {
        switch form {
        case .shared(let parts):
            (listener.mountPoint + body.array(parts.filter), body.array(parts.shareName))
        case .ordinary, .invalid: (listener.mountPoint + body.array(range), nil)
        }
    }

    private func logSubscription(
        _ type: LogTypes,
        _ filter: [UInt8],
        _ shareName: [UInt8]?,
        qos: UInt8?
    ) {
        let isDebugging = log.isEnabled(.debug)
        guard log.isEnabled(type) || isDebugging else { return }
        var text = String(decoding: filter, as: UTF8.self)
        if let shareName { text = "$share/\(String(decoding: shareName, as: UTF8.self))/\(text)" }
        if isDebugging { log.debug(qos.map { "\t\(text) (QoS \($0))" } ?? "\t\(text)") }
        log.write(type, qos.map { "\(logName) \($0) \(text)" } ?? "\(logName) \(text)")
    }

    func handleUnsubscribe(_ body: RawSpan) throws(PacketError) {
        guard let session else { return }
        log.debug("Received UNSUBSCRIBE from \(logName)")
        var packet = try UnsubscribePacket(decoding: body, version: version)
        var codes: [ReasonCode] = []
        while let entry = try packet.next(in: body) {
            let (filter, shareName) = mounted(entry.filter, entry.form, body)
            logSubscription(.unsubscribe, filter, shareName, qos: nil)
            let wasSubscribed = session.removeSubscription(filter, shareName)
            codes.append(wasSubscribed ? .success : .noSubscriptionExisted)
        }
        var unsuback: [UInt8] = []
        unsuback.appendUnsuback(
            packetIdentifier: packet.packetIdentifier,
            reasonCodes: codes,
            version: version
        )
        log.debug("Sending UNSUBACK to \(logName)")
        write(unsuback, .unsuback)
    }
}

extension RawSpan {
    /// A copy of some bytes.
    func array(_ range: Range<Int>) -> [UInt8] {
        extracting(range).withUnsafeBytes { Array($0) }
    }
}

extension Worker {
    /// Enters a subscription in the index and in its session. Returns whether it is new.
    func subscribe(_ subscription: SessionSubscription, of session: Session) -> Bool {
        let destination = Destination(
            session: session.handle,
            subscriptionIdentifier: subscription.identifier,
            options: subscription.options
        )
        let result = broker.subscriptions.subscribe(
            filter: subscription.filter.span.bytes,
            shareName: subscription.shareName?.span.bytes,
            destination: destination
        )
        if case .new = result {
            session.subscriptions.append(subscription)
            return true
        }
        session.replaceSubscription(subscription)
        return false
    }

    /// Takes a subscription out of the index.
    func unsubscribe(_ subscription: SessionSubscription, of session: Session) {
        broker.subscriptions.unsubscribe(
            filter: subscription.filter.span.bytes,
            shareName: subscription.shareName?.span.bytes,
            session: session.handle
        )
    }
}

extension Session {
    fileprivate func place(_ filter: [UInt8], _ shareName: [UInt8]?) -> Int? {
        subscriptions.firstIndex { $0.filter == filter && $0.shareName == shareName }
    }

    fileprivate func replaceSubscription(_ subscription: SessionSubscription) {
        guard let place = place(subscription.filter, subscription.shareName) else { return }
        subscriptions[place] = subscription
    }

    /// Unsubscribes. Returns whether there was such a subscription.
    func removeSubscription(_ filter: [UInt8], _ shareName: [UInt8]?) -> Bool {
        guard let place = place(filter, shareName) else { return false }
        worker.unsubscribe(subscriptions.remove(at: place), of: self)
        return true
    }
}
