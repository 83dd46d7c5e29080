// SPDX-License-Identifier: Apache-2.0
// Reads configuration files line by line.

package import Log

/// Reads configuration files into a `Configuration`.
///
/// The parser does no I/O of its own; it asks its `ConfigurationSource`. Feed it with `parse(file:)`, as
/// often as `-c` was given, then call `finish`.
package struct ConfigurationParser {
    /// The listener that listener options apply to.
    enum CurrentListener: Hashable {
        /// There is none.
        case none
        /// The one made by `port`, `bind_address` or implicitly.
        case defaultListener
        /// The one at this position.
        case listener(Int)
    }

    /// The sections that options apply to; every file starts without any.
    struct Context: Hashable {
        var listener = CurrentListener.none
        var bridge: Int?
        var plugin: Int?
    }

    /// An option in its section, to see that it occurs twice.
    struct Occurrence: Hashable {
        let name: String
        let listener: CurrentListener
        let bridge: Int?
    }

    /// How many wrong lines of a file are listed.
    static let errorsMax = 20

    /// What has been read so far; incomplete until `finish`.
    package internal(set) var configuration = Configuration()
    /// Remarks in the order they came up, to be logged before an error.
    package internal(set) var records: [LogRecord] = []

    let source: any ConfigurationSource
    var context = Context()
    var occurrences: Set<Occurrence> = []
    /// The names on `connection` lines.
    var bridgeNames: Set<String> = []
    /// The listener made by `port`, `bind_address` or implicitly.
    var defaultListener: ListenerConfiguration?
    /// Whether `port` or `bind_address` occurred, so that the default listener is opened.
    var opensDefaultListener = false
    /// Whether an option that `per_listener_settings` changes has been used.
    var hasSecurityOption = false
    /// What plugins below have that say nothing else.
    var isolationDefault = PluginIsolation()
    /// The file and line being read.
    var place = (file: "", line: 0)
    /// Whether an included file is being read.
    var isInIncludedFile = false

    /// Makes a parser that reads through `source`.
    package init(source: any ConfigurationSource) {
        self.source = source
    }

    /// Reads a main configuration file.
    package mutating func parse(file path: String) throws(ConfigurationError) {
        configuration.configFile = path
        let lines = try contents(of: path)
        try parse(lines, of: path) { line in "Error found at \(path):\(line)." }
    }

    /// Reads the file of an `include_dir`; the current sections are back afterwards.
    mutating func parse(includedFile path: String) throws(ConfigurationError) {
        records.append(LogRecord(.information, "Loading config file '\(path)'"))
        let lines = try contents(of: path)
        let outer = (context, place)
        isInIncludedFile = true
        defer {
            isInIncludedFile = false
            (context, place) = outer
        }
        try parse(lines, of: path) { line in "Error found at '\(path):\(line)'." }
    }

    /// The bytes of a configuration file.
    private func contents(of path: String) throws(ConfigurationError) -> [UInt8] {
        switch source.contents(of: path) {
        case .bytes(let bytes): return bytes
        case .directory:
            throw ConfigurationError("Error: Config file '\(path)' is a directory.")
        case .unreadable:
            throw ConfigurationError("Error: Unable to open config file '\(path)'.")
        }
    }

    /// Reads all lines of a file, also behind a wrong one, adding their places to the errors.
    private mutating func parse(
        _ bytes: [UInt8],
        of path: String,
        location: (Int) -> String
    ) throws(ConfigurationError) {
        context = Context()
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        var errors: [ConfigurationError] = []
        for (index, line) in lines.enumerated() {
            place = (path, index + 1)
            // A NUL ends the file, as it did for the C string functions of the original.
            guard !line.contains(0) else { break }
            do {
                try parse(line: line)
            } catch {
                var error = error
                error.lines.append(location(index + 1))
                errors.append(error)
                guard errors.count < Self.errorsMax else {
                    errors.append(ConfigurationError("Error: Further errors are not listed."))
                    break
                }
            }
        }
        if let error = ConfigurationError(errors) { throw error }
    }

    /// Reads one line; comments begin with the first byte only.
    private mutating func parse(line bytes: ArraySlice<UInt8>) throws(ConfigurationError) {
        var text = bytes
        while text.last == 0x0D { text.removeLast() }
        guard let first = text.first, first != UInt8(ascii: "#"), first != 0x0D else { return }
        guard var line = OptionLine(text) else { return }
        defer { records += line.remarks }
        do {
            try parse(&line)
        } catch {
            openInPlace(of: line.name)
            throw error
        }
        guard line.hasCommentInValue else { return }
        line.warn(
            "Warning: '\(line.name)' has a '#' within its value: a comment stands on a line of its own"
                + " (\(place.file):\(place.line))."
        )
    }

    /// Finds the option and applies it to its section.
    private mutating func parse(_ line: inout OptionLine) throws(ConfigurationError) {
        if let setting = GeneralOptions.setting(line.name) {
            noteOccurrence(&line, section: Context())
            try Self.apply(setting, to: &configuration, &line)
        } else if let setting = ListenerOptions.security[line.name] {
            try parseSecurity(setting, &line)
        } else if let entry = ListenerOptions.common[line.name] ?? ListenerOptions.tls[line.name] {
            try parseListenerOption(entry, &line)
        } else if let setting = BridgeOptions.setting(line.name) {
            try parseBridgeOption(setting, &line)
        } else if try !parseDirective(&line) {
            throw Self.unknown(line.name)
        }
    }

    /// Applies a setting.
    static func apply<Root>(
        _ setting: Setting<Root>,
        to root: inout Root,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        if let hint = setting.deprecation { line.remarkDeprecated(hint) }
        try setting.apply(&root, &line)
    }

    /// Tells the line whether its option occurred in the same section before.
    mutating func noteOccurrence(_ line: inout OptionLine, section: Context) {
        notePlace(of: line, section: section)
        let occurrence = Occurrence(
            name: BridgeOptions.aliases[line.name] ?? line.name,
            listener: section.listener,
            bridge: section.bridge
        )
        line.isRepeated = !occurrences.insert(occurrence).inserted
    }

    /// Notes where an option of a section stands.
    mutating func notePlace(of line: OptionLine, section: Context) {
        let here: OptionPlaces.Section
        if let bridge = section.bridge {
            here = .bridge(bridge)
        } else {
            switch section.listener {
            case .none: here = .general
            case .defaultListener: here = .listener(OptionPlaces.defaultListener)
            case .listener(let index): here = .listener(index)
            }
        }
        let place = OptionPlace(file: place.file, line: place.line)
        let entry = OptionPlaces.Entry(value: line.value, place: place)
        configuration.places.note(line.name, in: here, entry)
        if line.name == "log_dest", line.value.hasPrefix("file ") {
            configuration.places.note(OptionPlaces.logFile, in: here, entry)
        }
    }
}
