// SPDX-License-Identifier: Apache-2.0
// What the functions of the C interface do in the broker's own process.

import CMosquitto
import Core
import Inflight
import Log
import MQTT
import Net
import Results

extension PluginHost: HostServices {
    func isLogged(_ type: LogTypes) -> Bool { log.isEnabled(type) }

    func logError(_ line: String) { log.error(line) }

    func log(level: CInt, _ line: String) {
        log.writeAlways(LogTypes.ofPlugin(level), line)
    }

    var persistenceFolder: UnsafePointer<CChar>? { persistenceLocation.pointer }

    func setNodeIdentifier(_ identifier: UInt16) -> CInt {
        broker.nodeIdentifier = identifier
        return ResultCode.success
    }

    func setInfo(_ plugin: LoadedPlugin, name: String, version: String?) {
        plugin.setInfo(name: name, version: version)
    }

    // MARK: Clients

    func client(named name: String) -> OpaquePointer? {
        guard let entry = broker.directory[name] else { return nil }
        handles.keep(entry.identity)
        return ClientRecord.handle(of: entry.identity)
    }

    func hasSession(_ name: String) -> Bool {
        restoringState.map { $0.session(name) != nil } ?? (broker.directory[name] != nil)
    }

    func forEachClient(_ body: (OpaquePointer) -> CInt) -> CInt {
        for entry in broker.directory.all {
            let code = body(ClientRecord.handle(of: entry.identity))
            if code != 0 { return code }
        }
        return ResultCode.success
    }

    func userNameChanged(of record: ClientRecord) {}

    func rename(_ record: ClientRecord, to name: String) -> CInt {
        let identity = record.identity
        let directory = broker.directory
        guard record.isAuthenticating, directory[identity.clientIdentifier]?.identity !== identity
        else {
            // A session lives where its identifier says; it cannot get another one.
            return directory[name] != nil ? ResultCode.alreadyExists : ResultCode.notSupported
        }
        record.setIdentifier(name)
        return ResultCode.success
    }

    func certificate(of record: ClientRecord) -> OpaquePointer? {
        record.identity.security?.certificate?.addReference()
    }

    func channelBinding(of record: ClientRecord) -> [UInt8]? {
        record.identity.security?.channelBinding
    }

    func kick(_ name: String, publishesWill: Bool) {
        broker.kick(name, publishesWill: publishesWill)
    }

    func kickAll(publishesWill: Bool) {
        broker.kickAll(publishesWill: publishesWill) { _ in true }
    }

    func kickUser(_ name: String?, publishesWill: Bool) {
        broker.kickAll(publishesWill: publishesWill) { client in
            guard let userName = client.userName, let name else {
                return client.userName == nil && name == nil
            }
            return userName.hasSameBytes(as: name)
        }
    }

    func removeSession(_ name: String) {
        if let state = restoringState {
            state.removeSession(name)
        } else {
            broker.removeSession(name)
        }
    }

    func isAwaited(_ ticket: DelayedAnswers.Ticket) -> Bool { delayed.isAwaited(ticket) }

    // MARK: Messages and subscriptions

    func waitForRoom() { broker.pluginBacklog.waitForRoom() }

    func publish(_ publication: PluginPublication, to name: String?) {
        let broker = broker
        let publish = {
            if let name {
                broker.publish(publication, to: name)
            } else {
                broker.publish(publication)
            }
        }
        // Who is being given back gets it too.
        if let state = restoringState {
            state.publications.append(publish)
        } else {
            publish()
        }
    }

    func removeRetained(_ topic: [UInt8]) {
        if let state = restoringState {
            state.removeRetained(String(decoding: topic, as: UTF8.self))
        } else {
            broker.removeRetained(topic)
        }
    }

    func subscribe(
        _ name: String,
        filter: [UInt8],
        shareName: [UInt8]?,
        options: UInt8,
        identifier: UInt32
    ) -> CInt {
        if let state = restoringState {
            let image = SubscriptionImage(
                filter: filter,
                shareName: shareName,
                options: options,
                identifier: identifier
            )
            return state.subscribe(name, image)
        }
        guard hasSession(name) else { return ResultCode.notFound }
        let wasThere = broker.addSubscription(
            name,
            filter: filter,
            shareName: shareName,
            options: options,
            identifier: identifier
        )
        return wasThere ? ResultCode.subscriptionExists : ResultCode.success
    }

    func unsubscribe(_ name: String, filter: [UInt8], shareName: [UInt8]?) -> CInt {
        if let state = restoringState { return state.unsubscribe(name, filter, shareName) }
        guard hasSession(name) else { return ResultCode.notFound }
        broker.removeSubscription(name, filter: filter, shareName: shareName)
        return ResultCode.success
    }

    func obstacleToWill(of name: String, hasProperties: Bool) -> CInt {
        if let state = restoringState {
            return state.session(name) == nil ? ResultCode.notFound : ResultCode.success
        }
        guard let entry = broker.directory[name] else { return ResultCode.notFound }
        if hasProperties, entry.isConnected, entry.identity.version != .v5 {
            return ResultCode.notSupported
        }
        return ResultCode.success
    }

    func setWill(_ name: String, _ will: Will) {
        if let state = restoringState {
            state.setWill(name, will)
        } else {
            broker.setWill(name, will)
        }
    }
}
