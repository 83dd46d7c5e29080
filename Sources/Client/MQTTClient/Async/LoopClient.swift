// SPDX-License-Identifier: Apache-2.0
// A client on the thread of its event loop: what its users have asked for, and what comes of it.

import MQTT
import Net

/// Does what a client was asked for with its driver, and tells its users what has come of it.
final class LoopClient {
    /// A message that is under way, and who waits for the end of it.
    private struct Publication {
        let waiter: Waiter<MQTTReasonCode>?
        let byteCount: Int
    }

    private let core: ClientCore
    private let reactor: Reactor
    private let table: DriverTable
    private var driver: ClientDriver?
    private var routes: MessageRoutes
    /// Commands for which there was no room.
    private var held: [ClientCommand] = []
    private var isFull = false
    private var publications = PlacedQueue<Publication>()
    private var requests: [ClientRequest: (waiter: Waiter<[MQTTReasonCode]>, isWaitedFor: Bool)] =
        [:]
    private var leaving: [ClientRequest: [String]] = [:]
    private var connecting: Waiter<MQTTConnack>?
    private var disconnecting: [Waiter<Void>] = []
    private var reauthenticating: Waiter<Void>?
    /// Messages that have come in this turn, by inbox.
    private var arrived: [(inbox: Inbox, messages: [MQTTMessage])] = []
    /// How many wait for an answer of the server: then it is read, however full the inboxes are.
    private var awaitedCount = 0
    private var lastPublishTopic = ""
    private var lastTopicBytes: [UInt8] = []
    /// What is over, and has not been told of.
    private var doneCount = 0
    private var doneByteCount = 0
    private var failure: MQTTError?
    /// Whether nobody has the client any more.
    private(set) var isOver = false

    init(_ core: ClientCore, _ reactor: Reactor, _ table: DriverTable) {
        self.core = core
        self.reactor = reactor
        self.table = table
        routes = MessageRoutes(others: core.others)
    }

    /// Does what has been asked for since the last call.
    func takeCommands() {
        let commands = core.takeCommands()
        if isFull {
            held += commands
            // Who makes room must not wait for it.
            if commands.contains(where: \.isUrgent) { goOnReading() }
            if mustRead { driver?.resumeReading() }
        } else {
            perform(commands)
        }
        tellDone()
    }

    private func perform(_ commands: [ClientCommand]) {
        for (index, command) in commands.enumerated() {
            guard perform(command) else {
                held = Array(commands[index...])
                isFull = true
                return
            }
        }
    }

    /// Returns whether there was room for it.
    private func perform(_ command: ClientCommand) -> Bool {
        switch command {
        case .connect(let plan, let waiter): connect(plan, waiter)
        case .publish(let message, let waiter): return publish(message, waiter)
        case .subscribe(let wanted, let identifier, let handle, let waiter):
            subscribe(wanted, identifier, handle, waiter)
        case .unsubscribe(let filters, let waiter): unsubscribe(filters, waiter)
        case .drop(let inbox, let filters): unsubscribe(routes.remove(inbox, filters), nil)
        case .resume: goOnReading()
        case .expect: if mustRead { driver?.resumeReading() }
        case .reauthenticate(let waiter): reauthenticate(waiter)
        case .disconnect(let reason, let waiter): disconnect(reason, waiter)
        case .close: close()
        }
        return true
    }

    // MARK: Connection

    private func connect(_ plan: OutgoingPlan, _ waiter: Waiter<MQTTConnack>) {
        guard driver?.isIdle ?? true else {
            waiter.finish(.failure(MQTTError.alreadyConnected))
            return
        }
        let driver = self.driver ?? makeDriver(plan)
        for inbox in routes.all { inbox.reopen() }
        connecting = waiter
        driver.connect()
    }

    private func makeDriver(_ plan: OutgoingPlan) -> ClientDriver {
        var configuration = core.configuration
        // What waits is bounded before it comes here.
        configuration.limits.queuedMax = .max
        configuration.limits.queuedBytesMax = .max
        let driver = ClientDriver(configuration, plan, on: reactor)
        driver.delegate = self
        table.add(driver)
        self.driver = driver
        return driver
    }

    private func disconnect(_ reason: MQTTReasonCode, _ waiter: Waiter<Void>) {
        guard let driver, !driver.isIdle else {
            waiter.finish(.success(()))
            return
        }
        disconnecting.append(waiter)
        driver.disconnect(reason)
    }

    private func close() {
        isOver = true
        driver?.close()
        driver.map(table.remove)
        fail(.closed)
        core.endEvents()
        driver = nil
    }

    private func reauthenticate(_ waiter: Waiter<Void>) {
        do {
            guard reauthenticating == nil, try driver?.reauthenticate() == true else {
                throw MQTTError.notConnected
            }
            reauthenticating = waiter
            expect()
        } catch {
            waiter.finish(.failure(error))
        }
    }

    /// Everything that waits has waited in vain.
    private func fail(_ error: MQTTError) {
        connecting?.finish(.failure(error))
        connecting = nil
        reauthenticating?.finish(.failure(error))
        reauthenticating = nil
        driver?.abandon()
        publications.removeAll { conclude($0, .failure(error)) }
        let waiting = held
        held = []
        isFull = false
        awaitedCount = 0
        for command in waiting { perform(command, failing: error) }
        for inbox in routes.all { inbox.end(error == .closed ? .success(()) : .failure(error)) }
        let waiters = disconnecting
        disconnecting = []
        for waiter in waiters { waiter.finish(.success(())) }
    }

    private func perform(_ command: ClientCommand, failing error: MQTTError) {
        if case .publish(let message, let waiter) = command {
            let publication = Publication(waiter: waiter, byteCount: message.payload.count)
            conclude(publication, .failure(error))
        } else {
            _ = perform(command)
        }
    }

    // MARK: Publishing

    private func publish(_ message: MQTTMessage, _ waiter: Waiter<MQTTReasonCode>?) -> Bool {
        let publication = Publication(waiter: waiter, byteCount: message.payload.count)
        guard let driver, !driver.isIdle else {
            conclude(publication, .failure(.notConnected))
            return true
        }
        if message.topic != lastPublishTopic || lastTopicBytes.isEmpty {
            lastPublishTopic = message.topic
            lastTopicBytes = Array(message.topic.utf8)
        }
        let outcome = message.payload.withUnsafeBytes { payload in
            lastTopicBytes.withUnsafeBytes { topic in
                driver.publish(
                    topic: topic,
                    payload: payload,
                    qos: message.qos.rawValue,
                    isRetained: message.isRetained,
                    properties: message.encodedProperties
                )
            }
        }
        switch outcome {
        case .full: return false
        case .sent: conclude(publication, .success(.success))
        case .accepted(let ticket, _):
            publications.append(publication, at: Int(ticket))
            if waiter != nil { expect() }
        case .refused(let error): conclude(publication, .failure(error))
        }
        return true
    }

    private func conclude(_ publication: Publication, _ result: Result<MQTTReasonCode, MQTTError>) {
        doneCount += 1
        doneByteCount += publication.byteCount
        if let waiter = publication.waiter {
            waiter.finish(result.mapError { $0 })
        } else if case .failure(let error) = result, failure == nil {
            failure = error
        }
    }

    /// Tells how many messages are over, once for all of a turn.
    private func tellDone() {
        guard doneCount > 0 else { return }
        core.completed(doneCount, doneByteCount, failure)
        doneCount = 0
        doneByteCount = 0
        failure = nil
    }

    // MARK: Subscribing

    private func subscribe(
        _ wanted: [MQTTSubscriptionRequest],
        _ identifier: UInt32?,
        _ handle: SubscriptionHandle?,
        _ waiter: Waiter<[MQTTReasonCode]>
    ) {
        do throws(MQTTError) {
            guard let driver else { throw .notConnected }
            var properties = PropertyWriter()
            if let identifier {
                guard (1...268_435_455).contains(identifier) else { throw .notAvailable }
                properties.append(.subscriptionIdentifier, variableByteInteger: identifier)
            }
            let request = try driver.subscribe(
                wanted.map { (Array($0.filter.utf8), $0.options) },
                properties: properties.bytes
            )
            // Messages may come before the answer.
            if let handle { for filter in handle.filters { routes.add(filter, handle.inbox) } }
            requests[request] = (waiter, true)
            expect()
        } catch {
            waiter.finish(.failure(error))
        }
    }

    private func unsubscribe(_ filters: [String], _ waiter: Waiter<[MQTTReasonCode]>?) {
        guard !filters.isEmpty || waiter != nil else { return }
        do throws(MQTTError) {
            guard let driver else { throw .notConnected }
            let request = try driver.unsubscribe(filters.map { Array($0.utf8) })
            leaving[request] = filters
            guard let waiter else { return }
            requests[request] = (waiter, true)
            expect()
        } catch {
            for filter in filters { routes.forget(filter) }
            waiter?.finish(.failure(error))
        }
    }

    // MARK: Reading

    /// Somebody waits for an answer: however full the inboxes are, the server is read, or those who would
    /// empty them may wait for ever.
    private func expect() {
        awaitedCount += 1
        driver?.resumeReading()
    }

    /// Whether somebody waits for an answer of the server, one by one or until all have come.
    private var mustRead: Bool {
        awaitedCount > 0 || !publications.isEmpty && core.isAwaited
    }

    private func noteAnswer() {
        awaitedCount -= 1
        assert(awaitedCount >= 0, "who waits is counted")
    }

    /// Reads on if all inboxes have room.
    private func goOnReading() {
        guard let driver, driver.isReadingPaused, !isCrowded else { return }
        driver.resumeReading()
    }

    private var isCrowded: Bool {
        var isCrowded = false
        // Each is asked, as each is to say when it has room.
        for inbox in routes.all where inbox.isFull { isCrowded = true }
        return isCrowded
    }
}

extension LoopClient: ClientDriverDelegate {
    func client(_ client: ClientDriver, connected connack: MQTTConnack) {
        connecting?.finish(.success(connack))
        connecting = nil
        core.tell(.connected(connack))
    }

    func client(_ client: ClientDriver, received messages: UnsafeReceivedMessages) {
        for inbox in routes.inboxes(for: messages.topic) {
            if let last = arrived.indices.last, arrived[last].inbox === inbox {
                arrived[last].messages.append(copying: messages)
            } else {
                var copies: [MQTTMessage] = []
                copies.append(copying: messages)
                arrived.append((inbox, copies))
            }
        }
    }

    func clientTookBatch(_ client: ClientDriver) {
        let arrived = arrived
        self.arrived = []
        for (inbox, messages) in arrived { inbox.put(messages) }
        tellDone()
        if !arrived.isEmpty, isCrowded, !mustRead { client.pauseReading() }
    }

    func client(
        _ client: ClientDriver,
        completed ticket: UInt64,
        packetIdentifier: UInt16,
        _ code: MQTTReasonCode,
        reason: String?
    ) {
        guard let publication = publications.remove(Int(ticket)) else { return }
        if publication.waiter != nil { noteAnswer() }
        if code == .packetTooLarge {
            conclude(publication, .failure(.packetTooLarge))
        } else if code.isError {
            conclude(publication, .failure(.publishRefused(code, reason: reason)))
        } else {
            conclude(publication, .success(code))
        }
    }

    func client(
        _ client: ClientDriver,
        answered request: ClientRequest?,
        packetIdentifier: UInt16,
        _ codes: [MQTTReasonCode]
    ) {
        guard let request else { return }
        for filter in leaving.removeValue(forKey: request) ?? [] { routes.forget(filter) }
        guard let waiting = requests.removeValue(forKey: request) else { return }
        noteAnswer()
        waiting.waiter.finish(.success(codes))
    }

    func client(_ client: ClientDriver, gaveUp request: ClientRequest, _ error: MQTTError) {
        for filter in leaving.removeValue(forKey: request) ?? [] { routes.forget(filter) }
        guard let waiting = requests.removeValue(forKey: request) else { return }
        noteAnswer()
        waiting.waiter.finish(.failure(error))
    }

    func client(_ client: ClientDriver, ended error: MQTTError?, retryIn milliseconds: Int64?) {
        clientTookBatch(client)
        if let reauthenticating {
            self.reauthenticating = nil
            noteAnswer()
            reauthenticating.finish(.failure(error ?? .closed))
        }
        if let error, let milliseconds {
            core.tell(.lost(error, retryIn: .milliseconds(milliseconds)))
        } else {
            fail(error ?? .closed)
            core.tell(.ended(error))
        }
        tellDone()
    }

    func clientHasRoom(_ client: ClientDriver) {
        guard isFull else { return }
        isFull = false
        let commands = held
        held = []
        perform(commands)
        tellDone()
    }

    func clientReauthenticated(_ client: ClientDriver) {
        guard let reauthenticating else { return }
        self.reauthenticating = nil
        noteAnswer()
        reauthenticating.finish(.success(()))
    }
}

extension ClientCommand {
    /// Whether it must not wait for room.
    fileprivate var isUrgent: Bool { if case .resume = self { true } else { false } }
}

extension MQTTSubscriptionRequest {
    /// The options byte.
    fileprivate var options: SubscriptionOptions {
        SubscriptionOptions(
            qos: qos.rawValue,
            isNoLocal: isNoLocal,
            isRetainAsPublished: isRetainAsPublished,
            retainHandling: retained.rawValue
        )
    }
}
