// SPDX-License-Identifier: Apache-2.0
// The plugin behind `acl_file`: who may read and write which topics, from a file.

import PluginSDK
import SafeFiles
import Synchronization

/// Checks access against a file (`plugin_opt_acl_file`).
///
/// A broken file stops the broker's start-up. On reload it leaves the old rules in force. Subscribing is always
/// allowed: rules hold when messages are delivered.
final class ACLFile: ThreadSafePlugin {
    static let name = "acl-file"
    static let decidesAccessByTopic = true

    static let optionNames: [String]? = [optionKey]

    private static let optionKey = "acl_file"

    private let broker: Broker
    /// `nil` without a file; a check holds the lock for one retain.
    private let index: Mutex<Loaded?>
    private let lines = Mutex(LineLimit())

    /// What is in force.
    private final class Loaded: Sendable {
        let index: ACLIndex
        let denials: ACLDenials

        init(_ file: ACLRules) {
            index = ACLIndex(file.rules)
            denials = file.denials
        }
    }

    init(context: ThreadSafePluginContext) throws {
        broker = context.broker
        for option in context.options where option.key != Self.optionKey {
            broker.log(.error, "\(Self.name): Error: Unknown option '\(option.key)'.")
            throw ResultCode.invalid
        }
        let path = context.options[Self.optionKey]
        index = Mutex(try Self.load(path, broker: context.broker))
        try context.on(.accessCheck) { [self] event in check(&event) }
        try context.on(.reload) { [self] event in
            reload(event.options[Self.optionKey] ?? path)
        }
    }

    // MARK: - File

    static func findings(about options: PluginOptions) -> [OptionFinding] {
        OptionFinding.ofFile(options, optionKey, unreadable: unreadable) { content, path in
            do throws(ACLFileError) {
                return try ACLRules(parsing: content, path: path).warnings.map {
                    OptionFinding(.success, option: optionKey, text: $0)
                }
            } catch {
                return [OptionFinding(option: optionKey, text: error.message)]
            }
        }
    }

    private static func unreadable(_ path: String, _ error: FileError) -> String {
        "Error: Unable to open acl_file \"\(path)\": \(error.explanation)."
    }

    private static func load(_ path: String?, broker: Broker) throws(ResultCode) -> Loaded? {
        guard let path else { return nil }
        let content: [UInt8]
        do {
            content = try broker.readSensitiveFile(path)
        } catch {
            broker.log(.error, unreadable(path, error))
            throw ResultCode.unknown
        }
        do {
            let file = try ACLRules(parsing: content, path: path)
            for warning in file.warnings { broker.log(.warning, warning) }
            return Loaded(file)
        } catch {
            broker.log(.error, error.message)
            throw ResultCode.invalid
        }
    }

    private func reload(_ path: String?) {
        do {
            let new = try Self.load(path, broker: broker)
            index.withLock { $0 = new }
        } catch {
            broker.log(.error, "\(Self.name): Error: Keeping the rules read before.")
        }
    }

    // MARK: - Check

    private func check(_ event: inout AccessCheckEvent) -> AccessAnswer {
        let access: ACLRights
        switch event.access {
        case .read: access = .read
        case .write: access = .write
        case .subscribe, .unsubscribe: return .allow
        }
        guard let loaded = index.withLock({ $0 }) else { return .ignore }
        let username = event.client.usernameBytes
        let decision = loaded.index.decide(
            access,
            topic: event.topicBytes,
            clientID: event.client.idBytes,
            hasUsername: !username.isEmpty || event.client.hasUsername,
            username: username
        )
        switch decision {
        case .allowed: return .allow
        case .denied: explain(event, with: loaded.denials)
        case .dangerousUsername where lines.withLock({ $0.admits() }):
            let name = event.client.username ?? ""
            broker.log(.notice, "ACL denying access to client with dangerous username \"\(name)\"")
        case .dangerousClientID where lines.withLock({ $0.admits() }):
            let id = event.client.id ?? ""
            broker.log(.notice, "ACL denying access to client with dangerous client id \"\(id)\"")
        case .dangerousUsername, .dangerousClientID: break
        }
        if decision == .dangerousUsername {
            giveReason("its user name holds a wildcard", for: event.access)
        } else if decision == .dangerousClientID {
            giveReason("its client identifier holds a wildcard", for: event.access)
        }
        return .deny
    }

    private func explain(_ event: borrowing AccessCheckEvent, with denials: ACLDenials) {
        guard broker.wantsReason(for: event.access) else { return }
        let username = event.client.usernameBytes
        let reason = denials.reason(
            topic: event.topicBytes,
            clientID: event.client.idBytes,
            hasUsername: !username.isEmpty || event.client.hasUsername,
            username: username
        )
        broker.giveReason(reason)
    }

    private func giveReason(_ reason: String, for access: Access) {
        if broker.wantsReason(for: access) { broker.giveReason(reason) }
    }
}

/// Makes `ACLFile` the plugin of this library.
@c public func mosquitto_swift_plugin() -> UnsafeRawPointer { ACLFile.entry }
