// SPDX-License-Identifier: Apache-2.0
// The plugin behind `password_file`: user names and hashed passwords from a file.

import Glibc
import PasswordHash
import PluginSDK
import SafeFiles
import Synchronization

/// Checks user names and passwords against a file (`plugin_opt_password_file`).
///
/// A broken file stops the broker's start-up. On reload it leaves the old content in force. Passwords are hashed on
/// worker threads in brokers that take answers from any thread, and in the callback elsewhere.
final class PasswordFile: ThreadSafePlugin {
    static let name = "password-file"

    static let optionNames: [String]? = [optionKey]

    private static let optionKey = "password_file"
    private static let unknownUser = "unknown user"
    /// How many logins may wait for a thread; the broker bounds them by address.
    private static let waitingMax = 10_000

    private let broker: Broker
    private let table: Mutex<PasswordTable>
    private let pool: WorkerPool

    init(context: ThreadSafePluginContext) throws {
        broker = context.broker
        for option in context.options where option.key != Self.optionKey {
            broker.log(.error, "\(Self.name): Error: Unknown option '\(option.key)'.")
            throw ResultCode.invalid
        }
        let path = context.options[Self.optionKey] ?? ""
        table = Mutex(try Self.load(path, broker: context.broker))
        pool = WorkerPool(threads: Self.threadCount, jobsMax: Self.waitingMax)
        try context.on(.basicAuth) { [self] event in try check(&event) }
        try context.on(.reload) { [self] event in
            reload(event.options[Self.optionKey] ?? path)
        }
    }

    func willUnload() {
        pool.stop()
    }

    /// Half the processors: hashing must not starve those who deliver messages.
    private static var threadCount: Int {
        max(1, min(4, sysconf(Int32(_SC_NPROCESSORS_ONLN)) / 2))
    }

    // MARK: - File

    static func findings(about options: PluginOptions) -> [OptionFinding] {
        OptionFinding.ofFile(options, optionKey, unreadable: unreadable) { content, path in
            do throws(PasswordFileError) {
                _ = try PasswordTable(parsing: content, path: path)
                return []
            } catch {
                return [OptionFinding(option: optionKey, text: error.message)]
            }
        }
    }

    private static func unreadable(_ path: String, _ error: FileError) -> String {
        "Error: Unable to open pwfile \"\(path)\": \(error.explanation)."
    }

    private static func load(_ path: String, broker: Broker) throws(ResultCode) -> PasswordTable {
        let content: [UInt8]
        do {
            content = try broker.readSensitiveFile(path)
        } catch {
            broker.log(.error, "\(name): \(unreadable(path, error))")
            throw ResultCode.unknown
        }
        do {
            return try PasswordTable(parsing: content, path: path)
        } catch {
            broker.log(.error, "\(name): \(error.message)")
            throw ResultCode.invalid
        }
    }

    private func reload(_ path: String) {
        do {
            let new = try Self.load(path, broker: broker)
            table.withLock { $0 = new }
        } catch {
            broker.log(.error, "\(Self.name): Error: Keeping the passwords read before.")
        }
    }

    // MARK: - Check

    private func check(_ event: inout BasicAuthEvent) throws -> BasicAuthAnswer {
        guard let username = event.usernameBytes else { return .ignore }
        // An empty password never logs in, whatever is stored.
        guard let password = event.password, !password.isEmpty else {
            broker.giveReason("no password")
            return .deny
        }
        // Users that are not in the file take as long as those that are.
        let (hash, isKnown) = table.withLock { table in
            (table[username] ?? table.decoy(for: username), table[username] != nil)
        }
        guard let hash else {
            broker.giveReason(Self.unknownUser)
            return .deny
        }
        let decide = { @Sendable [broker] () -> BasicAuthAnswer in
            if hash.verify(password) && isKnown { return .allow }
            broker.giveReason(isKnown ? "wrong password" : Self.unknownUser)
            return .deny
        }
        guard broker.isCallableFromAnyThread, let answer = try event.delayedAnswer() else {
            return decide()
        }
        let isQueued = pool.submit(for: event.client.network) {
            if answer.isAwaited { answer.complete(decide()) }
        }
        return isQueued ? .delayed : .refuse(.serverBusy)
    }
}

/// Makes `PasswordFile` the plugin of this library.
@c public func mosquitto_swift_plugin() -> UnsafeRawPointer { PasswordFile.entry }
