// SPDX-License-Identifier: Apache-2.0
// What the functions of the C interface do in a helper.

import CMosquitto
import Core
import Isolation
import Log
import MQTT
import Net
import Results
import Synchronization

extension PluginHelper: HostServices {
    func plugin(_ identifier: OpaquePointer) -> LoadedPlugin? {
        guard let plugin, plugin.identifier == UnsafeMutableRawPointer(identifier) else {
            return nil
        }
        return plugin
    }

    func isLogged(_ type: LogTypes) -> Bool {
        let word = channel.channel.questionWord(ChannelLayout.Questions.logTypes)
        return word.pointee.load(ordering: .relaxed) & UInt64(type.rawValue) != 0
    }

    func logError(_ line: String) { log(.error, line) }

    /// All lines go one way, whatever callback writes them: so they stay in order, and are seen also if it
    /// never returns.
    func log(level: CInt, _ line: String) {
        let ring = channel.channel.layout.serviceRing
        channel.send(.told(.log(level: level, line: line)), ring: ring, wakes: true)
    }

    var persistenceFolder: UnsafePointer<CChar>? { persistenceLocation?.pointer }

    // MARK: Callbacks

    func register(
        _ plugin: LoadedPlugin,
        _ event: PluginEvent,
        _ function: @escaping Callback.Function,
        topic: UnsafePointer<CChar>?,
        _ userData: UnsafeMutableRawPointer?
    ) -> CInt {
        // The broker writes the line, as it knows what the configuration says.
        if event.isPersistence { return ask(.persistence(event: event.rawValue)) }
        let name = event == .control ? topic.map { String(cString: $0) } : nil
        guard event != .control || name != nil else { return ResultCode.invalid }
        let number = callbacks.add(
            plugin,
            event,
            function,
            topic: name,
            UnsafeTransfer(userData)
        )
        guard let number else { return ResultCode.alreadyExists }
        guard let name else {
            tell(.registered(event: event.rawValue, callback: number))
            return ResultCode.success
        }
        let code = ask(.control(topic: name, callback: number))
        if code != ResultCode.success { _ = callbacks.remove(event, function, topic: name) }
        return code
    }

    func unregister(
        _ plugin: LoadedPlugin,
        _ event: PluginEvent,
        _ function: @escaping Callback.Function,
        topic: UnsafePointer<CChar>?
    ) -> CInt {
        let name = event == .control ? topic.map { String(cString: $0) } : nil
        guard event != .control || name != nil else { return ResultCode.invalid }
        guard let number = callbacks.remove(event, function, topic: name) else {
            return ResultCode.notFound
        }
        if let name {
            _ = ask(.control(topic: name, callback: nil))
        } else {
            tell(.unregistered(callback: number))
        }
        return ResultCode.success
    }

    func setInfo(_ plugin: LoadedPlugin, name: String, version: String?) {
        plugin.setInfo(name: name, version: version)
        tell(.info(name: name, version: version))
    }

    // MARK: Clients

    func client(named name: String) -> OpaquePointer? {
        let facts = channel.ask(.client(name)).flatMap(\.clients).first
        return facts.map { ClientRecord.handle(of: clients.add($0)) }
    }

    func hasSession(_ name: String) -> Bool { ask(.hasSession(name)) == ResultCode.success }

    func forEachClient(_ body: (OpaquePointer) -> CInt) -> CInt {
        for facts in channel.ask(.allClients).flatMap(\.clients) {
            let code = body(ClientRecord.handle(of: clients.add(facts)))
            if code != 0 { return code }
        }
        return ResultCode.success
    }

    func userNameChanged(of record: ClientRecord) {
        tell(.userName(client: record.number, record.identity.userName))
    }

    func rename(_ record: ClientRecord, to name: String) -> CInt {
        let code = ask(.rename(client: record.number, to: name))
        if code == ResultCode.success { record.setIdentifier(name) }
        return code
    }

    func certificate(of record: ClientRecord) -> OpaquePointer? {
        let reply = channel.ask(.certificate(client: record.number)).first
        return reply?.data.flatMap { PeerCertificate.parse($0) }
    }

    func channelBinding(of record: ClientRecord) -> [UInt8]? {
        channel.ask(.channelBinding(client: record.number)).first?.data
    }

    func kick(_ name: String, publishesWill: Bool) { tell(.kick(name, withWill: publishesWill)) }

    func kickAll(publishesWill: Bool) { tell(.kickAll(withWill: publishesWill)) }

    func kickUser(_ name: String?, publishesWill: Bool) {
        tell(.kickUser(name, withWill: publishesWill))
    }

    func removeSession(_ name: String) { tell(.removeSession(name)) }

    func completeBasic(_ identifier: String, code: Int32) {
        let reason = Refusals.takeReason()
        tell(.decided(clientIdentifier: identifier, code: code, reason: reason))
    }

    func completeExtended(_ identifier: String, code: Int32, data: [UInt8]?) {
        let reason = Refusals.takeReason()
        tell(
            .decidedExchange(clientIdentifier: identifier, code: code, data: data, reason: reason)
        )
    }

    func complete(_ ticket: DelayedAnswers.Ticket, code: Int32, data: [UInt8]?) {
        let reason = Refusals.takeReason()
        tell(.decidedTicket(ticket, code: code, data: data, reason: reason))
    }

    func isAwaited(_ ticket: DelayedAnswers.Ticket) -> Bool {
        ask(.isAwaited(ticket)) == ResultCode.success
    }

    // MARK: Messages and subscriptions

    /// The ring has room, or the call that publishes waits for it.
    func waitForRoom() {}

    func publish(_ publication: PluginPublication, to name: String?) {
        let message = PublishedMessage(
            topic: publication.topic,
            payload: publication.payload,
            qos: publication.qos,
            isRetained: publication.isRetained,
            properties: publication.properties,
            messageExpiryInterval: publication.messageExpiryInterval
        )
        tell(.publish(message, to: name))
    }

    func removeRetained(_ topic: [UInt8]) { tell(.removeRetained(topic)) }

    /// Persistence plugins do not run here.
    var restoringState: RestoredState? { nil }

    func setNodeIdentifier(_ identifier: UInt16) -> CInt {
        tell(.nodeIdentifier(identifier))
        return ResultCode.success
    }

    func subscribe(
        _ name: String,
        filter: [UInt8],
        shareName: [UInt8]?,
        options: UInt8,
        identifier: UInt32
    ) -> CInt {
        ask(
            .subscribe(
                name,
                filter: filter,
                shareName: shareName,
                options: options,
                identifier: identifier
            )
        )
    }

    func unsubscribe(_ name: String, filter: [UInt8], shareName: [UInt8]?) -> CInt {
        ask(.unsubscribe(name, filter: filter, shareName: shareName))
    }

    func obstacleToWill(of name: String, hasProperties: Bool) -> CInt {
        ask(.mayHaveWill(name, hasProperties: hasProperties))
    }

    func setWill(_ name: String, _ will: Will) {
        let message = PublishedMessage(
            topic: will.topic,
            payload: will.payload,
            qos: will.qos,
            isRetained: will.isRetained,
            properties: will.forwardedProperties,
            messageExpiryInterval: will.messageExpiryInterval,
            willDelayInterval: will.delayInterval
        )
        tell(.will(message, of: name))
    }

    // MARK: The channel

    /// Tells the broker something: before the answer, if the callback of a question says it.
    private func tell(_ told: Told) {
        if let ring = ringOfQuestion {
            channel.send(.told(told), ring: ring, wakes: false)
        } else {
            channel.send(.told(told), ring: channel.channel.layout.serviceRing, wakes: true)
        }
    }

    private func ask(_ request: Request) -> CInt {
        channel.ask(request).first?.code ?? ResultCode.unknown
    }
}
