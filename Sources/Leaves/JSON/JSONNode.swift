// SPDX-License-Identifier: Apache-2.0
// Looking into parsed JSON without copying it.

import CcJSON
import Glibc

/// One value of a parsed JSON text, valid inside `JSONDocument.withRoot`.
package struct JSONNode {
    private let pointer: UnsafeMutablePointer<cJSON>

    /// Points at a value that cJSON keeps.
    init(pointer: UnsafeMutablePointer<cJSON>) {
        self.pointer = pointer
    }

    /// The member with this name, compared without regard to case; the first one if repeated.
    package subscript(_ key: StaticString) -> JSONNode? {
        children.first { $0.isNamed(key) }
    }

    /// Whether this member's name is `key`, without regard to case.
    package func isNamed(_ key: StaticString) -> Bool {
        guard let name = pointer.pointee.string else { return false }
        return key.utf8Start.withMemoryRebound(to: CChar.self, capacity: key.utf8CodeUnitCount + 1)
        {
            strcasecmp(name, $0) == 0
        }
    }

    /// The name of this member of an object, as the bytes that were parsed.
    package var nameBytes: [UInt8]? { JSONNode.bytes(of: pointer.pointee.string) }

    /// The bytes of a JSON string; nil for every other type.
    package var stringBytes: [UInt8]? {
        cJSON_IsString(pointer) != 0 ? JSONNode.bytes(of: pointer.pointee.valuestring) : nil
    }

    /// The value of a JSON number, cut to an integer and to the range of `Int32`.
    package var integer: Int? {
        guard cJSON_IsNumber(pointer) != 0 else { return nil }
        let value = pointer.pointee.valuedouble
        if value.isNaN { return 0 }
        return Int(max(Double(Int32.min), min(Double(Int32.max), value)))
    }

    /// The value of a JSON number that may be larger than 32 bits, cut to an integer.
    ///
    /// Beyond 2^53 numbers cannot be told from the next, and counting on would overflow: nil.
    package var wideInteger: Int? {
        guard cJSON_IsNumber(pointer) != 0 else { return nil }
        let value = pointer.pointee.valuedouble
        return value.magnitude <= 0x1p53 ? Int(value) : nil
    }

    /// The value of a JSON number; nil for every other type.
    package var number: Double? {
        cJSON_IsNumber(pointer) != 0 ? pointer.pointee.valuedouble : nil
    }

    /// The value of `true` or `false`; nil for every other type.
    package var boolean: Bool? {
        cJSON_IsBool(pointer) != 0 ? cJSON_IsTrue(pointer) != 0 : nil
    }

    /// Whether this is a JSON array.
    package var isArray: Bool { cJSON_IsArray(pointer) != 0 }

    /// Whether this is a JSON object.
    package var isObject: Bool { cJSON_IsObject(pointer) != 0 }

    /// The elements of an array or the members of an object, in order; none for other types.
    package var children: Children { Children(following: pointer.pointee.child) }

    /// The value as compact JSON text.
    ///
    /// nil only when memory runs out.
    package var compactBytes: [UInt8]? {
        guard let printed = cJSON_PrintUnformatted(pointer) else { return nil }
        defer { cJSON_free(printed) }
        return JSONNode.bytes(of: printed)
    }

    private static func bytes(of string: UnsafePointer<CChar>?) -> [UInt8]? {
        guard let string else { return nil }
        return Array(UnsafeRawBufferPointer(start: string, count: strlen(string)))
    }

    /// Walks the children of a node.
    package struct Children: Sequence, IteratorProtocol {
        fileprivate var following: UnsafeMutablePointer<cJSON>?

        package mutating func next() -> JSONNode? {
            guard let current = following else { return nil }
            following = current.pointee.next
            return JSONNode(pointer: current)
        }
    }
}
