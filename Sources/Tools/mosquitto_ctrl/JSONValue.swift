// SPDX-License-Identifier: Apache-2.0
// JSON values that keep the order of their keys, read and written by cJSON.

import CcJSON
import Glibc

/// A JSON value; objects keep the order in which their members were written.
indirect enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// One key of an object with its value.
    struct Member: Equatable, Sendable {
        var key: String
        var value: JSONValue

        /// Creates a member.
        init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// Parses the first JSON value of `bytes`; nil when they hold none.
    init?(parsing bytes: [UInt8]) {
        let parsed = bytes.withUnsafeBytes { raw in
            raw.withMemoryRebound(to: CChar.self) {
                cJSON_ParseWithLength($0.baseAddress, $0.count)
            }
        }
        guard let parsed else { return nil }
        defer { cJSON_Delete(parsed) }
        self.init(item: parsed)
    }

    /// Copies a cJSON tree; its depth is bounded by cJSON's own nesting limit.
    private init(item: UnsafeMutablePointer<cJSON>) {
        if cJSON_IsBool(item) != 0 {
            self = .bool(cJSON_IsTrue(item) != 0)
        } else if cJSON_IsNumber(item) != 0 {
            self = .number(item.pointee.valuedouble)
        } else if cJSON_IsString(item) != 0, let text = item.pointee.valuestring {
            self = .string(String(cString: text))
        } else if cJSON_IsArray(item) != 0 {
            self = .array(Self.children(of: item).map(JSONValue.init(item:)))
        } else if cJSON_IsObject(item) != 0 {
            self = .object(
                Self.children(of: item).compactMap { child in
                    child.pointee.string.map {
                        Member(String(cString: $0), JSONValue(item: child))
                    }
                }
            )
        } else {
            self = .null
        }
    }

    private static func children(
        of item: UnsafeMutablePointer<cJSON>
    ) -> [UnsafeMutablePointer<cJSON>] {
        Array(sequence(first: item.pointee.child) { $0?.pointee.next }.prefix { $0 != nil })
            .compactMap { $0 }
    }

    // MARK: Looking inside

    /// The member of that name, compared without regard to case as cJSON does.
    subscript(key: String) -> JSONValue? {
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
    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The whole part of a number.
    var integer: Int? {
        guard case .number(let number) = self else { return nil }
        return Int(exactly: number.rounded(.towardZero))
    }

    /// The truth of a boolean.
    var flag: Bool? {
        guard case .bool(let flag) = self else { return nil }
        return flag
    }

    /// The elements of an array.
    var elements: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    // MARK: Writing

    /// The value on one line without blanks; nil only when memory runs out.
    var compactText: String? {
        guard let item = makeItem() else { return nil }
        defer { cJSON_Delete(item) }
        guard let text = cJSON_PrintUnformatted(item) else { return nil }
        defer { cJSON_free(text) }
        return String(cString: text)
    }

    private func makeItem() -> UnsafeMutablePointer<cJSON>? {
        switch self {
        case .null: return cJSON_CreateNull()
        case .bool(let flag): return cJSON_CreateBool(flag ? 1 : 0)
        case .number(let number): return cJSON_CreateNumber(number)
        case .string(let text): return cJSON_CreateString(text)
        case .array(let elements):
            let array = cJSON_CreateArray()
            for element in elements { _ = cJSON_AddItemToArray(array, element.makeItem()) }
            return array
        case .object(let members):
            let object = cJSON_CreateObject()
            for member in members {
                _ = cJSON_AddItemToObject(object, member.key, member.value.makeItem())
            }
            return object
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral {
    /// Creates a string value.
    init(stringLiteral value: String) { self = .string(value) }

    /// Creates a boolean value.
    init(booleanLiteral value: Bool) { self = .bool(value) }
}
