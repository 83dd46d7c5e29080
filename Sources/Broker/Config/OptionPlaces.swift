// SPDX-License-Identifier: Apache-2.0
// Where in its files each option of a configuration stands.

/// A line of a configuration file.
package struct OptionPlace: Sendable, Equatable, CustomStringConvertible {
    /// The file as it was named.
    package let file: String
    /// The line, from 1.
    package let line: Int

    /// Names a line.
    package init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    /// File and line, as in `mosquitto.conf:12`.
    package var description: String { "\(file):\(line)" }
}

/// Where each option stands, so that an error that is found later can say so.
///
/// Of an option that occurs several times in a section it is the last occurrence.
package struct OptionPlaces: Sendable, Equatable {
    /// The part of the configuration an option belongs to.
    package enum Section: Hashable, Sendable {
        /// The broker as a whole.
        case general
        /// The listener at this position of `Configuration.listeners`.
        case listener(Int)
        /// The bridge at this position of `Configuration.bridges`.
        case bridge(Int)
    }

    private struct Key: Hashable {
        let name: String
        let section: Section
    }

    /// What an option says, and where.
    struct Entry: Sendable, Equatable {
        /// Its value as written; of several lines that add up, all of them.
        var value: String
        /// The last line that says it.
        var place: OptionPlace
    }

    /// The options whose lines add up.
    private static let additive: Set = ["log_dest", "log_type", "websockets_origin", "topic"]

    /// What the `log_dest` that names a file goes by, as others stand beside it.
    package static let logFile = "log_dest file"

    /// What the position of the default listener is until all lines have been read.
    static let defaultListener = -1

    private var entries: [Key: Entry] = [:]
    /// Where the default listener is, once that is known.
    var defaultListenerIndex: Int?

    /// No option stands anywhere.
    package init() {}

    /// Notes an option.
    mutating func note(_ name: String, in section: Section, _ entry: Entry) {
        var entry = entry
        let key = Key(name: name, section: section)
        if Self.additive.contains(name), let before = entries[key] {
            entry.value = "\(before.value), \(entry.value)"
        }
        entries[key] = entry
    }

    /// All options of a section.
    func options(in section: Section) -> [String: Entry] {
        let section = resolved(section)
        return entries.reduce(into: [:]) { result, element in
            if element.key.section == section { result[element.key.name] = element.value }
        }
    }

    /// The same options, each as often as `rename` says into which section it goes.
    func moved(_ rename: (_ name: String, Section) -> Section?) -> OptionPlaces {
        var result = OptionPlaces()
        for (key, entry) in entries {
            guard let section = rename(key.name, unresolved(key.section)) else { continue }
            result.entries[Key(name: key.name, section: section)] = entry
        }
        return result
    }

    /// These options and others.
    func merged(with other: OptionPlaces) -> OptionPlaces {
        var result = self
        result.entries.merge(other.entries) { first, _ in first }
        return result
    }

    /// Where an option stands; nil if it does not occur in that section.
    package subscript(name: String, section: Section) -> OptionPlace? {
        entries[Key(name: name, section: resolved(section))]?.place
    }

    /// Where the first of several options stands that occurs in that section.
    func first(of names: [String], in section: Section) -> OptionPlace? {
        for name in names {
            if let place = self[name, section] { return place }
        }
        return nil
    }

    /// An error line with what `mention` says, in front of the full stop if it has one.
    package static func line(_ line: String, _ mention: String) -> String {
        line.hasSuffix(".") ? "\(line.dropLast())\(mention)." : line + mention
    }

    private func resolved(_ section: Section) -> Section {
        guard case .listener(let index) = section, index == defaultListenerIndex else {
            return section
        }
        return .listener(Self.defaultListener)
    }

    private func unresolved(_ section: Section) -> Section {
        guard section == .listener(Self.defaultListener), let defaultListenerIndex else {
            return section
        }
        return .listener(defaultListenerIndex)
    }

    /// What an error line about an option ends in: ` (certfile at mosquitto.conf:12)`.
    ///
    /// Of several names the first that occurs counts; empty if none does.
    package func mention(_ names: String..., in section: Section) -> String {
        for name in names {
            if let place = self[name, section] { return " (\(name) at \(place))" }
        }
        return ""
    }
}

extension Configuration {
    /// The same for the `listener` line, or whatever opened the listener at this position.
    package func mentionOfListener(_ index: Int) -> String {
        places.mention("listener", "port", "bind_address", in: .listener(index))
    }

    /// The same for a security option, which is the broker's or the listener's.
    package func mentionOfSecurity(_ name: String, listener index: Int?) -> String {
        guard let index, perListenerSettings else { return places.mention(name, in: .general) }
        return places.mention(name, in: .listener(index))
    }
}
