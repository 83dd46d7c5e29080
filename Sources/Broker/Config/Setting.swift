// SPDX-License-Identifier: Apache-2.0
// How an option's line becomes a property of the configuration.

import Log

/// How the line of one option changes the part of the configuration it belongs to.
struct Setting<Root>: Sendable {
    /// Reads the values of the line into the part.
    typealias Apply =
        @Sendable (inout Root, inout OptionLine) throws(ConfigurationError) -> Void

    /// Checks or adjusts a number; the line is there for the error text.
    typealias Adjust =
        @Sendable (Int, inout OptionLine) throws(ConfigurationError) -> Int

    /// Where the value goes.
    typealias Path<Value> = any WritableKeyPath<Root, Value> & Sendable

    /// Copies the value of the option into another part.
    typealias Copy = @Sendable (_ target: inout Root, _ source: Root) -> Void

    /// What to say if the option is going away.
    var deprecation: String?
    /// Keeps the value the option had at start when the file is read again; nil if it takes the new one.
    private(set) var keep: Copy?
    /// Copies the value; nil where a setting with its own code does not say where that goes.
    private var copy: Copy?
    /// Reads the line.
    let apply: Apply

    /// A setting with its own code.
    static func custom(_ apply: @escaping Apply) -> Setting {
        Setting(apply: apply)
    }

    /// A setting with its own code that changes nothing but what is at `path`.
    static func custom<Value>(_ path: Path<Value>, _ apply: @escaping Apply) -> Setting {
        Setting(copy: copying(path), apply: apply)
    }

    /// An option that the parser reads itself, into what is at `path`.
    static func directive<Value>(_ path: Path<Value>) -> Setting {
        custom(path) { _, _ in assertionFailure("the parser reads this option itself") }
    }

    private static func copying<Value>(_ path: Path<Value>) -> Copy {
        { target, source in target[keyPath: path] = source[keyPath: path] }
    }

    /// A boolean.
    static func bool(_ path: Path<Bool>) -> Setting {
        Setting(copy: copying(path)) {
            (root: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            root[keyPath: path] = try line.bool()
        }
    }

    /// A boolean that can be left open.
    static func bool(_ path: Path<Bool?>) -> Setting {
        Setting(copy: copying(path)) {
            (root: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            root[keyPath: path] = try line.bool()
        }
    }

    /// A number, adjusted or refused.
    static func int(
        _ path: Path<Int>,
        _ adjust: @escaping Adjust = { value, _ in value }
    ) -> Setting {
        Setting(copy: copying(path)) {
            (root: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            let value = try line.int()
            root[keyPath: path] = try adjust(value, &line)
        }
    }

    /// A number whose values below `minimum` mean `minimum`.
    static func int(
        _ path: Path<Int>,
        raisedTo minimum: Int
    ) -> Setting {
        int(path) { value, _ in max(value, minimum) }
    }

    /// A number that must be in `range`; the error text is made from name and value.
    static func int(
        _ path: Path<Int>,
        in range: ClosedRange<Int>,
        _ message: @escaping @Sendable (_ name: String, _ value: Int) -> String = {
            "Error: Invalid '\($0)' value (\($1))."
        }
    ) -> Setting {
        int(path) { value, line throws(ConfigurationError) in
            guard range.contains(value) else {
                throw ConfigurationError(message(line.name, value))
            }
            return value
        }
    }

    /// Text; the last occurrence wins.
    static func string(_ path: Path<String?>) -> Setting {
        Setting(copy: copying(path)) {
            (root: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            root[keyPath: path] = try line.string()
        }
    }

    /// Text; the last occurrence wins.
    static func string(_ path: Path<String>) -> Setting {
        Setting(copy: copying(path)) {
            (root: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            root[keyPath: path] = try line.string()
        }
    }

    /// Text; a second occurrence is an error.
    static func stringOnce(_ path: Path<String?>) -> Setting {
        Setting(copy: copying(path)) {
            (root: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            root[keyPath: path] = try line.string(isOnce: true)
        }
    }

    /// Text; a second occurrence is an error.
    static func stringOnce(_ path: Path<String>) -> Setting {
        Setting(copy: copying(path)) {
            (root: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            root[keyPath: path] = try line.string(isOnce: true)
        }
    }

    /// One of the words of an enumeration.
    static func keyword<Value: RawRepresentable<String> & CaseIterable & SendableMetatype>(
        _ path: Path<Value>
    ) -> Setting {
        Setting(copy: copying(path)) {
            (root: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            let word = try line.word()
            guard let value = Value(rawValue: word) else {
                throw line.invalid(word, known: Value.allCases.map(\.rawValue))
            }
            root[keyPath: path] = value
        }
    }

    /// An option that is read, checked to be there and has no effect.
    static func ignored(_ warning: (@Sendable (_ name: String) -> String)? = nil) -> Setting {
        custom { (_: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            if let warning { line.warn(warning(line.name)) }
        }
    }

    /// The same setting, which only a restart changes.
    func untilRestart() -> Setting {
        var setting = self
        setting.keep = copy
        precondition(setting.keep != nil, "an option that is kept says where its value is")
        return setting
    }

    /// The same setting, announced to go away.
    func deprecated(_ hint: String) -> Setting {
        var setting = self
        setting.deprecation = hint
        return setting
    }
}
