// SPDX-License-Identifier: Apache-2.0
// The options that the configuration gives a plugin.

internal import CMosquitto

/// The `plugin_opt_…` lines of the configuration that belong to one plugin, in file order.
public struct PluginOptions: Sendable, RandomAccessCollection {
    /// One option line.
    public struct Element: Sendable, Equatable {
        /// The text after `plugin_opt_`.
        public let key: String
        /// The rest of the line; trailing blanks are kept by brokers.
        public let value: String

        /// Creates an option.
        public init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    private let elements: [Element]

    /// Creates a list, for tests of a plugin's own code.
    public init(_ elements: [Element]) {
        self.elements = elements
    }

    /// Always zero.
    public var startIndex: Int { 0 }
    /// The number of options.
    public var endIndex: Int { elements.count }
    /// The option at a position.
    public subscript(position: Int) -> Element { elements[position] }

    /// The value of the last option with this key, compared byte for byte.
    public subscript(key: String) -> String? {
        elements.last { $0.key.utf8.elementsEqual(key.utf8) }?.value
    }
}

extension PluginOptions {
    /// Copies a broker's array of options.
    init(copying options: UnsafeRawPointer?, count: CInt) {
        let array = UnsafeBufferPointer(
            start: options?.assumingMemoryBound(to: mosquitto_opt.self),
            count: options == nil ? 0 : Int(Swift.max(0, count))
        )
        self.init(
            array.map { option in
                Element(
                    key: option.key.map { String(cString: $0) } ?? "",
                    value: option.value.map { String(cString: $0) } ?? ""
                )
            }
        )
    }
}
