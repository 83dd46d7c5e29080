// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE and UNSUBSCRIBE from a client (5.0 sections 3.8 and 3.10).

import Config
import Log
import MQTT
import Net
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

    /// The filter without share name, and the share name.
    var parts: (filter: [UInt8], shareName: [UInt8]?) {
        guard case .shared(let shared) = SharedFilter.parse(text) else { return (text, nil) }
        return (Array(text[shared.filter]), Array(text[shared.shareName]))
    }
}

extension Client {
    /// Subscribes filter by filter; an error in one leaves the earlier ones subscribed.
    func handleSubscribe(_ body: RawSpan) throws(PacketError) {
        // Each filter is kept twice, in a tree and with the session.
        if worker.isOutOfMemory(expecting: 8 * body.byteCount) { throw .outOfMemory(version) }
        log.debug("Received SUBSCRIBE from \(logName)")
        var packet = try SubscribePacket(decoding: body, version: version)
        var filters: [RequestedFilter] = []
        var failure: PacketError?
        do throws(PacketError) {
            while let entry = try packet.next(in: body) {
                filters.append(requested(entry, body))
            }
        } catch {
            failure = error
        }
        let identifier = packet.subscriptionIdentifier ?? 0
        let packetIdentifier = packet.packetIdentifier
        let denials = filters.map(denial)
        decide(
            filters,
            kind: .subscribe,
            identifier: identifier,
            properties: body.array(packet.properties)
        ) { [self] filters in
            if let failure {
                _ = subscribe(filters, identifier)
                return fail(failure)
            }
            concludeSubscribe(filters, identifier, packetIdentifier, denials)
        }
    }

    private func requested(_ entry: SubscribePacket.Entry, _ body: RawSpan) -> RequestedFilter {
        var options = Topics.SubscriptionOptions(rawValue: entry.options.rawValue)
        if identity?.isBridge == true {
            options.isNoLocal = true
            options.isRetainAsPublished = true
        }
        let requested = options.qualityOfService
        options.qualityOfService = min(requested, UInt8(clamping: listener.configuration.maxQoS))
        return RequestedFilter(
            text: mounted(entry.filter, entry.form, body),
            options: options,
            granted: options.qualityOfService,
            requested: requested
        )
    }

    /// Enters allowed filters.
    ///
    /// Returns the reason codes, and what may get retained messages.
    private func subscribe(
        _ filters: [RequestedFilter?],
        _ identifier: UInt32
    ) -> [(SessionSubscription, isNew: Bool)] {
        guard let session else { return [] }
        var entered: [(SessionSubscription, isNew: Bool)] = []
        for filter in filters {
            guard let filter else { continue }
            let (text, shareName) = filter.parts
            let subscription = SessionSubscription(
                filter: text,
                shareName: shareName,
                options: filter.options,
                identifier: identifier
            )
            entered.append((subscription, worker.subscribe(subscription, of: session)))
            log.write(.subscribe, "\(logName) \(filter.granted) \(filter.text.text)")
        }
        return entered
    }

    private func concludeSubscribe(
        _ filters: [RequestedFilter?],
        _ identifier: UInt32,
        _ packetIdentifier: UInt16,
        _ denials: [ReasonCode]
    ) {
        let entered = subscribe(filters, identifier)
        var suback: [UInt8] = []
        suback.appendSuback(
            packetIdentifier: packetIdentifier,
            reasonCodes: zip(filters, denials).map { filter, denial in
                filter.map { ReasonCode(rawValue: $0.granted) } ?? denial
            },
            version: version
        )
        log.debug("Sending SUBACK to \(logName)")
        write(suback, .suback)
        for (subscription, isNew) in entered
        where subscription.shareName == nil && wantsRetained(subscription, isNew: isNew) {
            session?.sendRetained(for: subscription)
        }
    }

    /// 3.1 has no failure code: the client is told its QoS as if it had been granted.
    private func denial(of filter: RequestedFilter) -> ReasonCode {
        switch version {
        case .v31: ReasonCode(rawValue: filter.granted)
        case .v311: .unspecifiedError
        case .v5: .notAuthorized
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

    /// The filter with the mount point in front of the part that is matched.
    private func mounted(_ range: Range<Int>, _ form: SharedFilter.Form, _ body: RawSpan) -> [UInt8]
    {
        guard case .shared(let parts) = form, !listener.mountPoint.isEmpty else {
            return listener.mountPoint + body.array(range)
        }
        let share = Array("$share/".utf8) + body.array(parts.shareName) + [UInt8(ascii: "/")]
        return share + listener.mountPoint + body.array(parts.filter)
    }

    // MARK: UNSUBSCRIBE

    func handleUnsubscribe(_ body: RawSpan) throws(PacketError) {
        log.debug("Received UNSUBSCRIBE from \(logName)")
        var packet = try UnsubscribePacket(decoding: body, version: version)
        var filters: [RequestedFilter] = []
        var failure: PacketError?
        do throws(PacketError) {
            while let entry = try packet.next(in: body) {
                let text = mounted(entry.filter, entry.form, body)
                let options = Topics.SubscriptionOptions(rawValue: 0)
                filters.append(
                    RequestedFilter(text: text, options: options, granted: 0, requested: 0)
                )
            }
        } catch {
            failure = error
        }
        let packetIdentifier = packet.packetIdentifier
        decide(
            filters,
            kind: .unsubscribe,
            identifier: 0,
            properties: body.array(packet.properties)
        ) { [self] filters in
            let codes = filters.map(unsubscribe)
            if let failure { return fail(failure) }
            var unsuback: [UInt8] = []
            unsuback.appendUnsuback(
                packetIdentifier: packetIdentifier,
                reasonCodes: codes,
                version: version
            )
            log.debug("Sending UNSUBACK to \(logName)")
            write(unsuback, .unsuback)
        }
    }

    private func unsubscribe(_ filter: RequestedFilter?) -> ReasonCode {
        guard let filter, let session else { return .notAuthorized }
        let (text, shareName) = filter.parts
        log.write(.unsubscribe, "\(logName) \(filter.text.text)")
        return session.removeSubscription(text, shareName) ? .success : .noSubscriptionExisted
    }

    // MARK: Decisions

    /// Finds out which filters are allowed, at once or later; denied ones become nil.
    private func decide(
        _ filters: [RequestedFilter],
        kind: AccessKind,
        identifier: UInt32,
        properties: [UInt8],
        _ body: @escaping ([RequestedFilter?]) -> Void
    ) {
        guard let identity else { return }
        let events = worker.events(on: listener)
        let event: HookEvents = kind == .subscribe ? .subscribe : .unsubscribe
        if !events.contains(event), events.isDisjoint(with: .access) {
            return body(logged(filters, kind))
        }
        if !events.contains(event), events.contains(.accessIsDirect) {
            var verdicts: [RequestedFilter?] = []
            for filter in filters {
                let code = worker.checkAccess(
                    kind,
                    identity,
                    filter: filter.text,
                    qos: filter.requested
                )
                if code != 0, code != Code.aclDenied { return finish(.plugin(code, worker.hooks)) }
                verdicts.append(code == 0 ? filter : nil)
                if code != 0 { logDenied(filter, kind) }
            }
            return body(verdicts)
        }
        let questions = filters.map { filter in
            FilterQuestion(
                filter: filter.text,
                options: filter.options.rawValue,
                identifier: identifier,
                properties: properties
            )
        }
        askAbout(filters, questions, kind, identity, body)
    }

    private func askAbout(
        _ filters: [RequestedFilter],
        _ questions: [FilterQuestion],
        _ kind: AccessKind,
        _ identity: ClientIdentity,
        _ body: @escaping ([RequestedFilter?]) -> Void
    ) {
        let question: HookQuestion =
            kind == .subscribe
            ? .subscribe(identity, questions) : .unsubscribe(identity, questions)
        openQuestion = worker.ask(question) { [self] answer in
            guard stage == .connected else { return }
            openQuestion = nil
            guard case .filters(let verdicts, let code) = answer else { return }
            let decided = apply(verdicts, to: filters, kind)
            if let code {
                if kind == .subscribe { _ = subscribe(decided, questions.first?.identifier ?? 0) }
                return finish(.plugin(code, worker.hooks))
            }
            body(decided)
            connection?.resumeReading()
        }
        if openQuestion != nil { connection?.pauseReading() }
    }

    private func apply(
        _ verdicts: [FilterVerdict],
        to filters: [RequestedFilter],
        _ kind: AccessKind
    ) -> [RequestedFilter?] {
        zip(filters, verdicts).map { filter, verdict in
            guard case .allowed(let text, let options) = verdict else {
                logDenied(filter, kind)
                return nil
            }
            var changed = filter
            if let text { changed.text = text }
            if let options { changed.options = Topics.SubscriptionOptions(rawValue: options) }
            return logged([changed], kind).first ?? nil
        }
    }

    private func logged(_ filters: [RequestedFilter], _ kind: AccessKind) -> [RequestedFilter?] {
        guard log.isEnabled(.debug) else { return filters }
        for filter in filters {
            let text = filter.text.text
            log.debug(kind == .subscribe ? "\t\(text) (QoS \(filter.granted))" : "\t\(text)")
        }
        return filters
    }

    private func logDenied(_ filter: RequestedFilter, _ kind: AccessKind) {
        log.debug("\t\(filter.text.text) (denied)")
        guard admitsDenialLine(), let identity else { return }
        let verb = kind == .subscribe ? "SUBSCRIBE" : "UNSUBSCRIBE"
        log.notice("Denied \(verb) from \(identity.logNameAndUser) to '\(filter.text.text)'.")
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

extension Worker {
    /// Enters a subscription in the index and in its session.
    ///
    /// Returns whether it is new.
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
            session.noteSubscriptionCount()
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

    /// Unsubscribes.
    ///
    /// Returns whether there was such a subscription.
    func removeSubscription(_ filter: [UInt8], _ shareName: [UInt8]?) -> Bool {
        guard let place = place(filter, shareName) else { return false }
        worker.unsubscribe(subscriptions.remove(at: place), of: self)
        noteSubscriptionCount()
        return true
    }
}
