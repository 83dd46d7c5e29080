// SPDX-License-Identifier: Apache-2.0
// JSON values that keep the order of their keys.

/// A JSON value; objects keep the order in which their members were written.
package indirect enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// One key of an object with its value.
    package struct Member: Equatable, Sendable {
        package var key: String
        package var value: JSONValue

        /// Creates a member.
        package init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// Parses the first JSON value of `bytes`; nil when they hold none.
    package init?(parsing bytes: [UInt8]) {
        let document = bytes.withUnsafeBufferPointer { JSONDocument(parsing: $0) }
        guard let document else { return nil }
        self = document.withRoot(JSONValue.init)
    }

    /// Copies a tree; its depth is bounded by cJSON's own nesting limit.
    private init(_ node: JSONNode) {
        if let flag = node.boolean {
            self = .bool(flag)
        } else if let number = node.number {
            self = .number(number)
        } else if let text = node.stringBytes {
            self = .string(String(decoding: text, as: UTF8.self))
        } else if node.isArray {
            self = .array(node.children.map(JSONValue.init))
        } else if node.isObject {
            self = .object(
                node.children.compactMap { child in
                    child.nameBytes.map {
                        Member(String(decoding: $0, as: UTF8.self), JSONValue(child))
                    }
                }
            )
        } else {
            self = .null
        }
    }

    // MARK: Looking inside

    /// The member of that name, compared without regard to case as cJSON does.
    package subscript(key: String) -> JSONValue? {
        get {
            guard case .object(let members) = self else { return nil }
            return members.first { $0.key.lowercased() == key.lowercased() }?.value
        }
        set {
            guard case .object(var members) = self else { return }
            let index = members.firstIndex { $0.key.lowercased() == key.lowercased() }
            if let index {
                members.remove(at: index)
                if let newValue { members.insert(Member(key, newValue), at: index) }
            } else if let newValue {
                members.append(Member(key, newValue))
            }
            self = .object(members)
        }
    }

    /// The text of a string.
    package var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The whole part of a number.
    package var integer: Int? {
        guard case .number(let number) = self else { return nil }
        return Int(exactly: number.rounded(.towardZero))
    }

    /// The truth of a boolean.
    package var flag: Bool? {
        guard case .bool(let flag) = self else { return nil }
        return flag
    }

    /// The elements of an array.
    package var elements: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    // MARK: Writing

    /// The value on one line without blanks.
    package var compactText: String {
        var writer = JSONWriter(formatted: false)
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let flag): writer.boolean(flag)
        case .number(let number): writer.number(number)
        case .string(let text): writer.string(text: text)
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for member in members {
                writer.key(text: member.key)
                member.value.write(to: &writer)
            }
            writer.endObject()
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral {
    /// Creates a string value.
    package init(stringLiteral value: String) { self = .string(value) }

    /// Creates a boolean value.
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}
