// SPDX-License-Identifier: Apache-2.0
// The options of the plugin.

import PluginSDK

/// What `plugin_opt_…` lines ask of the plugin; keys in any case.
struct SQLiteOptions: Equatable {
    /// When the disk has what was written: `PRAGMA synchronous`.
    enum Synchronous: Int, Equatable {
        case off = 0
        case normal = 1
        case full = 2
        case extra = 3

        /// By its name, in any case as in the original.
        init?(name: String) {
            switch name.lowercased() {
            case "extra": self = .extra
            case "full": self = .full
            case "normal": self = .normal
            case "off": self = .off
            default: return nil
            }
        }
    }

    /// The database, where `persistence_location` says nothing.
    var file: String?
    var synchronous = Synchronous.normal
    /// Seconds between commits; 0: as soon as there is something.
    var flushPeriod = 5
    /// Bytes of a page of a new database.
    var pageSize = 4096

    static let names = ["db_file", "sync", "flush_period", "page_size"]

    /// Why options cannot be used.
    struct Fault: Error, Equatable {
        /// Which one, without `plugin_opt_`.
        let option: String
        /// A line for the log.
        let text: String
    }

    /// Reads options; of several with one key the last counts.
    init(_ options: PluginOptions) throws(Fault) {
        for option in options {
            switch option.key.lowercased() {
            case "db_file": file = option.value
            case "sync":
                guard let synchronous = Synchronous(name: option.value) else {
                    throw Fault(
                        option: option.key,
                        text: "Sqlite persistence: Invalid plugin_opt_sync value '\(option.value)'."
                    )
                }
                self.synchronous = synchronous
            case "flush_period": flushPeriod = try Self.number(option, atLeast: 0)
            case "page_size": pageSize = try Self.number(option, atLeast: 1)
            default: continue
            }
        }
    }

    private static func number(
        _ option: PluginOptions.Element,
        atLeast least: Int
    ) throws(Fault) -> Int {
        guard let number = Int(option.value), number >= least, number <= Int(Int32.max) else {
            throw Fault(
                option: option.key,
                text: "Error: Invalid '\(option.key)' value \(option.value) in configuration."
            )
        }
        return number
    }
}
