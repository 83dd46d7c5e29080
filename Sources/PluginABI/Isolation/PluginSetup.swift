// SPDX-License-Identifier: Apache-2.0
// The first record a helper gets: which plugin it runs.

/// The first record a helper gets: which plugin it runs, and what that is given.
package struct PluginSetup: Equatable, Sendable {
    /// One `plugin_opt_` line.
    package struct Option: Equatable, Sendable {
        package let key: String
        package let value: String
        /// Where it stands, for lines about it; nil if no file says it.
        package let place: Place?

        package init(key: String, value: String, place: Place?) {
            self.key = key
            self.value = value
            self.place = place
        }
    }

    /// A line of a file.
    package struct Place: Equatable, Sendable {
        package let file: String
        package let line: Int64

        package init(file: String, line: Int64) {
            self.file = file
            self.line = line
        }
    }

    /// The path of the shared object.
    package var path: String
    /// The name given by `plugin_load`.
    package var name: String?
    /// The word behind `plugin_symbols`.
    package var symbols: String?
    /// Whether names with `+`, `#` or `/` are denied.
    package var deniesSpecialCharacters: Bool
    package var options: [Option]
    /// Where the plugin is declared.
    package var place: Place
    /// What `mosquitto_persistence_location` says.
    package var persistenceLocation: String?

    package init(
        path: String,
        name: String?,
        symbols: String?,
        deniesSpecialCharacters: Bool,
        options: [Option],
        place: Place,
        persistenceLocation: String?
    ) {
        self.path = path
        self.name = name
        self.symbols = symbols
        self.deniesSpecialCharacters = deniesSpecialCharacters
        self.options = options
        self.place = place
        self.persistenceLocation = persistenceLocation
    }

    /// Appends all fields.
    package func encode(into record: inout RecordWriter) {
        record.put(path)
        record.put(name)
        record.put(symbols)
        record.put(deniesSpecialCharacters)
        record.put(UInt32(options.count))
        for option in options {
            record.put(option.key)
            record.put(option.value)
            record.put(option.place != nil)
            if let place = option.place { Self.put(place, into: &record) }
        }
        Self.put(place, into: &record)
        record.put(persistenceLocation)
    }

    /// Reads all fields.
    package init(_ record: inout RecordReader) throws(Nonsense) {
        path = try record.text()
        name = try record.optionalText()
        symbols = try record.optionalText()
        deniesSpecialCharacters = try record.flag()
        options = []
        for _ in 0..<(try record.integer(UInt32.self)) {
            options.append(
                Option(
                    key: try record.text(),
                    value: try record.text(),
                    place: try record.flag() ? try Self.place(&record) : nil
                )
            )
        }
        place = try Self.place(&record)
        persistenceLocation = try record.optionalText()
    }

    private static func put(_ place: Place, into record: inout RecordWriter) {
        record.put(place.file)
        record.put(place.line)
    }

    private static func place(_ record: inout RecordReader) throws(Nonsense) -> Place {
        Place(file: try record.text(), line: try record.integer())
    }
}
