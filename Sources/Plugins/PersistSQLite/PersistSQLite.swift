// SPDX-License-Identifier: Apache-2.0
// Keeps sessions and messages in an SQLite database.

import Glibc
import PluginSDK

/// Keeps sessions, subscriptions, messages and wills in an SQLite database, which it shares with the original's plugin
/// of this name: either goes on with the other's file.
///
/// All of it happens on the plugin thread: a commit may wait for the disk. What is told is in the open transaction
/// before an answer goes out, and on the disk after `flush_period` seconds at the latest.
final class PersistSQLite: Plugin {
    static let name = "persist-sqlite"

    static let optionNames: [String]? = SQLiteOptions.names

    let broker: Broker
    private let options: SQLiteOptions
    /// nil: there is nowhere to keep anything.
    private let database: StateDatabase?
    private var schedule: FlushSchedule
    private var lastError: Int64 = -10_000

    init(context: PluginContext) throws {
        broker = context.broker
        do throws(SQLiteOptions.Fault) {
            options = try SQLiteOptions(context.options)
        } catch {
            broker.log(.error, error.text)
            throw ResultCode.invalid
        }
        schedule = FlushSchedule(seconds: options.flushPeriod, from: Clock.milliseconds())
        guard let path = Self.path(options, broker) else {
            database = nil
            broker.log(
                .warning,
                "Warning: Sqlite persistence plugin has no plugin_opt_db_file defined. The plugin will not be activated."
            )
            return
        }
        do throws(SQLiteError) {
            database = try StateDatabase(path: path, options)
        } catch {
            broker.log(.error, "Sqlite persistence: \(error.reason) (\(path)).")
            throw ResultCode.unknown
        }
        do throws(BrokerError) {
            try register(context)
        } catch {
            let reason =
                error.code == .notSupported
                ? " The broker has no support for persistence plugins." : ""
            broker.log(.error, "Sqlite persistence: Unable to register plugin.\(reason)")
            throw error.code
        }
    }

    static func findings(about options: PluginOptions) -> [OptionFinding] {
        do throws(SQLiteOptions.Fault) {
            _ = try SQLiteOptions(options)
            return []
        } catch {
            return [OptionFinding(option: error.option, text: error.text)]
        }
    }

    /// Where the database is; nil: nowhere.
    private static func path(_ options: SQLiteOptions, _ broker: Broker) -> String? {
        guard let location = broker.persistenceLocation, !location.isEmpty else {
            return options.file
        }
        mkdir(location, 0o770)
        return location.hasSuffix("/")
            ? location + "mosquitto.sqlite3" : location + "/mosquitto.sqlite3"
    }

    private func register(_ context: PluginContext) throws(BrokerError) {
        try context.on(.persistRestore) { [unowned self] event in restore(event) }
        try context.on(.persistMessageAdd) { [unowned self] event in change { try $0.add(event) } }
        try context.on(.persistMessageDelete) { [unowned self] event in
            change { try $0.deleteMessage(event.storeID) }
        }
        try context.on(.persistRetainedSet) { [unowned self] event in
            change { try $0.setRetained(event) }
        }
        try context.on(.persistRetainedDelete) { [unowned self] event in
            change { try $0.deleteRetained(event.topicBytes) }
        }
        try context.on(.persistClientAdd) { [unowned self] event in change { try $0.add(event) } }
        try context.on(.persistClientUpdate) { [unowned self] event in
            change { try $0.update(event) }
        }
        try context.on(.persistClientDelete) { [unowned self] event in
            change { try $0.deleteClient(event.clientIDBytes) }
        }
        try context.on(.persistSubscriptionAdd) { [unowned self] event in
            change { try $0.add(event) }
        }
        try context.on(.persistSubscriptionDelete) { [unowned self] event in
            change { try $0.delete(event) }
        }
        try context.on(.persistDeliveryAdd) { [unowned self] event in change { try $0.add(event) } }
        try context.on(.persistDeliveryUpdate) { [unowned self] event in
            change { try $0.update(event) }
        }
        try context.on(.persistDeliveryDelete) { [unowned self] event in
            change { try $0.delete(event) }
        }
        try context.on(.persistWillAdd) { [unowned self] event in change { try $0.add(event) } }
        try context.on(.persistWillDelete) { [unowned self] event in
            change { try $0.deleteWill(event.clientIDBytes) }
        }
        try context.on(.tick) { [unowned self] event in
            event.callAgain(afterMilliseconds: flushIfDue())
        }
    }

    func willUnload() {
        guard let database else { return }
        do throws(SQLiteError) { try database.close() } catch { report(error) }
        broker.log(.info, "Sqlite persistence: Closed DB")
    }

    // MARK: Changes

    /// Changes the database; what goes wrong is told, and the broker goes on.
    private func change(_ body: (StateDatabase) throws -> Void) {
        guard let database else { return }
        database.noteChange()
        do { try body(database) } catch { report(error) }
        if schedule.noteChange() { flushAmidChanges(database) }
    }

    private func flushAmidChanges(_ database: StateDatabase) {
        let now = Clock.milliseconds()
        if schedule.isDueAmidChanges(at: now) { flush(database, at: now) }
    }

    private func restore(_ event: borrowing PersistRestoreEvent) {
        guard let database else { return }
        do throws(SQLiteError) { try restore(event, from: database) } catch { report(error) }
    }

    /// Commits if it is time to; the milliseconds until it is again.
    private func flushIfDue() -> Int {
        guard let database else { return 3_600_000 }
        let now = Clock.milliseconds()
        let wasDirty = database.isDirty
        if schedule.isDue(at: now) { flush(database, at: now) }
        return Int(schedule.wait(at: Clock.milliseconds(), isBusy: wasDirty))
    }

    private func flush(_ database: StateDatabase, at now: Int64) {
        schedule.noteFlush(at: now)
        do throws(SQLiteError) { try database.flush() } catch { report(error) }
    }

    /// At most one line in a second: with a full disk there is one for each event.
    func report(_ error: any Error) {
        let now = Clock.milliseconds()
        guard now - lastError >= 1000 else { return }
        lastError = now
        broker.log(.error, "Sqlite persistence: \(error)")
    }
}

/// A clock for periods.
enum Clock {
    static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    static func secondsSince1970() -> Int64 { Int64(time(nil)) }
}

/// Makes `PersistSQLite` the plugin of this library.
@c public func mosquitto_swift_plugin() -> UnsafeRawPointer { PersistSQLite.entry }
