// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE and UNSUBSCRIBE from a client (5.0 sections 3.8 and 3.10).

import Config
import Log
import MQTT
import Net
import Results
import TopicRules
import Topics

extension Client {
    /// Subscribes filter by filter; an error in one leaves the earlier ones subscribed.
    func handleSubscribe(_ body: RawSpan) throws(PacketError) {
        // Each filter is kept twice, in a tree and with the session.
        if worker.isOutOfMemory(expecting: 8 * body.byteCount) { throw .outOfMemory(version) }
        log.debug("Received SUBSCRIBE from \(logName)")
        carryOut(try FilterPacket(subscribe: body, version: version))
    }

    /// Unsubscribes filter by filter; an error in one leaves the earlier ones unsubscribed.
    func handleUnsubscribe(_ body: RawSpan) throws(PacketError) {
        log.debug("Received UNSUBSCRIBE from \(logName)")
        carryOut(try FilterPacket(unsubscribe: body, version: version))
    }

    // MARK: Slices

    /// Filters that are seen to in one step.
    private static let filtersPerStep = 32

    /// Sees to the filters of a packet: the first ones now, more of them in slices.
    ///
    /// The client is read from no further until it has its acknowledgement.
    private func carryOut(_ packet: FilterPacket) {
        assert(filterPacket == nil, "one packet of a client after the other")
        filterPacket = packet
        let isDone = advance(packet)
        if filterPacket != nil { connection?.pauseReading() }
        if !isDone { goOn(with: packet) }
    }

    private func goOn(with packet: FilterPacket) {
        worker.slices.add { [self] in advance(packet) }
    }

    /// Does a step; returns whether the packet is done with, or waits for plugins.
    private func advance(_ packet: FilterPacket) -> Bool {
        // The client may have ended, or been taken over, since the step before.
        guard filterPacket === packet, stage == .connected else { return true }
        touch()
        if packet.isAcknowledged { return sendRetained(packet) }
        var filters: [RequestedFilter] = []
        while filters.count < Self.filtersPerStep, let entry = packet.next() {
            filters.append(requested(entry, packet))
        }
        guard decide(filters, packet) else { return true }
        return conclude(packet)
    }

    /// Goes on when a step's filters have been entered; returns whether the packet is done with.
    private func conclude(_ packet: FilterPacket) -> Bool {
        guard packet.isAtEnd else { return false }
        if let failure = packet.failure {
            filterPacket = nil
            fail(failure, in: packet.kind == .subscribe ? .subscribe : .unsubscribe)
            return true
        }
        acknowledge(packet)
        return sendRetained(packet)
    }

    // [MQTT-3.8.4-1] [MQTT-3.8.4-5] [MQTT-3.8.4-6] [MQTT-3.8.4-7] [MQTT-3.9.2-1] [MQTT-3.9.2-2]
    // [MQTT-3.9.3-1] [MQTT-3.9.3-2] [MQTT-3.10.4-4] [MQTT-3.10.4-6] [MQTT-3.11.2-1] [MQTT-3.11.2-2]
    // [MQTT-3.11.3-1] [MQTT-3.11.3-2] [MQTT311-3.8.4-1] [MQTT311-3.8.4-4] [MQTT311-3.8.4-5]
    // [MQTT311-3.9.3-1] [MQTT311-3.9.3-2] [MQTT311-3.10.4-4] [MQTT311-3.10.4-5] [MQTT311-3.10.4-6]
    private func acknowledge(_ packet: FilterPacket) {
        var bytes: [UInt8] = []
        let identifier = packet.packetIdentifier
        let codes = packet.reasonCodes
        packet.isAcknowledged = true
        if packet.kind == .subscribe {
            bytes.appendSuback(packetIdentifier: identifier, reasonCodes: codes, version: version)
            log.debug("Sending SUBACK to \(logName)")
            if hold(.packet(bytes, .suback)) {
                _ = hold(.retained(packet.takeRetained()))
            } else {
                write(bytes, .suback)
            }
        } else {
            bytes.appendUnsuback(packetIdentifier: identifier, reasonCodes: codes, version: version)
            log.debug("Sending UNSUBACK to \(logName)")
            if !hold(.packet(bytes, .unsuback)) { write(bytes, .unsuback) }
        }
    }

    /// Begins to send retained messages for subscriptions of a packet; returns whether for all.
    private func sendRetained(_ packet: FilterPacket) -> Bool {
        for _ in 0..<Self.filtersPerStep {
            guard let session, let subscription = packet.nextRetained() else {
                filterPacket = nil
                resumeReading()
                return true
            }
            session.sendRetained(for: subscription)
        }
        return false
    }

    // MARK: Filters

    private func requested(_ entry: FilterPacket.Entry, _ packet: FilterPacket) -> RequestedFilter {
        var options = Topics.SubscriptionOptions(rawValue: entry.options)
        if packet.kind == .subscribe, identity?.isBridge == true {
            options.isNoLocal = true
            options.isRetainAsPublished = true
        }
        let requested = options.qualityOfService
        // [MQTT-3.2.2-10]
        options.qualityOfService = min(requested, UInt8(clamping: listener.configuration.maxQoS))
        let body = packet.body
        return RequestedFilter(
            text: mounted(entry.filter, entry.form, body.span.bytes),
            options: options,
            granted: options.qualityOfService,
            requested: requested
        )
    }

    /// The filter with the mount point in front of the part that is matched.
    private func mounted(_ range: Range<Int>, _ form: SharedFilter.Form, _ body: RawSpan) -> [UInt8]
    {
        if listener.mountPoint.isEmpty { return body.array(range) }
        guard case .shared(let parts) = form else { return listener.mountPoint + body.array(range) }
        return SharedFilter.text(
            shareName: body.array(parts.shareName),
            filter: listener.mountPoint + body.array(parts.filter)
        )
    }

    /// Enters or removes what is allowed, and notes what the acknowledgement says.
    private func carryOut(_ filter: RequestedFilter, isAllowed: Bool, _ packet: FilterPacket) {
        let code: ReasonCode
        if packet.kind == .subscribe {
            code = isAllowed ? subscribe(filter, packet) : denial(of: filter, .notAuthorized)
        } else {
            code = isAllowed ? unsubscribe(filter) : .notAuthorized
        }
        packet.reasonCodes.append(code)
    }

    private func subscribe(_ filter: RequestedFilter, _ packet: FilterPacket) -> ReasonCode {
        guard let session else { return .unspecifiedError }
        // What a mount point or a plugin made too long is not entered; ending it finds nothing.
        if filter.isOverlong { return denial(of: filter, .topicFilterInvalid) }
        if worker.recorder?.refuses(session) == true { return denial(of: filter, .quotaExceeded) }
        let subscription = SessionSubscription(
            text: filter.text,
            options: filter.options,
            identifier: packet.identifier
        )
        let outcome = session.subscribe(subscription)
        if outcome == .refused {
            logLimit(packet)
            return denial(of: filter, .quotaExceeded)
        }
        log.write(.subscribe, "\(logName) \(filter.granted) \(filter.text.text)")
        // A message that is retained from now on comes by way of the subscription.
        if !subscription.isShared, wantsRetained(subscription, isNew: outcome == .new),
            worker.broker.retained.count > 0
        {
            packet.addRetained(subscription)
        }
        return ReasonCode(rawValue: filter.granted)
    }

    private func unsubscribe(_ filter: RequestedFilter) -> ReasonCode {
        guard let session else { return .unspecifiedError }
        log.write(.unsubscribe, "\(logName) \(filter.text.text)")
        if filter.isOverlong { return .noSubscriptionExisted }
        let subscription = SessionSubscription(
            text: filter.text,
            options: filter.options,
            identifier: 0
        )
        return session.unsubscribe(subscription) ? .success : .noSubscriptionExisted
    }

    /// 3.1 has no failure code: the client is told its QoS as if it had been granted.
    private func denial(of filter: RequestedFilter, _ reason: ReasonCode) -> ReasonCode {
        switch version {
        case .v31: ReasonCode(rawValue: filter.granted)
        case .v311: .unspecifiedError
        case .v5: reason
        }
    }

    // [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11] [MQTT-3.8.4-4] [MQTT311-3.3.1-6]
    private func wantsRetained(_ subscription: SessionSubscription, isNew: Bool) -> Bool {
        guard isV5 else { return true }
        return switch subscription.options.retainHandling {
        case 0: true
        case 1: isNew
        default: false
        }
    }

    private func logLimit(_ packet: FilterPacket) {
        guard !packet.hasLoggedLimit, admitsDenialLine() else { return }
        packet.hasLoggedLimit = true
        log.notice(
            "Client \(logName) may not have more than \(worker.limits.subscriptionsMax) subscriptions."
        )
    }

    // MARK: Decisions

    /// Finds out which filters are allowed and carries those out, at once or later.
    ///
    /// Returns whether that is done; if not, the client has ended or goes on with plugins' answer.
    private func decide(_ filters: [RequestedFilter], _ packet: FilterPacket) -> Bool {
        guard let identity else { return false }
        if filters.isEmpty { return true }
        let events = worker.events(on: listener)
        let event: HookEvents = packet.kind == .subscribe ? .subscribe : .unsubscribe
        if !events.contains(event), events.isDisjoint(with: .access) {
            for filter in filters { carryOut(logged(filter, packet), isAllowed: true, packet) }
            return true
        }
        guard !events.contains(event), events.contains(.accessIsDirect) else {
            return askAbout(filters, packet, identity)
        }
        for filter in filters {
            let code = worker.checkAccess(
                packet.kind,
                identity,
                filter: filter.text,
                qos: filter.requested
            )
            if code != ResultCode.success, code != ResultCode.accessDenied {
                finish(.plugin(code, worker.hooks))
                return false
            }
            if code != ResultCode.success {
                logDenied(filter, packet, worker.hooks?.takeDenial())
            }
            carryOut(filter, isAllowed: code == ResultCode.success, packet)
        }
        return true
    }

    /// Asks the plugins; returns whether they have answered at once and the client may go on.
    private func askAbout(
        _ filters: [RequestedFilter],
        _ packet: FilterPacket,
        _ identity: ClientIdentity
    ) -> Bool {
        let questions = filters.map { filter in
            FilterQuestion(
                filter: filter.text,
                options: filter.options.rawValue,
                identifier: packet.identifier,
                properties: packet.properties
            )
        }
        let question: HookQuestion =
            packet.kind == .subscribe
            ? .subscribe(identity, questions) : .unsubscribe(identity, questions)
        var isDecided = false
        openQuestion = worker.ask(question) { [self] answer in
            guard stage == .connected, filterPacket === packet else { return }
            let isLate = openQuestion != nil
            openQuestion = nil
            isDecided = take(answer, filters, packet)
            if isLate, isDecided, !conclude(packet) { goOn(with: packet) }
        }
        return isDecided && openQuestion == nil
    }

    /// Carries out what plugins have allowed; returns whether the client may go on.
    private func take(
        _ answer: HookAnswer,
        _ filters: [RequestedFilter],
        _ packet: FilterPacket
    ) -> Bool {
        guard case .filters(let decisions, let code, let denials) = answer else { return false }
        for (index, (filter, decision)) in zip(filters, decisions).enumerated() {
            worker.count(packet.kind, decision)
            guard case .allowed(let text, let options) = decision else {
                logDenied(filter, packet, denials[index])
                carryOut(filter, isAllowed: false, packet)
                continue
            }
            var changed = filter
            if let text { changed.text = text }
            if let options { changed.options = Topics.SubscriptionOptions(rawValue: options) }
            carryOut(logged(changed, packet), isAllowed: true, packet)
        }
        if let code { finish(.plugin(code, worker.hooks)) }
        return code == nil
    }

    private func logged(_ filter: RequestedFilter, _ packet: FilterPacket) -> RequestedFilter {
        guard log.isEnabled(.debug) else { return filter }
        let text = filter.text.text
        log.debug(packet.kind == .subscribe ? "\t\(text) (QoS \(filter.granted))" : "\t\(text)")
        return filter
    }

    private func logDenied(_ filter: RequestedFilter, _ packet: FilterPacket, _ denial: Denial?) {
        log.debug("\t\(filter.text.text) (denied)")
        guard log.isEnabled(.notice), admitsDenialLine(), let identity else { return }
        let verb = packet.kind == .subscribe ? "SUBSCRIBE" : "UNSUBSCRIBE"
        logDenied(verb, of: identity, to: filter.text.text, denial)
    }
}

extension [UInt8] {
    /// The bytes as text.
    fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}

extension RawSpan {
    /// A copy of some bytes.
    func array(_ range: Range<Int>) -> [UInt8] {
        extracting(range).withUnsafeBytes { Array($0) }
    }
}
