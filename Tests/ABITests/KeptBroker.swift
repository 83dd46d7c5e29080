// SPDX-License-Identifier: Apache-2.0
// A broker whose state a persistence plugin keeps.

import Foundation
import Glibc
import TestSupport

/// How a persistence plugin is called.
enum Lane: String, CaseIterable, CustomStringConvertible {
    /// On the plugin thread, like any plugin of others.
    case serial
    /// On whatever thread has something to tell.
    case direct

    var description: String { rawValue }

    func plugin() throws -> HostPlugin {
        switch self {
        case .serial: try HostPlugin.keeper.get()
        case .direct: try HostPlugin.directKeeper.get()
        }
    }
}

/// Brokers one after the other with the same journal of `host_keeper`.
final class KeptBroker {
    private let folder: String
    private let lane: Lane
    private let workers: Int
    private(set) var broker: Broker

    init(_ lane: Lane, workers: Int, _ options: String = "") throws {
        folder = try Broker.makeDirectory()
        self.lane = lane
        self.workers = workers
        broker = try Self.start(folder, lane, workers, options)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private static func start(
        _ folder: String,
        _ lane: Lane,
        _ workers: Int,
        _ options: String
    ) throws -> Broker {
        let config = """
            \(options)
            plugin \(try lane.plugin().path)
            plugin_opt_file \(folder)/journal

            """
        return try Broker(config + Broker.plain, workers: workers)
    }

    /// Kills the broker, and starts another one with what the plugin was told.
    func killed(_ options: String = "") throws {
        broker.process.signal(SIGKILL)
        _ = broker.process.wait(seconds: 10)
        broker = try Self.start(folder, lane, workers, options)
    }

    /// The same in order.
    func restarted(_ options: String = "") throws {
        try broker.stop()
        broker = try Self.start(folder, lane, workers, options)
    }

    /// What the plugin has been told since a mark, with nothing about `client` left out.
    func records(from mark: Int = 0) -> [String] { Array(broker.records.dropFirst(mark)) }
}
