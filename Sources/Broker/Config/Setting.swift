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

    /// The group of the option.
    var group = OptionGroup.general
    /// What to say if the option is going away.
    var deprecation: String?
    /// Reads the line.
    let apply: Apply

    /// A setting with its own code.
    static func custom(_ apply: @escaping Apply) -> Setting {
        Setting(apply: apply)
    }

    /// A boolean.
    static func bool(_ path: Path<Bool>) -> Setting {
        Setting { (root: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            root[keyPath: path] = try line.bool()
        }
    }

    /// A boolean that can be left open.
    static func bool(_ path: Path<Bool?>) -> Setting {
        Setting { (root: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            root[keyPath: path] = try line.bool()
        }
    }

    /// A number, adjusted or refused.
    static func int(
        _ path: Path<Int>,
        _ adjust: @escaping Adjust = { value, _ in value }
    ) -> Setting {
        Setting { (root: inout Root, line: inout OptionLine) throws(ConfigurationError) in
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
        Setting { (root: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            root[keyPath: path] = try line.string()
        }
    }

    /// Text; the last occurrence wins.
    static func string(_ path: Path<String>) -> Setting {
        Setting { (root: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            root[keyPath: path] = try line.string()
        }
    }

    /// Text; a second occurrence is an error.
    static func stringOnce(_ path: Path<String?>) -> Setting {
        Setting { (root: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            root[keyPath: path] = try line.string(isOnce: true)
        }
    }

    /// Text; a second occurrence is an error.
    static func stringOnce(_ path: Path<String>) -> Setting {
        Setting { (root: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            root[keyPath: path] = try line.string(isOnce: true)
        }
    }

    /// One of the words of an enumeration.
    static func keyword<Value: RawRepresentable<String> & SendableMetatype>(
        _ path: Path<Value>
    ) -> Setting {
        Setting { (root: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            let word = try line.word()
            guard let value = Value(rawValue: word) else { throw line.invalid(word) }
            root[keyPath: path] = value
        }
    }

    /// An option that is read, checked to be there and has no effect.
    static func ignored(_ warning: (@Sendable (_ name: String) -> String)? = nil) -> Setting {
        Setting { (_: inout Root, line: inout OptionLine) throws(ConfigurationError) in
            if let warning { line.warn(warning(line.name)) }
        }
    }

    /// The same setting in another group.
    func `in`(_ group: OptionGroup) -> Setting {
        var setting = self
        setting.group = group
        return setting
    }

    /// The same setting, announced to go away.
    func deprecated(_ hint: String) -> Setting {
        var setting = self
        setting.deprecation = hint
        return setting
    }
}
